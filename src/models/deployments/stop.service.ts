import { recordEvent, textDigest } from '../../audit/index.js';
import { newId, type Context, type Transaction } from '../../platform/index.js';
import { governed, preparedAndGoverned } from '../governed.js';
import { transitionOf } from '../lifecycle.js';
import { lockExclusive } from '../model-lock.js';
import { actOn, lockVersion, move } from '../version.acts.js';
import { actOnModel, afterChange, modelOfVersion, requireModel, requireReason, type LiveParts } from './acts.js';
import { changeLive, openDeployments } from './changes.js';
import { earlierChampions, fallbackOf, holdFindings, NO_FALLBACK, within, type EarlierChampion, type Fallback, type PassedOver } from './previous.js';
import { resumption, type ResumePayload } from './resume.js';
import { suspendedAlready } from './rules.js';
import { openSuspension } from './suspension.queries.js';

/** For so long a stop waits for what is not the stop itself: the loading of a fallback, and of what stays live. */
const MOST_MILLISECONDS = 3_000;

export interface StoppedVersion {
  readonly suspension: string;
  /** Earlier champions that did not take over, the latest first. */
  readonly passedOver: readonly PassedOver[];
}

/**
 * The stop switch: one ADMIN suffices, lifting it takes two. The model's lock is taken exclusively, so predictions in
 * the act of being recorded are stamped before the stop; whatever comes after finds another epoch, on every replica.
 */
export class StopService {
  constructor(
    private readonly parts: LiveParts,
    private readonly mostMilliseconds = MOST_MILLISECONDS,
  ) {}

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
    await this.settle(ctx);
    return id;
  }

  /** What a proposal to lift the suspension of a model says. */
  resumption(ctx: Context, modelId: string): Promise<ResumePayload> {
    return resumption(this.parts, ctx, modelId);
  }

  /**
   * A version stops whatever it does. Where it decided, the latest earlier champion that may decide and was loaded in
   * time takes its place at the same instant, or a person decides.
   */
  async suspendVersion(ctx: Context, versionId: string, reason: string): Promise<StoppedVersion> {
    requireReason(reason, 'the version is stopped');
    const stopped = await preparedAndGoverned(ctx, actOn('SUSPEND', versionId), () => this.fallbackFor(ctx, versionId), async (tx, fallback) => {
      const modelId = await modelOfVersion(tx, versionId);
      await lockExclusive(tx, modelId);
      return { suspension: await stopVersion(tx, ctx, versionId, reason, fallback), passedOver: fallback.passedOver };
    });
    await this.settle(ctx);
    return stopped;
  }

  /** Nobody need take over from what is no champion. */
  private async fallbackFor(ctx: Context, versionId: string): Promise<Fallback> {
    const modelId = await modelOfVersion(ctx.db, versionId);
    const decides = (await openDeployments(ctx.db, modelId)).some(({ role, version }) => role === 'CHAMPION' && version.id === versionId);
    return decides ? fallbackOf(ctx, this.parts.versions, await earlierChampions(ctx.db, modelId, versionId), this.mostMilliseconds) : NO_FALLBACK;
  }

  /** The stop has taken effect: the answer does not wait for a load that hangs. */
  private settle(ctx: Context): Promise<void> {
    return within(this.mostMilliseconds, afterChange(this.parts, ctx), undefined);
  }
}

/** @returns the id of the suspension */
async function stopVersion(tx: Transaction, ctx: Context, versionId: string, reason: string, { ready }: Fallback): Promise<string> {
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
    const next = ready !== undefined && own.some(({ role }) => role === 'CHAMPION') ? await stillFit(tx, modelId, versionId, ready) : undefined;
    const others = open.filter((one) => one.version.id !== versionId);
    const fallback = next ? await change.champion(next, others, `Version ${version.version} was suspended: ${reason}`) : null;
    const payload = { model: modelId, version: versionId, dossier: version.dossierDigest, suspension, fallback, text: textDigest(reason) };
    await recordEvent(tx, { type: 'VERSION_SUSPENDED', id: suspension, actor: ctx.actor.id, time: ctx.now(), payload });
    return suspension;
  });
}

/** The version that was loaded before the transaction, if it may decide now. Nothing that was not tried is deployed. */
async function stillFit(tx: Transaction, modelId: string, stopped: string, ready: string): Promise<EarlierChampion | undefined> {
  await holdFindings(tx, ready, modelId);
  return (await earlierChampions(tx, modelId, stopped)).find(({ id, blocked }) => id === ready && !blocked);
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
