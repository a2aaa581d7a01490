import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import * as fc from 'fast-check';
import { encodeLeaf, packLeaf, recordEvent, recordEvents, unpackLeaf, type AuditEvent } from '../../src/audit/index.js';
import { newId, type Transaction } from '../../src/platform/index.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';
import { asSuperuser } from '../support/postgres.js';
import { predictionEvents } from './support.js';

const eventOf = (act: string): AuditEvent => ({
  type: 'ACT_REFUSED', id: newId(), actor: newId(), time: new Date('2026-01-31T09:30:00Z'), payload: { act, subject: 'subject', code: 'REFUSED' },
});

/** Stands for any act that an event witnesses. */
/** In a table of which the database tells nothing by itself. */
const act = (tx: Transaction, subject: string): Promise<unknown> =>
  tx.query(`INSERT INTO jobs (id, kind, principal_id, request, state, total) VALUES ($1, $2, $1, '{}', 'QUEUED', 0)`, [newId(), subject]);

describe('the audit intake', () => {
  let database: TestDatabase;
  beforeAll(async () => void (database = await openTestDatabase()));
  afterAll(() => database.close());

  const leaves = (): Promise<{ type: string; leaf: Buffer }[]> => database.db.query(`SELECT type, leaf FROM audit_intake WHERE type <> 'ROW_WRITTEN' ORDER BY id`);
  const happened = async (subject: string): Promise<boolean> => (await database.db.query('SELECT 1 FROM jobs WHERE kind = $1', [subject])).length > 0;

  it('takes the leaves of events, in their order, under ids of its own', async () => {
    const before = (await leaves()).length;
    const events = Array.from({ length: 300 }, (_, index) => eventOf(`act ${index}`));
    await database.db.transaction((tx) => recordEvents(tx, events));
    expect((await leaves()).slice(before)).toEqual(events.map((event) => ({ type: 'ACT_REFUSED', leaf: encodeLeaf(event) })));
  });

  it('takes the same event twice as two: the log is a record of what was handed in', async () => {
    const event = eventOf('twice');
    const before = (await leaves()).length;
    await database.db.transaction((tx) => recordEvents(tx, [event, event]));
    expect(await leaves()).toHaveLength(before + 2);
  });

  it('stores leaves of predictions packed, which the database unpacks as this code does', async () => {
    const events = fc.sample(predictionEvents, 200);
    await database.db.transaction((tx) => recordEvents(tx, events));
    const rows = await database.db.query<{ id: string; leaf: Buffer; unpacked: Buffer }>('SELECT id, leaf, unpacked_leaf(leaf) AS unpacked FROM audit_intake WHERE id = ANY($1)', [events.map(({ id }) => id)]);
    const stored = new Map(rows.map((row) => [row.id, row]));
    for (const event of events) {
      const { leaf, unpacked } = stored.get(event.id)!;
      expect([leaf, unpackLeaf(leaf), unpacked]).toEqual([packLeaf(event, encodeLeaf(event)), encodeLeaf(event), encodeLeaf(event)]);
    }
    const odd = [Buffer.alloc(0), Buffer.from([1]), Buffer.from([1, 0]), Buffer.from([1, 255, ...Buffer.alloc(300)]), Buffer.from('{}'), Buffer.from([2, 3])];
    expect((await database.db.query<{ unpacked: Buffer }>('SELECT unpacked_leaf(leaf) AS unpacked FROM unnest($1::bytea[]) WITH ORDINALITY AS t (leaf, n) ORDER BY n', [odd])).map(({ unpacked }) => unpacked)).toEqual(odd);
  });

  it('takes nothing where there is nothing to tell', async () => {
    const before = await leaves();
    await database.db.transaction((tx) => recordEvents(tx, []));
    expect(await leaves()).toEqual(before);
  });

  it('has the leaf and the act appear together', async () => {
    const subject = randomUUID();
    const before = (await leaves()).length;
    await database.db.transaction(async (tx) => {
      await act(tx, subject);
      await recordEvent(tx, eventOf('appear'));
      expect([await happened(subject), (await leaves()).length]).toEqual([false, before]);
    });
    expect([await happened(subject), (await leaves()).length]).toEqual([true, before + 1]);
  });

  it('forgets the leaf of an act that failed after all', async () => {
    const before = await leaves();
    const failing = database.db.transaction(async (tx) => {
      await recordEvent(tx, eventOf('fail'));
      throw new Error('after all');
    });
    await expect(failing).rejects.toThrow('after all');
    expect(await leaves()).toEqual(before);
  });

  it('does not let an act happen whose leaf is too large', async () => {
    const subject = randomUUID();
    const acting = database.db.transaction(async (tx) => {
      await act(tx, subject);
      await recordEvent(tx, eventOf('x'.repeat(70_000)));
    });
    await expect(acting).rejects.toMatchObject({ code: 'INTERNAL' });
    expect(await happened(subject)).toBe(false);
  });

  it('does not let an act happen that cannot be witnessed, even where the failure is swallowed', async () => {
    const subject = randomUUID();
    const before = await leaves();
    await asSuperuser(database.name, (client) => client.query('REVOKE INSERT ON audit_intake FROM assay_app'));
    try {
      const acting = (swallow: boolean): Promise<void> =>
        database.db.transaction(async (tx) => {
          await act(tx, subject);
          await recordEvent(tx, eventOf('unseen')).catch((error: unknown) => {
            if (!swallow) throw error;
          });
        });
      await expect(acting(false)).rejects.toMatchObject({ code: '42501' });
      await expect(acting(true)).rejects.toMatchObject({ code: 'INTERNAL' });
    } finally {
      await asSuperuser(database.name, (client) => client.query('GRANT INSERT ON audit_intake TO assay_app'));
    }
    expect([await happened(subject), await leaves()]).toEqual([false, before]);
  });
});
