import { badInput } from '../../platform/index.js';
import { encodeInputs } from '../features/encode.js';
import { fitFeatureSchemaFromRaw, type RawRows } from '../features/fit.js';
import type { FeatureSchema } from '../features/schema.js';
import type { FeatureSpec } from '../features/spec.js';
import { Random } from '../random.js';
import type { LabelledRows } from '../training/rows.js';
import type { TrainingData } from '../training/train.js';

/** Training rows as the search takes them: raw values, so that each fold learns its own schema. */
export interface SearchData {
  readonly specs: readonly FeatureSpec[];
  /** One array per row, values in the order of `modelFeatures(specs)`; training rows only. */
  readonly raw: RawRows;
  /** 1 = default, 0 = good; one per row. */
  readonly labels: Uint8Array;
}

/** One inner fold: rows to learn from, and the rows that judge. */
export interface FoldData {
  readonly train: TrainingData;
  readonly held: LabelledRows;
}

/**
 * The fold (0 … k − 1) of each row, bads and goods in the same proportion in each.
 * @throws BAD_INPUT where a fold would lack one of the outcomes
 */
export function foldOfRows(labels: Uint8Array, k: number, seed: number): Uint8Array {
  const random = new Random(seed);
  const folds = new Uint8Array(labels.length);
  for (const label of [0, 1]) {
    const rows = random.shuffle(Uint32Array.from([...labels.keys()].filter((row) => labels[row] === label)));
    if (rows.length < 2 * k) throw badInput(`The search divides the training rows into ${k} folds and needs ${2 * k} loans of each outcome, but ${rows.length} ${label === 1 ? 'defaulted' : 'did not default'}; add loans or take fewer folds.`);
    rows.forEach((row, i) => (folds[row] = i % k));
  }
  return folds;
}

/** Row-major model inputs of the chosen rows. */
function encodeRows(schema: FeatureSchema, { raw, labels }: SearchData, chosen: readonly number[]): LabelledRows {
  const rows = new Float32Array(chosen.length * schema.width);
  chosen.forEach((row, i) => rows.set(encodeInputs(schema, raw[row]!).vector, i * schema.width));
  return { rows, labels: Uint8Array.from(chosen, (row) => labels[row]!), width: schema.width };
}

/** Encodes one fold; the constants of its schema are learned without the rows that judge. */
export function encodeFold(data: SearchData, folds: Uint8Array, fold: number): FoldData {
  const rows = [...folds.keys()];
  const learning = rows.filter((row) => folds[row] !== fold);
  const schema = fitFeatureSchemaFromRaw(data.specs, learning.map((row) => data.raw[row]!));
  return {
    train: encodeRows(schema, data, learning),
    held: encodeRows(schema, data, rows.filter((row) => folds[row] === fold)),
  };
}

export const bytesOf = ({ train, held }: FoldData): number => train.rows.byteLength + held.rows.byteLength;
