import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { AssayError, decodeGlobalId, encodeGlobalId, expectId, newId } from '../../src/platform/index.js';

const uuid = fc.uuid({ version: [4, 7] });
const type = fc.constantFrom('Customer', 'Loan', 'Prediction', 'ModelVersion');
const customerId = '018f0000-0000-7000-8000-000000000001';
const id = '018f0000-0000-7000-8000-000000000002';

/** What an id's text looks like inside. */
const raw = (text: string): string => Buffer.from(text).toString('base64url');

function codeOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    return error instanceof AssayError ? error.code : `not an AssayError: ${String(error)}`;
  }
  return 'nothing was thrown';
}

describe('new ids', () => {
  it('are UUIDs of version 7, in the order in which they were made', () => {
    const ids = Array.from({ length: 5_000 }, newId);
    expect(ids.every((one) => /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(one))).toBe(true);
    expect([...ids].sort()).toEqual(ids);
    expect(new Set(ids).size).toBe(ids.length);
  });
});

describe('global ids', () => {
  it('carry the type, the customer where there is one, and the id', () => {
    fc.assert(fc.property(type, uuid, uuid, (name, owner, own) => {
      expect(decodeGlobalId(encodeGlobalId({ type: name, customerId: owner, id: own }))).toEqual({ type: name, customerId: owner, id: own });
      expect(decodeGlobalId(encodeGlobalId({ type: name, id: own }))).toEqual({ type: name, id: own });
    }));
  });

  it('need no escaping in a URL', () => {
    fc.assert(fc.property(type, uuid, uuid, (name, owner, own) => {
      expect(encodeGlobalId({ type: name, customerId: owner, id: own })).toMatch(/^[\w-]+$/);
    }));
  });

  it.each([
    ['nothing', ''],
    ['a plain uuid', id],
    ['an external id', 'customer-42'],
    ['no id after the type', raw('Loan')],
    ['an empty id', raw('Loan:')],
    ['no type', raw(`:${id}`)],
    ['a type that is a property of every object', raw(`__proto__:${id}`)],
    ['a type that is a method of every object', raw(`constructor:${id}`)],
    ['a type with a line break', raw(`Loan\n:${id}`)],
    ['SQL in place of the id', raw(`Loan:' OR true --`)],
    ['SQL after the id', raw(`Loan:${id}' OR true --`)],
    ['one part too many', raw(`Loan:${customerId}:${id}:${id}`)],
    ['a uuid in capitals', raw(`Loan:${id.toUpperCase()}`)],
    ['a uuid with a line break after it', raw(`Loan:${id}\n`)],
    ['bytes that are not UTF-8', Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(`:${id}`)]).toString('base64url')],
    ['a very long text', 'A'.repeat(1_000_000)],
  ])('refuse %s with a short sentence', (_what, text) => {
    expect(() => decodeGlobalId(text)).toThrow(/^".{0,300}" is not an id of this API\. Pass an id as a query returned it\.$/s);
    expect(codeOf(() => decodeGlobalId(text))).toBe('BAD_INPUT');
  });

  it('have one spelling: other base64 that says the same is refused', () => {
    const text = encodeGlobalId({ type: 'Customer', id });
    for (const other of [`${text}=`, `${text}==`, ` ${text}`, `${text}\n`, `${text.slice(0, 5)}.${text.slice(5)}`]) {
      expect(codeOf(() => decodeGlobalId(other))).toBe('BAD_INPUT');
    }
  });

  it('never fail on any text with anything but BAD_INPUT', () => {
    const anything = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }).map(raw), fc.base64String());
    fc.assert(fc.property(anything, (text) => {
      expect(codeOf(() => decodeGlobalId(text))).toBe('BAD_INPUT');
    }));
  });
});

describe('expectId', () => {
  it('gives the parts of an id of the expected type', () => {
    expect(expectId(encodeGlobalId({ type: 'Loan', customerId, id }), 'Loan', true)).toEqual({ type: 'Loan', customerId, id });
    expect(expectId(encodeGlobalId({ type: 'Model', id }), 'Model', false)).toEqual({ type: 'Model', id });
  });

  it('says which type an id has and which is needed', () => {
    const ofLoan = encodeGlobalId({ type: 'Loan', customerId, id });
    expect(() => expectId(ofLoan, 'Customer', false)).toThrow(/ is the id of a Loan; a Customer id is needed here\.$/);
  });

  it('refuses an id of the right type that names, or lacks, a customer as no query returned it', () => {
    for (const [forged, type_, belongs] of [
      [encodeGlobalId({ type: 'Loan', id }), 'Loan', true],
      [encodeGlobalId({ type: 'Customer', customerId, id }), 'Customer', false],
    ] as const) {
      expect(() => expectId(forged, type_, belongs)).toThrow(/is not an id of this API\. Pass an id as a query returned it\.$/);
      expect(codeOf(() => expectId(forged, type_, belongs))).toBe('BAD_INPUT');
    }
  });
});
