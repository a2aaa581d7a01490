import { fork } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { searchHyperParameters } from '../../../src/scoring/search/index.js';
import type { SearchRequest, SearchResult } from '../../../src/scoring/search/types.js';
import { numeric, specsOf } from '../support.js';
import { Folders, lasting, pretended, searchBook } from './support.js';

const folders = new Folders();
afterAll(() => folders.remove());

const book = searchBook(800);
const ask = (parts: Partial<SearchRequest> = {}): SearchRequest => ({
  ...book,
  settings: { layers: [12, 6], epochs: 16, ensemble: 2, learningRate: 0.02, batchSize: 32 },
  space: { learningRate: { min: 0.01, max: 0.05, scale: 'log' }, layers: { choices: [[8], [12, 6]] } },
  budget: { trials: 3, folds: 2, rungs: [{ trials: 1, folds: 1, epochs: 0.25, ensemble: 1 }, { trials: 0.34, folds: 2, epochs: 1, ensemble: 2 }] },
  seed: 2,
  folder: folders.next(),
  processes: 2,
  ...parts,
});

/** TensorFlow takes its time to load, in each process, where the machine is busy. */
const PATIENCE = 240_000;

describe('a search with TensorFlow', () => {
  let result: SearchResult;
  beforeAll(async () => {
    result = await searchHyperParameters(ask());
  }, PATIENCE);

  it('learns what no straight line can, and says what it took', () => {
    expect(result.best.result.auc).toBeGreaterThan(0.65);
    expect(result.best.result.epochs).toBeGreaterThan(15);
    expect(result.backends).toEqual([expect.stringMatching(/^(tensorflow|wasm|cpu) \d+\.\d+\.\d+$/u)]);
    expect(result.run.utilisation).toBeGreaterThan(0);
  });

  it('gives the same result after it was stopped, on one process', async () => {
    const request = ask({ processes: 1 });
    const controller = new AbortController();
    const stopped = searchHyperParameters(request, ({ done }) => done === 2 && controller.abort(), controller.signal);
    await expect(stopped).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    const resumed = await searchHyperParameters(request);
    expect(resumed.run.resumed).toBe(2);
    expect(lasting(resumed)).toEqual(lasting(result));
  }, PATIENCE);

  it('searches the penalty of a scorecard', async () => {
    const scorecard = await searchHyperParameters(ask({ settings: { family: 'scorecard' }, space: undefined, budget: { trials: 4, folds: 3 } }));
    expect(scorecard.trials.map(({ rungs }) => rungs.length)).toEqual([1, 1, 1, 1]);
    // A straight line cannot see the product of two columns: it knows little more than the default rate.
    const rate = book.labels.reduce((sum, label) => sum + label, 0) / book.labels.length;
    expect(scorecard.best.result.logLoss).toBeCloseTo(-rate * Math.log(rate) - (1 - rate) * Math.log(1 - rate), 1);
    expect(scorecard.best.result.logLoss).toBe(Math.min(...scorecard.trials.map(({ rungs }) => rungs[0]!.logLoss)));
    expect(scorecard.backends).toEqual(['javascript']);
  }, PATIENCE);

  it('searches the window and the filters of a convolution over histories', async () => {
    const specs = specsOf(numeric('history', { type: 'sequence', source: { path: 'repayments.balance', last: 3 } }), numeric('x'));
    const raw = book.raw.map(([x, y]) => [[x, y, x], y] as const) as SearchRequest['raw'];
    const space = { convolution: { choices: [{ window: 2, filters: 4 }, { window: 3, filters: 4 }] } };
    const request = ask({ specs, raw, settings: { family: 'cnn', layers: [4], epochs: 2, ensemble: 1 }, space, budget: { trials: 2, folds: 2, rungs: [{ trials: 1, folds: 1, epochs: 1, ensemble: 1 }] } });
    const { trials } = await searchHyperParameters(request);
    expect(trials.map(({ status, message }) => message ?? status)).toEqual(['FINISHED', 'FINISHED']);
    expect(trials[1]!.settings.convolution!.filters).toBe(4);
  }, PATIENCE);
});

/** A program that searches with pretended workers, as the command line does, and tells their process numbers. */
const searcher = (request: SearchRequest, log: string): string => `
import { searchHyperParameters } from ${JSON.stringify(new URL('../../../src/scoring/search/index.js', import.meta.url).href)};
const request = ${JSON.stringify({ ...request, labels: undefined, program: undefined })};
await searchHyperParameters({ ...request, labels: Uint8Array.of(${request.labels.join(',')}), program: new URL(${JSON.stringify(folders.program(slow(log)).href)}) });
`;
const slow = (log: string): string => pretended(`appendFileSync(${JSON.stringify(log)}, process.pid + '\\n');`).replace('Math.random() * 8', '60');

const alive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await setTimeout(20);
}

describe('a search whose process is killed', () => {
  it('leaves no process behind, and goes on to the same result', async () => {
    const request = ask({ budget: { trials: 12, folds: 2, rungs: [{ trials: 1, folds: 2, epochs: 1, ensemble: 1 }] } });
    const log = join(folders.next(), 'pids');
    const script = join(folders.next(), 'search.mjs');
    writeFileSync(script, searcher(request, log));
    const parent = fork(script, { execArgv: [] });
    const lines = (): number => (existsSync(join(request.folder, 'trials.jsonl')) ? readFileSync(join(request.folder, 'trials.jsonl'), 'utf8').split('\n').length - 1 : 0);
    await until(() => lines() > 4);
    parent.kill('SIGKILL');
    const pids = readFileSync(log, 'utf8').trim().split('\n').map(Number);
    await until(() => pids.every((pid) => !alive(pid)));
    const program = folders.program(pretended());
    const resumed = await searchHyperParameters({ ...request, program });
    expect(resumed.run.resumed).toBeGreaterThanOrEqual(4);
    expect(resumed.run.resumed).toBeLessThan(24);
    expect(lasting(resumed)).toEqual(lasting(await searchHyperParameters({ ...request, program, folder: folders.next() })));
  }, PATIENCE);
});
