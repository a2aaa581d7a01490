import type { Queryable } from '../../platform/index.js';
import { collect, searchHyperParameters, type FeatureSpec, type HyperParametersInput, type SearchProgress, type SearchResult } from '../../scoring/index.js';
import type { KeyRing } from '../../security/index.js';
import { recordsOf, type LabelledLoans } from './records.js';

/** A search for hyper-parameters before a version is trained with the best of them. */
export interface SearchPlan {
  readonly trials: number;
  /** What is varied, JSON; default by family. */
  readonly space?: unknown;
  /** Where every trial is recorded; an interrupted search goes on from there. */
  readonly folder: string;
  readonly onProgress?: (progress: SearchProgress) => void;
}

export interface SearchOf {
  readonly specs: readonly FeatureSpec[];
  readonly hyperParameters: Omit<HyperParametersInput, 'seed'>;
  readonly seed: number;
  readonly signal?: AbortSignal;
}

/** Searches on the training loans alone: inner folds judge, the hold-out is never looked at. */
export async function searchSettings(db: Queryable, keys: KeyRing, train: LabelledLoans, plan: SearchPlan, { specs, hyperParameters, seed, signal }: SearchOf): Promise<SearchResult> {
  const { raw, labels } = await collect({ records: recordsOf(db, keys, train.loans), labels: train.labels }, specs);
  const { trials, space, folder, onProgress } = plan;
  const request = { specs, raw, labels, settings: hyperParameters, budget: { trials }, seed, folder, ...(space !== undefined && { space }) };
  return searchHyperParameters(request, onProgress, signal);
}
