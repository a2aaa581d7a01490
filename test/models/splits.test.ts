import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import type { TrainingLoan } from '../../src/loans/index.js';
import { parseSplit, randomSplit, timeSplit } from '../../src/models/index.js';

const loan = (at: number, changes: Partial<TrainingLoan> = {}): TrainingLoan => ({
  customerId: `c${at}`, loanId: `l${at}`, externalId: `L${at}`, customerExternalId: `C${at}`, defaulted: false,
  decisionAt: new Date(Date.UTC(2024, 0, 1 + at)), knownAt: new Date('2025-12-31T00:00:00Z'), ...changes,
});
const book = (size: number): TrainingLoan[] => Array.from({ length: size }, (_, at) => loan(at));

describe('a split by a seeded hash of the customer', () => {
  it('holds about the share out, the same loans for the same seed and others for another', () => {
    const parts = randomSplit(3, 0.3).partsOf(book(2_000));
    expect(parts.filter((part) => part === 'holdout').length / 2_000).toBeCloseTo(0.3, 1);
    expect(randomSplit(3, 0.3).partsOf(book(2_000))).toEqual(parts);
    expect(randomSplit(4, 0.3).partsOf(book(2_000))).not.toEqual(parts);
  });

  it('keeps all loans of a customer on one side, whatever else is in the book', () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: 1_000 }), fc.string(), (seed, customerExternalId) => {
      const [first, ...others] = randomSplit(seed).partsOf([loan(1, { customerExternalId }), ...book(5), loan(2, { customerExternalId })]);
      expect(others.at(-1)).toBe(first);
    }));
  });
});

describe('a split by time', () => {
  it('holds the loans out that were decided last', () => {
    expect(timeSplit(0.2).partsOf(book(10).reverse())).toEqual(['holdout', 'holdout', ...Array.from({ length: 8 }, () => 'train')]);
  });

  it('keeps loans of one moment together, and no training loan is decided after a held-out one', () => {
    fc.assert(fc.property(fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 5, maxLength: 60 }), fc.double({ min: 0.05, max: 0.6, noNaN: true }), (days, share) => {
      const loans = [loan(-1), ...Array.from({ length: 60 }, (_, at) => loan(10 + at)), ...days.map((day) => loan(day))];
      const parts = timeSplit(share).partsOf(loans);
      const times = (part: string): number[] => loans.filter((_, at) => parts[at] === part).map(({ decisionAt }) => decisionAt.getTime());
      expect(Math.max(...times('train'))).toBeLessThan(Math.min(...times('holdout')));
    }));
  });

  it('trains on the first moment even where most loans were decided then', () => {
    const loans = [...Array.from({ length: 9 }, () => loan(1)), loan(2)];
    expect(timeSplit(0.5).partsOf(loans)).toEqual([...Array.from({ length: 9 }, () => 'train'), 'holdout']);
  });

  it('refuses a book that was decided all at once', () => {
    const together = Array.from({ length: 10 }, () => loan(1));
    expect(() => timeSplit().partsOf(together)).toThrow('All 10 decisions are of 2024-01-02T00:00:00.000Z; a split by time needs at least two dates. Split at random instead.');
  });
});

const partsOf = async (text: string) => (await parseSplit(text)).partsOf(book(200));

describe('a split as a person asks for it', () => {
  let folder: string;
  beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'assay-split-'))));
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('is random, by time or a file, and the dossier can tell which', async () => {
    const path = join(folder, 'book.split.csv');
    await writeFile(path, 'row,part\nL0,train\nL2,holdout\n');
    expect(await parseSplit('random:0.25')).toMatchObject({ kind: 'random', seed: 0, description: '25 % held out by a seeded hash of the customer' });
    expect(await parseSplit('time')).toMatchObject({ kind: 'time', description: 'the 20 % decided last held out' });
    const split = await parseSplit(path);
    expect([split.kind, split.description, split.partsOf(book(3))]).toEqual(['file', 'book.split.csv: 2 rows', ['train', undefined, 'holdout']]);
  });

  it('is the same random draw whenever it is asked for, unless another is named', async () => {
    expect(await partsOf('random:0.2')).toEqual(await partsOf('random'));
    expect(await partsOf('random:0.2')).toEqual(await partsOf('random:0.2:0'));
    expect(await partsOf('random:0.2:7')).not.toEqual(await partsOf('random:0.2'));
    expect(await parseSplit('random:0.2:7')).toMatchObject({ kind: 'random', seed: 7 });
  });

  it.each([
    ['random:0', '--split random:0: the share that is held out lies between 0.01 and 0.9.'],
    ['time:ten', '--split time:ten: the share that is held out lies between 0.01 and 0.9.'],
    ['random:0.2:last', '--split random:0.2:last: what follows the share names another draw, by a whole number: random:0.2:7.'],
    ['time:0.2:7', '--split time:0.2:7: a split by time has no draw; write time:0.2.'],
    ['nowhere.csv', '--split nowhere.csv: give random:0.2, time:0.2, or the path of a split file'],
  ])('is refused as %s', async (text, sentence) => {
    await expect(parseSplit(text)).rejects.toThrow(sentence);
  });
});
