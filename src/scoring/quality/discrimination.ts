import { binOf, edgesOf, type Column } from './columns.js';

/** Rows that bear on one question, with their outcomes. */
interface Labelled {
  readonly values: Float64Array;
  readonly labels: Uint8Array;
}

function split({ values, labels }: Labelled): { bads: Float64Array; goods: Float64Array } {
  return { bads: values.filter((x, i) => labels[i] === 1 && !Number.isNaN(x)), goods: values.filter((x, i) => labels[i] === 0 && !Number.isNaN(x)) };
}

/**
 * Area under the ROC curve of known values, ties counted half: the Mann–Whitney statistic from one merge of the two
 * sorted classes, which is many times faster than sorting pairs. 0.5 when a class is empty.
 */
export function aucOf(column: Labelled): number {
  const { bads, goods } = split(column);
  if (bads.length === 0 || goods.length === 0) return 0.5;
  bads.sort();
  goods.sort();
  let below = 0;
  let upTo = 0;
  let wins = 0;
  for (const x of bads) {
    while (below < goods.length && goods[below]! < x) below++;
    while (upTo < goods.length && goods[upTo]! <= x) upTo++;
    wins += (below + upTo) / 2;
  }
  return wins / (bads.length * goods.length);
}

const FOLDS = 5;

/** The fold of a row: steps of the golden ratio, so that no period in the order of the rows falls into one fold. */
const foldOf = (row: number): number => Math.floor(((Math.imul(row, 0x9e37_79b1) >>> 0) / 2 ** 32) * FOLDS);

/** Rows of the average rate added to each level, so that a level seen once proves nothing. */
const PRIOR_ROWS = 10;

/**
 * The outcome rate of each row's level in the other folds. A level that only this fold has scores the average:
 * an identifier, however many levels it has, separates nothing.
 */
function outOfFoldRates(levels: Float64Array, labels: Uint8Array, count: number): Float64Array {
  const rows = new Float64Array(count * FOLDS);
  const bads = new Float64Array(count * FOLDS);
  let known = 0;
  let bad = 0;
  levels.forEach((level, i) => {
    if (Number.isNaN(level)) return;
    rows[level * FOLDS + foldOf(i)]!++;
    bads[level * FOLDS + foldOf(i)]! += labels[i]!;
    known++;
    bad += labels[i]!;
  });
  const average = bad / Math.max(1, known);
  const sum = (of: Float64Array, level: number): number => of.subarray(level * FOLDS, (level + 1) * FOLDS).reduce((a, b) => a + b, 0);
  const allRows = Float64Array.from({ length: count }, (_, level) => sum(rows, level));
  const allBads = Float64Array.from({ length: count }, (_, level) => sum(bads, level));
  return levels.map((level, i) => {
    if (Number.isNaN(level)) return Number.NaN;
    const own = level * FOLDS + foldOf(i);
    return (allBads[level]! - bads[own]! + PRIOR_ROWS * average) / (allRows[level]! - rows[own]! + PRIOR_ROWS);
  });
}

const BINS = 20;

/**
 * How well one column alone tells bads from goods, 0.5…1: of numbers the area under the curve either way round or, when
 * that is more, that of their bins' outcome rates (a leak need not be monotone); of categories that of their rates.
 */
export function separation({ numeric, values, levels }: Column, labels: Uint8Array): number {
  if (!numeric) return Math.max(0.5, aucOf({ values: outOfFoldRates(values, labels, levels.length), labels }));
  const direct = aucOf({ values, labels });
  const edges = edgesOf(values.filter((x) => !Number.isNaN(x)).sort(), BINS);
  const bins = values.map((x) => (Number.isNaN(x) ? x : binOf(edges, x)));
  return Math.max(direct, 1 - direct, aucOf({ values: outOfFoldRates(bins, labels, edges.length + 1), labels }));
}

/** The same of "is missing" alone: ½ + ½·|share missing among bads − share missing among goods|. */
export function presenceSeparation({ values }: Column, labels: Uint8Array): number {
  const counts = { rows: [0, 0], missing: [0, 0] };
  values.forEach((x, i) => {
    counts.rows[labels[i]!]!++;
    if (Number.isNaN(x)) counts.missing[labels[i]!]!++;
  });
  const share = (label: number): number => counts.missing[label]! / Math.max(1, counts.rows[label]!);
  return counts.rows.includes(0) ? 0.5 : 0.5 + Math.abs(share(1) - share(0)) / 2;
}
