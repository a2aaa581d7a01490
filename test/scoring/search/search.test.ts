import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { searchHyperParameters } from '../../../src/scoring/search/index.js';
import type { SearchProgress, SearchRequest, SearchResult } from '../../../src/scoring/search/types.js';
import { Folders, lasting, pretended, searchBook } from './support.js';

const folders = new Folders();
afterAll(() => folders.remove());

const space = { l2: { min: 1e-6, max: 1e-2, scale: 'log' } };
const rungs = [
  { trials: 1, folds: 1, epochs: 0.25, ensemble: 1 },
  { trials: 0.5, folds: 2, epochs: 0.5, ensemble: 1 },
  { trials: 0.25, folds: 3, epochs: 1, ensemble: 4 },
];
const book = searchBook(120);
const ask = (parts: Partial<SearchRequest> = {}): SearchRequest => ({
  ...book,
  settings: { epochs: 20, ensemble: 2, l2: 1e-3 },
  space,
  budget: { trials: 8, rungs },
  seed: 3,
  folder: folders.next(),
  processes: 2,
  program: folders.program(pretended()),
  ...parts,
});
const journalOf = (folder: string): Record<string, unknown>[] =>
  readFileSync(join(folder, 'trials.jsonl'), 'utf8').trim().split('\n').map((line) => JSON.parse(line) as Record<string, unknown>);

/** What the pretended loss grows with. */
const distance = (l2: number): number => Math.abs(Math.log10(l2) + 4);

/** A worker that dies of some tasks. */
const dying = (whom: string): string => pretended(`if (${whom}) { console.error('out of memory'); return process.exit(3); }`);

/** Runs a search that is stopped after some fits. */
async function interrupted(request: SearchRequest, fits: number): Promise<unknown> {
  const controller = new AbortController();
  const running = searchHyperParameters(request, ({ done }) => done >= fits && controller.abort(), controller.signal);
  return running.catch((error: unknown) => error);
}

describe('a search', () => {
  const progress: SearchProgress[] = [];
  const request = ask();
  let result: SearchResult;

  it('tries many settings briefly and the best of them in full', async () => {
    result = await searchHyperParameters(request, (event) => progress.push(event));
    expect(result.rungs).toMatchObject([{ trials: 8, epochs: 5, ensemble: 1 }, { trials: 4, epochs: 10 }, { trials: 2, folds: 3, epochs: 20, ensemble: 2 }]);
    expect(result.trials.map(({ rungs: climbed }) => climbed.length).sort()).toEqual([1, 1, 1, 1, 2, 2, 3, 3]);
    expect(result.trials.filter(({ status }) => status === 'FINISHED')).toHaveLength(2);
  });

  it('finds the best of its trials', () => {
    const nearest = [...result.trials].sort((a, b) => distance(a.settings.l2!) - distance(b.settings.l2!))[0]!;
    expect(result.best.trial).toBe(nearest.trial);
    expect(result.best.settings).toMatchObject({ l2: nearest.settings.l2, epochs: 20, ensemble: 2, family: 'mlp' });
    expect(result.best.settings).not.toHaveProperty('seed');
    expect(result.best.result.logLoss).toBeCloseTo(0.4 + distance(nearest.settings.l2!) / 100 + 0.001 + 1 / 20_000, 10);
  });

  it('records every fit with its settings, and no fit twice', () => {
    const [header, ...records] = journalOf(request.folder);
    expect(header).toMatchObject({ format: 1, digest: result.digest, seed: 3, rows: 120 });
    expect(records).toHaveLength(8 + 8 + 6);
    expect(new Set(records.map(({ trial, rung, fold }) => `${trial}/${rung}/${fold}`)).size).toBe(22);
    expect(records[0]).toMatchObject({ settings: { l2: expect.any(Number), epochs: 5, seed: 3 }, logLoss: expect.any(Number), auc: expect.any(Number), cpuSeconds: 0.01, status: 'FINISHED' });
  });

  it('tells its progress with the best so far and the time left', () => {
    const last = progress.at(-1)!;
    expect(last).toMatchObject({ rung: 3, rungs: 3, done: 22, total: 22, secondsLeft: 0, best: { trial: result.best.trial, rung: 3, logLoss: result.best.result.logLoss } });
    const dones = progress.map(({ done }) => done);
    expect(dones).toEqual([...dones].sort((a, b) => a - b));
    expect(progress.find(({ done }) => done === 4)!.secondsLeft).toBeGreaterThan(0);
  });

  it('is plain JSON', () => {
    expect(JSON.parse(JSON.stringify(result))).toEqual(result);
  });

  it('ends the same whichever process is quicker, and however many there are', async () => {
    for (const processes of [1, 3]) expect(lasting(await searchHyperParameters(ask({ processes })))).toEqual(lasting(result));
  });

  it('ends differently for another seed, and may look for the AUC', async () => {
    const other = await searchHyperParameters(ask({ seed: 4, budget: { trials: 4, rungs, criterion: 'auc' } }));
    expect(other.trials[1]!.settings).not.toEqual(result.trials[1]!.settings);
    expect(other).toMatchObject({ criterion: 'auc', best: { result: { auc: Math.max(...other.trials.map(({ rungs: climbed }) => climbed[2]?.auc ?? 0)) } } });
  });

  it('does nothing again when it is already done', async () => {
    const again = await searchHyperParameters({ ...request, program: folders.program('process.exit(1)') });
    expect(lasting(again)).toEqual(lasting(result));
    expect(again.run).toMatchObject({ fits: 0, resumed: 22, utilisation: null });
  });

  it('goes on where it was stopped and ends the same', async () => {
    for (const fits of [1, 7, 13, 18]) {
      const parts = ask();
      expect(await interrupted(parts, fits)).toMatchObject({ code: 'UNAVAILABLE', message: expect.stringContaining('start it again with the same folder') });
      const before = journalOf(parts.folder).length - 1;
      expect(before).toBeGreaterThanOrEqual(fits);
      expect(before).toBeLessThan(22);
      const resumed = await searchHyperParameters(parts);
      expect(resumed.run).toMatchObject({ resumed: before, fits: 22 - before });
      expect(lasting(resumed)).toEqual(lasting(result));
    }
  });

  it('never starts when it was stopped before', async () => {
    await expect(searchHyperParameters(ask(), () => {}, AbortSignal.abort())).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });

  it.each([
    ['rows', { ...searchBook(130) }],
    ['seed', { seed: 4 }],
    ['settings', { settings: { epochs: 20, ensemble: 2, l2: 1e-4 } }],
    ['budget', { budget: { trials: 9, rungs } }],
    ['space', { space: { l2: { min: 1e-6, max: 1e-3, scale: 'log' } } }],
  ])('does not go on with the record of other %s', async (_, parts) => {
    await expect(searchHyperParameters({ ...request, ...parts })).rejects.toThrow('records another search');
  });

  it.each([
    [{ labels: book.labels.slice(1) }, '120 rows but 119 outcomes'],
    [{ labels: book.labels.map((x, i) => (i === 5 ? 2 : x)) }, 'Label 5 is 2'],
    [{ labels: Uint8Array.from(book.labels, (_, i) => (i < 2 ? 1 : 0)) }, '3 folds need at least 3 rows of each outcome'],
    [{ seed: -1 }, 'hyper-parameters is not valid at seed'],
  ])('is refused at once for what is unsound (%#)', async (parts, sentence) => {
    const unsound = ask(parts);
    await expect(searchHyperParameters(unsound)).rejects.toThrow(sentence);
    expect(existsSync(join(unsound.folder, 'trials.jsonl'))).toBe(false);
  });
});

describe('processes of a search', () => {
  it('that die fail their trial with their last words, and the search goes on without it', async () => {
    const unlucky = ask({ settings: { epochs: 20, l2: 1e-4 }, program: folders.program(dying('settings.l2 === 1e-4')) });
    const result = await searchHyperParameters(unlucky);
    expect(result.trials[0]).toEqual({ trial: 1, settings: unlucky.settings, status: 'FAILED', rungs: [], message: expect.stringContaining('(exit code 3); it may have run out of memory. Its last words: out of memory') });
    expect(result.best.trial).not.toBe(1);
    expect(result.trials.filter(({ rungs: climbed }) => climbed.length > 1)).toHaveLength(4);
    const again = await searchHyperParameters(unlucky);
    expect(lasting(again)).toEqual(lasting(result));
    expect(again.run.fits).toBe(0);
  });

  it('that all die end the search with a sentence', async () => {
    await expect(searchHyperParameters(ask({ program: folders.program(dying('true')) }))).rejects.toThrow(/Every trial failed in rung 1 of the search; see the record in its folder\. Trial \d: .*exit code 3/u);
  });

  it('are started once and given each fold once', async () => {
    const log = join(folders.next(), 'log');
    const program = folders.program(pretended(`appendFileSync(${JSON.stringify(log)}, process.pid + ' ' + folds.join(',') + '\\n');`));
    await searchHyperParameters(ask({ program }));
    const lines = readFileSync(log, 'utf8').trim().split('\n').map((line) => line.split(' '));
    expect(new Set(lines.map(([pid]) => pid)).size).toBeLessThanOrEqual(2);
    for (const [, held] of lines) expect(new Set(held!.split(',')).size).toBe(held!.split(',').length);
  });

  it('tell how busy they were', async () => {
    const { run } = await searchHyperParameters(ask());
    expect(run).toMatchObject({ processes: 2, fits: 22, resumed: 0 });
    // Each of the pretended processes says that it worked for one second in all.
    expect(run.utilisation! * run.seconds).toBeCloseTo(1, 5);
  });
});
