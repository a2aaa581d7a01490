import { z } from 'zod';
import { parseHyperParameters } from '../training/hyper-parameters.js';
import type { Family } from '../training/types.js';
import { parseWith } from '../validation.js';
import type { Settings } from './space.js';

const rungShape = z.strictObject({
  /** Share of all trials that take part; the best of the rung before. */
  trials: z.number().positive().max(1),
  /** Folds that each is judged by. */
  folds: z.int().min(1),
  /** Share of the settings' epochs. */
  epochs: z.number().positive().max(1),
  /** Networks of the ensemble, at most those of the settings. */
  ensemble: z.int().min(1),
});

const budgetShape = z
  .strictObject({
    trials: z.int().min(1).max(10_000),
    /** Parts that the training rows are divided into for cross-validation. */
    folds: z.int().min(2).max(20),
    /** What the best trial is best in: the mean over the folds of the log loss (lowest), Brier score (lowest) or AUC (highest). */
    criterion: z.enum(['log-loss', 'brier', 'auc']),
    rungs: z.array(rungShape).min(1).max(10),
  })
  .superRefine(({ folds, rungs }, context) => {
    const problem = (message: string): void => context.addIssue({ code: 'custom', path: ['rungs'], message });
    if (rungs[0]!.trials !== 1) problem('all trials take part in the first rung: its share is 1');
    if (rungs.some((rung, i) => i > 0 && rung.trials > rungs[i - 1]!.trials)) problem('a rung has no more trials than the one before');
    if (rungs.some((rung) => rung.folds > folds)) problem(`a rung cannot use more than the ${folds} folds there are`);
  });

/** How much work a search may do, and what it looks for. */
export type SearchBudget = z.infer<typeof budgetShape>;
export type Criterion = SearchBudget['criterion'];

const ALL_AT_ONCE = [{ trials: 1, folds: 3, epochs: 1, ensemble: 1 }];
const HALVING = [
  { trials: 1, folds: 1, epochs: 0.3, ensemble: 1 },
  { trials: 1 / 3, folds: 2, epochs: 0.6, ensemble: 1 },
  { trials: 2 / 15, folds: 3, epochs: 1, ensemble: 32 },
];

/**
 * The budget of a family, with parts from untrusted JSON in place of the defaults. Networks: successive halving (Jamieson &
 * Talwalkar 2016) in three rungs; a scorecard is fitted in seconds, so that every trial sees every fold.
 * @throws BAD_INPUT with a sentence
 */
export function parseSearchBudget(family: Family, json: unknown = {}): SearchBudget {
  const defaults = { trials: 30, folds: 3, criterion: 'log-loss', rungs: family === 'scorecard' ? ALL_AT_ONCE : HALVING };
  return parseWith(budgetShape, typeof json === 'object' ? { ...defaults, ...json } : json, 'search budget');
}

/** One rung with its numbers worked out. */
export interface Rung {
  /** From 1. */
  readonly rung: number;
  readonly trials: number;
  readonly folds: number;
  readonly epochs: number;
  readonly ensemble: number;
}

/** The rungs of a search that starts from the given settings. */
export function planRungs({ rungs }: SearchBudget, trials: number, settings: Settings): Rung[] {
  const { epochs, ensemble } = parseHyperParameters(settings);
  return rungs.map((rung, i) => ({
    rung: i + 1,
    trials: Math.max(1, Math.round(rung.trials * trials)),
    folds: rung.folds,
    epochs: Math.max(1, Math.round(rung.epochs * epochs)),
    ensemble: Math.min(rung.ensemble, ensemble),
  }));
}
