import { fitFeatureSchemaFromRaw, type RawRows } from '../features/fit.js';
import type { FeatureSpec } from '../features/spec.js';
import type { Split } from '../splits/split.js';
import type { HyperParameters } from '../training/hyper-parameters.js';
import type { LabelledRows } from '../training/rows.js';
import type { TrainingData } from '../training/train.js';
import { encodeAll } from '../version/rows.js';
import { trainingDataOf, type RawTraining } from '../version/training-data.js';

/** Training rows as the search takes them: raw values, so that each fold learns its own schema. */
export interface SearchData extends Pick<RawTraining, 'units'> {
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
export function encodeFold({ specs, raw, labels, units }: SearchData, { training, holdout }: Split, settings: HyperParameters): FoldData {
  const rawOf = (rows: readonly number[]): RawRows => rows.map((row) => raw[row]!);
  const labelsOf = (rows: readonly number[]): Uint8Array => Uint8Array.from(rows, (row) => labels[row]!);
  const source = { specs, raw: rawOf(training), labels: labelsOf(training), units: units && Uint32Array.from(training, (row) => units[row]!) };
  const schema = fitFeatureSchemaFromRaw(specs, source.raw, { labels: source.labels });
  return {
    train: trainingDataOf(source, schema, encodeAll(schema, source.raw), settings),
    held: { rows: encodeAll(schema, rawOf(holdout)), labels: labelsOf(holdout), width: schema.width },
  };
}

const bytesOfRows = (all: readonly LabelledRows[]): number => all.reduce((sum, { rows }) => sum + rows.byteLength, 0);

export const bytesOf = ({ train, held }: FoldData): number => bytesOfRows([train, held, ...(train.parts ?? []).flatMap((part) => [part.train, part.held])]);
