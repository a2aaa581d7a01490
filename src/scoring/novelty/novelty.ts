import type { FeatureSchema } from '../features/schema.js';
import { decodeNovelty, distanceTo, type NoveltyConstants } from './constants.js';
import { learnNovelty, type NoveltyOptions } from './learn.js';

export interface NoveltyFinding {
  /** Mahalanobis distance to the mean of the training rows, in deviations; 0 is the mean applicant. */
  readonly distance: number;
  readonly threshold: number;
  /** The values may each be in range, but training saw hardly anyone like this. */
  readonly novel: boolean;
}

/** The schema with the novelty of its training rows. @param rows row-major, as encoded by this schema */
export function withNovelty(schema: FeatureSchema, rows: Float32Array, options?: NoveltyOptions): FeatureSchema {
  const novelty = learnNovelty(rows, schema.width, options);
  return novelty === undefined ? schema : { ...schema, novelty };
}

interface Decoded {
  readonly constants: NoveltyConstants;
  readonly scratch: Float64Array;
}

/** Decoded once per loaded schema. */
const decoded = new WeakMap<FeatureSchema, Decoded>();

function decodedOf(schema: FeatureSchema): Decoded | undefined {
  if (schema.novelty === undefined) return undefined;
  const known = decoded.get(schema) ?? { constants: decodeNovelty(schema.novelty), scratch: new Float64Array(schema.width) };
  decoded.set(schema, known);
  return known;
}

/**
 * How unlike the training rows an encoded applicant is. Deterministic.
 * @param vector length `schema.width`
 * @returns undefined when the schema holds no novelty
 */
export function noveltyOf(schema: FeatureSchema, vector: Float32Array): NoveltyFinding | undefined {
  const known = decodedOf(schema);
  if (known === undefined) return undefined;
  const { threshold } = schema.novelty!;
  const distance = distanceTo(known.constants, vector, 0, known.scratch);
  return { distance, threshold, novel: distance > threshold };
}
