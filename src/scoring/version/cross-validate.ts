import { fitFeatureSchemaFromRaw, type RawRows } from '../features/fit.js';
import type { FeatureSpec } from '../features/spec.js';
import { evaluate, type Metrics } from '../metrics/evaluate.js';
import { compileModel } from '../onnx/compile.js';
import { loadScorer } from '../onnx/scorer.js';
import { kFold, type Split } from '../splits/split.js';
import { parseHyperParameters } from '../training/hyper-parameters.js';
import { trainModel } from '../training/index.js';
import { encodeAll, pdsOf } from './rows.js';
import { specsFor, trainingDataOf } from './training-data.js';
import type { BuildRequest } from './types.js';

export interface CrossValidationRequest extends Pick<BuildRequest, 'hyperParameters' | 'seed' | 'signal'> {
  readonly specs: readonly FeatureSpec[];
  /** Raw values in the order of `modelFeatures(specs)`. */
  readonly raw: RawRows;
  /** 1 = default, 0 = good. */
  readonly labels: Uint8Array;
  /** The customer of each row, by number; all rows of one are in one fold. */
  readonly units?: Uint32Array | undefined;
  /** A number of folds, drawn within each outcome by the seed; or the folds themselves. */
  readonly folds: number | readonly Split[];
  readonly onFold?: (fold: number, folds: number, metrics: Metrics) => void;
}

/** Fixed settings, judged on each fold by a model that never saw it. */
export interface CrossValidation {
  readonly folds: readonly Pick<Metrics, 'rows' | 'bads' | 'auc' | 'ks' | 'brier' | 'logLoss' | 'ece'>[];
  /** Means over the folds, and the standard deviation of the AUC between them. */
  readonly auc: number;
  readonly aucDeviation: number;
  readonly ks: number;
  readonly brier: number;
}

const mean = (values: readonly number[]): number => values.reduce((sum, x) => sum + x, 0) / values.length;

const deviation = (values: readonly number[]): number => Math.sqrt(values.reduce((sum, x) => sum + (x - mean(values)) ** 2, 0) / Math.max(1, values.length - 1));

/** A PD at or above it would count as a predicted default; nothing that is told here depends on it. */
const ANY_LINE = 0.5;

/** Learns the schema and trains without a fold, then scores the fold through the compiled graph. */
async function judge({ specs, raw, labels, units, hyperParameters = {}, seed, signal }: CrossValidationRequest, { training, holdout }: Split): Promise<Metrics> {
  const settings = parseHyperParameters({ ...hyperParameters, seed });
  const of = (rows: readonly number[]) => ({ raw: rows.map((row) => raw[row]!), labels: Uint8Array.from(rows, (row) => labels[row]!) });
  const [learning, held] = [of(training), of(holdout)];
  const source = { specs: specsFor(settings.family, specs), ...learning, units: units && Uint32Array.from(training, (row) => units[row]!) };
  const schema = fitFeatureSchemaFromRaw(source.specs, source.raw, { labels: source.labels });
  const data = trainingDataOf(source, schema, encodeAll(schema, source.raw), settings);
  const model = await trainModel({ ...data, hyperParameters: { ...hyperParameters, seed } }, undefined, signal);
  const scorer = await loadScorer({ onnx: compileModel(model), schema });
  try {
    return evaluate(held.labels, await pdsOf(scorer, encodeAll(schema, held.raw)), ANY_LINE);
  } finally {
    await scorer.dispose();
  }
}

/**
 * Cross-validates settings: what a model made this way is worth on loans it has not seen.
 * @throws BAD_INPUT for unsound settings, or folds that lack an outcome
 */
export async function crossValidate(request: CrossValidationRequest): Promise<CrossValidation> {
  const { folds: asked, labels, seed, onFold } = request;
  const splits = typeof asked === 'number' ? kFold(labels, asked, seed, request.units) : asked;
  const found: Metrics[] = [];
  for (const split of splits) {
    found.push(await judge(request, split));
    onFold?.(found.length, splits.length, found.at(-1)!);
  }
  const folds = found.map(({ rows, bads, auc, ks, brier, logLoss, ece }) => ({ rows, bads, auc, ks, brier, logLoss, ece }));
  const aucs = folds.map(({ auc }) => auc);
  return { folds, auc: mean(aucs), aucDeviation: deviation(aucs), ks: mean(folds.map(({ ks }) => ks)), brier: mean(folds.map(({ brier }) => brier)) };
}
