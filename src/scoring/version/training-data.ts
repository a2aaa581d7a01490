import { monotoneColumns, sequenceColumns } from '../features/columns.js';
import { fitFeatureSchemaFromRaw, type RawRows } from '../features/fit.js';
import { asWeightOfEvidence } from '../features/propose.js';
import type { FeatureSchema } from '../features/schema.js';
import type { FeatureSpec } from '../features/spec.js';
import { parseHyperParameters, type HyperParameters, type HyperParametersInput } from '../training/hyper-parameters.js';
import type { LabelledRows } from '../training/rows.js';
import { divideRows, foldsOf, type EncodedPart, type TrainingData } from '../training/train.js';
import type { Family } from '../training/types.js';
import { encodeAll } from './rows.js';

/** The family that settings name. @throws BAD_INPUT for unsound settings */
export const familyOf = (settings: HyperParametersInput): Family => parseHyperParameters(settings).family;

/** The features as a family takes them: a scorecard stands on weight of evidence, whatever transforms the others take. */
export const specsFor = (family: Family, specs: readonly FeatureSpec[]): readonly FeatureSpec[] => (family === 'scorecard' ? asWeightOfEvidence(specs) : specs);

/** Raw training rows, from which each part of them can be encoded anew. */
export interface RawTraining {
  readonly specs: readonly FeatureSpec[];
  readonly raw: RawRows;
  /** 1 = default, 0 = good. */
  readonly labels: Uint8Array;
  readonly units?: Uint32Array | undefined;
}

const chosen = (raw: RawRows, rows: Uint32Array): RawRows => Array.from(rows, (row) => raw[row]!);

/** Encodes the two sides of each division by what is learned on the learning side alone. */
function partsOf({ specs, raw, labels, units }: RawTraining, settings: HyperParameters): EncodedPart[] {
  return Array.from({ length: foldsOf(settings) }, (_, i) => {
    const { train, validation } = divideRows({ labels, units }, settings, i + 1);
    const labelsOf = (rows: Uint32Array): Uint8Array => Uint8Array.from(rows, (row) => labels[row]!);
    const schema = fitFeatureSchemaFromRaw(specs, chosen(raw, train), { labels: labelsOf(train) });
    const encoded = (rows: Uint32Array): LabelledRows => ({ rows: encodeAll(schema, chosen(raw, rows)), labels: labelsOf(rows), width: schema.width });
    return { train: encoded(train), held: encoded(validation) };
  });
}

/**
 * Encoded rows as training takes them, with what the family needs to know of the columns. More evidence of default must
 * not earn points, so every column of a scorecard has a direction; other families have those that features declare.
 * @param rows row-major model inputs of `source.raw`
 */
export function trainingDataOf(source: RawTraining, schema: FeatureSchema, rows: Float32Array, settings: HyperParameters): TrainingData {
  const { labels, units } = source;
  const { width } = schema;
  const common = { rows, labels, width, units };
  if (settings.family === 'scorecard') return { ...common, directions: new Int8Array(width).fill(1), parts: partsOf(source, settings) };
  return { ...common, directions: monotoneColumns(schema), ...(settings.family === 'cnn' && { history: sequenceColumns(schema) }) };
}
