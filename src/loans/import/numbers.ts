import { Decimal } from 'decimal.js';
import { notANumber, numberText } from './kinds.js';
import type { Expression } from './mapping.js';
import type { Scope } from './scope.js';

/**
 * From the file's way of writing numbers to plain digits with a point. Thousands separators must part groups of three,
 * so that a number in another notation (`26.90` where the point parts thousands) is refused, never read as another one.
 */
export function localiser(scope: Scope): (text: string) => string {
  const { decimal, thousands } = scope.mapping.source;
  if (thousands === decimal) throw scope.problem('source', 'decimal and thousands cannot be the same character');
  if (thousands === undefined && decimal === '.') return (text) => text;
  const notation = notationOf(decimal, thousands);
  const says = notationText(scope);
  return (text) => {
    if (!notation.test(text)) throw notANumber(text, says);
    const joined = thousands === undefined ? text : text.replaceAll(thousands, '');
    return decimal === ',' ? joined.replace(',', '.') : joined;
  };
}

function notationOf(decimal: string, thousands: string | undefined): RegExp {
  const point = decimal === '.' ? String.raw`\.` : decimal;
  const plain = String.raw`(?:\d+${point}?\d*|${point}\d+)(?:[eE][+-]?\d{1,3})?`;
  if (thousands === undefined) return new RegExp(`^[+-]?${plain}$`);
  const grouped = String.raw`[1-9]\d{0,2}(?:${thousands === '.' ? String.raw`\.` : thousands}\d{3})+(?:${point}\d+)?`;
  return new RegExp(`^[+-]?(?:${grouped}|${plain})$`);
}

/** How the file writes numbers, to end the sentence of a cell that is none. */
export function notationText({ mapping: { source } }: Scope): string {
  const { decimal, thousands } = source;
  if (thousands === undefined) return ` with source.decimal ${JSON.stringify(decimal)}`;
  return ` as source.decimal ${JSON.stringify(decimal)} and source.thousands ${JSON.stringify(thousands)} write it`;
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
