import type { LiveDeployment, LoadedVersion } from '../../models/index.js';
import { newId } from '../../platform/index.js';
import type { DataKey, KeyRing } from '../../security/index.js';
import { sealBody, type BodyParts } from '../record/body.js';
import type { Recordable } from '../record/recorder.js';
import type { NewColumns, PredictionRecord } from '../record/row.js';
import { bodyOf, challengeBodyOf } from './body-parts.js';
import type { Challenge, Outcome, Prepared, Problem } from './item.js';
import type { BatchScores } from './score-batch.js';

/** Everything that is recorded of one act of scoring: the prediction, and what the challengers said. */
export async function recordableOf(keys: KeyRing, prepared: Prepared, scores: BatchScores): Promise<Recordable> {
  const { item, challenges } = prepared;
  const key = await keys.keyOf(item.customerId);
  const record = decidingRecord(key, prepared, scores);
  const beside = challenges.map((challenge) => challengerRecord(key, prepared, challenge, scores.challengers.get(challenge), record.columns));
  return { request: item.request, record, beside };
}

function decidingRecord(key: DataKey, prepared: Prepared, { deciding }: BatchScores): PredictionRecord {
  const { item, version, route } = prepared;
  const [score, problem] = told(deciding.get(prepared), prepared.problem);
  const started = startOf(prepared);
  const columns = {
    ...started,
    ...columnsOf(route?.deciding ?? undefined, score, problem),
    request_id: item.request?.requestId ?? null,
    job_id: item.jobId ?? null,
    // A what-if decides nothing.
    decision: item.changes ? null : (score?.decision ?? problem?.decision ?? null),
    shadow_of: null,
    would_decide: null,
  };
  return sealed(key, columns, bodyOf(prepared, score, problem), version);
}

/** The requestId stays the decider's: it stands for both, and they are stored together or not at all. */
function challengerRecord(key: DataKey, prepared: Prepared, challenge: Challenge, outcome: Outcome | Problem | undefined, { id: shadowOf }: NewColumns): PredictionRecord {
  const [score, problem] = told(outcome, challenge.problem);
  const columns = {
    ...startOf(prepared),
    ...columnsOf(challenge.live, score, problem),
    request_id: null,
    job_id: null,
    decision: null,
    shadow_of: shadowOf,
    would_decide: score?.decision ?? null,
  };
  return sealed(key, columns, challengeBodyOf(prepared, challenge, score, problem), challenge.version);
}

/** A score, or why there is none. */
function told<Score extends Outcome>(outcome: Score | Problem | undefined, before: Problem | undefined): [Score | undefined, Problem | undefined] {
  if (outcome === undefined) return [undefined, before];
  return 'status' in outcome ? [undefined, outcome] : [outcome, undefined];
}

/** What every row of an item has in common, but for its id. The time first: an id is never of an earlier millisecond, so histories can be cut by id. */
function startOf({ item, asOf, route }: Prepared) {
  const createdAt = item.ctx.now();
  return {
    customer_id: item.customerId,
    id: newId(),
    loan_id: item.loanId,
    model_id: route?.modelId ?? null,
    actor_id: item.ctx.actor.id,
    purpose: item.purpose,
    as_of: asOf,
    created_at: createdAt,
  };
}

const columnsOf = (live: LiveDeployment | undefined, score: Outcome | undefined, problem: Problem | undefined) => ({
  version_id: live?.versionId ?? null,
  deployment_id: live?.deploymentId ?? null,
  status: problem?.status ?? ('SCORED' as const),
  grade: score?.grade ?? null,
  pd: score?.pd ?? null,
  score_points: score?.points ?? null,
});

function sealed(key: DataKey, columns: NewColumns, body: BodyParts, version: LoadedVersion | undefined): PredictionRecord {
  const { ciphertext, commitment } = sealBody(key, columns.id, body);
  return { columns, ciphertext, commitment, artefact: version?.artefactDigest ?? null, dossier: version?.dossierDigest ?? null };
}
