import { newId, notFound, once, type Context, type Transaction } from '../platform/index.js';
import type { ArtefactStore } from './artefact-store.js';
import { parseDossier, type ParsedDossier } from './dossier.js';
import { governed, preparedAndGoverned } from './governed.js';
import { digestBytes } from './hex.js';
import { transitionOf } from './lifecycle.js';
import { actOn, announce, contribute, lockVersion, move, writeStep } from './version.acts.js';
import { ModelVersionEntity, VersionArtefactEntity } from './version.entity.js';
import { artefactsOf, verifyVersion } from './verify-version.js';

export interface NewVersion {
  readonly modelId: string;
  /** The dossier as JSON text; it names its artefacts by digest. */
  readonly dossier: string;
  /** Who trained it, if not the actor: a user id. They may not vote on it either. */
  readonly trainedBy?: string | undefined;
  readonly requestId?: string | undefined;
}

/** From registration to the vote: what the makers of a version do. */
export class VersionService {
  constructor(private readonly store: ArtefactStore) {}

  /**
   * Registers a DRAFT. Its artefacts must have been uploaded; they are loaded and their parity is checked again here.
   * @returns the id of the version
   */
  async registerVersion(ctx: Context, { requestId, ...request }: NewVersion): Promise<string> {
    const id = newId();
    const prepare = async (): Promise<ParsedDossier> => {
      const parsed = parseDossier(request.dossier);
      await verifyVersion(ctx.db, this.store, parsed.dossier);
      return parsed;
    };
    return preparedAndGoverned(ctx, { ...actOn('REGISTER', id), subject: request.modelId }, prepare, (tx, parsed) => {
      const work = (): Promise<string> => insertVersion(tx, ctx, id, request, parsed);
      return requestId === undefined ? work() : once(tx, ctx, { requestId, operation: 'registerModelVersion', body: request }, work);
    });
  }

  /** Hands a DRAFT to its voters. From here on nothing in it can change. */
  async submit(ctx: Context, versionId: string): Promise<void> {
    await governed(ctx, actOn('SUBMIT', versionId), async (tx) => {
      const version = await lockVersion(tx, versionId);
      await move(tx, ctx, version, 'SUBMIT', null);
      await contribute(tx, versionId, ctx.actor.id, 'SUBMITTED');
      await announce(tx, ctx, 'VERSION_SUBMITTED', version);
    });
  }

  /** Takes a version back before it is approved. Final: a change is a new version. */
  async withdraw(ctx: Context, versionId: string, reason: string): Promise<void> {
    await governed(ctx, actOn('WITHDRAW', versionId), async (tx) => {
      const version = await lockVersion(tx, versionId);
      await move(tx, ctx, version, 'WITHDRAW', reason);
      await announce(tx, ctx, 'VERSION_WITHDRAWN', version);
    });
  }
}

async function insertVersion(tx: Transaction, ctx: Context, id: string, { modelId, trainedBy }: NewVersion, parsed: ParsedDossier): Promise<string> {
  const version = await nextNumber(tx, modelId);
  const dossierDigest = digestBytes(parsed.digest, 'The dossier');
  const step = transitionOf('REGISTER', null);
  await tx.manager.insert(ModelVersionEntity, { id, modelId, version, state: step.to, dossier: parsed.canonical, dossierDigest, registeredBy: ctx.actor.id });
  const artefacts = artefactsOf(parsed.dossier).map(({ kind, sha256 }) => ({ versionId: id, kind, sha256: digestBytes(sha256, kind) }));
  await tx.manager.insert(VersionArtefactEntity, artefacts);
  await contribute(tx, id, ctx.actor.id, 'REGISTERED');
  await contribute(tx, id, await trainerOf(tx, trainedBy ?? ctx.actor.id), 'TRAINED');
  await writeStep(tx, ctx, id, 'REGISTER', step, null);
  await announce(tx, ctx, 'VERSION_REGISTERED', { id, modelId, dossierDigest: parsed.digest });
  return id;
}

/** Numbers have no gaps and no doubles: the model's row is locked. */
async function nextNumber(tx: Transaction, modelId: string): Promise<number> {
  const [model] = await tx.query('SELECT id FROM models WHERE id = $1 FOR NO KEY UPDATE', [modelId]);
  if (!model) throw notFound('There is no such model. Register it first.');
  const [row] = await tx.query<{ next: number }>('SELECT coalesce(max(version), 0) + 1 AS next FROM model_versions WHERE model_id = $1', [modelId]);
  return row!.next;
}

async function trainerOf(tx: Transaction, userId: string): Promise<string> {
  const [user] = await tx.query('SELECT id FROM users WHERE id = $1', [userId]);
  if (!user) throw notFound('trainedBy: there is no such user.');
  return userId;
}
