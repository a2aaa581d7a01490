import { fitFeatureSchemaFromRaw, type RawRows } from '../features/fit.js';
import type { FeatureSpec } from '../features/spec.js';
import type { Split } from '../splits/split.js';
import type { LabelledRows } from '../training/rows.js';
import type { TrainingData } from '../training/train.js';
import type { Family } from '../training/types.js';
import { encodeAll } from '../version/rows.js';
import { trainingDataOf } from '../version/training-data.js';

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

/** Encodes one fold; the constants of its schema are learned without the rows that judge. */
export function encodeFold({ specs, raw, labels }: SearchData, { training, holdout }: Split, family: Family): FoldData {
  const rawOf = (rows: readonly number[]): RawRows => rows.map((row) => raw[row]!);
  const labelsOf = (rows: readonly number[]): Uint8Array => Uint8Array.from(rows, (row) => labels[row]!);
  const schema = fitFeatureSchemaFromRaw(specs, rawOf(training), { labels: labelsOf(training) });
  return {
    train: trainingDataOf(schema, encodeAll(schema, rawOf(training)), labelsOf(training), family),
    held: { rows: encodeAll(schema, rawOf(holdout)), labels: labelsOf(holdout), width: schema.width },
  };
}

export const bytesOf = ({ train, held }: FoldData): number => train.rows.byteLength + held.rows.byteLength;
