import { chooseReference, type ReferenceSet } from '../explain/reference.js';
import type { DecisionPolicy } from '../decision/policy.js';
import { encodeInputs } from '../features/encode.js';
import type { FeatureSchema } from '../features/schema.js';
import { evaluate } from '../metrics/evaluate.js';
import { binShares, psi, psiEdges } from '../metrics/psi.js';
import type { Scorer } from '../onnx/scorer.js';
import { encodeAll, pdsOf, type RawData } from './rows.js';
import type { BuildRequest, VersionBundle } from './types.js';

interface Evaluated {
  readonly metrics: VersionBundle['metrics'];
  readonly reference: ReferenceSet;
}

export interface EvaluationInput {
  readonly request: BuildRequest;
  readonly schema: FeatureSchema;
  readonly policy: DecisionPolicy;
  readonly data: RawData;
  readonly held: RawData | undefined;
  readonly rows: Float32Array;
}

/** Metrics on training and hold-out rows, and the reference set drawn from the training rows. */
export async function evaluateVersion(scorer: Scorer, { request, schema, policy, data, held, rows }: EvaluationInput): Promise<Evaluated> {
  const pds = await pdsOf(scorer, rows);
  const inputs = (row: number) => encodeInputs(schema, data.raw[row]!).inputs;
  const reference = await chooseReference(scorer, schema, { vectors: rows, inputs, pds }, policy, request.referenceSize ?? 64, request.seed);
  const edges = psiEdges(pds);
  const training = evaluate(data.labels, pds, policy.approveBelow);
  if (held === undefined) return { metrics: { training, holdout: null, psi: null, psiEdges: edges }, reference };
  const heldPds = await pdsOf(scorer, encodeAll(schema, held.raw));
  const holdout = evaluate(held.labels, heldPds, policy.approveBelow);
  return { metrics: { training, holdout, psi: psi(binShares(pds, edges), binShares(heldPds, edges)), psiEdges: edges }, reference };
}
