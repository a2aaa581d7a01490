import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { Estimate } from '../../../src/scoring/search/estimate.js';
import { encodeFold } from '../../../src/scoring/search/folds.js';
import { Journal, JOURNAL, type JournalHeader, type TrialRecord } from '../../../src/scoring/search/journal.js';
import { Limited } from '../../../src/scoring/search/limited.js';
import { ranked, rungResult } from '../../../src/scoring/search/ranking.js';
import { kFold } from '../../../src/scoring/splits/split.js';
import { parseHyperParameters } from '../../../src/scoring/training/hyper-parameters.js';
import { Folders, searchBook } from './support.js';

const folders = new Folders();
afterAll(() => folders.remove());

const finished = (trial: number, fold: number, logLoss: number, rung = 1): TrialRecord => ({
  trial,
  rung,
  fold,
  settings: {},
  status: 'FINISHED',
  logLoss,
  brier: logLoss / 2,
  auc: 1 - logLoss,
  epochs: 10,
  bestEpochs: [7],
  trainingLoss: 0.5,
  validationLoss: 0.6,
  backend: 'wasm',
  seconds: 2,
  cpuSeconds: 1,
});

describe('inner folds', () => {
  it('learn their constants without the rows that judge', () => {
    const book = searchBook(200);
    const folds = kFold(book.labels, 2, 1);
    const outlier = folds[0]!.holdout[0];
    const raw = book.raw.map((values, row) => (row === outlier ? [50, 0] : values));
    // Judging: the outlier is clipped to what the others show. Learning: it widens the range for all.
    const judging = encodeFold({ ...book, raw }, folds[0]!, parseHyperParameters({}));
    const learning = encodeFold({ ...book, raw }, folds[1]!, parseHyperParameters({}));
    expect(Math.max(...judging.held.rows)).toBeLessThan(6);
    expect(Math.max(...learning.train.rows)).toBeGreaterThan(6);
    expect(judging.train.rows).toEqual(encodeFold(book, folds[0]!, parseHyperParameters({})).train.rows);
    expect(judging.train.labels.length + judging.held.labels.length).toBe(200);
  });
});

describe('the record of a search', () => {
  const header: JournalHeader = { format: 1, digest: 'aa', seed: 1 };
  const folderWith = async (...records: TrialRecord[]): Promise<string> => {
    const folder = folders.next();
    const journal = await Journal.open(folder, header);
    for (const record of records) await journal.append(record);
    await journal.close();
    return folder;
  };
  const read = async (folder: string): Promise<readonly TrialRecord[]> => {
    const journal = await Journal.open(folder, header);
    await journal.close();
    return journal.records;
  };

  it('gives back what was finished, to the last bit', async () => {
    const records = [finished(1, 0, 0.1 + 0.2), { trial: 2, rung: 1, fold: 0, settings: { l2: 1 }, status: 'FAILED', message: 'no "memory"\n', seconds: 1 } as const];
    expect(await read(await folderWith(...records))).toEqual(records);
  });

  it('drops a last line that was cut in two, and goes on after it', async () => {
    const folder = await folderWith(finished(1, 0, 0.4), finished(2, 0, 0.5));
    const whole = readFileSync(join(folder, JOURNAL), 'utf8');
    for (let cut = whole.indexOf('\n', whole.indexOf('\n') + 1) + 1; cut < whole.length; cut += 37) {
      writeFileSync(join(folder, JOURNAL), whole.slice(0, cut));
      const journal = await Journal.open(folder, header);
      expect(journal.records).toEqual([finished(1, 0, 0.4)]);
      await journal.append(finished(2, 0, 0.5));
      await journal.close();
      expect(readFileSync(join(folder, JOURNAL), 'utf8')).toBe(whole);
    }
  });

  it('of another search is refused, and left as it is', async () => {
    const folder = await folderWith(finished(1, 0, 0.4));
    const before = readFileSync(join(folder, JOURNAL));
    await expect(Journal.open(folder, { ...header, digest: 'bb' })).rejects.toThrow('records another search');
    expect(readFileSync(join(folder, JOURNAL))).toEqual(before);
  });

  it.each(['not JSON', '{"trial":1}'])('with a damaged line is refused by its number (%s)', async (line) => {
    const folder = await folderWith(finished(1, 0, 0.4));
    appendFileSync(join(folder, JOURNAL), `${line}\n`);
    await expect(Journal.open(folder, header)).rejects.toThrow(/cannot be resumed: .*\(line 3 of .*trials\.jsonl\); remove the damaged line/u);
  });
});

const resultWith = (logLoss: number, auc: number) => ({ ...rungResult([finished(1, 0, 1)], { rung: 1, folds: 1 }, 'auc')!, logLoss, auc });

describe('ranking', () => {
  const rung = { rung: 1, folds: 2 };

  it('takes means over the folds, and their standard deviation', () => {
    const result = rungResult([finished(1, 0, 0.4), finished(1, 1, 0.5), finished(1, 0, 9, 2)], rung, 'log-loss')!;
    expect(result).toMatchObject({ rung: 1, folds: 2, epochs: 20, seconds: 4 });
    expect(result.logLoss).toBeCloseTo(0.45, 12);
    expect(result.auc).toBeCloseTo(0.55, 12);
    expect(result.deviation).toBeCloseTo(Math.sqrt(0.005), 12);
  });

  it('leaves out a trial of which a fold is missing or failed', () => {
    const failed: TrialRecord = { trial: 1, rung: 1, fold: 1, settings: {}, status: 'FAILED', message: 'died', seconds: 1 };
    expect(rungResult([finished(1, 0, 0.4), failed], rung, 'log-loss')).toBeUndefined();
  });

  it('does not depend on the order in which folds were finished', () => {
    const records = [0.1, 0.2, 0.3, 0.7, 1e-9].map((loss, fold) => finished(1, fold, loss));
    fc.assert(
      fc.property(fc.shuffledSubarray(records, { minLength: 5 }), (shuffled) => {
        expect(rungResult(shuffled, { rung: 1, folds: 5 }, 'auc')).toEqual(rungResult(records, { rung: 1, folds: 5 }, 'auc'));
      }),
    );
  });

  it('puts the lowest loss or the highest AUC first, ties by number', () => {
    const results = new Map([[3, resultWith(0.4, 0.7)], [1, resultWith(0.5, 0.8)], [2, resultWith(0.4, 0.6)], [4, undefined]]);
    expect(ranked(results, 'log-loss')).toEqual([2, 3, 1]);
    expect(ranked(results, 'auc')).toEqual([1, 3, 2]);
  });
});

const piece = (trial: number, rung = 1) => ({ trial, rung, fold: 0 });

describe('the time left', () => {
  const rungs = [
    { rung: 1, trials: 2, folds: 1, epochs: 10, ensemble: 1 },
    { rung: 2, trials: 1, folds: 1, epochs: 20, ensemble: 2 },
  ];

  it('is unknown at first, then counts epochs at the speed seen so far', () => {
    const estimate = new Estimate(rungs, 2);
    expect(estimate.secondsLeft([piece(1), piece(2)], 1)).toBeUndefined();
    estimate.finished(piece(1), 5);
    // 10 epochs now and 40 in the next rung at 0.5 s, on two processes.
    expect(estimate.secondsLeft([piece(2)], 1)).toBeCloseTo(12.5);
    for (let i = 0; i < 4; i++) estimate.epoch(piece(2));
    expect(estimate.secondsLeft([piece(2)], 1)).toBeCloseTo(11.5);
  });

  it('knows a slow trial by its earlier rungs', () => {
    const estimate = new Estimate(rungs, 1);
    estimate.finished(piece(1), 30);
    estimate.finished(piece(2), 10);
    expect(estimate.secondsLeft([piece(1, 2)], 2)).toBeCloseTo(120);
  });
});

describe('what a process keeps', () => {
  it('stays under its limit, the oldest goes first, and one value is always kept', () => {
    const kept = new Limited((bytes: number) => bytes, 10);
    expect(kept.set(0, 4)).toEqual([]);
    expect(kept.set(1, 4)).toEqual([]);
    expect(kept.set(2, 4)).toEqual([0]);
    expect(kept.set(3, 50)).toEqual([1, 2]);
    expect([0, 1, 2, 3].map((key) => kept.get(key))).toEqual([undefined, undefined, undefined, 50]);
  });
});
