import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { copyRows, type Cell } from '../../src/platform/index.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';
import { asSuperuser } from '../support/postgres.js';

const COLUMNS = ['n', 'text', 'bytes', 'at', 'number', 'flag'] as const;

interface Row {
  readonly text: string | null;
  readonly bytes: Buffer | null;
  readonly at: Date | null;
  readonly number: number | null;
  readonly flag: boolean | null;
}

const nullable = <T>(values: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(values, { nil: null });

/** Every character that PostgreSQL can store, with the ones COPY's format lives on much more often than by chance. */
const character = fc.oneof(
  fc.constantFrom('\\', '\t', '\n', '\r', '\b', '\f', '\v', 'N', 'x', '.', '\\N', '\\.', '\\x41', '\\\\', "'", '"', '\u007f', '\u2028', '😀'),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }).filter((one) => one !== '\0'),
);

const row: fc.Arbitrary<Row> = fc.record({
  text: nullable(fc.string({ unit: character, maxLength: 20 })),
  bytes: nullable(fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes))),
  at: nullable(fc.date({ min: new Date('0001-01-01T00:00:00Z'), max: new Date('9999-12-31T23:59:59.999Z'), noInvalidDate: true })),
  number: nullable(fc.double({ noNaN: true, noDefaultInfinity: true }).map((one) => one + 0)),
  flag: nullable(fc.boolean()),
});

function* manyRows(): Generator<Cell[]> {
  for (let n = 0; n < 20_000; n += 1) yield [n, `row ${n} with a tab\t`];
}

function* rowsThatBreakOff(): Generator<Cell[]> {
  for (let n = 0; n < 3_000; n += 1) yield [n, 'x'.repeat(100), null, null, null, null];
  throw new Error('the file ended in the middle of a row');
}

const messageOf = (copying: Promise<unknown>): Promise<string> => copying.then(() => 'nothing was refused', (error: Error) => error.message);

describe('copyRows', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await openTestDatabase();
    await asSuperuser(database.name, async (client) => {
      await client.query('CREATE TABLE cells (n integer, text text, bytes bytea, at timestamptz, number double precision, flag boolean)');
      await client.query('GRANT SELECT, INSERT, DELETE ON cells TO assay_app; GRANT SELECT ON cells TO assay_reader');
    });
  });
  afterAll(() => database.close());

  const copy = (rows: Iterable<readonly Cell[]>): Promise<void> => database.db.transaction((tx) => copyRows(tx, 'cells', COLUMNS, rows));
  const count = async (): Promise<number> => (await database.db.query<{ n: number }>('SELECT count(*)::int AS n FROM cells'))[0]!.n;

  it('brings any text, bytes, date, number, flag and null through unchanged and in order', async () => {
    await fc.assert(fc.asyncProperty(fc.array(row, { maxLength: 20 }), (rows) =>
      database.db.transaction(async (tx) => {
        await tx.query('DELETE FROM cells');
        await copyRows(tx, 'cells', COLUMNS, rows.map((one, n): Cell[] => [n, one.text, one.bytes, one.at, one.number, one.flag]));
        const found = await tx.query<Row>('SELECT text, bytes, at, number, flag FROM cells ORDER BY n');
        expect(found).toEqual(rows);
      }),
    ), { numRuns: 60 });
  });

  it('keeps an empty text apart from null, and both apart from the text \\N', async () => {
    await database.db.transaction(async (tx) => {
      await tx.query('DELETE FROM cells');
      await copyRows(tx, 'cells', ['n', 'text'], [[0, ''], [1, null], [2, '\\N'], [3, '\\.']]);
      expect(await tx.query('SELECT text FROM cells ORDER BY n')).toEqual([{ text: '' }, { text: null }, { text: '\\N' }, { text: '\\.' }]);
    });
  });

  it('writes a view of a larger buffer as what the view shows', async () => {
    await database.db.transaction(async (tx) => {
      await tx.query('DELETE FROM cells');
      await copyRows(tx, 'cells', ['bytes'], [[new Uint8Array([1, 2, 3, 4]).subarray(1, 3)]]);
      expect(await tx.query('SELECT bytes FROM cells')).toEqual([{ bytes: Buffer.from([2, 3]) }]);
    });
  });

  it('takes more rows than fit into one piece, from a generator, and no rows at all', async () => {
    await database.db.transaction(async (tx) => {
      await tx.query('DELETE FROM cells');
      await copyRows(tx, 'cells', ['n', 'text'], manyRows());
      await copyRows(tx, 'cells', ['n', 'text'], []);
      const [found] = await tx.query('SELECT count(*)::int AS rows, count(DISTINCT n)::int AS distinct, max(text) AS last FROM cells');
      expect(found).toEqual({ rows: 20_000, distinct: 20_000, last: 'row 9999 with a tab\t' });
    });
  });

  it.each([
    ['NUL', 'before\0after', /^cells\.text: the text holds the character NUL, which PostgreSQL cannot store\. Remove it\.$/],
    ['half a character', 'before\uD800after', /^cells\.text: the text holds half of a character pair \(a lone surrogate\), which is not Unicode\. Remove it\.$/],
    ['half a character at the end', 'before\uD83D', /half of a character pair/],
    ['no date', new Date(Number.NaN), /^cells\.text: a date that is none cannot be stored\.$/],
    ['a date before our era', new Date('-000044-03-15T00:00:00Z'), /^cells\.text: the year -44 is outside 1 to 9999\.$/],
    ['a date after 9999', new Date('+010000-01-01T00:00:00Z'), /^cells\.text: the year 10000 is outside 1 to 9999\.$/],
    ['NaN', Number.NaN, /^cells\.text: NaN is not a number that can be stored\.$/],
    ['infinity', Number.NEGATIVE_INFINITY, /^cells\.text: -Infinity is not a number that can be stored\.$/],
  ] as [string, Cell, RegExp][])('refuses %s with a sentence, and the transaction leaves nothing', async (_what, cell, sentence) => {
    const before = await count();
    const copying = copy([[1, 'a good row', null, null, null, null], [2, cell, null, null, null, null]].map((cells) => cells as Cell[]));
    await expect(copying).rejects.toMatchObject({ code: 'BAD_INPUT', message: expect.stringMatching(sentence) as unknown });
    expect(await count()).toBe(before);
  });

  it('leaves the connection usable after a refusal in mid-stream, however far it was', async () => {
    for (let turn = 0; turn < 8; turn += 1) { // more often than the pool has connections
      await expect(copy(rowsThatBreakOff())).rejects.toThrow('the file ended in the middle of a row');
    }
    await copy([[-1, 'afterwards', null, null, null, null]]);
    expect(await database.db.query("SELECT n FROM cells WHERE text = 'afterwards'")).toEqual([{ n: -1 }]);
    expect(await database.db.query("SELECT 1 FROM cells WHERE text LIKE 'xxx%'")).toEqual([]);
  });

  it('passes on what the database refuses, with its code', async () => {
    expect(await messageOf(copy([[1, null, null, null, null, true], [1e300, null, null, null, null, true]]))).toMatch(/invalid input syntax for type integer|out of range/);
    await expect(copy([[1]])).rejects.toMatchObject({ code: '22P04' });
  });
});
