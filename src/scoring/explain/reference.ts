import { z } from 'zod';
import { badInput } from '../../base/index.js';
import { floatsFromBase64, floatsToBase64 } from '../base64.js';
import type { DecisionPolicy } from '../decision/policy.js';
import type { EncodedInput } from '../features/encode.js';
import type { FeatureSchema } from '../features/schema.js';
import { isNumeric } from '../features/spec.js';
import { firstNotFinite } from '../numbers.js';
import type { Scorer } from '../onnx/scorer.js';
import { Random } from '../random.js';
import { parseWith } from '../validation.js';
import { typicalOf, typicalShape } from './typical.js';

const MIN_SIZE = 2;

const fileShape = z.strictObject({
  version: z.literal(1),
  width: z.int().min(1),
  size: z.int().min(MIN_SIZE),
  /** Mean logit of the rows: the level that attributions are measured from. */
  baselineLogit: z.number(),
  /** size × width float32, little-endian, base64. */
  vectors: z.base64(),
  /** What approved applicants usually have, per feature in schema order. */
  typical: z.array(typicalShape),
});

type ReferenceFile = z.infer<typeof fileShape>;

/** Approved applicants near the approval line; stored with the version as JSON, its matrix decoded for use. */
export interface ReferenceSet {
  readonly json: ReferenceFile;
  /** size × width, row-major. */
  readonly matrix: Float32Array;
}

export interface Candidates {
  /** Row-major model inputs. */
  readonly vectors: Float32Array;
  /** Inputs of row i in schema order; asked only for the rows near the line. */
  readonly inputs: (row: number) => readonly EncodedInput[];
  readonly pds: ArrayLike<number>;
}

/** Rows of the approved quarter (at least `least` rows) that lies nearest to the line. */
function nearTheLine(pds: ArrayLike<number>, policy: Pick<DecisionPolicy, 'approveBelow'>, least: number): Uint32Array {
  const approved = Array.from(pds, (_, i) => i).filter((i) => pds[i]! < policy.approveBelow);
  approved.sort((a, b) => pds[b]! - pds[a]! || a - b);
  return Uint32Array.from(approved.slice(0, Math.max(least, Math.ceil(approved.length / 4))));
}

function rowsOf(vectors: Float32Array, rows: Uint32Array, width: number): Float32Array {
  const matrix = new Float32Array(rows.length * width);
  rows.forEach((row, i) => matrix.set(vectors.subarray(row * width, (row + 1) * width), i * width));
  return matrix;
}

/**
 * Draws the reference set of a version: a seeded sample of the approved applicants nearest to the approval line.
 * @param size rows to keep, 64…256; fewer when fewer are approved
 * @throws BAD_INPUT when the policy approves fewer than two candidates
 */
export async function chooseReference(
  scorer: Scorer,
  schema: FeatureSchema,
  candidates: Candidates,
  policy: Pick<DecisionPolicy, 'approveBelow'>,
  size: number,
  seed: number,
): Promise<ReferenceSet> {
  const pool = nearTheLine(candidates.pds, policy, size);
  if (pool.length < MIN_SIZE) throw badInput(`The policy approves ${pool.length} of ${candidates.pds.length} candidates below a PD of ${policy.approveBelow}; raise the approval line, for reasons need approved applicants to compare with.`);
  const pooled = [...pool].map((row) => candidates.inputs(row));
  const typical = schema.features.map(({ spec }, f) => typicalOf(pooled.map((inputs) => inputs[f]!.value), isNumeric(spec)));
  const chosen = new Random(seed).shuffle(pool.slice()).slice(0, size);
  const matrix = rowsOf(candidates.vectors, chosen, schema.width);
  const { logit } = await scorer.run(matrix, chosen.length, { gradient: false });
  const baselineLogit = logit.reduce((sum, x) => sum + x, 0) / logit.length;
  return { json: { version: 1, width: schema.width, size: chosen.length, baselineLogit, vectors: floatsToBase64(matrix), typical }, matrix };
}

/** A reference set from untrusted JSON. @throws BAD_INPUT when it is damaged or belongs to another schema. */
export function parseReferenceSet(json: unknown, schema: FeatureSchema): ReferenceSet {
  const file = parseWith(fileShape, json, 'reference set');
  const matrix = floatsFromBase64(file.vectors);
  if (file.width !== schema.width || file.typical.length !== schema.features.length) throw badInput('The reference set belongs to another feature schema; use the one stored with the version.');
  if (matrix.length !== file.size * file.width || firstNotFinite(matrix) >= 0) throw badInput('The vectors of the reference set are damaged; use the artefact stored with the version.');
  return { json: file, matrix };
}
