import type { RawRows } from '../features/learn.js';
import { percent } from './columns.js';
import { fallenBelow, reached, type Crossed } from './thresholds.js';
import type { Finding, GroupSummary, QualityInput, Thresholds } from './types.js';

interface Alike {
  readonly rows: number[];
  readonly outcomes: Set<number>;
}

function rowsAlike(rows: RawRows, labels: Uint8Array): Alike[] {
  const groups = new Map<string, Alike>();
  rows.forEach((row, i) => {
    const key = JSON.stringify(row);
    const group = groups.get(key) ?? { rows: [], outcomes: new Set() };
    group.rows.push(i);
    group.outcomes.add(labels[i]!);
    groups.set(key, group);
  });
  return [...groups.values()].filter((group) => group.rows.length > 1);
}

/** How many rows of the group repeat an earlier one with its outcome too. */
const repeats = ({ rows, outcomes }: Alike): number => rows.length - outcomes.size;

/** Rows that repeat earlier ones, and rows alike but for the outcome. */
export function checkRows(rows: RawRows, labels: Uint8Array, { duplicateRows, conflictingRows }: Thresholds): Finding[] {
  const alike = rowsAlike(rows, labels);
  const repeated = alike.reduce((sum, group) => sum + repeats(group), 0);
  const conflicts = alike.filter(({ outcomes }) => outcomes.size > 1);
  const conflicting = conflicts.reduce((sum, group) => sum + group.rows.length, 0);
  const share = (count: number): number => count / Math.max(1, rows.length);
  const finding = (check: 'duplicate-rows' | 'conflicting-rows', count: number, crossed: Crossed | undefined, message: string): Finding[] =>
    crossed === undefined ? [] : [{ check, message, value: share(count), ...crossed }];
  return [
    ...finding('duplicate-rows', repeated, reached(duplicateRows, share(repeated)),
      `${repeated} of ${rows.length} rows repeat an earlier row with all its values and its outcome; make sure that no loan was imported twice, as copies on both sides of a split flatter the metrics.`),
    ...finding('conflicting-rows', conflicting, reached(conflictingRows, share(conflicting)),
      `${conflicts.length} groups, ${conflicting} rows in all, have the same values but different outcomes; no model can tell them apart: check the outcomes, or add features that do.`),
  ];
}

/** Too few outcomes to learn or measure, or an unlikely default rate. */
export function checkLabels(labels: Uint8Array, bads: number, { labelRateLow, labelRateHigh, outcomes }: Thresholds): Finding[] {
  const rate = bads / Math.max(1, labels.length);
  const rarer = Math.min(bads, labels.length - bads);
  const few = fallenBelow(outcomes, rarer);
  const low = labelRateLow.low === null ? undefined : reached(negated(labelRateLow), -rate);
  const high = reached(labelRateHigh, rate);
  const rateFinding = low ? { ...low, threshold: -low.threshold } : high;
  const advice = low ? 'make sure that the outcomes are complete' : 'make sure that the definition of default and the sample are what you meant, and calibrate to the rate of the book';
  return [
    ...(few ? [{ check: 'few-outcomes' as const, message: `Of ${labels.length} loans ${bads} defaulted; at least ${few.threshold} loans of either outcome are needed: record more outcomes.`, value: rarer, ...few }] : []),
    ...(rateFinding ? [{ check: 'label-rate' as const, message: `The default rate is ${percent(rate)}; ${advice}.`, value: rate, ...rateFinding }] : []),
  ];
}

const negative = (x: number | null): number | null => (x === null ? null : -x);
const negated = ({ high, medium, low }: Thresholds['labelRateLow']): Thresholds['labelRateLow'] => ({ high: negative(high), medium: negative(medium), low: negative(low) });

/** Rows and outcomes of each group of each protected attribute, by attribute and group. */
export function summariseGroups(groups: NonNullable<QualityInput['groups']>, labels: Uint8Array): GroupSummary[] {
  return Object.keys(groups).sort().flatMap((attribute) => {
    const tallies = new Map<string | null, { rows: number; bads: number }>();
    groups[attribute]!.forEach((group, i) => {
      const tally = tallies.get(group) ?? { rows: 0, bads: 0 };
      tallies.set(group, { rows: tally.rows + 1, bads: tally.bads + labels[i]! });
    });
    return [...tallies]
      .sort(([a], [b]) => (a === null ? 1 : b === null ? -1 : a < b ? -1 : 1))
      .map(([group, { rows, bads }]) => ({ attribute, group, rows, bads, labelRate: bads / rows }));
  });
}

/** Highest ÷ lowest rate, half a bad added to each so that a rate of zero does not divide. */
export function rateSpread(parts: readonly { readonly rows: number; readonly bads: number }[]): number {
  const rates = parts.map(({ rows, bads }) => (bads + 0.5) / (rows + 1));
  return rates.length < 2 ? 1 : Math.max(...rates) / Math.min(...rates);
}

/** Groups too small to say anything of, and groups whose default rates lie far apart. */
export function checkGroups(summaries: readonly GroupSummary[], { groupRows, groupRates, rateRows }: Thresholds): Finding[] {
  return [...new Set(summaries.map(({ attribute }) => attribute))].flatMap((attribute) => {
    const known = summaries.filter((summary) => summary.attribute === attribute && summary.group !== null);
    const smallest = known.toSorted((a, b) => a.rows - b.rows)[0];
    const small = smallest && fallenBelow(groupRows, smallest.rows);
    const counted = known.filter(({ rows }) => rows >= rateRows).sort((a, b) => a.labelRate - b.labelRate);
    const spread = rateSpread(counted);
    const apart = reached(groupRates, spread);
    const [low, high] = [counted[0], counted.at(-1)];
    const findings: Finding[] = [];
    if (small) findings.push({ check: 'group-size', feature: attribute, message: `Only ${smallest.rows} rows have ${attribute} = ${smallest.group}; figures by group say nothing of so few: join groups, or gather more.`, value: smallest.rows, ...small });
    if (apart) findings.push({ check: 'group-label-rate', feature: attribute, message: `The default rate is ${percent(low!.labelRate)} for ${attribute} = ${low!.group} and ${percent(high!.labelRate)} for ${high!.group}; a model will reproduce the difference: look at the fairness figures before you approve it.`, value: spread, ...apart });
    return findings;
  });
}
