import { badInput } from '../../platform/index.js';

/** For an option that may be given several times. */
export const repeatable = (value: string, before: readonly string[]): string[] => [...before, value];

/** @throws BAD_INPUT unless the text is a whole number above 0 */
export function whole(text: string, name: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw badInput(`${name} ${text}: give a whole number above 0.`);
}

/** @throws BAD_INPUT unless the text is a number within the bounds */
export function numberWithin(text: string, name: string, least: number, most: number): number {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (value >= least && value <= most) return value;
  throw badInput(`${name} ${text}: give a number from ${least} to ${most}.`);
}

/** A day or a time. @throws BAD_INPUT for anything else */
export function time(text: string, name: string): Date {
  const value = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?$/.test(text) ? new Date(text) : undefined;
  if (value && !Number.isNaN(value.getTime())) return value;
  throw badInput(`${name} ${text}: give a day like 2025-12-31 (from its first moment, UTC) or a time like 2025-12-31T12:00:00Z.`);
}
