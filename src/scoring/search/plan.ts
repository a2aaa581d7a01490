import { badInput, canonicalJson, sha256 } from '../../base/index.js';
import { RowFingerprint } from '../fingerprint.js';
import { kFold, type Split } from '../splits/split.js';
import { parseHyperParameters, type HyperParameters } from '../training/hyper-parameters.js';
import { parseSearchBudget, planRungs, type Rung, type SearchBudget } from './budget.js';
import type { Piece } from './estimate.js';
import type { SearchData } from './folds.js';
import type { JournalHeader } from './journal.js';
import { defaultSpace, drawTrials, parseSearchSpace, type Trial } from './space.js';
import type { SearchRequest } from './types.js';

/** Everything that is decided before the first fit. */
export interface SearchPlan {
  readonly budget: SearchBudget;
  readonly trials: readonly Trial[];
  readonly rungs: readonly Rung[];
  /** The settings that the search starts from, complete. */
  readonly start: HyperParameters;
  readonly folds: readonly Split[];
  readonly header: JournalHeader;
  /** The complete hyper-parameters of a piece of work. All trials have the same seed: chance favours none. */
  readonly settingsOf: (piece: Piece) => HyperParameters;
}

function requireOutcomes({ raw, labels }: SearchData): void {
  if (raw.length !== labels.length) throw badInput(`There are ${raw.length} rows but ${labels.length} outcomes; give one outcome per row.`);
}

function fingerprint({ specs, raw, labels, units }: SearchData): string {
  const rows = new RowFingerprint();
  rows.add(specs);
  raw.forEach((values, i) => rows.add([labels[i]!, values, units?.[i] ?? i]));
  return rows.digest().sha256;
}

/** @throws BAD_INPUT for unsound rows, settings, space, budget or seed */
export function planSearch(request: SearchRequest): SearchPlan {
  requireOutcomes(request);
  const { seed, settings = {} } = request;
  const start = parseHyperParameters({ ...settings, seed });
  const { family } = start;
  const budget = parseSearchBudget(family, request.budget);
  const space = request.space === undefined ? defaultSpace(family) : parseSearchSpace(request.space);
  const trials = drawTrials(space, settings, budget.trials, seed);
  const rungs = planRungs(budget, trials.length, settings);
  const decisive = { format: 1 as const, data: fingerprint(request), rows: request.raw.length, seed, settings, space, budget };
  return {
    budget,
    trials,
    rungs,
    start,
    folds: kFold(request.labels, budget.folds, seed, request.units),
    header: { ...decisive, digest: sha256(canonicalJson(decisive)).toString('hex') },
    settingsOf: ({ trial, rung }) => {
      const { epochs, ensemble } = rungs[rung - 1]!;
      return parseHyperParameters({ ...trials[trial - 1]!.settings, epochs, ensemble, seed });
    },
  };
}
