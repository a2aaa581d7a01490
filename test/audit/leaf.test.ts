import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { encodeLeaf, LEAF_FORMAT, packLeaf, unpackLeaf, type AuditEvent } from '../../src/audit/index.js';
import { sha256 } from '../../src/platform/index.js';
import { predictionEvents } from './support.js';

const id = '018f0000-0000-7000-8000-000000000001';
const actor = '018f0000-0000-7000-8000-000000000002';
const time = new Date('2026-01-31T09:30:00.000Z');
const deployment = '018f0000-0000-7000-8000-000000000003';
const digest = (text: string): string => sha256(text).toString('hex');

const prediction: AuditEvent = {
  type: 'PREDICTION_RECORDED', id, actor, time,
  payload: { artefact: digest('artefact'), dossier: digest('dossier'), deployment, status: 'SCORED', record: digest('record'), commitment: digest('commitment'), columns: digest('columns') },
};

const refusal = (act: string): AuditEvent => ({ type: 'ACT_REFUSED', id, actor, time, payload: { act, subject: '', code: '' } });

describe('an audit leaf', () => {
  it('is format 1: these bytes, for ever', () => {
    expect(LEAF_FORMAT).toBe(1);
    expect(encodeLeaf({ type: 'ROLE_GRANTED', id, actor, time, payload: { user: actor, role: 'ADMIN' } }).toString()).toBe(
      '{"actor":"018f0000-0000-7000-8000-000000000002","id":"018f0000-0000-7000-8000-000000000001","role":"ADMIN",' +
        '"time":"2026-01-31T09:30:00.000Z","type":"ROLE_GRANTED","user":"018f0000-0000-7000-8000-000000000002","v":1}',
    );
    expect(sha256(encodeLeaf(prediction)).toString('hex')).toBe('07acfbb959fd419c209ccb389d7d6d39bbc5e3089527c93e4219bf54885ddc32');
  });

  it('of a prediction without a version says null, not nothing', () => {
    const { payload } = prediction as Extract<AuditEvent, { type: 'PREDICTION_RECORDED' }>;
    const leaf = encodeLeaf({ type: 'PREDICTION_RECORDED', id, actor, time, payload: { ...payload, artefact: null, dossier: null, deployment: null, status: 'REFUSED' } });
    expect(JSON.parse(leaf.toString())).toMatchObject({ artefact: null, dossier: null, deployment: null });
  });

  describe('as it is stored', () => {
    it('is less than half as long for a prediction, and comes back byte for byte', () => {
      fc.assert(fc.property(predictionEvents, (event) => {
        const leaf = encodeLeaf(event);
        const stored = packLeaf(event, leaf);
        expect(unpackLeaf(stored)).toEqual(leaf);
        expect(stored.length).toBeLessThan(leaf.length / 2);
      }));
    });

    it('is format 1: these bytes, for ever', () => {
      const stored = packLeaf(prediction, encodeLeaf(prediction));
      expect(stored).toHaveLength(216);
      expect(sha256(stored).toString('hex')).toBe('56cf49c643f0c5ffcc646a5877b0a93d312bdb56e7dfc1031a143de9c9c53ec9');
    });

    it('is the leaf itself for any other event, and where packing would lose something', () => {
      const { payload } = prediction as Extract<AuditEvent, { type: 'PREDICTION_RECORDED' }>;
      const odd: AuditEvent[] = [
        refusal('act'), { ...prediction, id: id.toUpperCase() } as AuditEvent, { ...prediction, payload: { ...payload, record: 'abc' } } as AuditEvent,
        { ...prediction, payload: { ...payload, status: 'NEW' } } as AuditEvent, { ...prediction, time: new Date(-1) } as AuditEvent, { ...prediction, payload: { ...payload, more: 1 } } as AuditEvent,
      ];
      for (const event of odd) expect(packLeaf(event, encodeLeaf(event))).toEqual(encodeLeaf(event));
    });

    it('is no leaf where it was changed: every bit counts', () => {
      const leaf = encodeLeaf(prediction);
      const stored = packLeaf(prediction, leaf);
      for (let bit = 0; bit < 8 * stored.length; bit += 1) {
        const changed = Buffer.from(stored);
        changed[bit >> 3]! ^= 1 << (bit & 7);
        expect(unpackLeaf(changed)).not.toEqual(leaf);
      }
      for (const changed of [Buffer.alloc(0), stored.subarray(0, 1), stored.subarray(0, 100), Buffer.concat([stored, stored])]) expect(unpackLeaf(changed)).toEqual(changed);
    });
  });

  it('does not depend on the order in which an event was put together', () => {
    const { type, payload } = prediction;
    const reversed = { payload: Object.fromEntries(Object.entries(payload).reverse()), time, actor, id, type } as AuditEvent;
    expect(encodeLeaf(reversed)).toEqual(encodeLeaf(prediction));
  });

  it('keeps the time in UTC to the millisecond', () => {
    const leaf = encodeLeaf({ ...prediction, time: new Date('2026-01-31T11:30:00.007+02:00') });
    expect(JSON.parse(leaf.toString())).toMatchObject({ time: '2026-01-31T09:30:00.007Z' });
  });

  it('says everything of its event, in canonical JSON, whatever the texts', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 50 });
    fc.assert(fc.property(text, text, text, (act, subject, code) => {
      const leaf = encodeLeaf({ type: 'ACT_REFUSED', id, actor, time, payload: { act, subject, code } }).toString();
      const parsed = JSON.parse(leaf) as Record<string, unknown>;
      expect(parsed).toEqual({ v: 1, type: 'ACT_REFUSED', id, actor, time: time.toISOString(), act, subject, code });
      expect(Object.keys(parsed)).toEqual(Object.keys(parsed).sort());
      expect(leaf).toBe(JSON.stringify(parsed));
    }));
  });

  it('cannot be made to look like another event by what is in its payload', () => {
    const smuggled = { user: actor, role: 'ADMIN', type: 'VERSION_APPROVED', actor: 'somebody else', id: 'another', time: '1970-01-01T00:00:00.000Z', v: 2 };
    const leaf = encodeLeaf({ type: 'ROLE_GRANTED', id, actor, time, payload: smuggled });
    expect(JSON.parse(leaf.toString())).toEqual({ v: 1, type: 'ROLE_GRANTED', id, actor, time: time.toISOString(), user: actor, role: 'ADMIN' });
  });

  it('of a prediction stays small', () => {
    expect(encodeLeaf(prediction).length).toBeLessThan(700);
  });

  it('holds at most 65,535 bytes, counted as bytes', () => {
    const room = 65_535 - encodeLeaf(refusal('')).length;
    expect(encodeLeaf(refusal('x'.repeat(room)))).toHaveLength(65_535);
    expect(() => encodeLeaf(refusal('x'.repeat(room + 1)))).toThrow('An audit leaf of 65536 bytes is larger than 65535.');
    expect(() => encodeLeaf(refusal('é'.repeat(room / 2 + 1)))).toThrow(/is larger than 65535/);
  });

  it('is refused where a number is none or a time is no time', () => {
    const payload = { source: 'FILE' as const, sourceHmac: digest('book'), customers: Number.NaN, loans: 0, repayments: 0, outcomes: 0, rejected: 0 };
    expect(() => encodeLeaf({ type: 'BOOK_IMPORTED', id, actor, time, payload })).toThrow(/NaN/);
    expect(() => encodeLeaf({ ...prediction, time: new Date(Number.NaN) })).toThrow(/Invalid time/);
  });
});
