import type { z } from 'zod';
import { keysAt } from './mapping.js';
import { didYouMean } from './nearest.js';

type Issue = z.core.$ZodIssue;

/** What is wrong with a mapping, as sentences: the place, the value that stands there, and what is expected. */
export function mistakeSentences(issue: Issue, json: unknown): string[] {
  const place = placeOf(issue.path);
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => `${place}: unknown key ${JSON.stringify(key)}.${didYouMean(key, keysAt(issue.path))}`);
  }
  if (issue.code === 'invalid_key') {
    const above = placeOf(issue.path.slice(0, -1));
    return [`${above}: the name ${JSON.stringify(issue.path.at(-1))} is not accepted; expected ${expected(issue.issues[0] ?? issue)}`];
  }
  const value = valueAt(json, issue.path);
  if (value === undefined) return [`${place}: is missing; expected ${expected(issue)}`];
  return [`${place}: ${shown(value)} is not accepted; expected ${expected(issue)}`];
}

function placeOf(path: readonly PropertyKey[]): string {
  const place = path.map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`)).join('');
  return place === '' ? 'the mapping' : place.replace(/^\./, '');
}

function valueAt(json: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((value, key) => (typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined), json);
}

function shown(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

/** Texts of the library begin so; all others are the schema's own. */
const OF_THE_LIBRARY = /^(?:Invalid|Too |Unrecognized)/;

const TYPES: Readonly<Record<string, string>> = {
  string: 'text in quotes',
  boolean: 'true or false',
  number: 'a number',
  int: 'a whole number',
  array: 'a list: [ … ]',
  record: 'an object: { … }',
  object: 'an object: { … }',
};

function expected(issue: Issue): string {
  if (!OF_THE_LIBRARY.test(issue.message)) return issue.message;
  if (issue.code === 'invalid_value') return oneOf(issue.values.map((value) => shown(value)));
  if (issue.code === 'invalid_type') return TYPES[issue.expected] ?? issue.expected;
  if (issue.code === 'too_small' && issue.minimum === 1 && issue.origin === 'string') return 'text that is not empty';
  if (issue.code === 'too_small' && issue.minimum === 1 && issue.origin === 'array') return 'at least one entry';
  if (issue.code === 'too_small') return `at least ${issue.minimum}${unitOf(issue.origin)}`;
  if (issue.code === 'too_big') return `at most ${issue.maximum}${unitOf(issue.origin)}`;
  return issue.message;
}

const oneOf = (values: readonly string[]): string => (values.length === 1 ? values[0]! : `one of ${values.join(', ')}`);

function unitOf(origin: string): string {
  if (origin === 'string') return ' characters';
  return origin === 'array' ? ' entries' : '';
}
