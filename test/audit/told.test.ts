import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { isLifecycle, LIFECYCLE_EVENTS, noticeOf, noticesWitnessed, recordEvent, recordEvents, type AuditEvent, type GovernanceNotice } from '../../src/audit/index.js';
import { NoticeHub, openLog, type Heard, type Transaction } from '../../src/platform/index.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';
import { asSuperuser } from '../support/postgres.js';

const ID = '01900000-0000-7000-8000-000000000001';
const [MODEL, VERSION, DEPLOYMENT, ACTOR] = [2, 3, 4, 5].map((n) => `01900000-0000-7000-8000-00000000000${n}`) as [string, string, string, string];
const AT = new Date('2026-01-31T09:30:00Z');

const deployed: AuditEvent = { type: 'VERSION_DEPLOYED', id: DEPLOYMENT, actor: ACTOR, time: AT, payload: { model: MODEL, version: VERSION, dossier: 'ab', deployment: DEPLOYMENT, role: 'CHAMPION', share: null, text: 'ab' } };
const granted: AuditEvent = { type: 'ROLE_GRANTED', id: ID, actor: ACTOR, time: AT, payload: { user: ACTOR, role: 'ADMIN' } };
const refused: AuditEvent = { type: 'ACT_REFUSED', id: ID, actor: ACTOR, time: AT, payload: { act: 'DEPLOY', subject: ID, code: 'REFUSED' } };
/** Another one each time: a prediction has one event. */
const predicted = (): AuditEvent => ({
  type: 'PREDICTION_RECORDED', id: randomUUID(), actor: ACTOR, time: AT,
  payload: { artefact: null, dossier: null, deployment: null, status: 'SCORED', record: 'ab', commitment: 'ab', columns: 'ab' },
});
const recorded: AuditEvent = { type: 'CUSTOMER_RECORDED', id: ID, actor: ACTOR, time: AT, payload: { customer: ID } };

describe('a notice', () => {
  it('names what happened, to what, when and by whom, and carries nothing else', () => {
    expect(noticeOf(ID, deployed)).toEqual({ event: ID, type: 'VERSION_DEPLOYED', at: AT, actor: ACTOR, model: MODEL, version: VERSION, deployment: DEPLOYMENT });
    expect(noticeOf(ID, granted)).toEqual({ event: ID, type: 'ROLE_GRANTED', at: AT, actor: ACTOR });
  });

  it('is made of acts of people, not of what happens in bulk nor of refusals', () => {
    for (const event of [predicted(), recorded, refused]) expect([event.type, noticeOf(ID, event)]).toEqual([event.type, undefined]);
  });

  it('is of the life of a model where it names one', () => {
    expect([deployed, granted].map((event) => isLifecycle(noticeOf(ID, event)!))).toEqual([true, false]);
    expect(isLifecycle({ ...noticeOf(ID, deployed)!, type: 'toString' })).toBe(false);
    expect(Object.keys(LIFECYCLE_EVENTS)).toEqual(expect.arrayContaining(['MODEL_REGISTERED', 'VOTE_CAST', 'VERSION_DEPLOYED']));
  });
});

const told = async (stream: AsyncIterator<Heard<GovernanceNotice>>): Promise<GovernanceNotice | undefined> => {
  const { value } = (await stream.next()) as { value: Heard<GovernanceNotice> };
  return value.notice;
};

describe('recording events', () => {
  let database: TestDatabase;
  let hub: NoticeHub<GovernanceNotice>;
  const batches: number[] = [];
  beforeAll(async () => {
    database = await openTestDatabase();
    hub = new NoticeHub(database.urls.app, openLog('silent'), (heard) => (batches.push(heard.length), noticesWitnessed(database.db, heard)));
    await hub.start();
  });
  afterAll(async () => {
    await hub.close();
    await database.close();
  });

  it('tells others at commit, in order, under the ids that the events have in the log', async () => {
    const stream = hub.notices(() => true);
    expect(await told(stream)).toBeUndefined();
    await database.db.transaction((tx) => recordEvents(tx, [granted, predicted(), deployed]));
    const notices = [await told(stream), await told(stream)];
    expect(notices.map((one) => one?.type)).toEqual(['ROLE_GRANTED', 'VERSION_DEPLOYED']);
    const rows = await database.db.query<{ id: string }>('SELECT id FROM audit_intake WHERE id = ANY($1) ORDER BY id', [notices.map((one) => one?.event)]);
    expect(rows.map(({ id }) => id)).toEqual(notices.map((one) => one?.event));
    await stream.return!();
  });

  it('tells the same event twice as two', async () => {
    const stream = hub.notices(() => true);
    await told(stream);
    await database.db.transaction((tx) => recordEvents(tx, [granted, granted]));
    const [first, second] = [await told(stream), await told(stream)];
    expect(first?.event).not.toBe(second?.event);
    await stream.return!();
  });

  it('is told as it stands in the log, whoever tells it: nothing that did not happen, nothing in bulk', async () => {
    const stream = hub.notices(() => true);
    await told(stream);
    await database.db.transaction((tx) => recordEvents(tx, [granted, predicted()]));
    const { event } = (await told(stream))!;
    const [{ id: bulk }] = (await database.db.query<{ id: string }>(`SELECT id FROM audit_intake WHERE type = 'PREDICTION_RECORDED' ORDER BY id DESC LIMIT 1`)) as [{ id: string }];
    const forged = [noticeOf(ID, deployed), { ...noticeOf(ID, deployed), event: bulk }, { ...noticeOf(ID, deployed), event }, null, 'x', {}, { event: 7 }];
    // PostgreSQL has no privilege for this: the role that may only read can do it as well.
    await asSuperuser(database.name, async (client) => {
      await client.query('SET ROLE assay_reader');
      await client.query(`SELECT pg_notify('assay_notices', told) FROM unnest($1::text[]) AS told`, [[...forged.map((one) => JSON.stringify(one)), 'what?']]);
    });
    await database.db.transaction((tx) => recordEvents(tx, [deployed]));
    const [again, next] = [await told(stream), await told(stream)];
    expect(again).toEqual({ event, type: 'ROLE_GRANTED', at: AT, actor: ACTOR });
    expect(next).toMatchObject({ type: 'VERSION_DEPLOYED', model: MODEL });
    await stream.return!();
  });

  it('is read for all that came in at once, and not at all while nobody listens', async () => {
    batches.length = 0;
    (hub as unknown as { heard(payload: string): void }).heard('{}');
    expect(batches).toEqual([]);
    const stream = hub.notices(() => true);
    await told(stream);
    await database.db.transaction((tx) => recordEvents(tx, Array.from({ length: 500 }, () => granted)));
    for (let taken = 0; taken < 500; taken++) await told(stream);
    expect(batches.reduce((sum, size) => sum + size, 0)).toBeGreaterThanOrEqual(500);
    expect(batches.length).toBeLessThan(50);
    await stream.return!();
  });

  it('costs what is told to nobody no statement more', async () => {
    const statements: string[] = [];
    await database.db.transaction(async (tx) => {
      const counting: Transaction = { ...tx, query: (sql, parameters) => (statements.push(sql), tx.query(sql, parameters)) };
      await recordEvents(counting, [predicted(), recorded, refused]);
      expect(statements).toHaveLength(1);
      await recordEvent(counting, { ...granted, id: randomUUID() });
      expect(statements.slice(1)).toEqual([expect.stringContaining('INSERT'), expect.stringContaining('pg_notify')]);
    });
  });
});
