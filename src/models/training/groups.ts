import { gatherProtected, type LoanRef } from '../../loans/index.js';
import type { Queryable } from '../../platform/index.js';
import type { KeyRing } from '../../security/index.js';

/** Protected attributes by name, a value or null per loan. */
export type Groups = Readonly<Record<string, readonly (string | null)[]>>;

type Value = number | string | boolean | null;
type Columns = Readonly<Record<string, readonly Value[]>>;

/** A number with more values than this, such as an age, is cut into bands. */
const MOST_GROUPS = 12;
const BANDS = 5;
const GATHERED_AT_ONCE = 1_000;

/** Protected attributes of loans as of their decisions, by attribute; empty where the book has none. */
export async function protectedColumns(db: Queryable, keys: KeyRing, loans: readonly LoanRef[]): Promise<Columns> {
  const rows: Readonly<Record<string, Value>>[] = [];
  for (let from = 0; from < loans.length; from += GATHERED_AT_ONCE) rows.push(...(await gatherProtected(db, keys, loans.slice(from, from + GATHERED_AT_ONCE))));
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))].sort();
  return Object.fromEntries(names.map((name) => [name, rows.map((row) => row[name] ?? null)]));
}

/**
 * Makes groups of protected attributes: categories as they are, numbers of many values in five bands of about equal
 * size. The bands are those of the training loans, so that a group is the same people on both sides of the split.
 */
export function groupsOf(train: Columns, columns: Columns): Groups {
  return Object.fromEntries(Object.entries(columns).map(([name, values]) => {
    const group = grouping(train[name] ?? []);
    return [name, values.map((value) => (value === null ? null : group(value)))];
  }));
}

function grouping(values: readonly Value[]): (value: NonNullable<Value>) => string {
  const numbers = values.filter((value): value is number => typeof value === 'number').sort((a, b) => a - b);
  if (new Set(numbers).size <= MOST_GROUPS) return String;
  const quantiles = Array.from({ length: BANDS - 1 }, (_, at) => numbers[Math.floor(((at + 1) * numbers.length) / BANDS)]!);
  const edges = [...new Set(quantiles)];
  const names = [`below ${edges[0]}`, ...edges.slice(1).map((edge, at) => `${edges[at]} to below ${edge}`), `${edges.at(-1)} and above`];
  return (value) => (typeof value === 'number' ? names[edges.filter((edge) => value >= edge).length]! : String(value));
}
