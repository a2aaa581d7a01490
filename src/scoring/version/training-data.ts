import type { FeatureSchema } from '../features/schema.js';
import type { FeatureSpec } from '../features/spec.js';
import { parseHyperParameters, type HyperParametersInput } from '../training/hyper-parameters.js';
import type { TrainingData } from '../training/train.js';
import type { Family } from '../training/types.js';

/** The family that settings name. @throws BAD_INPUT for unsound settings */
export const familyOf = (settings: HyperParametersInput): Family => parseHyperParameters(settings).family;

/** The features as a family takes them: a scorecard stands on weight of evidence, whatever transform the others take. */
export const specsFor = (_family: Family, specs: readonly FeatureSpec[]): readonly FeatureSpec[] => specs;

/** Encoded rows as training takes them, with what the family needs to know of the columns. */
export const trainingDataOf = ({ width }: FeatureSchema, rows: Float32Array, labels: Uint8Array, _family: Family): TrainingData => ({ rows, labels, width });
