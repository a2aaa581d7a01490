import { recordEvent, textDigest } from '../../audit/index.js';
import { newId, type Context, type Transaction } from '../../platform/index.js';
import { governed, preparedAndGoverned } from '../governed.js';
import { transitionOf } from '../lifecycle.js';
import { lockExclusive } from '../model-lock.js';
import { actOn, lockVersion, move } from '../version.acts.js';
import { actOnModel, afterChange, modelOfVersion, requireModel, requireReason, type LiveParts } from './acts.js';
import { changeLive, openDeployments } from './changes.js';
import { earlierChampions, tryToLoad, type Broken } from './previous.js';
import { suspendedAlready } from './rules.js';
import { openSuspension } from './suspension.queries.js';

/**
 * The stop switch: one ADMIN suffices, lifting it takes two. The model's lock is taken exclusively, so predictions in
 * the act of being recorded are stamped before the stop; whatever comes after finds another epoch, on every replica.
 */
export class StopService {
  constructor(private readonly parts: LiveParts) {}

  /** Nothing decides with the model from now on: a person does. @returns the id of the suspension */
  async suspendModel(ctx: Context, modelId: string, reason: string): Promise<string> {
    requireReason(reason, 'the model is stopped');
    const id = await governed(ctx, actOnModel('SUSPEND_MODEL', modelId), async (tx) => {
      await requireModel(tx, modelId);
      await lockExclusive(tx, modelId);
      const present = await openSuspension(tx, modelId, null);
      if (present) throw suspendedAlready('The model', present.validFrom);
      return changeLive(tx, ctx, modelId, async (change) => {
        const suspension = await suspend(tx, ctx, { modelId, versionId: null, at: change.at, reason });
        await change.end(await openDeployments(tx, modelId), 'SUSPENDED', reason);
        await recordEvent(tx, { type: 'MODEL_SUSPENDED', id: suspension, actor: ctx.actor.id, time: ctx.now(), payload: { model: modelId, suspension, text: textDigest(reason) } });
        return suspension;
      });
    });
    await afterChange(this.parts, ctx);
    return id;
  }

  /**
   * A version stops whatever it does. Where it decided, the latest earlier champion that is still approved takes its
   * place at the same instant, or a person decides.
   * @returns the id of the suspension
   */
  async suspendVersion(ctx: Context, versionId: string, reason: string): Promise<string> {
    requireReason(reason, 'the version is stopped');
    const prepare = async (): Promise<Broken> => tryToLoad(ctx, this.parts.versions, await earlierChampions(ctx.db, await modelOfVersion(ctx.db, versionId), versionId));
    const id = await preparedAndGoverned(ctx, actOn('SUSPEND', versionId), prepare, async (tx, broken) => {
      const modelId = await modelOfVersion(tx, versionId);
      await lockExclusive(tx, modelId);
      return stopVersion(tx, ctx, versionId, reason, broken);
    });
    await afterChange(this.parts, ctx);
    return id;
  }
}

async function stopVersion(tx: Transaction, ctx: Context, versionId: string, reason: string, broken: Broken): Promise<string> {
  const version = await lockVersion(tx, versionId);
  const { modelId } = version;
  const present = await openSuspension(tx, modelId, versionId);
  if (present) throw suspendedAlready(`Version ${version.version}`, present.validFrom);
  transitionOf('SUSPEND', version.state);
  return changeLive(tx, ctx, modelId, async (change) => {
    const suspension = await suspend(tx, ctx, { modelId, versionId, at: change.at, reason });
    const open = await openDeployments(tx, modelId);
    const own = open.filter((one) => one.version.id === versionId);
    await change.end(own, 'SUSPENDED', reason);
    await move(tx, ctx, version, 'SUSPEND', reason);
    const next = own.some(({ role }) => role === 'CHAMPION') ? (await earlierChampions(tx, modelId, versionId)).find(({ id }) => !broken.has(id)) : undefined;
    const others = open.filter((one) => one.version.id !== versionId);
    const fallback = next ? await change.champion(next, others, `Version ${version.version} was suspended: ${reason}`) : null;
    const payload = { model: modelId, version: versionId, dossier: version.dossierDigest, suspension, fallback, text: textDigest(reason) };
    await recordEvent(tx, { type: 'VERSION_SUSPENDED', id: suspension, actor: ctx.actor.id, time: ctx.now(), payload });
    return suspension;
  });
}

interface NewSuspension {
  readonly modelId: string;
  readonly versionId: string | null;
  readonly at: string;
  readonly reason: string;
}

async function suspend(tx: Transaction, ctx: Context, { modelId, versionId, at, reason }: NewSuspension): Promise<string> {
  const id = newId();
  await tx.query('INSERT INTO suspensions (id, model_id, version_id, valid_from, by_user, reason) VALUES ($1, $2, $3, $4, $5, $6)', [id, modelId, versionId, at, ctx.actor.id, reason]);
  return id;
}
