import type { Attributes } from './book-row.js';
import { compileField, type Field } from './expression.js';
import { boolean, date, numeric, textUpTo, type Kind } from './kinds.js';
import type { AttributeMapping, Expression } from './mapping.js';
import { Refusal } from './refusal.js';
import type { RawRow, Scope } from './scope.js';

/** Reads one part of a row. */
export type Read<T> = (row: RawRow) => T;

type Kinds = Readonly<Record<string, Kind<unknown>>>;
type Values<K extends Kinds> = { [key in keyof K]?: K[key] extends Kind<infer T> ? T : never };
type Section<K extends Kinds> = { readonly [key in keyof K]?: Expression | undefined };

/** A field that every row must have. */
export function compileRequired<T>(scope: Scope, path: string, expression: Expression, kind: Kind<T>): Read<T> {
  const field = compileField(scope, path, expression, kind);
  const place = expression.column === undefined ? path : `column ${JSON.stringify(expression.column)} (${path})`;
  return (row) => {
    const value = field(row);
    if (value === undefined) throw new Refusal(`${place}: nothing there; expected ${kind.expects}`);
    return value;
  };
}

/** Those fields of a section that the mapping names; a missing value leaves its key out. */
export function compileOptional<K extends Kinds>(
  scope: Scope,
  path: string,
  section: Section<K>,
  kinds: K,
): Read<Values<K>> {
  const fields = Object.keys(kinds).flatMap((key: keyof K & string) => {
    const expression = section[key];
    return expression === undefined ? [] : [[key, compileField(scope, `${path}.${key}`, expression, kinds[key]!)] as const];
  });
  return (row) => present(fields, row) as Values<K>;
}

const ATTRIBUTE_KINDS = { numeric, boolean, categorical: textUpTo(1000) } as const;

/** Free attributes: every row has every key; a missing value is null. */
export function compileAttributes(
  scope: Scope,
  path: string,
  attributes: Record<string, AttributeMapping>,
): Read<Attributes> {
  const fields = Object.entries(attributes).map(([name, attribute]) => {
    const kind: Kind<string | number | boolean> = ATTRIBUTE_KINDS[attribute.type];
    return [name, compileField(scope, `${path}.${name}`, expressionOf(attribute), kind)] as const;
  });
  return (row) => {
    const values: Attributes = {};
    for (const [name, field] of fields) values[name] = field(row) ?? null;
    return values;
  };
}

function expressionOf(attribute: AttributeMapping): Expression {
  const { type: _type, label: _label, unit: _unit, reasonCode: _code, mutable: _mutable, ...expression } = attribute;
  return expression;
}

/** Personal data as text; birthDate is checked to be a date and kept as YYYY-MM-DD. */
export function compileIdentity(scope: Scope, identity: Record<string, Expression>): Read<Record<string, string>> {
  const fields = Object.entries(identity).map(([name, expression]): readonly [string, Field<string>] => {
    const path = `customer.identity.${name}`;
    if (name !== 'birthDate') return [name, compileField(scope, path, expression, textUpTo(1000))];
    const born = compileField(scope, path, expression, date);
    return [name, (row) => born(row)?.toISOString().slice(0, 10)];
  });
  return (row) => present(fields, row) as Record<string, string>;
}

function present(fields: readonly (readonly [string, Field<unknown>])[], row: RawRow): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const [key, field] of fields) {
    const value = field(row);
    if (value !== undefined) values[key] = value;
  }
  return values;
}
