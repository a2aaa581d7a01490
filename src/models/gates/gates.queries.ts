import { inOrder, type LoaderDefinition, type Queryable } from '../../platform/index.js';
import { listsOf } from '../model.queries.js';
import type { WaiverInForce } from './gates.js';
import type { Champion, GateName, GateResult } from './types.js';

export const GATE_STAGES = ['SUBMISSION', 'APPROVAL'] as const;

/** When gates are evaluated for the record. */
export type GateStage = (typeof GATE_STAGES)[number];

export interface EvaluationRow {
  readonly id: string;
  readonly versionId: string;
  readonly stage: GateStage;
  readonly dossierDigest: string;
  readonly policyVersion: number;
  readonly byUser: string;
  readonly recordedAt: Date;
}

export interface WaiverRow extends WaiverInForce {
  readonly versionId: string;
  readonly dossierDigest: string;
  readonly reason: string;
  readonly recordedAt: Date;
  readonly expiresAt: Date;
  readonly proposedBy: string;
  readonly confirmedBy: string;
  readonly inForce: boolean;
}

/** Oldest first. */
export const evaluationsOfVersion = listsOf<EvaluationRow>(
  `e.id, e.version_id AS "versionId", e.stage, encode(e.dossier_digest, 'hex') AS "dossierDigest", e.policy_version AS "policyVersion", e.by_user AS "byUser", e.recorded_at AS "recordedAt"`,
  'gate_evaluations e',
  'e.version_id',
  'e.recorded_at, e.id',
);

export const resultsOfEvaluation = listsOf<GateResult>(
  'r.gate, r.verdict, r.measured, r.threshold, r.unit, r.source, r.text, r.waiver_id AS "waiverId"',
  'gate_results r',
  'r.evaluation_id',
  `array_position(ARRAY['PARITY', 'ARTEFACT_SCAN', 'DISCRIMINATION', 'CALIBRATION', 'STABILITY', 'DATA_QUALITY', 'EXPLANATION', 'FAIRNESS', 'MODEL_CARD', 'FINDINGS', 'LATENCY', 'SIZE'], r.gate)`,
);

const WAIVER = `w.id, w.version_id AS "versionId", w.gate, encode(w.dossier_digest, 'hex') AS "dossierDigest", w.reason, w.recorded_at AS "recordedAt",
  w.expires_at AS "expiresAt", w.expires_at > clock_timestamp() AS "inForce", p.proposed_by AS "proposedBy", d.decided_by AS "confirmedBy"`;
const WAIVERS = 'gate_waivers w JOIN proposals p ON p.id = w.proposal_id JOIN proposal_decisions d ON d.proposal_id = p.id';

/** Oldest first, those that have expired as well. */
export const waiversOfVersion = listsOf<WaiverRow>(WAIVER, WAIVERS, 'w.version_id', 'w.id');

export const waiversById: LoaderDefinition<string, WaiverRow | undefined> = {
  load: async (ctx, ids) => inOrder(ids, await ctx.db.query<WaiverRow>(`SELECT ${WAIVER} FROM ${WAIVERS} WHERE w.id = ANY($1)`, [ids]), ({ id }) => id),
};

/** For each gate the waiver that lasts longest. */
export const waiversInForce = (db: Queryable, versionId: string, dossierDigest: string): Promise<WaiverInForce[]> =>
  db.query<WaiverInForce>(
    `SELECT DISTINCT ON (w.gate) w.id, w.gate FROM gate_waivers w
     WHERE w.version_id = $1 AND w.dossier_digest = decode($2, 'hex') AND w.expires_at > clock_timestamp() ORDER BY w.gate, w.expires_at DESC`,
    [versionId, dossierDigest],
  );

/** The version that decides today, if it is another one. */
export async function championBeside(db: Queryable, modelId: string, versionId: string): Promise<Champion | undefined> {
  const [row] = await db.query<Champion>(
    `SELECT v.id AS "versionId", v.version FROM deployments d JOIN model_versions v ON v.id = d.version_id
     WHERE d.model_id = $1 AND d.role = 'CHAMPION' AND d.valid_to IS NULL AND d.version_id <> $2`,
    [modelId, versionId],
  );
  return row;
}

/** How a gate was judged when it was last evaluated for this dossier; undefined where it never was. */
export async function lastVerdict(db: Queryable, versionId: string, dossierDigest: string, gate: GateName): Promise<GateResult['verdict'] | undefined> {
  const [row] = await db.query<Pick<GateResult, 'verdict'>>(
    `SELECT r.verdict FROM gate_evaluations e JOIN gate_results r ON r.evaluation_id = e.id AND r.gate = $3
     WHERE e.version_id = $1 AND e.dossier_digest = decode($2, 'hex') ORDER BY e.recorded_at DESC, e.id DESC LIMIT 1`,
    [versionId, dossierDigest, gate],
  );
  return row?.verdict;
}
