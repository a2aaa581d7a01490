import { badInput } from '../platform/index.js';
import type { PlainRecord, PlainValue } from './sections.js';

/** A change to one entry of a section; null takes it away. */
export interface NamedChange<Value extends PlainValue = PlainValue> {
  readonly name: string;
  readonly value?: Value | null | undefined;
}

const NAME = /^[^\s\p{Cc}](?:[^\p{Cc}]{0,98}[^\s\p{Cc}])?$/u;
const LONGEST_TEXT = 4_000;
const LARGEST_NUMBER = 1e30;

/**
 * A section after changes: what is not named stays.
 * @param where names the list for the sentence, e.g. `attributes`
 * @throws BAD_INPUT for a name that is not one or comes twice, and for a value out of bounds
 */
export function changed<Value extends PlainValue>(
  section: Readonly<Record<string, Value>>,
  changes: readonly NamedChange<Value>[] | null | undefined,
  where: string,
): Readonly<Record<string, Value>> {
  const entries = new Map(Object.entries(section));
  const seen = new Set<string>();
  for (const { name, value } of changes ?? []) {
    checkName(name, where, seen);
    if (value === null || value === undefined) entries.delete(name);
    else entries.set(name, checked(value, `${where}.${name}`));
  }
  return Object.fromEntries(entries);
}

function checkName(name: string, where: string, seen: Set<string>): void {
  if (!NAME.test(name)) throw badInput(`${where}: ${JSON.stringify(name.slice(0, 120))} is not a name. Use 1 to 100 characters without line breaks or outer spaces.`);
  if (seen.has(name)) throw badInput(`${where}: "${name}" is given twice. Give each name once.`);
  seen.add(name);
}

function checked<Value extends PlainValue>(value: Value, where: string): Value {
  if (typeof value === 'string' && value.length > LONGEST_TEXT) throw badInput(`${where}: the text has ${value.length} characters; at most ${LONGEST_TEXT} are kept.`);
  if (typeof value === 'number' && !(Math.abs(value) <= LARGEST_NUMBER)) throw badInput(`${where}: ${value} is not a number of at most 1e30.`);
  return value;
}

export interface NamedValue {
  readonly name: string;
  readonly value: PlainValue;
}

/** A section as a list, in the order of names. */
export const namedValues = (section: PlainRecord): NamedValue[] =>
  Object.entries(section)
    .map(([name, value]) => ({ name, value }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
