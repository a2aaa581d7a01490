import { z } from 'zod';
import { badInput } from '../../base/index.js';
import { encodeInputs } from '../features/encode.js';
import type { FeatureSchema } from '../features/schema.js';
import { parseWith } from '../validation.js';
import { checkParity, type ParityReport, type ParitySample } from './parity.js';

const value = z.union([z.number(), z.string(), z.boolean(), z.null()]);

const sampleShape = z
  .strictObject({
    /** Library and version that gave the probabilities, such as "xgboost 1.7.4". */
    source: z.string().min(1).max(200),
    /** Raw values in the order of the feature schema; null is missing, a sequence is a list, newest first. */
    rows: z.array(z.array(z.union([value, z.array(value)]))).min(1).max(100_000),
    /** What the library itself says about each row, 0…1. */
    probabilities: z.array(z.number().min(0).max(1)),
  })
  .superRefine(({ rows, probabilities }, context) => {
    if (rows.length !== probabilities.length) context.addIssue({ code: 'custom', message: `there are ${rows.length} rows but ${probabilities.length} probabilities; give one probability for each row` });
  });

/** Rows with the probabilities of the library that made a model: the proof that it was adopted without a change. */
export type SourceSample = z.infer<typeof sampleShape>;

/** A sample file from untrusted JSON: `{ "source": …, "rows": [[…], …], "probabilities": […] }`. @throws BAD_INPUT with a sentence */
export const parseSourceSample = (json: unknown): SourceSample => parseWith(sampleShape, json, 'sample of the source library');

/** The sample in the form in which a version keeps it. @throws BAD_INPUT naming the row whose values the schema refuses */
export function encodeSourceSample(schema: FeatureSchema, { rows, probabilities }: SourceSample): ParitySample {
  const matrix = new Float32Array(rows.length * schema.width);
  rows.forEach((row, i) => {
    if (row.length !== schema.features.length) throw badInput(`Row ${i} of the sample has ${row.length} values but the feature schema has ${schema.features.length} features; give the raw values in the order of the schema.`);
    matrix.set(encodeInputs(schema, row).vector, i * schema.width);
  });
  return { rows: matrix, width: schema.width, probabilities: Float32Array.from(probabilities) };
}

/** Compares an adopted graph with the library it came from, from the raw values on; the bar is `PARITY_BAR`. @throws BAD_INPUT */
export const checkSourceParity = (onnx: Uint8Array, schema: FeatureSchema, sample: SourceSample): Promise<ParityReport> =>
  checkParity(onnx, encodeSourceSample(schema, sample));
