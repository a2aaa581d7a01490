import { GraphQLScalarType, Kind, type ValueNode } from 'graphql';
import { badInput, isOnCalendar } from '../../base/index.js';
import { decimalText } from '../decimal.js';

const RFC_3339 = /^(\d{4}-\d\d-\d\d)T(?!24)\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$/;

function parseDateTime(value: unknown): Date {
  const day = typeof value === 'string' ? RFC_3339.exec(value)?.[1] : undefined;
  const date = new Date(day && isOnCalendar(day) ? String(value) : Number.NaN);
  if (Number.isNaN(date.getTime())) {
    throw badInput(`${JSON.stringify(value)} is not a DateTime. Write RFC 3339 with a zone, like 2026-01-31T09:30:00Z.`);
  }
  return date;
}

export const DateTime = new GraphQLScalarType<Date, string>({
  name: 'DateTime',
  description: 'A moment, RFC 3339. Answers are in UTC with milliseconds, like `2026-01-31T09:30:00.000Z`.',
  specifiedByURL: 'https://www.rfc-editor.org/rfc/rfc3339',
  serialize: (value) => (value instanceof Date ? value : new Date(String(value))).toISOString(),
  parseValue: parseDateTime,
  parseLiteral: (node) => parseDateTime('value' in node ? node.value : null),
});

function parseDecimal(value: unknown): string {
  if (typeof value !== 'string') {
    throw badInput(`${JSON.stringify(value)} is not a Decimal. Write it as a string, like "1234.50", so that no digit is lost.`);
  }
  return decimalText(value, 'Decimal', { scale: 6 });
}

export const DecimalScalar = new GraphQLScalarType<string, string>({
  name: 'Decimal',
  description: 'An exact decimal number as a string, like `"1234.50"`. Never a float.',
  serialize: (value) => decimalText(String(value), 'Decimal', { scale: 6 }),
  parseValue: parseDecimal,
  parseLiteral: (node) => parseDecimal(node.kind === Kind.STRING ? node.value : undefined),
});

type Plain = string | number | boolean | null;

function parsePlain(value: unknown): Plain {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw badInput(`${JSON.stringify(value)} is not an AttributeValue. Pass a string, a finite number, a boolean or null.`);
}

function plainOf(node: ValueNode): unknown {
  if (node.kind === Kind.INT || node.kind === Kind.FLOAT) return Number(node.value);
  if (node.kind === Kind.NULL) return null;
  return 'value' in node ? node.value : undefined;
}

export const AttributeValue = new GraphQLScalarType<Plain, Plain>({
  name: 'AttributeValue',
  description: 'The value of an attribute or a model input: a string, a finite number, a boolean or null.',
  serialize: parsePlain,
  parseValue: parsePlain,
  parseLiteral: (node) => parsePlain(plainOf(node)),
});
