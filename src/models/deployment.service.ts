import { recordEvent, textDigest } from '../audit/index.js';
import { badInput, notFound, once, type Context, type Transaction } from '../platform/index.js';
import type { DeploymentRole } from './deployment.entity.js';
import { actOnModel, afterChange, modelOfVersion, requireModel, requireReason, type LiveParts } from './deployments/acts.js';
import { changeLive, openDeployments, type OpenDeployment } from './deployments/changes.js';
import { earlierChampions, tryToLoad, type Broken, type EarlierChampion } from './deployments/previous.js';
import { cannotLoad, championFirst, championStays, endedAlready, highFindingOpen, holdsRole, isSuspended, nothingBefore, nothingLive, oneCanary } from './deployments/rules.js';
import { openSuspension } from './deployments/suspension.queries.js';
import { openHighFindings } from './findings/findings.queries.js';
import { governed, preparedAndGoverned } from './governed.js';
import type { LiveVersions } from './live-versions.js';
import { lockExclusive } from './model-lock.js';
import type { Routes } from './routes.js';
import { actOn, lockVersion, move, type LockedVersion } from './version.acts.js';

export interface NewDeployment {
  readonly versionId: string;
  readonly role: DeploymentRole;
  /** Of a canary: for which share of the customers it decides, above 0 and below 1. */
  readonly share?: number | undefined;
  readonly reason: string;
  readonly requestId?: string | undefined;
}

export interface Rollback {
  readonly modelId: string;
  readonly reason: string;
  readonly requestId?: string | undefined;
}

const SHARE_STEP = 10_000;

/** Which version decides, and which stand beside it. Every change happens at one instant, under the model's lock. */
export class DeploymentService {
  private readonly parts: LiveParts;

  constructor(routes: Routes, versions: LiveVersions) {
    this.parts = { routes, versions };
  }

  /**
   * Gives an approved version a role for its model. A new champion replaces the present one at the same instant, and
   * gives up whatever else it did. It is loaded here before that, so that its first request does not wait.
   * @returns the id of the deployment
   * @throws REFUSED, among other rules, for a version that cannot be loaded: what is live stays
   */
  async deploy(ctx: Context, { requestId, ...request }: NewDeployment): Promise<string> {
    requireReason(request.reason, 'it is deployed');
    requireShare(request);
    const { versionId } = request;
    const id = await preparedAndGoverned(ctx, actOn('DEPLOY', versionId), () => tryToLoad(ctx, this.parts.versions, [{ id: versionId }]), (tx, broken) => {
      const work = (): Promise<string> => deploy(tx, ctx, request, broken);
      return requestId === undefined ? work() : once(tx, ctx, { requestId, operation: 'deployModelVersion', body: request }, work);
    });
    await afterChange(this.parts, ctx);
    return id;
  }

  /**
   * Deploys the latest earlier champion of another version that is still approved. Called again, it leads back. It does
   * not pass over one with a HIGH finding for another still: which one then, is for deployModelVersion to say.
   * @returns the id of the deployment
   */
  async rollBack(ctx: Context, { requestId, ...request }: Rollback): Promise<string> {
    const { modelId, reason } = request;
    requireReason(reason, 'the model is rolled back');
    const prepare = async (): Promise<Broken> => {
      const [before] = await previousChampions(ctx.db, modelId);
      return tryToLoad(ctx, this.parts.versions, before ? [before] : []);
    };
    const id = await preparedAndGoverned(ctx, actOnModel('ROLL_BACK_MODEL', modelId), prepare, (tx, broken) => {
      const work = (): Promise<string> => rollBack(tx, ctx, request, broken);
      return requestId === undefined ? work() : once(tx, ctx, { requestId, operation: 'rollbackModel', body: request }, work);
    });
    await afterChange(this.parts, ctx);
    return id;
  }

  /** Ends a challenger or a canary. @throws REFUSED for a champion, CONFLICT for what has ended */
  async end(ctx: Context, deploymentId: string, reason: string): Promise<void> {
    requireReason(reason, 'it ends');
    const act = { name: 'END_DEPLOYMENT', subject: deploymentId, permission: 'version:deploy', role: 'ADMIN' } as const;
    await governed(ctx, act, async (tx) => {
      const { modelId, validTo } = await deploymentRow(tx, deploymentId);
      await lockExclusive(tx, modelId);
      const deployment = (await openDeployments(tx, modelId)).find(({ id }) => id === deploymentId);
      if (!deployment) throw endedAlready(validTo ?? (await deploymentRow(tx, deploymentId)).validTo!);
      if (deployment.role === 'CHAMPION') throw championStays('A champion does not end without another in its place.');
      await changeLive(tx, ctx, modelId, (change) => change.end([deployment], 'ENDED', reason));
    });
    await afterChange(this.parts, ctx);
  }

  /** Takes a version out of use for good; it ends as challenger or canary. @throws REFUSED for the champion */
  async retire(ctx: Context, versionId: string, reason: string): Promise<void> {
    requireReason(reason, 'it is retired');
    await governed(ctx, actOn('RETIRE', versionId), async (tx) => {
      await lockExclusive(tx, await modelOfVersion(tx, versionId));
      const version = await lockVersion(tx, versionId);
      const own = (await openDeployments(tx, version.modelId)).filter((one) => one.version.id === versionId);
      if (own.some(({ role }) => role === 'CHAMPION')) throw championStays(`Version ${version.version} is the champion of its model, so it cannot be retired.`);
      if (own.length > 0) await changeLive(tx, ctx, version.modelId, (change) => change.end(own, 'RETIRED', reason));
      await move(tx, ctx, version, 'RETIRE', reason);
      const payload = { model: version.modelId, version: versionId, dossier: version.dossierDigest, text: textDigest(reason) };
      await recordEvent(tx, { type: 'VERSION_RETIRED', id: versionId, actor: ctx.actor.id, time: ctx.now(), payload });
    });
    await afterChange(this.parts, ctx);
  }
}

function requireShare({ role, share }: NewDeployment): void {
  if (role !== 'CANARY' && share !== undefined) throw badInput(`share: leave it out for a ${role}; only a CANARY decides for a share.`);
  if (role !== 'CANARY') return;
  const steps = (share ?? 0) * SHARE_STEP;
  if (share === undefined || !(steps >= 1 && steps < SHARE_STEP) || Math.abs(steps - Math.round(steps)) > 1e-6) {
    throw badInput('share: say for which share of the customers the CANARY decides, such as 0.05: from 0.0001 to 0.9999, with at most four decimals.');
  }
}

/** The model's lock comes first: predictions in the act of being recorded finish under the old champion, or see the new epoch. */
async function deploy(tx: Transaction, ctx: Context, { versionId, role, share, reason }: NewDeployment, broken: Broken): Promise<string> {
  await lockExclusive(tx, await modelOfVersion(tx, versionId));
  const version = await lockVersion(tx, versionId);
  await move(tx, ctx, version, 'DEPLOY', reason);
  const suspended = await openSuspension(tx, version.modelId, null);
  if (suspended) throw isSuspended('The model', suspended.validFrom, 'Resume it first with resumeModel, which a second ADMIN confirms.');
  const open = await openDeployments(tx, version.modelId);
  requirePlace(version, role, open);
  if (role !== 'CHALLENGER') await requireNoHighFinding(tx, version);
  if (broken.has(versionId)) throw cannotLoad(version, broken.get(versionId));
  return changeLive(tx, ctx, version.modelId, (change) =>
    role === 'CHAMPION' ? change.champion(version, open, reason) : change.begin({ version, role, share: share ?? null, reason }),
  );
}

/** The database refuses it too. A challenger decides nothing: it may be what shows that the weakness is gone. */
async function requireNoHighFinding(tx: Transaction, version: LockedVersion): Promise<void> {
  const titles = await openHighFindings(tx, version.id, version.modelId);
  if (titles.length > 0) throw highFindingOpen(version, titles);
}

function requirePlace(version: LockedVersion, role: DeploymentRole, open: readonly OpenDeployment[]): void {
  const own = open.find((one) => one.version.id === version.id);
  if (own && (role !== 'CHAMPION' || own.role === 'CHAMPION')) throw holdsRole(version, own.role);
  if (role !== 'CHAMPION' && open.every((one) => one.role !== 'CHAMPION')) throw championFirst(role);
  const canary = role === 'CANARY' ? open.find((one) => one.role === 'CANARY') : undefined;
  if (canary) throw oneCanary(canary.version);
}

/** Whom the present champion came after, the latest first; none where there is no champion. */
async function previousChampions(db: Context['db'] | Transaction, modelId: string): Promise<EarlierChampion[]> {
  const champion = (await openDeployments(db, modelId)).find(({ role }) => role === 'CHAMPION');
  return champion ? earlierChampions(db, modelId, champion.version.id) : [];
}

async function rollBack(tx: Transaction, ctx: Context, { modelId, reason }: Rollback, broken: Broken): Promise<string> {
  await requireModel(tx, modelId);
  await lockExclusive(tx, modelId);
  const open = await openDeployments(tx, modelId);
  const champion = open.find(({ role }) => role === 'CHAMPION');
  if (!champion) throw nothingLive();
  const [before] = await previousChampions(tx, modelId);
  if (!before) throw nothingBefore();
  if (broken.has(before.id)) throw cannotLoad(before, broken.get(before.id));
  const version = await lockVersion(tx, before.id);
  await move(tx, ctx, version, 'DEPLOY', reason);
  await requireNoHighFinding(tx, version);
  return changeLive(tx, ctx, modelId, async (change) => {
    const deployment = await change.champion(version, open, reason);
    const payload = { model: modelId, from: champion.version.id, to: before.id, deployment, text: textDigest(reason) };
    await recordEvent(tx, { type: 'MODEL_ROLLED_BACK', id: deployment, actor: ctx.actor.id, time: ctx.now(), payload });
    return deployment;
  });
}

async function deploymentRow(tx: Transaction, id: string): Promise<{ modelId: string; validTo: Date | null }> {
  const [row] = await tx.query<{ modelId: string; validTo: Date | null }>('SELECT model_id AS "modelId", valid_to AS "validTo" FROM deployments WHERE id = $1', [id]);
  if (!row) throw notFound('There is no such deployment.');
  return row;
}
