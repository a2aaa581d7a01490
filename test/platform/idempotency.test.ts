import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { EventEmitter, once as on } from 'node:events';
import type { Rule } from '../../src/security/index.js';
import { newId, once, type Context, type Transaction } from '../../src/platform/index.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';

const act = (tx: Transaction, type: string): Promise<unknown> =>
  tx.query('INSERT INTO audit_intake (id, type, leaf) VALUES ($1, $2, $3)', [newId(), type, Buffer.from('{}')]);

describe('once', () => {
  let database: TestDatabase;
  let ctx: Context;
  let other: Context;
  beforeAll(async () => {
    database = await openTestDatabase();
    ctx = await database.contextOf('PORTAL');
    other = await database.contextOf('UNDERWRITER');
  });
  afterAll(() => database.close());

  const acts = async (type: string): Promise<number> =>
    (await database.db.query<{ n: number }>('SELECT count(*)::int AS n FROM audit_intake WHERE type = $1', [type]))[0]!.n;
  const remembered = async (requestId: string): Promise<number> => (await database.db.query('SELECT 1 FROM idempotency WHERE request_id = $1', [requestId])).length;

  /** Records one act under a request id and answers with a number of its own. */
  let answers = 0;
  const request = (requestId: string, body: unknown, { as = ctx, operation = 'test', milliseconds = 0 } = {}): Promise<{ answer: number }> =>
    database.db.transaction((tx) =>
      once(tx, as, { requestId, operation, body }, async () => {
        await act(tx, requestId);
        await new Promise((resolve) => setTimeout(resolve, milliseconds));
        answers += 1;
        return { answer: answers };
      }),
    );

  it('does the work the first time and repeats the answer afterwards', async () => {
    const requestId = randomUUID();
    const first = await request(requestId, { amount: '10.00' });
    expect(await request(requestId, { amount: '10.00' })).toEqual(first);
    expect(await acts(requestId)).toBe(1);
  });

  it('does the work once for many requests at the same moment', async () => {
    const requestId = randomUUID();
    const all = await Promise.all(Array.from({ length: 10 }, () => request(requestId, { amount: '10.00' }, { milliseconds: 200 })));
    expect(new Set(all.map(({ answer }) => answer)).size).toBe(1);
    expect(await acts(requestId)).toBe(1);
    expect(await remembered(requestId)).toBe(1);
  });

  it('knows a request of an earlier release, which was told apart by a plain digest of what was asked', async () => {
    const requestId = randomUUID();
    const first = await request(requestId, { income: 4_100 });
    const keyed = (formerBody: unknown): Promise<{ answer: number }> => database.db.transaction((tx) => once(tx, ctx, { requestId, operation: 'test', body: 'a keyed digest', formerBody }, async () => ({ answer: 0 })));
    expect(await keyed({ income: 4_100 })).toEqual(first);
    await expect(keyed({ income: 4_101 })).rejects.toMatchObject({ code: 'CONFLICT' });
  });

  it('knows the same body whatever the order of its keys', async () => {
    const requestId = randomUUID();
    const first = await request(requestId, { a: 1, b: { c: 2, d: 3 } });
    expect(await request(requestId, { b: { d: 3, c: 2 }, a: 1 })).toEqual(first);
  });

  it.each([
    ['another body', { amount: '10.01' }, 'test'],
    ['another type of the same value', { amount: 10 }, 'test'],
    ['another operation', { amount: '10.00' }, 'another'],
  ])('refuses the same id with %s, and does nothing', async (_what, body, operation) => {
    const requestId = randomUUID();
    await request(requestId, { amount: '10.00' });
    await expect(request(requestId, body, { operation })).rejects.toMatchObject({
      code: 'CONFLICT',
      rule: { name: 'REQUEST_ID_ONCE' satisfies Rule, who: 'who sent the request' },
      message: `The requestId "${requestId}" was used before with another body. Repeat the same body to get the same result, or use a new requestId.`,
    });
    expect(await acts(requestId)).toBe(1);
  });

  it('keeps the ids of different actors apart', async () => {
    const requestId = randomUUID();
    const [mine, theirs] = [await request(requestId, 1), await request(requestId, 2, { as: other })];
    expect(mine).not.toEqual(theirs);
    expect(await acts(requestId)).toBe(2);
  });

  it('remembers nothing of work that failed: the same id may be tried again', async () => {
    const requestId = randomUUID();
    const failing = database.db.transaction((tx) =>
      once(tx, ctx, { requestId, operation: 'test', body: 1 }, async () => {
        await act(tx, requestId);
        throw new Error('not this time');
      }),
    );
    await expect(failing).rejects.toThrow('not this time');
    expect([await acts(requestId), await remembered(requestId)]).toEqual([0, 0]);
    await request(requestId, 1);
    expect([await acts(requestId), await remembered(requestId)]).toEqual([1, 1]);
  });

  it('remembers nothing when the transaction around it fails later', async () => {
    const requestId = randomUUID();
    const failing = database.db.transaction(async (tx) => {
      await once(tx, ctx, { requestId, operation: 'test', body: 1 }, () => act(tx, requestId));
      throw new Error('after the work');
    });
    await expect(failing).rejects.toThrow('after the work');
    expect([await acts(requestId), await remembered(requestId)]).toEqual([0, 0]);
  });

  it('lets a request that waited for a failed one do the work itself', async () => {
    const requestId = randomUUID();
    const failing = new EventEmitter();
    const first = database.db.transaction((tx) =>
      once(tx, ctx, { requestId, operation: 'test', body: 1 }, async () => {
        failing.emit('begun');
        await on(failing, 'fail now');
        throw new Error('not this time');
      }),
    );
    first.catch(() => undefined);
    await on(failing, 'begun');
    const second = request(requestId, 1);
    failing.emit('fail now');
    await expect(first).rejects.toThrow('not this time');
    await second;
    expect(await acts(requestId)).toBe(1);
  });

  it('answers a repetition with null and with nothing too', async () => {
    for (const answer of [null, undefined]) {
      const requestId = randomUUID();
      const ask = (): Promise<unknown> =>
        database.db.transaction((tx) => once(tx, ctx, { requestId, operation: 'test', body: 1 }, async () => (await act(tx, requestId), answer)));
      await ask();
      expect((await ask()) ?? null).toBeNull();
      expect(await acts(requestId)).toBe(1);
    }
  });

  it.each([['', 'empty'], ['x'.repeat(201), 'too long'], ['a\0b', 'with a NUL']])('refuses the requestId %j (%s) with a sentence', async (requestId) => {
    await expect(request(requestId, 1)).rejects.toMatchObject({ code: 'BAD_INPUT', message: expect.stringMatching(/requestId|NUL/) as unknown });
  });
});
