import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { parseValue as parseLiteral } from 'graphql';
import { AttributeValue, DateTime, DecimalScalar } from '../../src/platform/index.js';

const literal = (scalar: typeof DateTime | typeof DecimalScalar | typeof AttributeValue, text: string): unknown => scalar.parseLiteral(parseLiteral(text));

describe('DateTime', () => {
  it('reads RFC 3339 with a zone and answers in UTC', () => {
    expect(DateTime.serialize(DateTime.parseValue('2026-01-31T09:30:00+02:00'))).toBe('2026-01-31T07:30:00.000Z');
    expect(literal(DateTime, '"2026-01-31T09:30:00.123456Z"')).toEqual(new Date('2026-01-31T09:30:00.123Z'));
  });

  it('keeps every moment it answered', () => {
    const moments = fc.date({ min: new Date('0001-01-01T00:00:00Z'), max: new Date('9999-12-31T23:59:59.999Z'), noInvalidDate: true });
    fc.assert(fc.property(moments, (date) => {
      expect(DateTime.parseValue(DateTime.serialize(date))).toEqual(date);
    }));
  });

  it('knows leap years', () => {
    expect(DateTime.parseValue('2024-02-29T00:00:00Z')).toEqual(new Date('2024-02-29T00:00:00Z'));
  });

  it.each([
    '2026-01-31', '2026-01-31T09:30:00', '31.01.2026', 'now', '', '2026-13-01T00:00:00Z', '2026-01-31T25:00:00Z', '2026-01-31T24:00:00Z',
    '2026-02-30T00:00:00Z', '2025-02-29T00:00:00Z', '2026-04-31T00:00:00+05:30', '2026-00-10T00:00:00Z', '2026-01-31T09:30:00+99:00',
    '0000-01-01T00:00:00Z', 1_769_851_800, null, true, {},
  ])('refuses %j: no date is guessed or moved', (value) => {
    expect(() => DateTime.parseValue(value)).toThrow(/ is not a DateTime\. Write RFC 3339 with a zone, like /);
  });
});

describe('Decimal', () => {
  it('is a string both ways, so that no digit is lost', () => {
    expect(DecimalScalar.parseValue('9007199254740993.10')).toBe('9007199254740993.1');
    expect(DecimalScalar.serialize('1234.5000')).toBe('1234.5');
    expect(literal(DecimalScalar, '"0.000001"')).toBe('0.000001');
  });

  it('refuses numbers, which may have been rounded already', () => {
    expect(() => DecimalScalar.parseValue(1.5)).toThrow('1.5 is not a Decimal. Write it as a string, like "1234.50", so that no digit is lost.');
    expect(() => literal(DecimalScalar, '1.5')).toThrow(/is not a Decimal\. Write it as a string/);
  });

  it.each(['NaN', 'Infinity', '1e39', ''])('refuses %j', (text) => {
    expect(() => DecimalScalar.parseValue(text)).toThrow(/is not a decimal number/);
  });
});

describe('AttributeValue', () => {
  it.each(['text', '', 0, -1.5, true, false, null])('lets %j through unchanged', (value) => {
    expect(AttributeValue.parseValue(value)).toBe(value);
    expect(AttributeValue.serialize(value)).toBe(value);
    expect(literal(AttributeValue, JSON.stringify(value))).toBe(value);
  });

  it.each(['{a: 1}', '[1]', '1e999', '-1e999'])('refuses the literal %s', (text) => {
    expect(() => literal(AttributeValue, text)).toThrow(/ is not an AttributeValue\. Pass a string, a finite number, a boolean or null\.$/);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, undefined, {}, []])('refuses the value %p', (value) => {
    expect(() => AttributeValue.parseValue(value)).toThrow(/ is not an AttributeValue\./);
  });
});
