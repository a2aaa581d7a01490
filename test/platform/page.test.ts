import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { fetchPage, newId, type Page, type PagedQuery, type PageRequest } from '../../src/platform/index.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';
import { asSuperuser } from '../support/postgres.js';

interface Item {
  readonly id: string;
  readonly name: string;
}

const ORDERS = {
  id: { sql: 'i.id', type: 'uuid' },
  name: { sql: 'i.name', type: 'text' },
  recordedAt: { sql: 'i.recorded_at', type: 'timestamptz' },
} as const;

const queryBy = (order: keyof typeof ORDERS, descending = false): PagedQuery => ({
  select: 'i.id, i.name', from: 'items i', where: [], parameters: [], key: ORDERS[order], id: { sql: 'i.id' }, descending,
});

const byId = queryBy('id');
const names = (page: Page<Item>): string[] => page.rows.map(({ row }) => row.name);
const cursorText = (...parts: unknown[]): string => Buffer.from(JSON.stringify(parts)).toString('base64url');

describe('fetchPage', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await openTestDatabase();
    await asSuperuser(database.name, async (client) => {
      await client.query('CREATE TABLE items (id uuid PRIMARY KEY, name text NOT NULL, recorded_at timestamptz NOT NULL)');
      await client.query('GRANT SELECT ON items TO assay_reader');
    });
  });
  afterAll(() => database.close());

  /** Times repeat and differ by microseconds, so that the order needs both the key and the id. */
  const insert = (...all: string[]): Promise<void> =>
    asSuperuser(database.name, async (client) => {
      for (const [index, name] of all.entries()) {
        await client.query("INSERT INTO items VALUES ($1, $2, timestamptz '2026-01-01 00:00:00.000001Z' + $3 * interval '1 microsecond')", [newId(), name, index % 3]);
      }
    });
  const fetch = (query: PagedQuery, request: PageRequest): Promise<Page<Item>> => fetchPage<Item>(database.db, query, request);

  /** All rows, page by page. */
  async function walk(query: PagedQuery, size: number, direction: 'forward' | 'backward'): Promise<string[]> {
    const seen: string[] = [];
    let cursor: string | undefined;
    for (;;) {
      const page = await fetch(query, direction === 'forward' ? { first: size, after: cursor } : { last: size, before: cursor });
      if (direction === 'forward') seen.push(...names(page));
      else seen.unshift(...names(page));
      const more = direction === 'forward' ? page.hasNext : page.hasPrevious;
      if (!more) return seen;
      cursor = (direction === 'forward' ? page.rows.at(-1) : page.rows[0])!.cursor;
    }
  }

  beforeEach(async () => {
    await asSuperuser(database.name, (client) => client.query('TRUNCATE items'));
    await insert('a', 'b', 'c', 'd', 'e', 'f', 'g');
  });

  it('gives the first page where nothing is asked for', async () => {
    const page = await fetch(byId, {});
    expect(names(page)).toEqual(['a', 'b', 'c', 'd', 'e', 'f', 'g']);
    expect([page.hasNext, page.hasPrevious]).toEqual([false, false]);
    expect(await page.count()).toBe(7);
  });

  it('gives twenty rows where no size is asked for', async () => {
    await insert(...Array.from({ length: 20 }, (_, index) => `more ${index}`));
    const page = await fetch(byId, {});
    expect([page.rows.length, page.hasNext, await page.count()]).toEqual([20, true, 27]);
  });

  it('goes forwards and tells when there is more', async () => {
    const first = await fetch(byId, { first: 3 });
    expect([names(first), first.hasNext, first.hasPrevious]).toEqual([['a', 'b', 'c'], true, false]);
    const second = await fetch(byId, { first: 3, after: first.rows.at(-1)!.cursor });
    expect([names(second), second.hasNext, second.hasPrevious]).toEqual([['d', 'e', 'f'], true, true]);
    const third = await fetch(byId, { first: 3, after: second.rows.at(-1)!.cursor });
    expect([names(third), third.hasNext, third.hasPrevious]).toEqual([['g'], false, true]);
  });

  it('goes backwards in the same order', async () => {
    const last = await fetch(byId, { last: 3 });
    expect([names(last), last.hasNext, last.hasPrevious]).toEqual([['e', 'f', 'g'], false, true]);
    const middle = await fetch(byId, { last: 3, before: last.rows[0]!.cursor });
    expect([names(middle), middle.hasNext, middle.hasPrevious]).toEqual([['b', 'c', 'd'], true, true]);
  });

  it('gives a stretch between two cursors, from either end', async () => {
    const { rows } = await fetch(byId, {});
    const between = { after: rows[0]!.cursor, before: rows[5]!.cursor };
    expect(names(await fetch(byId, { ...between, first: 2 }))).toEqual(['b', 'c']);
    expect(names(await fetch(byId, { ...between, last: 2 }))).toEqual(['d', 'e']);
    expect(names(await fetch(byId, { after: rows[5]!.cursor, before: rows[0]!.cursor, first: 9 }))).toEqual([]);
  });

  it('gives an empty page for first: 0, and still tells whether there is more', async () => {
    const page = await fetch(byId, { first: 0 });
    expect([page.rows, page.hasNext]).toEqual([[], true]);
  });

  it('shows every row once, in order, by any key, in pages of any size, in both directions', async () => {
    const order = fc.constantFrom('id', 'name', 'recordedAt' as const) as fc.Arbitrary<keyof typeof ORDERS>;
    await fc.assert(fc.asyncProperty(order, fc.boolean(), fc.integer({ min: 1, max: 8 }), fc.constantFrom('forward', 'backward'), async (key, descending, size, direction) => {
      const query = queryBy(key, descending);
      const all = names(await fetch(query, { first: 100 }));
      expect([...all].sort()).toEqual(['a', 'b', 'c', 'd', 'e', 'f', 'g']);
      expect(await walk(query, size, direction as 'forward' | 'backward')).toEqual(all);
    }), { numRuns: 40 });
  });

  it('keeps its place while rows are inserted and removed around it', async () => {
    const first = await fetch(byId, { first: 3 });
    await insert('new 1', 'new 2');
    await asSuperuser(database.name, (client) => client.query("DELETE FROM items WHERE name IN ('a', 'c', 'e')"));
    const rest = await fetch(byId, { first: 10, after: first.rows.at(-1)!.cursor });
    expect(names(rest)).toEqual(['d', 'f', 'g', 'new 1', 'new 2']);
  });

  it('counts and pages what its filter lets through, with the filter as parameters', async () => {
    const query: PagedQuery = { ...byId, where: ['i.name > $1', 'i.name <> $2'], parameters: ['b', 'e'] };
    const page = await fetch(query, { first: 2 });
    expect([names(page), await page.count()]).toEqual([['c', 'd'], 4]);
    expect(names(await fetch(query, { first: 2, after: page.rows.at(-1)!.cursor }))).toEqual(['f', 'g']);
  });

  it('treats null, which GraphQL clients send for "not given", as not given', async () => {
    const given = { first: 2, after: null, last: null, before: null };
    expect(names(await fetch(byId, given))).toEqual(['a', 'b']);
    expect(names(await fetch(byId, { ...given, first: null, last: 2 }))).toEqual(['f', 'g']);
    expect(names(await fetch(byId, { first: null, after: null, last: null, before: null }))).toHaveLength(7);
  });

  it('refuses both directions at once', async () => {
    await expect(fetch(byId, { first: 1, last: 1 })).rejects.toMatchObject({ code: 'BAD_INPUT', message: 'Pass first or last, not both.' });
  });

  const uuid = '018f0000-0000-7000-8000-000000000001';
  it.each([
    ['id', 'garbage', '!!!'],
    ['id', 'an empty text', ''],
    ['id', 'other JSON', Buffer.from('{"key": 1}').toString('base64url')],
    ['id', 'numbers', cursorText(1, 2)],
    ['id', 'nothing inside', cursorText()],
    ['id', 'dashes in place of an id', cursorText(uuid, '-'.repeat(36))],
    ['id', 'a key that is no uuid', cursorText('yesterday', uuid)],
    ['id', 'the cursor of a list by name', cursorText('a name', uuid)],
    ['id', 'SQL', cursorText("' OR true --", uuid)],
    ['recordedAt', 'a key that is no time', cursorText('a name', uuid)],
    ['recordedAt', 'a day that does not exist', cursorText('2026-02-30 00:00:00+00', uuid)],
    ['recordedAt', 'a year out of range', cursorText('300000-01-01 00:00:00+00', uuid)],
    ['name', 'a NUL', cursorText('a\0b', uuid)],
    ['name', 'one part too many', cursorText('a', uuid, 'b')],
    ['name', 'other base64', `${cursorText('a', uuid)} `],
  ] as const)('by %s: a cursor of %s gets a sentence', async (order, _what, cursor) => {
    for (const request of [{ first: 1, after: cursor }, { last: 1, before: cursor }]) {
      await expect(fetch(queryBy(order), request)).rejects.toMatchObject({
        code: 'BAD_INPUT',
        message: expect.stringMatching(/^".{0,400}" is not a cursor of this list\. Pass a cursor as a page returned it\.$/) as unknown,
      });
    }
  });

  it('never fails on any cursor with anything but BAD_INPUT', async () => {
    const anything = fc.oneof(fc.string({ unit: 'binary' }), fc.tuple(fc.string({ unit: 'binary' }), fc.uuid()).map((parts) => cursorText(...parts)));
    await fc.assert(fc.asyncProperty(fc.constantFrom('id', 'name', 'recordedAt'), anything, async (order, cursor) => {
      const code = await fetch(queryBy(order as keyof typeof ORDERS), { first: 1, after: cursor }).then(() => 'a page', (error: { code: string }) => error.code);
      expect(['BAD_INPUT', 'a page']).toContain(code);
    }), { numRuns: 60 });
  });

  it('does not blame the cursor for other failures', async () => {
    const { cursor } = (await fetch(byId, { first: 1 })).rows[0]!;
    await expect(fetch({ ...byId, from: 'no_such_table i' }, { first: 1, after: cursor })).rejects.toMatchObject({ code: '42P01' });
    await expect(fetch({ ...byId, where: ['i.id = $1::uuid'], parameters: ['not a uuid'] }, { first: 1, after: cursor })).rejects.toMatchObject({ code: '22P02' });
  });
});
