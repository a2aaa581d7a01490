import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { generateSyntheticBook } from '../../src/demo/synthetic.js';
import { syntheticRows, type SyntheticRow } from '../../src/demo/synthetic/rows.js';
import { readBook, readMapping, type BookRow } from '../../src/loans/import/index.js';

const SEED = 20_240_101;
const mappingPath = fileURLToPath(new URL('../../../mappings/synthetic.json', import.meta.url));

const share = <T>(all: readonly T[], is: (one: T) => boolean): number => all.filter(is).length / all.length;

/** Mean probability of default of one sex. */
function riskOf(rows: readonly SyntheticRow[], sex: string): number {
  const some = rows.filter(({ person }) => person.sex === sex);
  return some.reduce((sum, { truePd }) => sum + truePd, 0) / some.length;
}

/** Probability that a defaulted loan has the higher score; by ranks, as no two scores are equal. */
function auc(rows: readonly SyntheticRow[], score: (row: SyntheticRow) => number): number {
  const ranked = [...rows].sort((a, b) => score(a) - score(b));
  const rankSum = ranked.reduce((sum, row, i) => sum + (row.defaulted ? i + 1 : 0), 0);
  const bad = rows.filter(({ defaulted }) => defaulted).length;
  return (rankSum - (bad * (bad + 1)) / 2) / (bad * (rows.length - bad));
}

describe('the synthetic book', () => {
  const rows = [...syntheticRows(10_000, SEED)];
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'assay-synthetic-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('can be learned: the probabilities behind it separate the outcomes well, not perfectly', () => {
    expect(share(rows, ({ defaulted }) => defaulted)).toBeGreaterThan(0.08);
    expect(share(rows, ({ defaulted }) => defaulted)).toBeLessThan(0.12);
    const best = auc(rows, ({ truePd }) => truePd);
    expect(best).toBeGreaterThan(0.8);
    expect(best).toBeLessThan(0.86);
  });

  it('is calibrated by construction: outcomes come as often as their probabilities say', () => {
    const expected = rows.reduce((sum, { truePd }) => sum + truePd, 0);
    const spread = Math.sqrt(rows.reduce((sum, { truePd }) => sum + truePd * (1 - truePd), 0));
    expect(Math.abs(rows.filter(({ defaulted }) => defaulted).length - expected)).toBeLessThan(4 * spread);
  });

  it('has no signal in protected attributes', () => {
    expect(Math.abs(riskOf(rows, 'female') - riskOf(rows, 'male'))).toBeLessThan(0.01);
  });

  it('is a whole portfolio: both kinds of loan, five currencies, repeated customers', () => {
    expect(share(rows, ({ loan }) => loan.kind === 'REVOLVING')).toBeGreaterThan(0.4);
    expect(share(rows, ({ loan }) => loan.kind === 'INSTALMENT')).toBeGreaterThan(0.4);
    expect(new Set(rows.map(({ loan }) => loan.currency)).size).toBe(5);
    expect(new Set(rows.map(({ person }) => person.id)).size).toBe(10_000);
    expect(rows.length).toBeGreaterThan(12_000);
  });

  it('is the same to the byte for the same seed, and another for another', async () => {
    const digest = async (name: string, seed: number): Promise<string> => {
      const path = join(folder, name);
      await generateSyntheticBook({ path, customers: 500, seed });
      return createHash('sha256').update(await readFile(path)).digest('hex');
    };
    expect(await digest('a.csv', 1)).toBe(await digest('b.csv', 1));
    expect(await digest('c.csv', 2)).not.toBe(await digest('a.csv', 1));
    expect((await readdir(folder)).filter((name) => name.endsWith('.part'))).toEqual([]);
  });

  it('reads through its mapping without a single rejected row, and says that it is synthetic', async () => {
    const path = join(folder, 'book.csv');
    const seen: number[] = [];
    const counts = await generateSyntheticBook({ path, customers: 1_000, seed: SEED, onProgress: ({ done }) => seen.push(done) });
    const mapping = await readMapping(mappingPath);
    expect(mapping.synthetic).toBe(true);
    const read: BookRow[] = [];
    for await (const entry of readBook(path, mapping)) {
      expect(entry).not.toHaveProperty('rejected');
      if ('row' in entry) read.push(entry.row);
    }
    expect(read).toHaveLength(counts.loans);
    expect(read.every(({ customer }) => customer.identity['name']!.startsWith('Synthetic Customer'))).toBe(true);
    expect(read.every(({ repayments }) => repayments.length === 6)).toBe(true);
    expect(read.every(({ loan, repayments }) => repayments.every(({ periodEnd }) => periodEnd < loan.decisionAt!))).toBe(true);
    expect(share(read, ({ outcome }) => outcome === undefined)).toBeGreaterThan(0);
    expect(new Set(read.map(({ loan }) => loan.decisionAt!.toISOString().slice(0, 7))).size).toBe(24);
    expect(seen.at(-1)).toBe(1_000);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
  });
});
