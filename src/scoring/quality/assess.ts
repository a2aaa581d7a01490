import { badInput } from '../../base/index.js';
import { modelFeatures } from '../features/fit.js';
import { duplicateColumns, leakChecks, plainChecks } from './column-checks.js';
import { columnsOfRows, type FeatureColumns } from './columns.js';
import { checkGroups, checkLabels, checkRows, summariseGroups } from './row-checks.js';
import { THRESHOLDS } from './thresholds.js';
import { checkDrift, checkKnown, checkOutcomeTimes, checkQuarters, summariseQuarters } from './time-checks.js';
import type { Finding, GroupSummary, QualityInput, QualityReport, QuarterSummary, Severity, Thresholds } from './types.js';

const ORDER: readonly Severity[] = ['HIGH', 'MEDIUM', 'LOW'];

const bySeverity = (findings: readonly Finding[]): Finding[] => ORDER.flatMap((severity) => findings.filter((finding) => finding.severity === severity));

function requireOnePerRow(rows: number, what: string, given: number | undefined): void {
  if (given !== undefined && given !== rows) throw badInput(`There are ${rows} rows but ${given} ${what}; give one per row.`);
}

/** Labels as bytes. @throws BAD_INPUT where the parts of the input do not fit each other */
function soundLabels({ specs, rows, labels, decisionTimes, outcomeTimes, knownAt, groups = {} }: QualityInput): Uint8Array {
  const width = modelFeatures(specs).length;
  const odd = rows.findIndex((row) => row.length !== width);
  if (odd >= 0) throw badInput(`Row ${odd} has ${rows[odd]!.length} values but there are ${width} features; give one value per feature that is not protected.`);
  requireOnePerRow(rows.length, 'labels', labels.length);
  requireOnePerRow(rows.length, 'decision times', decisionTimes?.length);
  requireOnePerRow(rows.length, 'outcome times', outcomeTimes?.length);
  requireOnePerRow(rows.length, 'rows of times at which values were known', knownAt?.length);
  for (const [attribute, values] of Object.entries(groups)) requireOnePerRow(rows.length, `values of ${attribute}`, values.length);
  const undated = decisionTimes?.findIndex((time) => Number.isNaN(time.getTime())) ?? -1;
  if (undated >= 0) throw badInput(`The decision time of row ${undated} is not a date; correct it.`);
  const wrong = Array.from(labels).findIndex((label) => label !== 0 && label !== 1);
  if (wrong >= 0) throw badInput(`The label of row ${wrong} is ${labels[wrong]}; a label is 1 (default) or 0 (good).`);
  return Uint8Array.from(labels);
}

function timeFindings({ decisionTimes, outcomeTimes, knownAt }: QualityInput, features: readonly FeatureColumns[], quarters: readonly QuarterSummary[], thresholds: Thresholds): Finding[] {
  if (decisionTimes === undefined) return [];
  return [
    ...checkKnown(features, decisionTimes, knownAt, thresholds),
    ...(outcomeTimes ? checkOutcomeTimes(decisionTimes, outcomeTimes, thresholds) : []),
    ...checkQuarters(quarters, thresholds),
    ...checkDrift(features, decisionTimes, thresholds),
  ];
}

/**
 * What a modeller should know of the rows before training on them. Pure and deterministic.
 * @param overrides limits other than the defaults
 * @throws BAD_INPUT where rows, labels, times and groups do not fit each other; InputRefused for a number that is none
 */
export function assessQuality(input: QualityInput, overrides: Partial<Thresholds> = {}): QualityReport {
  const thresholds = { ...THRESHOLDS, ...overrides };
  const labels = soundLabels(input);
  const { rows, decisionTimes = [] } = input;
  const bads = labels.reduce((sum, label) => sum + label, 0);
  const features = columnsOfRows(modelFeatures(input.specs), rows);
  const groups: GroupSummary[] = summariseGroups(input.groups ?? {}, labels);
  const quarters = summariseQuarters(decisionTimes, labels);
  const findings = [
    ...checkLabels(labels, bads, thresholds),
    ...features.flatMap((feature) => [...leakChecks(feature, labels, thresholds), ...plainChecks.flatMap((check) => check(feature, thresholds))]),
    ...duplicateColumns(features),
    ...checkRows(rows, labels, thresholds),
    ...timeFindings(input, features, quarters, thresholds),
    ...checkGroups(groups, thresholds),
  ];
  return { rows: rows.length, bads, labelRate: bads / Math.max(1, rows.length), features: features.length, findings: bySeverity(findings), groups, quarters, thresholds, overrides: [] };
}
