import { badInput } from '../../base/index.js';
import { Random } from '../random.js';
import { outcomesOfUnits } from './units.js';

/** Row numbers, rising; every row is in exactly one part. */
export interface Split {
  readonly training: readonly number[];
  readonly holdout: readonly number[];
}

const rising = (a: number, b: number): number => a - b;

function requireShare(share: number): void {
  if (!(share > 0 && share < 1)) throw badInput(`The hold-out share is ${share}; give a share between 0 and 1, such as 0.2.`);
}

/** Rows of the goods and of the bads. */
function byOutcome(labels: ArrayLike<number>): [number[], number[]] {
  const rows: [number[], number[]] = [[], []];
  for (let row = 0; row < labels.length; row++) {
    const label = labels[row];
    if (label !== 0 && label !== 1) throw badInput(`Label ${row} is ${label}; a label is 1 (default) or 0 (good).`);
    rows[label].push(row);
  }
  return rows;
}

function splitAt(rows: number, held: ReadonlySet<number>): Split {
  const all = Array.from({ length: rows }, (_, row) => row);
  return { training: all.filter((row) => !held.has(row)), holdout: all.filter((row) => held.has(row)) };
}

/** The first date of the hold-out: the one whose hold-out is nearest the share, the smaller of two as near. */
function cutDate(sorted: readonly string[], share: number): string {
  const starts = sorted.flatMap((date, i) => (i > 0 && date !== sorted[i - 1] ? [i] : []));
  if (starts.length === 0) throw badInput(`All ${sorted.length} decisions are of ${sorted[0] ?? 'no date'}; a split by time needs at least two dates. Split at random instead.`);
  const distance = (start: number): number => Math.abs(sorted.length - start - share * sorted.length);
  return sorted[starts.reduce((best, start) => (distance(start) <= distance(best) ? start : best))]!;
}

/**
 * The latest decisions as hold-out, as a model meets them in use. Decisions of one date stay together, so the share is
 * met as nearly as the dates allow. The order of the rows does not matter.
 * @param decidedOn ISO dates, or instants in one time zone, that sort as text
 * @param share of the rows that are held out, between 0 and 1
 * @returns the split and the first date of the hold-out
 * @throws BAD_INPUT on a share out of range, a text that is no date, or dates that do not vary
 */
export function timeSplit(decidedOn: ArrayLike<string>, share: number): Split & { readonly from: string } {
  requireShare(share);
  const dates = Array.from(decidedOn);
  const wrong = dates.findIndex((date) => !/^\d{4}-\d{2}-\d{2}/.test(date));
  if (wrong >= 0) throw badInput(`The decision date of row ${wrong} is "${dates[wrong]}"; a split by time needs dates such as 2024-03-31.`);
  const from = cutDate([...dates].sort(), share);
  return { ...splitAt(dates.length, new Set(dates.flatMap((date, row) => (date >= from ? [row] : [])))), from };
}

/**
 * Folds for cross-validation, drawn at random within each outcome: sizes and numbers of bads differ by at most one.
 * @param labels 1 = default, 0 = good; at least `folds` of each
 * @param folds number of folds, at least 2
 * @param units the customer of each row, by number: all rows of one are in one fold; a customer with any default counts as bad
 * @returns one split per fold; every row is held out exactly once
 * @throws BAD_INPUT on fewer than 2 folds or too few rows of an outcome
 */
export function kFold(labels: ArrayLike<number>, folds: number, seed: number, units?: Uint32Array): Split[] {
  if (!(Number.isInteger(folds) && folds >= 2)) throw badInput(`Cross-validation was asked for with ${folds} folds; give a whole number from 2.`);
  const [goods, bads] = byOutcome(units === undefined ? labels : outcomesOfUnits(labels, units));
  if (Math.min(goods.length, bads.length) < folds) throw badInput(`Of ${labels.length} rows ${bads.length} defaulted; ${folds} folds need at least ${folds} rows of each outcome.`);
  const random = new Random(seed);
  const numbers = new Uint32Array(goods.length + bads.length);
  // One deal for both outcomes: the bads go on where the goods stopped.
  [...random.shuffle(goods), ...random.shuffle(bads)].forEach((row, i) => (numbers[row] = i % folds));
  return givenFolds(units === undefined ? numbers : Uint32Array.from(units, (unit) => numbers[unit]!));
}

/**
 * Folds from given numbers, one per row, such as a benchmark publishes.
 * @returns one split per distinct number, by rising number
 * @throws BAD_INPUT on fewer than two distinct numbers
 */
export function givenFolds(foldOf: ArrayLike<number>): Split[] {
  const numbers = [...new Set(Array.from(foldOf))].sort(rising);
  if (numbers.length < 2) throw badInput(`All ${foldOf.length} rows are in one fold; cross-validation needs at least two.`);
  return numbers.map((number) => splitAt(foldOf.length, new Set(Array.from(foldOf).flatMap((fold, row) => (fold === number ? [row] : [])))));
}
