import { availableParallelism } from 'node:os';
import { encodeFold, bytesOf, type FoldData } from './folds.js';
import { Hand } from './hand.js';
import { Journal } from './journal.js';
import { Limited } from './limited.js';
import { planSearch, type SearchPlan } from './plan.js';
import type { RungResult } from './ranking.js';
import { Search } from './search.js';
import type { Settings, Trial } from './space.js';
import type { SearchProgress, SearchRequest, SearchResult, TrialReport } from './types.js';

const MEMORY = 2 ** 30;

/** Encodes folds when they are first wanted, once for all trials. */
function foldStore(request: SearchRequest, { folds, start }: SearchPlan, memory: number): (fold: number) => FoldData {
  const encoded = new Limited(bytesOf, memory);
  return (fold) => {
    const known = encoded.get(fold);
    if (known !== undefined) return known;
    const data = encodeFold(request, folds[fold]!, start);
    encoded.set(fold, data);
    return data;
  };
}

function reportOf({ trial, settings }: Trial, search: Search, { rungs }: SearchPlan): TrialReport {
  const results = rungs.map((rung) => search.resultOf(trial, rung)).filter((result): result is RungResult => result !== undefined);
  const failures = search.all.flatMap((record) => (record.trial === trial && record.status === 'FAILED' ? [record] : []));
  const [failure] = failures.sort((a, b) => a.rung - b.rung || a.fold - b.fold);
  if (failure) return { trial, settings, status: 'FAILED', rungs: results, message: failure.message };
  return { trial, settings, status: results.length === rungs.length ? 'FINISHED' : 'DROPPED', rungs: results };
}

/** As training takes them: complete, and with a seed of the caller's own. */
function bestSettings(plan: SearchPlan, trial: number): Settings {
  const { seed: _, ...settings } = plan.settingsOf({ trial, rung: plan.rungs.length, fold: 0 });
  return settings;
}

function resultOf(plan: SearchPlan, search: Search, best: number): Omit<SearchResult, 'run' | 'seed'> {
  const { budget, rungs, header } = plan;
  return {
    digest: header.digest,
    criterion: budget.criterion,
    folds: budget.folds,
    rungs,
    trials: plan.trials.map((trial) => reportOf(trial, search, plan)),
    best: { trial: best, settings: bestSettings(plan, best), result: search.resultOf(best, rungs.at(-1)!)! },
    backends: [...new Set(search.all.flatMap((record) => (record.status === 'FINISHED' ? [record.backend] : [])))].sort(),
  };
}

/**
 * Searches hyper-parameters by successive halving over seeded random trials, each judged by cross-validation on the training
 * rows, in a process for each core. Every fit is recorded in `trials.jsonl` of the folder before the search goes on; a search
 * that was interrupted, by a signal or a power cut, goes on from there and ends with the same result.
 *
 * A trial whose process dies is recorded as FAILED, and the search goes on without it.
 * @throws BAD_INPUT for unsound rows, settings, space or budget, and for the folder of another search; UNAVAILABLE when
 * `signal` stops it; INTERNAL when every trial failed
 */
export async function searchHyperParameters(request: SearchRequest, onProgress: (progress: SearchProgress) => void = () => {}, signal?: AbortSignal): Promise<SearchResult> {
  const started = performance.now();
  const plan = planSearch(request);
  const { processes = availableParallelism(), memory = MEMORY } = request;
  const journal = await Journal.open(request.folder, plan.header);
  const foldData = foldStore(request, plan, memory);
  const hands = Array.from({ length: processes }, () => new Hand({ foldData, memory, program: request.program }));
  const ending = new AbortController();
  const stop = (): void => {
    ending.abort();
    for (const hand of hands) void hand.stop();
  };
  signal?.addEventListener('abort', stop, { once: true });
  if (signal?.aborted === true) stop();
  try {
    const search = new Search(plan, { journal, hands, onProgress, signal: ending.signal });
    const [best] = await search.run();
    const seconds = (performance.now() - started) / 1_000;
    const resumed = journal.records.length;
    const fits = search.all.length - resumed;
    const cpuSeconds = hands.reduce((sum, hand) => sum + hand.cpuSeconds, 0);
    const utilisation = fits === 0 ? null : cpuSeconds / (seconds * processes);
    return { ...resultOf(plan, search, best!), seed: request.seed, run: { processes, seconds, fits, resumed, utilisation } };
  } finally {
    signal?.removeEventListener('abort', stop);
    ending.abort();
    await Promise.all(hands.map((hand) => hand.stop()));
    await journal.close();
  }
}
