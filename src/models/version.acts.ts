import { recordEvent } from '../audit/index.js';
import { newId, notFound, type Context, type Queryable, type Transaction } from '../platform/index.js';
import type { Vote } from './approval-policy.js';
import { VOTE_EXPIRED } from './evidence.queries.js';
import { ACTS, transitionOf, type Act, type VersionState } from './lifecycle.js';
import type { GovernedAct } from './governed.js';
import { requiredOf, type RequiredVotes, type Tier } from './policy/tiers.js';
import { ModelVersionEntity, TransitionEntity, type Part } from './version.entity.js';

/** A version as an act finds it; locked, so that acts on one version happen one after another. */
export interface LockedVersion {
  readonly id: string;
  readonly modelId: string;
  readonly version: number;
  readonly state: VersionState;
  readonly dossierDigest: string;
  readonly tier: Tier;
  /** Frozen when it was submitted; null of a DRAFT. */
  readonly required: RequiredVotes | null;
}

export const actOn = (act: Act, versionId: string): GovernedAct => ({ name: act, subject: versionId, permission: ACTS[act].permission, role: ACTS[act].role });

/** @throws NOT_FOUND */
export async function lockVersion(tx: Transaction, versionId: string): Promise<LockedVersion> {
  const [row] = await tx.query<Omit<LockedVersion, 'required'> & Parameters<typeof requiredOf>[0]>(
    `SELECT v.id, v.model_id AS "modelId", v.version, v.state, encode(v.dossier_digest, 'hex') AS "dossierDigest", m.tier,
       v.required_validators AS "requiredValidators", v.required_admins AS "requiredAdmins"
     FROM model_versions v JOIN models m ON m.id = v.model_id WHERE v.id = $1 FOR NO KEY UPDATE OF v`,
    [versionId],
  );
  if (!row) throw notFound('There is no such model version.');
  return { ...row, required: requiredOf(row) };
}

/** Takes a version where the act leads, and writes the step down. @throws REFUSED when it leads nowhere from here */
export async function move(tx: Transaction, ctx: Context, version: LockedVersion, act: Act, reason: string | null): Promise<void> {
  const { from, to } = transitionOf(act, version.state);
  if (to !== from) await tx.manager.update(ModelVersionEntity, { id: version.id }, { state: to });
  await writeStep(tx, ctx, version.id, act, { from, to }, reason);
}

export async function writeStep(
  tx: Transaction,
  ctx: Context,
  versionId: string,
  act: Act,
  { from, to }: { from: VersionState | null; to: VersionState },
  reason: string | null,
): Promise<void> {
  await tx.manager.insert(TransitionEntity, { id: newId(), versionId, act, from, to, userId: ctx.actor.id, reason });
}

/** Notes that someone had a part in a version, which takes away their vote. */
export const contribute = async (tx: Transaction, versionId: string, userId: string, part: Part): Promise<void> =>
  void (await tx.query('INSERT INTO model_version_contributors (version_id, user_id, part) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING', [versionId, userId, part]));

export const votesOn = (db: Queryable, versionId: string): Promise<Vote[]> =>
  db.query<Vote>(
    `SELECT b.user_id AS "userId", b.role, b.verdict, encode(b.dossier_digest, 'hex') AS "dossierDigest", ${VOTE_EXPIRED} AS expired
     FROM model_version_votes b JOIN model_versions v ON v.id = b.version_id WHERE b.version_id = $1`,
    [versionId],
  );

export const announce = (
  tx: Transaction,
  ctx: Context,
  type: 'VERSION_REGISTERED' | 'VERSION_VALIDATED' | 'VERSION_APPROVED' | 'VERSION_REJECTED',
  { id, modelId, dossierDigest }: Pick<LockedVersion, 'id' | 'modelId' | 'dossierDigest'>,
): Promise<void> =>
  recordEvent(tx, { type, id, actor: ctx.actor.id, time: ctx.now(), payload: { model: modelId, version: id, dossier: dossierDigest } });
