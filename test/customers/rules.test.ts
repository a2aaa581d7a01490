import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { changed, namedValues, type PlainRecord } from '../../src/customers/index.js';
import { displayNameOf, masked } from '../../src/customers/masking.js';

describe('masking', () => {
  it.each([
    ['Maria Sanz', 'M… S…'],
    ['  Jean-Luc   de la Tour ', 'J… d… l… T…'],
    ['王小明', '王…'],
    ['é́lan', 'é́…'],
    ['', ''],
  ])('%j → %j', (name, expected) => expect(masked(name)).toBe(expected));

  it('shows no more than one letter of a word', () => {
    fc.assert(fc.property(fc.string({ unit: 'grapheme' }), (name) => {
      const words = masked(name).split(' ').filter((word) => word !== '');
      return words.every((word) => word.endsWith('…') && [...new Intl.Segmenter('en').segment(word.slice(0, -1))].length <= 1);
    }));
  });

  it('names those without a name by their external id, and says who is synthetic', () => {
    expect(displayNameOf({ name: undefined, externalId: '17', synthetic: false }, false)).toBe('Customer 17');
    expect(displayNameOf({ name: 'Ana Lim', externalId: '17', synthetic: true }, true)).toBe('Ana Lim (synthetic)');
    expect(displayNameOf({ name: 'Synthetic Customer 1', externalId: '17', synthetic: true }, true)).toBe('Synthetic Customer 1');
  });
});

describe('a change to a section', () => {
  const name = fc.stringMatching(/^[a-z_]{1,12}$/);
  const value = fc.oneof(fc.double({ noNaN: true, min: -1e30, max: 1e30 }), fc.string(), fc.boolean());
  const section = fc.dictionary(name, value) as fc.Arbitrary<PlainRecord>;

  it('leaves what it does not name, sets what it names, takes away what it names null', () => {
    fc.assert(fc.property(section, fc.dictionary(name, fc.option(value)), (before, change) => {
      const after = changed(before, Object.entries(change).map(([key, to]) => ({ name: key, value: to })), 'attributes');
      const expected = Object.entries({ ...before, ...change }).filter(([, to]) => to !== null);
      expect(new Map(Object.entries(after))).toEqual(new Map(expected));
    }));
  });

  it('can be read back as the list it was given', () => {
    fc.assert(fc.property(section, (given) => {
      expect(changed({}, namedValues(given), 'attributes')).toEqual({ ...given });
    }));
  });

  it('takes names like __proto__ for names', () => {
    const after = changed({}, [{ name: '__proto__', value: 1 }, { name: 'constructor', value: 2 }], 'attributes');
    expect(Object.entries(after)).toEqual([['__proto__', 1], ['constructor', 2]]);
  });
});
