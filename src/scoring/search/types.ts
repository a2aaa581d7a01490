import type { Criterion, Rung } from './budget.js';
import type { SearchData } from './folds.js';
import type { RungResult } from './ranking.js';
import type { Settings } from './space.js';

export interface SearchRequest extends SearchData {
  /** Where the search starts: the first trial, and what the space does not vary. The family is given here. */
  readonly settings?: Settings;
  /** What is varied, as JSON; default by family. */
  readonly space?: unknown;
  /** How much work is done, as JSON; parts that are absent have the defaults of the family. */
  readonly budget?: unknown;
  /** Decides trials, folds and weights; 0 … 2³¹ − 1. */
  readonly seed: number;
  /** Where every trial is recorded; a search that was interrupted goes on from there. */
  readonly folder: string;
  /** Worker processes; default one for each core. */
  readonly processes?: number;
  /** Bytes of encoded folds that each process may keep; default 1 GiB. */
  readonly memory?: number;
  /** The program of the worker processes; default the worker beside the search. */
  readonly program?: URL;
}

export interface SearchProgress {
  readonly rung: number;
  readonly rungs: number;
  /** Fits (a trial on a fold) that are finished, of all rungs together. */
  readonly done: number;
  readonly total: number;
  /** The trial that was just finished or is being trained. */
  readonly trial: number;
  /** The best trial of the newest rung that has one with all its folds. */
  readonly best?: Pick<RungResult, 'rung' | 'logLoss' | 'brier' | 'auc'> & { readonly trial: number };
  /** Undefined until the first fit is finished. */
  readonly secondsLeft: number | undefined;
}

export interface TrialReport {
  readonly trial: number;
  readonly settings: Settings;
  /** FINISHED: came through the last rung. DROPPED: others were better before. FAILED: a fit did not end. */
  readonly status: 'FINISHED' | 'DROPPED' | 'FAILED';
  /** Rungs that were completed, from the first. */
  readonly rungs: readonly RungResult[];
  /** Why it failed. */
  readonly message?: string;
}

/** Plain JSON, for the report and the dossier. But for the times it depends on rows, settings, space, budget, seed and backend only. */
export interface SearchResult {
  readonly digest: string;
  readonly seed: number;
  readonly criterion: Criterion;
  readonly folds: number;
  readonly rungs: readonly Rung[];
  readonly trials: readonly TrialReport[];
  readonly best: {
    readonly trial: number;
    /** All hyper-parameters but the seed, as training takes them. */
    readonly settings: Settings;
    readonly result: RungResult;
  };
  /** What did the arithmetic; more than one when a search was resumed elsewhere. */
  readonly backends: readonly string[];
  readonly run: {
    readonly processes: number;
    /** Wall seconds of this run. */
    readonly seconds: number;
    /** Fits of this run, and those read back from an earlier one. */
    readonly fits: number;
    readonly resumed: number;
    /** Processor seconds of the processes ÷ (wall seconds × processes); null when nothing was left to do. */
    readonly utilisation: number | null;
  };
}
