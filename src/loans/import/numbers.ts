import { Decimal } from 'decimal.js';
import { numberText } from './kinds.js';
import type { Expression } from './mapping.js';
import { Refusal, quoted } from './refusal.js';
import type { Scope } from './scope.js';

/** From the file's way of writing numbers to plain digits with a point. */
export function localiser(scope: Scope): (text: string) => string {
  const { decimal, thousands } = scope.mapping.source;
  if (thousands === decimal) throw scope.problem('source', 'decimal and thousands cannot be the same character');
  if (thousands === undefined && decimal === '.') return (text) => text;
  return (text) => {
    if (decimal === ',' && thousands !== '.' && text.includes('.')) {
      throw new Refusal(`${quoted(text)} has a point, but source.decimal is ","`);
    }
    const joined = thousands === undefined ? text : text.replaceAll(thousands, '');
    return decimal === ',' ? joined.replace(',', '.') : joined;
  };
}

/** Applies scale, then clamp, then round, exactly. */
export function adjuster({ scale, clamp, round }: Expression): (text: string) => string {
  if (scale === undefined && clamp === undefined && round === undefined) return (text) => text;
  return (text) => {
    let number = new Decimal(numberText(text));
    if (scale !== undefined) number = number.times(scale);
    if (clamp !== undefined) number = Decimal.max(clamp[0], Decimal.min(clamp[1], number));
    if (round !== undefined) number = number.toDecimalPlaces(round, Decimal.ROUND_HALF_EVEN);
    return number.toFixed();
  };
}
