import { recordEvent } from '../audit/index.js';
import { badInput, messageOf, newId, notFound, once, refused, type Context, type Transaction } from '../platform/index.js';
import { DeploymentEntity, type DeploymentRole } from './deployment.entity.js';
import { preparedAndGoverned } from './governed.js';
import type { LiveVersions } from './live-versions.js';
import { lockExclusive } from './model-lock.js';
import type { Routes } from './routes.js';
import { actOn, lockVersion, move, type LockedVersion } from './version.acts.js';

export interface NewDeployment {
  readonly versionId: string;
  readonly role: DeploymentRole;
  readonly reason: string;
  readonly requestId?: string | undefined;
}

export class DeploymentService {
  constructor(
    private readonly routes: Routes,
    private readonly versions: LiveVersions,
  ) {}

  /**
   * Makes an approved version the champion of its model; the previous one ends at the same instant. It is loaded here
   * before that, so that its first request does not wait.
   * @returns the id of the deployment
   * @throws REFUSED, among other rules, for a version that cannot be loaded: the champion stays
   */
  async deploy(ctx: Context, { requestId, ...request }: NewDeployment): Promise<string> {
    if (request.reason.trim() === '') throw badInput('reason: say why it is deployed.');
    const load = (): Promise<unknown> => this.versions.load(ctx.db, request.versionId).then(() => undefined, (error: unknown) => error);
    const id = await preparedAndGoverned(ctx, actOn('DEPLOY', request.versionId), load, (tx, broken) => {
      const work = (): Promise<string> => swap(tx, ctx, request, broken);
      return requestId === undefined ? work() : once(tx, ctx, { requestId, operation: 'deployModelVersion', body: request }, work);
    });
    this.routes.forget();
    await this.versions.warm(ctx.db, ctx.log).catch((err: unknown) => ctx.log.error({ err }, 'what is deployed could not be read after a deployment'));
    return id;
  }
}

/** The model's lock comes first: predictions in the act of being recorded finish under the old champion, or see the new epoch. */
async function swap(tx: Transaction, ctx: Context, { versionId, role, reason }: NewDeployment, broken: unknown): Promise<string> {
  if (role !== 'CHAMPION') throw refused(`A version cannot be deployed as ${role} yet. Deploy it as CHAMPION.`);
  await lockExclusive(tx, await modelOf(tx, versionId));
  const version = await lockVersion(tx, versionId);
  await move(tx, ctx, version, 'DEPLOY', reason);
  await requireChange(tx, version);
  if (broken) throw refused(`Version ${version.version} cannot be loaded (${messageOf(broken)}), so it cannot serve; what is live stays live. Register the version again from sound artefacts.`);
  const at = await stamp(tx, version.modelId);
  await tx.query(`UPDATE deployments SET valid_to = $2 WHERE model_id = $1 AND role = 'CHAMPION' AND valid_to IS NULL`, [version.modelId, at]);
  const id = newId();
  await tx.manager.insert(DeploymentEntity, { id, modelId: version.modelId, versionId, role, validFrom: at, byUser: ctx.actor.id, reason });
  await tx.query('UPDATE models SET deployment_epoch = deployment_epoch + 1 WHERE id = $1', [version.modelId]);
  const payload = { model: version.modelId, version: versionId, dossier: version.dossierDigest, deployment: id, role };
  await recordEvent(tx, { type: 'VERSION_DEPLOYED', id, actor: ctx.actor.id, time: ctx.now(), payload });
  return id;
}

async function modelOf(tx: Transaction, versionId: string): Promise<string> {
  const [row] = await tx.query<{ modelId: string }>('SELECT model_id AS "modelId" FROM model_versions WHERE id = $1', [versionId]);
  if (!row) throw notFound('There is no such model version.');
  return row.modelId;
}

async function requireChange(tx: Transaction, { id, modelId, version }: LockedVersion): Promise<void> {
  const [live] = await tx.query<{ versionId: string }>(
    `SELECT version_id AS "versionId" FROM deployments WHERE model_id = $1 AND role = 'CHAMPION' AND valid_to IS NULL`,
    [modelId],
  );
  if (live?.versionId === id) throw refused(`Version ${version} is the champion of its model already.`);
}

/**
 * The database's clock after the lock, never before the previous deployment. It is the next whole millisecond, waited
 * for, because the API shows milliseconds: `liveVersion(at: validFrom)` must be this version.
 */
async function stamp(tx: Transaction, modelId: string): Promise<string> {
  const [row] = await tx.query<{ at: string }>(
    `SELECT greatest(date_trunc('milliseconds', clock_timestamp()) + interval '1 millisecond', max(valid_from))::text AS at
     FROM deployments WHERE model_id = $1`,
    [modelId],
  );
  await tx.query('SELECT pg_sleep_until($1)', [row!.at]);
  return row!.at;
}
