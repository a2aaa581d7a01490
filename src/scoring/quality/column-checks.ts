import { percent, type Column, type FeatureColumns } from './columns.js';
import { presenceSeparation, separation } from './discrimination.js';
import { reached } from './thresholds.js';
import type { Finding, Limits, Thresholds } from './types.js';

type Check = (feature: FeatureColumns, thresholds: Thresholds) => Finding[];

const checkMissing: Check = ({ spec, columns }, { missing }) => {
  const cells = columns.length * (columns[0]?.values.length ?? 0);
  const value = columns.reduce((sum, column) => sum + column.missing, 0) / Math.max(1, cells);
  const crossed = reached(missing, value);
  if (crossed === undefined) return [];
  const message = `Feature ${spec.name} has no value in ${percent(value)} of the rows; check where it comes from, or leave it out.`;
  return [{ check: 'missing-values', feature: spec.name, message, value, ...crossed }];
};

const varies = ({ values }: Column): boolean => values.some((x) => !Object.is(x, values[0]));

const checkConstant: Check = ({ spec, columns }) => {
  if (columns.some((column) => column.missing > 0 || varies(column))) return [];
  return [{ check: 'constant', severity: 'MEDIUM', feature: spec.name, message: `Feature ${spec.name} has the same value in every row and tells no loan from another; leave it out.`, value: 1, threshold: 1 }];
};

const checkCategories: Check = ({ spec, columns }, { categories }) => {
  const value = new Set(columns.flatMap(({ levels }) => levels)).size;
  const crossed = reached(categories, value);
  if (crossed === undefined) return [];
  const message = `Feature ${spec.name} has ${value} different categories; group them in the mapping, use weight of evidence, or leave it out if it names the loan or the customer.`;
  return [{ check: 'high-cardinality', feature: spec.name, message, value, ...crossed }];
};

/** What does not depend on outcomes or times. */
export const plainChecks: readonly Check[] = [checkMissing, checkConstant, checkCategories];

/** The period in which the figure is greatest. */
function worst(columns: readonly Column[], measure: (column: Column) => number): { column: Column; value: number } | undefined {
  const measured = columns.map((column) => ({ column, value: measure(column) }));
  return measured.sort((a, b) => b.value - a.value)[0];
}

const rounded = (x: number): string => x.toFixed(3);

function leak(check: 'leaking-values' | 'leaking-presence', { spec, columns }: FeatureColumns, limits: Limits, measure: (column: Column) => number, sentence: (title: string, auc: string) => string): Finding[] {
  const found = worst(columns, measure);
  const crossed = found && reached(limits, found.value);
  if (found === undefined || crossed === undefined) return [];
  return [{ check, feature: spec.name, message: sentence(found.column.title, rounded(found.value)), value: found.value, ...crossed }];
}

/** Columns that know the outcome too well. */
export const leakChecks = (feature: FeatureColumns, labels: Uint8Array, { leakAuc, presenceAuc }: Thresholds): Finding[] => [
  ...leak('leaking-values', feature, leakAuc, (column) => separation(column, labels), (title, auc) =>
    `${title} alone tells defaults from good loans with an AUC of ${auc}, which is implausibly good; find out whether it was recorded after the outcome, and leave it out if so.`),
  ...leak('leaking-presence', feature, presenceAuc, (column) => presenceSeparation(column, labels), (title, auc) =>
    `Whether ${title} is missing tells defaults from good loans with an AUC of ${auc}; it is probably filled in after the outcome: leave it out, or take it as of the decision.`),
];

/** Equal bits at equal places; constants and empty columns are no copies of each other. */
function sameValues(a: Column, b: Column): boolean {
  if (a.numeric !== b.numeric || a.missing !== b.missing) return false;
  const equal = a.numeric ? (x: number, y: number) => Object.is(x, y) : (x: number, y: number) => Object.is(x, y) || a.levels[x] === b.levels[y];
  return a.values.every((x, i) => equal(x, b.values[i]!));
}

/** A cheap key that copies share: they are compared value by value only when it agrees. */
const keyOf = (column: Column): string => {
  const { values } = column;
  const probe = [0, 1, 2, 3, 5, 7].map((part) => values[Math.floor((part * values.length) / 8)]!);
  return JSON.stringify([column.missing, ...probe.map((x) => (column.numeric ? x : (column.levels[x] ?? null)))]);
};

/** Features with a column that is a copy of a column of another feature before it. */
export function duplicateColumns(features: readonly FeatureColumns[]): Finding[] {
  const seen = new Map<string, Column[]>();
  const findings: Finding[] = [];
  for (const { spec, columns } of features) {
    const copies = columns.filter(varies).map((column) => {
      const alike = seen.get(keyOf(column)) ?? [];
      seen.set(keyOf(column), [...alike, column]);
      return { column, original: alike.find((other) => other.spec !== spec && sameValues(other, column)) };
    });
    const copy = copies.find(({ original }) => original !== undefined);
    if (copy === undefined) continue;
    const message = `${copy.column.title} has the same value as ${copy.original!.title} in every row; leave one of the two out, so that attributions are not shared between them.`;
    findings.push({ check: 'duplicate-column', severity: 'MEDIUM', feature: spec.name, message, value: 1, threshold: 1 });
  }
  return findings;
}
