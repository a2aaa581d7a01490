import { describe, expect, it } from '@jest/globals';
import { createDecipheriv, randomBytes } from 'node:crypto';
import * as fc from 'fast-check';
import { AssayError } from '../../src/platform/index.js';
import { FIRST_KEY_VERSION, seal, unseal } from '../../src/security/index.js';

const key = randomBytes(32);
const place = { table: 'customer_facts', column: 'identity', id: '018f0000-0000-7000-8000-000000000001' };
const OVERHEAD = 1 + 2 + 12 + 16;

const bytes = fc.uint8Array({ maxLength: 300 });

function codeOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    return error instanceof AssayError ? error.code : `not an AssayError: ${String(error)}`;
  }
  return 'opened';
}

describe('sealing', () => {
  it('gives back what was sealed', () => {
    fc.assert(fc.property(bytes, fc.integer({ min: 1, max: 65_535 }), (plaintext, version) => {
      expect(unseal(key, place, seal(key, place, plaintext, version))).toEqual(Buffer.from(plaintext));
    }));
  });

  it('adds a header and a tag of sixteen bytes, and shows nothing of the plaintext', () => {
    const plaintext = Buffer.from('Erika Mustermann, 1964-08-12, Heidestrasse 17, Koeln');
    const sealed = seal(key, place, plaintext);
    expect(sealed.length).toBe(plaintext.length + OVERHEAD);
    for (let at = 0; at + 4 <= plaintext.length; at += 1) expect(sealed.includes(plaintext.subarray(at, at + 4))).toBe(false);
  });

  it('is the published format: version 1, key version, IV, ciphertext, tag, with the place as associated data', () => {
    const sealed = seal(key, place, Buffer.from('text'), 258);
    expect([...sealed.subarray(0, 3)]).toEqual([1, 1, 2]);
    const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(3, 15), { authTagLength: 16 });
    decipher.setAAD(Buffer.from(`customer_facts\0identity\0${place.id}\0${258}`)).setAuthTag(sealed.subarray(-16));
    expect(Buffer.concat([decipher.update(sealed.subarray(15, -16)), decipher.final()]).toString()).toBe('text');
  });

  it('never repeats itself: the same text sealed twice shares no IV', () => {
    const ivs = Array.from({ length: 1_000 }, () => seal(key, place, Buffer.from('same')).subarray(3, 15).toString('hex'));
    expect(new Set(ivs).size).toBe(ivs.length);
  });

  it('writes under the first key version unless told otherwise', () => {
    expect(seal(key, place, Buffer.alloc(0)).readUInt16BE(1)).toBe(FIRST_KEY_VERSION);
  });
});

describe('opening', () => {
  const plaintext = Buffer.from('personal data');
  const sealed = seal(key, place, plaintext);

  it.each([
    ['another table', { ...place, table: 'loan_facts' }],
    ['another column', { ...place, column: 'attributes' }],
    ['another row', { ...place, id: '018f0000-0000-7000-8000-000000000002' }],
    ['parts that read the same when joined', { table: 'customer', column: 'facts\0identity', id: place.id }],
  ])('fails where the bytes were moved to %s', (_what, elsewhere) => {
    expect(() => unseal(key, elsewhere, sealed)).toThrow(`The stored ${elsewhere.table}.${elsewhere.column} of ${elsewhere.id} is not what was written there.`);
  });

  it('fails under another key, and under a claimed other key version', () => {
    expect(codeOf(() => unseal(randomBytes(32), place, sealed))).toBe('INTERNAL');
    const claimed = Buffer.from(sealed);
    claimed.writeUInt16BE(2, 1);
    expect(codeOf(() => unseal(key, place, claimed))).toBe('INTERNAL');
  });

  it('fails when any single bit of any byte is changed', () => {
    for (let at = 0; at < sealed.length; at += 1) {
      for (let bit = 0; bit < 8; bit += 1) {
        const changed = Buffer.from(sealed);
        changed[at]! ^= 1 << bit;
        expect(codeOf(() => unseal(key, place, changed))).toBe('INTERNAL');
      }
    }
  });

  it('fails when bytes are cut off or added, at either end', () => {
    for (let length = 0; length < sealed.length; length += 1) {
      expect(codeOf(() => unseal(key, place, sealed.subarray(0, length)))).toBe('INTERNAL');
      expect(codeOf(() => unseal(key, place, sealed.subarray(sealed.length - length)))).toBe('INTERNAL');
    }
    expect(codeOf(() => unseal(key, place, Buffer.concat([sealed, Buffer.alloc(1)])))).toBe('INTERNAL');
  });

  it('fails on any bytes that were never sealed, always with the same sentence', () => {
    fc.assert(fc.property(bytes, (anything) => {
      expect(() => unseal(key, place, anything)).toThrow(/^The stored customer_facts\.identity of [0-9a-f-]{36} is not what was written there\.$/);
    }));
  });

  it('reads from a view of a larger buffer what the view shows', () => {
    const larger = Buffer.concat([randomBytes(7), sealed, randomBytes(9)]);
    expect(unseal(key, place, new Uint8Array(larger).subarray(7, 7 + sealed.length))).toEqual(plaintext);
  });

  it.each([15, 12, 8, 4, 1, 0])('takes no tag of %d bytes for one of sixteen', (length) => {
    const cut = sealed.subarray(0, sealed.length - 16 + length);
    expect(codeOf(() => unseal(key, place, cut))).toBe('INTERNAL');
    // Nor one that the library would take, were it asked to: the length is no choice of who stores the bytes.
    const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(3, 15), { authTagLength: 16 });
    expect(() => decipher.setAuthTag(sealed.subarray(sealed.length - 16, sealed.length - 16 + length))).toThrow(/Invalid authentication tag length/);
  });

  it('opens no ciphertext that was exchanged with that of another row, column or version', () => {
    for (const [one, two] of [[{ ...place, id: 'a' }, { ...place, id: 'b' }], [place, { ...place, column: 'attributes' }]] as const) {
      const [first, second] = [seal(key, one, Buffer.from('one')), seal(key, two, Buffer.from('two'))];
      expect([codeOf(() => unseal(key, one, second)), codeOf(() => unseal(key, two, first))]).toEqual(['INTERNAL', 'INTERNAL']);
    }
    const other = Buffer.from(sealed);
    other.writeUInt16BE(2, 1);
    expect(codeOf(() => unseal(key, place, other))).toBe('INTERNAL');
  });
});
