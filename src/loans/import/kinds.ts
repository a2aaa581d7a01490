import { Decimal } from 'decimal.js';
import { dateReader } from './dates.js';
import { NotANumber, Refusal, quoted } from './refusal.js';

/** Keys of an expression that only some kinds of value understand. */
export type Modifier = 'scale' | 'clamp' | 'round' | 'monotone' | 'dateFormat';

/** How the text of a cell becomes a value of one kind. Text is canonical here: `.` for decimals, no thousands. */
export interface Kind<T> {
  /** What the person should have written, to end a sentence with. */
  readonly expects: string;
  readonly modifiers: readonly Modifier[];
  /** Codes list every allowed cell (text), or only the exceptions (numbers, dates). */
  readonly codesAreComplete: boolean;
  /** The same kind for another notation, where the kind has notations. */
  readonly withFormat?: (format: string) => Kind<T>;
  /** @param raw the cell as it stands in the file, for the sentence of a refusal */
  parse(text: string, raw?: string): T;
}

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?$/;
const PLAIN_DECIMAL = /^-?(?:0|[1-9]\d*)(?:\.\d+)?$/;
const SUPERFLUOUS_ZEROS = /\.?0+$/;
/** Control characters but tab and line breaks, and what a decoder puts for bytes it cannot read. */
const NON_TEXT = /[^\P{Cc}\t\n\r]|\uFFFD/u;
const LARGEST_NUMBER = 1e30;
const MAX_WHOLE_DIGITS = 16;
const OF_NUMBERS: readonly Modifier[] = ['scale', 'clamp', 'round', 'monotone'];

const NOT_FINITE = /^[+-]?(?:nan|inf|infinity)$/i;

/** A cell that is no number, in the notation that `notation` ends the sentence with. */
export function notANumber(raw: string, notation = ''): Refusal {
  if (NOT_FINITE.test(raw)) return new Refusal(`${quoted(raw)} is not a finite number`);
  return new NotANumber(`${quoted(raw)} is not a number${notation}`);
}

export const isNumber = (text: string): boolean => NUMBER.test(text);

/** Refuses anything that is not a finite number in plain or scientific notation. */
export function numberText(text: string, raw = text): string {
  if (!NUMBER.test(text)) throw notANumber(raw);
  return text;
}

const refuse = (value: string, expects: string, raw = value): never => {
  const read = raw === value ? '' : ` (read as ${value})`;
  throw new Refusal(`${quoted(raw)}${read} is not accepted; expected ${expects}`);
};

export function textUpTo(maxLength: number): Kind<string> {
  const expects = `text of at most ${maxLength} characters`;
  return {
    expects,
    modifiers: [],
    codesAreComplete: true,
    parse(value) {
      if (value.length > maxLength) refuse(value, expects);
      if (NON_TEXT.test(value)) {
        throw new Refusal(`${quoted(value)} has characters that are not text; check source.encoding`);
      }
      return value;
    },
  };
}

/** Text that passes a test. */
export function such(passes: (text: string) => boolean, expects: string): Kind<string> {
  return {
    expects,
    modifiers: [],
    codesAreComplete: true,
    parse: (value) => (passes(value) ? value : refuse(value, expects)),
  };
}

export function oneOf<const V extends string>(values: readonly V[]): Kind<V> {
  const expects = `one of ${values.join(', ')}`;
  const known = new Map(values.map((value) => [value as string, value]));
  return {
    expects,
    modifiers: [],
    codesAreComplete: true,
    parse: (value) => known.get(value) ?? refuse(value, expects),
  };
}

const BOOLEANS = new Map([
  ...['true', 'yes', 'y', '1'].map((word) => [word, true] as const),
  ...['false', 'no', 'n', '0'].map((word) => [word, false] as const),
]);

export const boolean: Kind<boolean> = {
  expects: 'true or false (also yes/no, y/n, 1/0)',
  modifiers: [],
  codesAreComplete: true,
  parse(value) {
    return BOOLEANS.get(value.toLowerCase()) ?? refuse(value, `${boolean.expects}; for other words give "codes": {…}`);
  },
};

/** A finite double, |x| ≤ 1e30. */
export const numeric: Kind<number> = {
  expects: 'a finite number',
  modifiers: OF_NUMBERS,
  codesAreComplete: false,
  parse(value, raw) {
    const number = Number(numberText(value, raw));
    return Math.abs(number) <= LARGEST_NUMBER ? number : refuse(value, 'a number of at most 1e30', raw);
  },
};

export function integer(low: number, high: number): Kind<number> {
  const expects = `a whole number from ${low} to ${high}`;
  return {
    expects,
    modifiers: OF_NUMBERS,
    codesAreComplete: false,
    parse(value, raw) {
      const number = Number(numberText(value, raw));
      return Number.isInteger(number) && number >= low && number <= high ? number : refuse(value, expects, raw);
    },
  };
}

/** Canonical digits: no plus sign, exponent or superfluous zeros, and no more places than the database keeps. */
function canonicalDecimal(value: string, places: number, raw: string | undefined): string {
  const plain = PLAIN_DECIMAL.test(value) ? value : new Decimal(numberText(value, raw)).toFixed();
  const digits = plain.includes('.') ? plain.replace(SUPERFLUOUS_ZEROS, '') : plain;
  const [whole, fraction = ''] = digits.replace('-', '').split('.');
  if (whole!.length > MAX_WHOLE_DIGITS) refuse(value, `at most ${MAX_WHOLE_DIGITS} digits before the point`, raw);
  if (fraction.length > places) refuse(value, `at most ${places} decimal places ("round": ${places} rounds them)`, raw);
  return digits === '-0' ? '0' : digits;
}

export interface DecimalLimits {
  /** Inclusive. */
  low?: number;
  /** Inclusive. */
  high?: number;
  /** Digits after the decimal point. */
  places: number;
  /** Ends the sentence, e.g. "a fraction a year". */
  expects: string;
}

/** An exact decimal, kept as text. */
export function decimal({ low = -Infinity, high = Infinity, places, expects }: DecimalLimits): Kind<string> {
  return {
    expects,
    modifiers: OF_NUMBERS,
    codesAreComplete: false,
    parse(value, raw) {
      const digits = canonicalDecimal(value, places, raw);
      const number = Number(digits);
      return number >= low && number <= high ? digits : refuse(value, expects, raw);
    },
  };
}

function dateKind(format?: string): Kind<Date> {
  return {
    expects: `a date (${format ?? 'YYYY-MM-DD or RFC 3339'})`,
    modifiers: ['dateFormat'],
    codesAreComplete: false,
    withFormat: dateKind,
    parse: dateReader(format),
  };
}

export const date = dateKind();
