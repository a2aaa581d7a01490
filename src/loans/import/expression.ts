import { isDateFormat } from './dates.js';
import { isNumber, notANumber, type Kind, type Modifier } from './kinds.js';
import type { Expression } from './mapping.js';
import { adjuster, localiser, notationText } from './numbers.js';
import { NotANumber, Refusal, quoted } from './refusal.js';
import type { Cell, RawRow, Scope } from './scope.js';

/** Reads one value out of a row; undefined when it is missing. Throws {@link Refusal} when it cannot be read. */
export type Field<T> = (row: RawRow) => T | undefined;

const SOURCES = ['column', 'const', 'line', 'template'] as const;
const MODIFIERS: readonly Modifier[] = ['scale', 'clamp', 'round', 'monotone', 'dateFormat'];

/**
 * Compiles an expression of the mapping to a reader of values of one kind, checking everything that can be checked now.
 * Mistakes are kept by the scope, which tells them all together when everything is compiled.
 */
export function compileField<T>(scope: Scope, path: string, expression: Expression, kind: Kind<T>): Field<T> {
  return scope.attempt(() => compile(scope, path, expression, kind)) ?? (() => undefined);
}

function compile<T>(scope: Scope, path: string, expression: Expression, kind: Kind<T>): Field<T> {
  const sources = SOURCES.filter((key) => expression[key] !== undefined);
  if (sources.length !== 1) {
    throw scope.problem(path, `needs exactly one of ${SOURCES.join(', ')}; it has ${sources.join(' and ') || 'none'}`);
  }
  const [source] = sources;
  const formatted = withNotation(scope, path, expression, kind);
  if (source === 'column') {
    const place = `column ${JSON.stringify(expression.column)} (${path})`;
    return locate(place, fromColumn(scope, path, expression, formatted));
  }
  forbidModifiers(scope, path, expression, source!);
  if (source === 'const') return constant(scope, path, expression, formatted);
  if (source === 'line') return locate(path, (row) => formatted.parse(String(row.number)));
  return locate(path, fromTemplate(scope, path, expression.template!, formatted));
}

function withNotation<T>(scope: Scope, path: string, expression: Expression, kind: Kind<T>): Kind<T> {
  const misplaced = MODIFIERS.find((key) => expression[key] !== undefined && !kind.modifiers.includes(key));
  if (misplaced !== undefined) throw scope.problem(path, `"${misplaced}" has no meaning here; expected ${kind.expects}`);
  if (expression.clamp && expression.clamp[0] > expression.clamp[1]) {
    throw scope.problem(path, 'clamp is [lowest, highest], and the lowest is above the highest');
  }
  const format = expression.dateFormat;
  if (format === undefined) return kind;
  if (!isDateFormat(format)) throw scope.problem(path, `dateFormat ${quoted(format)} must have YYYY, MM and DD, once each`);
  return kind.withFormat!(format);
}

function forbidModifiers(scope: Scope, path: string, expression: Expression, source: string): void {
  const extra = ['missing', 'codes', 'scale', 'clamp', 'round'].find((key) => Object.hasOwn(expression, key));
  if (extra !== undefined) throw scope.problem(path, `"${extra}" needs a column; it has no meaning beside "${source}"`);
}

/** Puts the place in front of a refusal's sentence. */
function locate<T>(place: string, field: Field<T>): Field<T> {
  return (row) => {
    try {
      return field(row);
    } catch (error) {
      throw error instanceof Refusal ? new Refusal(`${place}: ${error.message}`) : error;
    }
  };
}

/** Parses a value of the mapping itself, so that a mistake in it is reported before any row is read. */
function parseNow<T>(scope: Scope, path: string, value: Expression['const'], kind: Kind<T>): T | undefined {
  if (value === null || value === undefined) return undefined;
  try {
    return kind.parse(String(value));
  } catch (error) {
    throw error instanceof Refusal ? scope.problem(path, error.message) : error;
  }
}

function constant<T>(scope: Scope, path: string, expression: Expression, kind: Kind<T>): Field<T> {
  const value = parseNow(scope, `${path}.const`, expression.const, kind);
  return () => value;
}

function fromTemplate<T>(scope: Scope, path: string, template: string, kind: Kind<T>): Field<T> {
  if (kind.modifiers.length > 0) throw scope.problem(path, `a template makes text; expected ${kind.expects}`);
  const pieces = template.split(/\{([^{}]*)\}/);
  const parts = pieces.map((piece, position): Cell['text'] => {
    if (position % 2 === 0) return () => piece;
    return piece === 'line' ? (row) => String(row.number) : scope.cell(path, piece).text;
  });
  const columns = parts.filter((_, position) => position % 2 === 1);
  return (row) => {
    if (columns.length > 0 && columns.every((cell) => cell(row) === '')) return undefined;
    return kind.parse(parts.map((part) => part(row)).join('').trim());
  };
}

/** missing → codes → the file's way of writing numbers → scale, clamp, round → the kind. */
function fromColumn<T>(scope: Scope, path: string, expression: Expression, kind: Kind<T>): Field<T> {
  const cell = scope.cell(path, expression.column!);
  const missing = new Set(['', ...scope.mapping.source.missing, ...(expression.missing ?? []).map(String)]);
  const codes = compileCodes(scope, path, expression, kind);
  const read = kind.modifiers.includes('scale')
    ? numberReader(scope, expression, cell, kind)
    : (text: string) => kind.parse(text);
  return (row) => {
    const text = cell.text(row);
    if (missing.has(text)) return undefined;
    if (codes?.has(text)) return codes.get(text);
    if (codes && kind.codesAreComplete) throw unknownCode(text, codes);
    return read(text);
  };
}

/** Reads cells of numbers. A sentinel that is a number is the same however the file writes it: -9 and -9,00. */
function numberReader<T>(scope: Scope, expression: Expression, cell: Cell, kind: Kind<T>): (text: string) => T | undefined {
  const localise = cell.fromFile ? localiser(scope) : (text: string) => text;
  const adjust = adjuster(expression);
  const sentinels = new Set((expression.missing ?? []).filter((entry) => typeof entry === 'number'));
  return (text) => {
    try {
      const plain = localise(text);
      if (sentinels.size > 0 && sentinels.has(Number(plain)) && isNumber(plain)) return undefined;
      return kind.parse(adjust(plain), text);
    } catch (error) {
      if (!(error instanceof NotANumber) || !cell.fromFile) throw error;
      throw notANumber(text, notationText(scope));
    }
  };
}

function compileCodes<T>(
  scope: Scope,
  path: string,
  expression: Expression,
  kind: Kind<T>,
): ReadonlyMap<string, T | undefined> | undefined {
  if (expression.codes === undefined) return undefined;
  const codes = Object.entries(scope.codes(path, expression.codes));
  return new Map(codes.map(([code, value]) => [code, parseNow(scope, `${path}.codes.${code}`, value, kind)]));
}

function unknownCode(text: string, codes: ReadonlyMap<string, unknown>): Refusal {
  return new Refusal(`${quoted(text)} is not a known code; expected one of ${[...codes.keys()].join(', ')}`);
}
