import type { LoadedVersion } from '../../models/index.js';
import { encodeInputs } from '../../scoring/index.js';
import type { PredictionBody } from '../record/body.js';
import { explanationOf } from '../scoring/body-parts.js';
import { scoreVectors } from '../scoring/score.js';

/** What a record would hold, had it been explained when it was made. */
export type ExplainedLater = Pick<PredictionBody, 'explanation' | 'reasons'>;

/** Explains records of one version from their inputs and its artefacts alone, in one pass. */
export async function explainRecorded(version: LoadedVersion, bodies: readonly PredictionBody[]): Promise<ExplainedLater[]> {
  const rows = bodies.map(({ inputs }) => encodeInputs(version.schema, inputs.map(([value]) => value)));
  const scores = await scoreVectors(version, rows.map(({ vector }) => vector), rows.map(({ inputs }) => inputs));
  return scores.map((score) => ({ explanation: explanationOf(score), reasons: score.reasons }));
}
