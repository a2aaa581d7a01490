import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { unsealSection } from '../../src/customers/index.js';
import {
  importFile, importRows, parseMapping, rejectsPathFor, resolveLoans, gather,
  type BookRow, type FileImportResult, type OnError, type RowsToImport,
} from '../../src/loans/index.js';
import { sha256, type Context } from '../../src/platform/index.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';
import { HEADER, plainLoan, plainMapping, row, withFile } from './import-support.js';

const TABLES = ['customers', 'external_ids', 'customer_facts', 'loans', 'loan_facts', 'repayments', 'outcomes', 'audit_intake'] as const;

let test: TestDatabase;
let operator: Context;

beforeAll(async () => {
  test = await openTestDatabase();
  operator = await test.contextOf('OPERATOR');
});
afterAll(() => test.close());

/** Ids of their own for every test, as all share one database. */
let prefix = 0;
beforeEach(() => {
  prefix += 1;
});
const id = (name: string): string => `t${prefix}-${name}`;

async function counts(): Promise<Record<string, number>> {
  const rows = await test.db.query<{ name: string; count: number }>(
    TABLES.map((name) => `SELECT '${name}' AS name, count(*)::int AS count FROM ${name}`).join(' UNION ALL '),
  );
  return Object.fromEntries(rows.map(({ name, count }) => [name, count]));
}

/** How many rows each table gains by an act, tables that gain none left out. */
async function gained(act: () => Promise<unknown>): Promise<Record<string, number>> {
  const before = await counts();
  await act();
  const after = await counts();
  return Object.fromEntries(TABLES.flatMap((name) => (after[name] === before[name] ? [] : [[name, after[name]! - before[name]!]])));
}

const PERIODS = {
  repayments: [
    { periodEnd: { const: '2024-01-31' }, amountPaid: { column: 'p1' }, balance: { column: 'b1' } },
    { periodEnd: { const: '2023-12-31' }, amountPaid: { column: 'p2' } },
  ],
};

interface Options {
  changes?: Record<string, unknown>;
  onError?: OnError;
  header?: string;
  keep?: (path: string) => Promise<unknown>;
}

function importText(lines: readonly string[], { changes = {}, onError = 'reject-all', header = HEADER, keep }: Options = {}): Promise<FileImportResult> {
  return withFile(`${header}\n${lines.join('\n')}\n`, async (path) => {
    try {
      return await importFile(operator, test.keys, { path, mapping: parseMapping(plainMapping(changes), 'my.json'), onError });
    } finally {
      await keep?.(path);
    }
  });
}

const good = (name: string, cells: Record<string, string> = {}): string => row({ customer: id(`c${name}`), loan: id(`l${name}`), ...cells });

describe('importing a book', () => {
  it('records every row with its history, outcome and audit event, and tells how much', async () => {
    const header = `${HEADER},p1,b1,p2`;
    let result: FileImportResult | undefined;
    const gain = await gained(async () => {
      result = await importText([`${good('1')},10,90,20`, `${good('2', { bad: '' })},10,90,`], { changes: PERIODS, header });
    });
    expect(gain).toEqual({
      customers: 2, external_ids: 4, customer_facts: 2, loans: 2, loan_facts: 2, repayments: 3, outcomes: 1, audit_intake: 1,
    });
    expect(result).toMatchObject({ rows: 2, customers: 2, loans: 2, repayments: 3, outcomes: 1, rejected: 0 });
    expect(result).not.toHaveProperty('rejectsPath');
  });

  it('can be read back by the way that serves scores', async () => {
    await importText([`${good('1')},10.25,90,20`], { changes: PERIODS, header: `${HEADER},p1,b1,p2` });
    const [ref] = await resolveLoans(test.db, [id('l1')]);
    const [gathered] = await gather(test.db, test.keys, [{ ...ref!, asOf: new Date('2024-06-30') }]);
    expect(gathered).toMatchObject({
      erased: false,
      record: {
        customer: { income: 3000 },
        loan: { product: 'car-loan', currency: 'EUR', principal: 12_000.5, termMonths: 48 },
        repayments: [{ amountPaid: 10.25, balance: 90 }, { amountPaid: 20 }],
      },
      outcome: { defaulted: false },
    });
  });

  it('keeps personal data out of the clear: only the key of the customer opens it', async () => {
    await importText([good('1', { name: 'Ada Lovelace' })]);
    const [facts] = await test.db.query<{ id: string; customer_id: string; identity: Buffer; protected: Buffer }>(
      'SELECT f.* FROM customer_facts f JOIN customers c ON c.id = f.customer_id WHERE c.external_id = $1', [id('c1')],
    );
    expect(facts!.identity.toString('latin1')).not.toContain('Lovelace');
    const key = await test.keys.keyOf(facts!.customer_id);
    expect(unsealSection(key, 'customer_facts', 'identity', facts!.id, facts!.identity)).toEqual({ name: 'Ada Lovelace' });
    expect(unsealSection(key, 'customer_facts', 'protected', facts!.id, facts!.protected)).toEqual({ sex: 'female' });
  });

  it('witnesses the import with a keyed digest of the file, which cannot be tried out, and what came of it', async () => {
    const { importId } = await importText([good('1'), good('2', { term: '-1' })], { onError: 'skip' });
    const leaves = await test.db.query<{ leaf: Buffer }>("SELECT leaf FROM audit_intake WHERE type = 'BOOK_IMPORTED'");
    const leaf = leaves.map((one) => JSON.parse(one.leaf.toString('utf8'))).find((one) => one.id === importId);
    expect(leaf).toMatchObject({
      source: 'FILE', sourceHmac: expect.stringMatching(/^[0-9a-f]{64}$/), customers: 1, loans: 1, rejected: 1, actor: operator.actor.id,
    });
    const text = `${HEADER}\n${good('keyed')}\n`;
    const imported = await importText([good('keyed')]);
    const [told] = (await test.db.query<{ leaf: Buffer }>("SELECT leaf FROM audit_intake WHERE type = 'BOOK_IMPORTED' ORDER BY id DESC LIMIT 1")).map((one) => one.leaf.toString('utf8'));
    expect(JSON.parse(told!)).toMatchObject({ id: imported.importId, sourceHmac: await test.keys.fingerprint(['BOOK_IMPORTED', sha256(text).toString('hex')]) });
    for (const plain of ['book.csv', sha256(text).toString('hex')]) expect(told).not.toContain(plain);
  });

  it('crosses batches without losing or doubling a row', async () => {
    const rows = Array.from({ length: 4_500 }, (_, i) => good(String(i)));
    const seen: number[] = [];
    const gain = await gained(() =>
      withFile(`${HEADER}\n${rows.join('\n')}\n`, (path) =>
        importFile(operator, test.keys, {
          path,
          mapping: parseMapping(plainMapping(), 'my.json'),
          onError: 'reject-all',
          onProgress: ({ done, total }) => seen.push(done, total),
        }),
      ),
    );
    expect(gain).toMatchObject({ customers: 4_500, loans: 4_500, outcomes: 4_500, external_ids: 9_000 });
    expect(seen).toEqual([2_000, 4_501, 4_000, 4_501, 4_500, 4_501]);
  });

  it('is for those who may import only', async () => {
    const portal = await test.contextOf('PORTAL');
    const file = withFile(`${HEADER}\n${good('1')}\n`, (path) =>
      importFile(portal, test.keys, { path, mapping: parseMapping(plainMapping(), 'my.json'), onError: 'skip' }));
    await expect(file).rejects.toMatchObject({ code: 'FORBIDDEN', message: expect.stringContaining('book:import') });
  });
});

const bad = (): string[] => [good('1'), good('2', { amount: 'NaN' }), good('3'), `${good('4')},extra`];

describe('a book with bad rows', () => {
  it('leaves nothing behind when all or nothing is wanted, and says how many and where', async () => {
    let rejects = '';
    const gain = await gained(async () => {
      const importing = importText(bad(), { keep: async (path) => {
        rejects = await readFile(rejectsPathFor(path), 'utf8');
      } });
      await expect(importing).rejects.toThrow(
        /book\.csv: nothing was imported, because 2 of 4 rows were rejected; the reasons are in .*book\.rejected\.csv[^]*line 3: column "amount"[^]*line 5: the row has 11 columns/,
      );
    });
    expect(gain).toEqual({});
    expect(rejects.split('\n').slice(0, 2)).toEqual([
      'line,reason,raw',
      `3,"column ""amount"" (loan.principal): ""NaN"" is not a finite number","${bad()[1]}"`,
    ]);
  });

  it('can be imported without them', async () => {
    const result = await importText(bad(), { onError: 'skip' });
    expect(result).toMatchObject({ rows: 4, loans: 2, rejected: 2, rejectsPath: expect.stringContaining('book.rejected.csv') });
    const found = await resolveLoans(test.db, ['1', '2', '3', '4'].map((name) => id(`l${name}`)));
    expect(found.map((ref) => ref !== undefined)).toEqual([true, false, true, false]);
  });

  it('keeps the rejected rows from everybody but their owner', async () => {
    await importText(bad(), { onError: 'skip', keep: async (path) => {
      expect((await stat(rejectsPathFor(path))).mode & 0o077).toBe(0);
    } });
  });

  it('replaces the rejected rows of an earlier try', async () => {
    await withFile(`${HEADER}\n${good('1', { term: '0' })}\n`, async (path) => {
      const mapping = parseMapping(plainMapping(), 'my.json');
      const first = await importFile(operator, test.keys, { path, mapping, onError: 'skip' });
      expect(first.rejectsPath).toBe(rejectsPathFor(path));
      const clamped = parseMapping(plainMapping({ loan: plainLoan({ termMonths: { column: 'term', clamp: [1, 99] } }) }), 'my.json');
      await importFile(operator, test.keys, { path, mapping: clamped, onError: 'skip' });
      await expect(stat(rejectsPathFor(path))).rejects.toMatchObject({ code: 'ENOENT' });
    });
  });

  it('leaves nothing behind when the rejected rows cannot be written', async () => {
    const gain = await gained(() =>
      withFile(`${HEADER}\n${bad().join('\n')}\n`, async (path) => {
        const rejectsPath = join(path, '..', 'no-such-folder', 'rejected.csv');
        const mapping = parseMapping(plainMapping(), 'my.json');
        await expect(importFile(operator, test.keys, { path, mapping, onError: 'skip', rejectsPath })).rejects.toThrow(
          /rejected rows cannot be written there: .* Name another file for them/,
        );
      }));
    expect(gain).toEqual({});
  });

  it('that speak of the future are rejected', async () => {
    const result = await importText([good('1', { decided: '2199-01-31', bad: '' })], { onError: 'skip' });
    expect(result).toMatchObject({ rejected: 1, loans: 0 });
  });
});

describe('external ids that are taken', () => {
  it.each([
    ['a loan of the same file', () => [good('1'), good('2', { loan: id('l1') })], /line 3: loan\.externalId: there already is a loan "t\d+-l1"/],
    ['a customer of the same file', () => [good('1'), good('2', { customer: id('c1') })], /line 3: customer\.externalId: there already is a customer .*"onRepeatedCustomer": "reuse"/],
  ])('by %s reject the row', async (_, rows, sentence) => {
    await expect(importText(rows())).rejects.toThrow(sentence);
  });

  it('by an earlier import reject every row of a second one', async () => {
    await importText([good('1'), good('2')]);
    expect(await gained(() => expect(importText([good('1'), good('2')])).rejects.toThrow(/2 of 2 rows were rejected/))).toEqual({});
  });

  it('by a row of an earlier batch reject the row', async () => {
    const rows = Array.from({ length: 2_001 }, (_, i) => good(String(i % 2_000)));
    expect(await importText(rows, { onError: 'skip' })).toMatchObject({ loans: 2_000, rejected: 1 });
  });

  it('of customers may be reused: they get another loan, and what the row says of them is appended', async () => {
    const changes = { onRepeatedCustomer: 'reuse' };
    const rows = [
      good('1', { income: '1000', decided: '2024-01-31' }),
      good('2', { income: '2000', decided: '2024-06-30', customer: id('c1') }),
    ];
    expect(await importText(rows, { changes })).toMatchObject({ customers: 1, loans: 2 });
    const later = good('3', { income: '3000', decided: '2024-09-30', customer: id('c1') });
    expect(await importText([later], { changes })).toMatchObject({ customers: 0, loans: 1 });

    const refs = await resolveLoans(test.db, ['l1', 'l2', 'l3'].map(id));
    expect(new Set(refs.map((ref) => ref!.customerId)).size).toBe(1);
    const incomes = await Promise.all(['2024-01-31', '2024-06-30', '2024-09-30'].map(async (day, i) => {
      const [gathered] = await gather(test.db, test.keys, [{ ...refs[i]!, asOf: new Date(day) }]);
      return gathered && !gathered.erased ? gathered.record.customer['income'] : undefined;
    }));
    expect(incomes).toEqual([1000, 2000, 3000]);
  });

  it('of an erased customer cannot be reused', async () => {
    await importText([good('1')]);
    const [ref] = await resolveLoans(test.db, [id('l1')]);
    await test.keys.destroy(ref!.customerId);
    const again = importText([good('2', { customer: id('c1') })], { changes: { onRepeatedCustomer: 'reuse' } });
    await expect(again).rejects.toThrow(/the data of customer "t\d+-c1" was erased/);
  });
});

describe('an import that is stopped', () => {
  it('leaves nothing behind', async () => {
    const stop = new AbortController();
    const rows = Array.from({ length: 6_000 }, (_, i) => good(String(i)));
    const gain = await gained(() =>
      withFile(`${HEADER}\n${rows.join('\n')}\n`, (path) => {
        const importing = importFile(operator, test.keys, {
          path,
          mapping: parseMapping(plainMapping(), 'my.json'),
          onError: 'reject-all',
          onProgress: () => stop.abort(),
          signal: stop.signal,
        });
        return expect(importing).rejects.toThrow('book.csv: the import was stopped; nothing of it was recorded');
      }));
    expect(gain).toEqual({});
  });
});

const send = (rows: BookRow[], onError: OnError) => {
  const request: RowsToImport = { rows, onError, onRepeatedCustomer: 'reject', synthetic: false, name: 'importLoans' };
  return operator.db.transaction((tx) => importRows(tx, operator, test.keys, request));
};

describe('importing rows at hand', () => {
  const at = new Date('2024-01-31T00:00:00Z');
  const bookRow = (name: string, loan: Partial<BookRow['loan']> = {}): BookRow => ({
    line: Number(name),
    customer: { externalId: id(`c${name}`), effectiveAt: at, identity: { name: 'Ada' }, attributes: {}, protected: {} },
    loan: {
      externalId: id(`l${name}`), effectiveAt: at, product: 'car-loan', kind: 'INSTALMENT', status: 'APPLICATION',
      currency: 'EUR', principal: '100.00', attributes: {}, ...loan,
    },
    repayments: [],
  });
  it('goes the same way as a file', async () => {
    const gain = await gained(() => send([bookRow('1'), bookRow('2')], 'reject-all'));
    expect(gain).toEqual({ customers: 2, external_ids: 4, customer_facts: 2, loans: 2, loan_facts: 2, audit_intake: 1 });
  });

  it.each([
    ['a currency that is none', { currency: 'XQX' }, 'loan.currency: "XQX" is not accepted'],
    ['a negative term', { termMonths: -12 }, 'loan.termMonths: "-12" is not accepted'],
    ['no finite principal', { principal: 'Infinity' }, 'loan.principal: "Infinity" is not a finite number'],
    ['an attribute that is not finite', { attributes: { dti: Number.NaN } }, 'loan.attributes.dti: NaN is not a finite number'],
  ])('gives back a row with %s, with its reason', async (_, change, reason) => {
    const result = await send([bookRow('1'), bookRow('2', change)], 'skip');
    expect(result).toMatchObject({ rows: 2, loans: 1, rejected: 1 });
    expect(result.rejections).toEqual([{ line: 2, reason: expect.stringContaining(reason), raw: '' }]);
  });

  it('records nothing when one is bad and all or nothing is wanted', async () => {
    const gain = await gained(() => expect(send([bookRow('1'), bookRow('2', { principal: '-1' })], 'reject-all')).rejects.toThrow(/nothing was imported/));
    expect(gain).toEqual({});
  });
});
