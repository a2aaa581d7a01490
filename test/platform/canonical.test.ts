import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { canonicalJson, sha256 } from '../../src/platform/index.js';

describe('canonical JSON', () => {
  it('writes the examples of RFC 8785 as the RFC does', () => {
    expect(canonicalJson({
      numbers: [Number('333333333.33333329'), 1e30, 4.5, 2e-3, 0.000000000000000000000000001],
      string: '\u20ac$\u000F\u000aA\'\u0042\u0022\u005c\\"/',
      literals: [null, true, false],
    })).toBe('{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}');
    expect(canonicalJson({ '\u20ac': 'Euro Sign', '\r': 'Carriage Return', '\ufb33': 'Hebrew Letter Dalet With Dagesh', 1: 'One', '\ud83d\ude00': 'Emoji: Grinning Face', '\u0080': 'Control', '\u00f6': 'Latin Small Letter O With Diaeresis' }))
      .toBe('{"\\r":"Carriage Return","1":"One","\u0080":"Control","ö":"Latin Small Letter O With Diaeresis","€":"Euro Sign","😀":"Emoji: Grinning Face","\ufb33":"Hebrew Letter Dalet With Dagesh"}');
  });

  it('says the same of the same, whatever the order of keys, and loses nothing', () => {
    fc.assert(fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
      const text = canonicalJson(value);
      expect(canonicalJson(Object.fromEntries(Object.entries(value).reverse()))).toBe(text);
      expect(canonicalJson(JSON.parse(text))).toBe(text);
      expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
    }));
  });

  it('writes dates as RFC 3339 and leaves out what is undefined', () => {
    expect(canonicalJson({ at: new Date('2026-01-31T09:30:00Z'), nothing: undefined })).toBe('{"at":"2026-01-31T09:30:00.000Z"}');
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, { deep: [{ er: Number.NEGATIVE_INFINITY }] }])('refuses %p', (value) => {
    expect(() => canonicalJson(value)).toThrow(/not allowed/);
  });

  it.each([[undefined], [Symbol('x')], [() => 1]])('refuses %p, which has no JSON', (value) => {
    expect(() => canonicalJson(value)).toThrow('A value without a JSON form was to be encoded canonically.');
  });
});

describe('SHA-256', () => {
  it('knows its known answers', () => {
    expect(sha256('').toString('hex')).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
    expect(sha256(Buffer.from('abc')).toString('hex')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  });
});
