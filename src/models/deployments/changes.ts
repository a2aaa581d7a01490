import { recordEvent, textDigest } from '../../audit/index.js';
import { newId, type Context, type Queryable, type Transaction } from '../../platform/index.js';
import { DeploymentEntity, type DeploymentRole } from '../deployment.entity.js';

/** A version as a deployment names it. */
export interface DeployedVersion {
  readonly id: string;
  readonly version: number;
  readonly dossierDigest: string;
}

/** What is live of a model at present. */
export interface OpenDeployment {
  readonly id: string;
  readonly role: DeploymentRole;
  readonly share: number | null;
  readonly version: DeployedVersion;
}

/** Why a deployment ended. */
export type EndCause = 'REPLACED' | 'PROMOTED' | 'ENDED' | 'RETIRED' | 'SUSPENDED';

/** A role for a version, to begin now. */
export interface NewRole {
  readonly version: DeployedVersion;
  readonly role: DeploymentRole;
  /** Of a canary. */
  readonly share: number | null;
  readonly reason: string;
}

/** Deployments (d) with their versions (v), oldest first. */
const deploymentsWhere = (db: Queryable, where: string, parameters: unknown[]): Promise<OpenDeployment[]> =>
  db.query<OpenDeployment>(
    `SELECT d.id, d.role, d.share::float8 AS share,
       json_build_object('id', v.id, 'version', v.version, 'dossierDigest', encode(v.dossier_digest, 'hex')) AS version
     FROM deployments d JOIN model_versions v ON v.id = d.version_id WHERE ${where} ORDER BY d.valid_from, d.id`,
    parameters,
  );

export const openDeployments = (db: Queryable, modelId: string): Promise<OpenDeployment[]> => deploymentsWhere(db, 'd.model_id = $1 AND d.valid_to IS NULL', [modelId]);

/** What a suspension of its model ended and could be deployed now: of versions that are still approved, under waivers in force, and what decides without an open HIGH finding. */
export const deploymentsEndedBy = (db: Queryable, suspensionId: string): Promise<OpenDeployment[]> =>
  deploymentsWhere(
    db,
    `v.state = 'APPROVED' AND NOT waiver_expired(v.id) AND (d.role = 'CHALLENGER' OR NOT blocked_by_finding(v.id))
     AND (d.model_id, d.valid_to) = (SELECT s.model_id, s.valid_from FROM suspensions s WHERE s.id = $1)`,
    [suspensionId],
  );

/** Ends and beginnings that happen at one instant. */
export class LiveChange {
  constructor(
    private readonly tx: Transaction,
    private readonly ctx: Context,
    private readonly modelId: string,
    /** The instant, as the database writes it. */
    readonly at: string,
  ) {}

  /** @returns the id of the deployment */
  async begin({ version, role, share, reason }: NewRole): Promise<string> {
    const id = newId();
    const { modelId, ctx } = this;
    await this.tx.manager.insert(DeploymentEntity, { id, modelId, versionId: version.id, role, share, validFrom: this.at, byUser: ctx.actor.id, reason });
    const payload = { model: modelId, version: version.id, dossier: version.dossierDigest, deployment: id, role, share, text: textDigest(reason) };
    await recordEvent(this.tx, { type: 'VERSION_DEPLOYED', id, actor: ctx.actor.id, time: ctx.now(), payload });
    return id;
  }

  async end(deployments: readonly OpenDeployment[], cause: EndCause, reason: string): Promise<void> {
    const { tx, ctx, modelId } = this;
    const ids = deployments.map(({ id }) => id);
    await tx.query('UPDATE deployments SET valid_to = $2, ended_by = $3, end_reason = $4 WHERE id = ANY($1)', [ids, this.at, ctx.actor.id, reason]);
    for (const { id, role, version } of deployments) {
      const payload = { model: modelId, version: version.id, dossier: version.dossierDigest, deployment: id, role, cause, text: textDigest(reason) };
      await recordEvent(tx, { type: 'DEPLOYMENT_ENDED', id, actor: ctx.actor.id, time: ctx.now(), payload });
    }
  }

  /** Makes a version the champion: the one before it, and whatever else this version did, end at the same instant. */
  async champion(version: DeployedVersion, open: readonly OpenDeployment[], reason: string): Promise<string> {
    await this.end(open.filter(({ role }) => role === 'CHAMPION'), 'REPLACED', reason);
    await this.end(open.filter((one) => one.role !== 'CHAMPION' && one.version.id === version.id), 'PROMOTED', reason);
    return this.begin({ version, role: 'CHAMPION', share: null, reason });
  }
}

/** Changes what is live of a model, all at one instant, which its epoch counts. The model's lock is held. */
export async function changeLive<T>(tx: Transaction, ctx: Context, modelId: string, work: (change: LiveChange) => Promise<T>): Promise<T> {
  const result = await work(new LiveChange(tx, ctx, modelId, await stamp(tx, modelId)));
  await tx.query('UPDATE models SET deployment_epoch = deployment_epoch + 1 WHERE id = $1', [modelId]);
  return result;
}

/**
 * The database's clock after the lock, always later than what was stamped last: what begins lasts before it ends. It is the next whole millisecond, waited
 * for, because the API shows milliseconds: `liveVersion(at: validFrom)` must be this version.
 */
async function stamp(tx: Transaction, modelId: string): Promise<string> {
  const [row] = await tx.query<{ at: string }>(
    `SELECT (date_trunc('milliseconds', greatest(clock_timestamp(), max(greatest(valid_from, valid_to)))) + interval '1 millisecond')::text AS at
     FROM (SELECT valid_from, valid_to FROM deployments WHERE model_id = $1
           UNION ALL SELECT valid_from, valid_to FROM suspensions WHERE model_id = $1) before`,
    [modelId],
  );
  await tx.query('SELECT pg_sleep_until($1)', [row!.at]);
  return row!.at;
}
