import { monotoneColumns, sequenceColumns } from '../features/columns.js';
import { asWeightOfEvidence } from '../features/propose.js';
import type { FeatureSchema } from '../features/schema.js';
import type { FeatureSpec } from '../features/spec.js';
import { parseHyperParameters, type HyperParametersInput } from '../training/hyper-parameters.js';
import type { TrainingData } from '../training/train.js';
import type { Family } from '../training/types.js';

/** The family that settings name. @throws BAD_INPUT for unsound settings */
export const familyOf = (settings: HyperParametersInput): Family => parseHyperParameters(settings).family;

/** The features as a family takes them: a scorecard stands on weight of evidence, whatever transforms the others take. */
export const specsFor = (family: Family, specs: readonly FeatureSpec[]): readonly FeatureSpec[] => (family === 'scorecard' ? asWeightOfEvidence(specs) : specs);

/**
 * Encoded rows as training takes them, with what the family needs to know of the columns. More evidence of default must
 * not earn points, so every column of a scorecard has a direction; other families have those that features declare.
 */
export function trainingDataOf(schema: FeatureSchema, rows: Float32Array, labels: Uint8Array, family: Family): TrainingData {
  const { width } = schema;
  const directions = family === 'scorecard' ? new Int8Array(width).fill(1) : monotoneColumns(schema);
  return { rows, labels, width, directions, ...(family === 'cnn' && { history: sequenceColumns(schema) }) };
}
