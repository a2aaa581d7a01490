import { describe, expect, it } from '@jest/globals';
import { Decimal } from 'decimal.js';
import * as fc from 'fast-check';
import { AssayError, decimalText } from '../../src/platform/index.js';

const digits = (min: number, max: number): fc.Arbitrary<string> =>
  fc.array(fc.integer({ min: 0, max: 9 }), { minLength: min, maxLength: max }).map((all) => all.join(''));

/** Plain decimals that fit numeric(20,4), in every accepted spelling. */
const plain = fc
  .tuple(fc.constantFrom('', '-', '+'), digits(1, 16), fc.option(digits(0, 4), { nil: undefined }))
  .map(([sign, whole, fraction]) => `${sign}${whole}${fraction === undefined ? '' : `.${fraction}`}`);

const CANONICAL = /^(0|-?(0\.\d*[1-9]|[1-9]\d*(\.\d*[1-9])?))$/;

describe('decimals', () => {
  it.each([
    ['0', '0'], ['-0', '0'], ['-0.0000', '0'], ['+1', '1'], ['007.50', '7.5'], ['.5', '0.5'], ['5.', '5'],
    [' 1234.50 ', '1234.5'], ['-12', '-12'], ['9999999999999999.9999', '9999999999999999.9999'],
  ])('%j is written %j', (text, canonical) => {
    expect(decimalText(text, 'here')).toBe(canonical);
  });

  it('keep their value exactly, in one canonical spelling', () => {
    fc.assert(fc.property(plain, (text) => {
      const canonical = decimalText(text, 'here');
      expect(canonical).toMatch(CANONICAL);
      expect(new Decimal(canonical).equals(new Decimal(text))).toBe(true);
      expect(decimalText(canonical, 'here')).toBe(canonical);
    }), { numRuns: 500 });
  });

  it.each([
    ['', 'is not a decimal number'], ['abc', 'is not a decimal number'], ['NaN', 'is not a decimal number'], ['Infinity', 'is not a decimal number'],
    ['-Infinity', 'is not a decimal number'], ['1e39', 'is not a decimal number'], ['0x1F', 'is not a decimal number'], ['1,234.50', 'is not a decimal number'],
    ['1 234', 'is not a decimal number'], ['1.2.3', 'is not a decimal number'], ['--1', 'is not a decimal number'], ['.', 'is not a decimal number'],
    ['١٢', 'is not a decimal number'], ['1\u00002', 'is not a decimal number'],
    ['1.00001', 'has more than 4 decimal places'], ['10000000000000000', 'has more than 16 digits before the point'],
    ['-10000000000000000', 'has more than 16 digits before the point'],
  ])('refuse %j, saying where and why', (text, why) => {
    expect(() => decimalText(text, 'loan.principal')).toThrow(new RegExp(`^loan\\.principal: .*${why}`, 's'));
    expect(() => decimalText(text, 'loan.principal')).toThrow(AssayError);
  });

  it('count significant decimal places only', () => {
    expect(decimalText('1.50000000', 'here')).toBe('1.5');
  });

  it('hold to other limits where they are given', () => {
    expect(decimalText('0.123456', 'rate', { digits: 3, scale: 6 })).toBe('0.123456');
    expect(() => decimalText('1000', 'rate', { digits: 3, scale: 6 })).toThrow('rate: 1000 has more than 3 digits before the point.');
  });

  it('answer a hostile length with a short sentence', () => {
    for (const text of ['9'.repeat(100_000), `0.${'1'.repeat(100_000)}`, 'x'.repeat(100_000)]) {
      let message = '';
      try {
        decimalText(text, 'here');
      } catch (error) {
        message = (error as Error).message;
      }
      expect(message).toMatch(/^here: /);
      expect(message.length).toBeLessThan(200);
    }
  });
});
