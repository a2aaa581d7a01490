import { recordEvent, textDigest } from '../audit/index.js';
import { newId, notFound, once, type Context, type Transaction } from '../platform/index.js';
import { refusedBy } from '../security/index.js';
import type { ArtefactStore } from './artefact-store.js';
import { parseDossier, type ParsedDossier } from './dossier.js';
import type { Gates } from './gates/gates.service.js';
import { governed, preparedAndGoverned } from './governed.js';
import { digestBytes } from './hex.js';
import { transitionOf, type VersionState } from './lifecycle.js';
import { currentPolicy } from './policy/policy.queries.js';
import { actOn, announce, contribute, lockVersion, move, writeStep, type LockedVersion } from './version.acts.js';
import { ModelVersionEntity, VersionArtefactEntity } from './version.entity.js';
import { artefactsOf, verifyVersion } from './verify-version.js';

export interface NewVersion {
  readonly modelId: string;
  /** The dossier as JSON text; it names its artefacts by digest. */
  readonly dossier: string;
  /** Who trained it, if not the actor: user ids. They may not vote on it either. */
  readonly trainedBy?: readonly string[] | undefined;
  readonly requestId?: string | undefined;
}

export interface EditedVersion {
  readonly versionId: string;
  /** The digest of the dossier that the editor read, hexadecimal: nobody overwrites what they have not seen. */
  readonly replaces: string;
  readonly dossier: string;
  /** Who trained what the dossier names now, user ids; where the model is exchanged and nobody is named, the actor did. */
  readonly trainedBy?: readonly string[] | undefined;
}

/** From registration to the vote: what the makers of a version do. */
export class VersionService {
  constructor(
    private readonly store: ArtefactStore,
    private readonly gates: Gates,
  ) {}

  /**
   * Registers a DRAFT. Its artefacts must have been uploaded; they are loaded and their parity is checked again here.
   * @returns the id of the version
   */
  async registerVersion(ctx: Context, { requestId, ...request }: NewVersion): Promise<string> {
    const id = newId();
    return preparedAndGoverned(ctx, { ...actOn('REGISTER', id), subject: request.modelId }, () => this.verified(ctx, request.dossier), (tx, parsed) => {
      const work = (): Promise<string> => insertVersion(tx, ctx, id, request, parsed);
      return requestId === undefined ? work() : once(tx, ctx, { requestId, operation: 'registerModelVersion', body: request }, work);
    });
  }

  /** Gives a DRAFT another dossier, verified like the first. Its editor has no vote on it from then on. */
  async edit(ctx: Context, { versionId, replaces, dossier, trainedBy }: EditedVersion): Promise<void> {
    const prepare = async (): Promise<ParsedDossier> => {
      // Looked at again under the lock; here it spares the verification of what cannot be edited.
      const [row] = await ctx.db.query<{ state: VersionState }>('SELECT state FROM model_versions WHERE id = $1', [versionId]);
      if (row) transitionOf('EDIT', row.state);
      return this.verified(ctx, dossier);
    };
    await preparedAndGoverned(ctx, actOn('EDIT', versionId), prepare, async (tx, parsed) => {
      const version = await lockVersion(tx, versionId);
      transitionOf('EDIT', version.state);
      if (replaces !== version.dossierDigest) throw changedMeanwhile(version, replaces);
      await tx.manager.update(ModelVersionEntity, { id: versionId }, { dossier: parsed.canonical, dossierDigest: digestBytes(parsed.digest, 'The dossier') });
      const exchanged = !(await namesModel(tx, versionId, parsed));
      await tx.query('DELETE FROM model_version_artefacts WHERE version_id = $1', [versionId]);
      await nameArtefacts(tx, versionId, parsed);
      await contributeTrainers(tx, versionId, trainedBy ?? (exchanged ? [ctx.actor.id] : []));
      await contribute(tx, versionId, ctx.actor.id, 'EDITED');
      await move(tx, ctx, version, 'EDIT', null);
      const payload = { model: version.modelId, version: versionId, dossier: parsed.digest, before: version.dossierDigest };
      await recordEvent(tx, { type: 'VERSION_EDITED', id: versionId, actor: ctx.actor.id, time: ctx.now(), payload });
    });
  }

  /** Hands a DRAFT to its voters. From here on nothing in it can change, and what it needs is what the policy asks for now. A gate that fails stops nothing yet. */
  async submit(ctx: Context, versionId: string): Promise<void> {
    await preparedAndGoverned(ctx, actOn('SUBMIT', versionId), () => this.gates.measure(ctx, versionId), async (tx, measured) => {
      const version = await lockVersion(tx, versionId);
      const step = transitionOf('SUBMIT', version.state);
      const { version: policy, tiers, voteDays } = await currentPolicy(tx);
      const { VALIDATOR: validators, ADMIN: admins } = tiers[version.tier].votes;
      await tx.query(
        `UPDATE model_versions SET state = $2, policy_version = $3, required_validators = $4, required_admins = $5, vote_days = $6, submitted_at = clock_timestamp()
         WHERE id = $1`,
        [versionId, step.to, policy, validators, admins, voteDays],
      );
      await writeStep(tx, ctx, versionId, 'SUBMIT', step, null);
      await contribute(tx, versionId, ctx.actor.id, 'SUBMITTED');
      const payload = { model: version.modelId, version: versionId, dossier: version.dossierDigest, policy, validators, admins };
      await recordEvent(tx, { type: 'VERSION_SUBMITTED', id: versionId, actor: ctx.actor.id, time: ctx.now(), payload });
      await this.gates.recordSubmission(tx, ctx, version, measured);
    });
  }

  /** Takes a version back before it is approved. Final: a change is a new version. */
  async withdraw(ctx: Context, versionId: string, reason: string): Promise<void> {
    await governed(ctx, actOn('WITHDRAW', versionId), async (tx) => {
      const version = await lockVersion(tx, versionId);
      await move(tx, ctx, version, 'WITHDRAW', reason);
      const payload = { model: version.modelId, version: versionId, dossier: version.dossierDigest, text: textDigest(reason) };
      await recordEvent(tx, { type: 'VERSION_WITHDRAWN', id: versionId, actor: ctx.actor.id, time: ctx.now(), payload });
    });
  }

  private async verified(ctx: Context, dossier: string): Promise<ParsedDossier> {
    const parsed = parseDossier(dossier);
    await verifyVersion(ctx.db, this.store, parsed.dossier);
    return parsed;
  }
}

async function insertVersion(tx: Transaction, ctx: Context, id: string, { modelId, trainedBy }: NewVersion, parsed: ParsedDossier): Promise<string> {
  const version = await nextNumber(tx, modelId);
  const dossierDigest = digestBytes(parsed.digest, 'The dossier');
  const step = transitionOf('REGISTER', null);
  await tx.manager.insert(ModelVersionEntity, { id, modelId, version, state: step.to, dossier: parsed.canonical, dossierDigest, registeredBy: ctx.actor.id });
  await nameArtefacts(tx, id, parsed);
  await contribute(tx, id, ctx.actor.id, 'REGISTERED');
  await contributeTrainers(tx, id, trainedBy ?? [ctx.actor.id]);
  await writeStep(tx, ctx, id, 'REGISTER', step, null);
  await announce(tx, ctx, 'VERSION_REGISTERED', { id, modelId, dossierDigest: parsed.digest });
  return id;
}

/** Names the artefacts of a version; who uploaded them built a part of it. */
async function nameArtefacts(tx: Transaction, versionId: string, { dossier }: ParsedDossier): Promise<void> {
  const artefacts = artefactsOf(dossier).map(({ kind, sha256 }) => ({ versionId, kind, sha256: digestBytes(sha256, kind) }));
  await tx.manager.insert(VersionArtefactEntity, artefacts);
  const builders = await tx.query<{ id: string }>('SELECT DISTINCT uploaded_by AS id FROM artefacts WHERE sha256 = ANY($1)', [artefacts.map(({ sha256 }) => sha256)]);
  for (const { id } of builders) await contribute(tx, versionId, id, 'BUILT');
}

const changedMeanwhile = ({ version, dossierDigest }: LockedVersion, replaces: string): Error =>
  refusedBy('VOTE_FOR_PRESENT_DOSSIER', {
    says: `The edit replaces the dossier ${replaces}, but version ${version} has ${dossierDigest}.`,
    remedy: 'Read the dossier again and edit what it says now.',
    who: 'MODEL_OWNER',
    code: 'CONFLICT',
  });

/** Numbers have no gaps and no doubles: the model's row is locked. */
async function nextNumber(tx: Transaction, modelId: string): Promise<number> {
  const [model] = await tx.query('SELECT id FROM models WHERE id = $1 FOR NO KEY UPDATE', [modelId]);
  if (!model) throw notFound('There is no such model. Register it first.');
  const [row] = await tx.query<{ next: number }>('SELECT coalesce(max(version), 0) + 1 AS next FROM model_versions WHERE model_id = $1', [modelId]);
  return row!.next;
}

/** Whether the version has the model that a dossier names. */
async function namesModel(tx: Transaction, versionId: string, { dossier }: ParsedDossier): Promise<boolean> {
  const [same] = await tx.query(`SELECT 1 FROM model_version_artefacts WHERE version_id = $1 AND kind = 'ONNX' AND sha256 = decode($2, 'hex')`, [versionId, dossier.artefacts.onnx]);
  return same !== undefined;
}

async function contributeTrainers(tx: Transaction, versionId: string, userIds: readonly string[]): Promise<void> {
  const known = await tx.query<{ id: string }>('SELECT id FROM users WHERE id = ANY($1)', [userIds]);
  if (known.length < new Set(userIds).size) throw notFound('trainedBy: there is no such user.');
  for (const userId of userIds) await contribute(tx, versionId, userId, 'TRAINED');
}
