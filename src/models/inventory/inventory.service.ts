import { recordEvent, textDigest } from '../../audit/index.js';
import { badInput, canonicalJson, newId, notFound, sha256, type Context, type Transaction } from '../../platform/index.js';
import { grantedNow, refusedBy, type Role } from '../../security/index.js';
import { governed } from '../governed.js';
import { currentPolicy } from '../policy/policy.queries.js';
import type { Tier } from '../policy/tiers.js';
import type { ReviewOutcome } from './inventory.queries.js';

export interface ModelUpdate {
  readonly modelId: string;
  /** What is left out stays as it is. */
  readonly permittedUse?: string | undefined;
  readonly limits?: string | undefined;
  readonly ownerId?: string | undefined;
  readonly reason: string;
}

export interface NewReview {
  readonly modelId: string;
  readonly outcome: ReviewOutcome;
  readonly comment: string;
  readonly nextReviewAt: Date;
}

interface LockedModel {
  readonly id: string;
  readonly name: string;
  readonly tier: Tier;
  readonly ownerId: string;
  readonly permittedUse: string | null;
  readonly limits: string | null;
}

/** What the inventory says of models, and when they are reviewed. Each change is a new row; nothing is overwritten unseen. */
export class InventoryService {
  /** By its owner, or an admin. */
  async update(ctx: Context, { modelId, reason, ...changes }: ModelUpdate): Promise<void> {
    if (reason.trim() === '') throw badInput('reason: say in a sentence why.');
    if (Object.values(changes).every((value) => value === undefined)) throw badInput('Say what changes: give permittedUse, limits or ownerId.');
    await governed(ctx, { name: 'UPDATE_MODEL', subject: modelId, permission: 'model:edit', role: ['MODEL_OWNER', 'ADMIN'] }, async (tx) => {
      const model = await lockModel(tx, modelId);
      await requireKeeper(tx, ctx, model);
      if (changes.ownerId !== undefined) await requireOwnerRole(tx, changes.ownerId);
      const { permittedUse = model.permittedUse, limits = model.limits, ownerId = model.ownerId } = changes;
      await tx.query('INSERT INTO model_facts (id, model_id, permitted_use, limits, owner_id, reason, by_user) VALUES ($1, $2, $3, $4, $5, $6, $7)', [
        newId(), modelId, permittedUse, limits, ownerId, reason, ctx.actor.id,
      ]);
      const digest = sha256(canonicalJson({ owner: ownerId, permittedUse, limits })).toString('hex');
      await recordEvent(tx, { type: 'MODEL_UPDATED', id: modelId, actor: ctx.actor.id, time: ctx.now(), payload: { model: modelId, digest, text: textDigest(reason) } });
    });
  }

  /** By a validator who neither owns it nor made a version that decides. */
  async review(ctx: Context, { modelId, outcome, comment, nextReviewAt }: NewReview): Promise<void> {
    if (comment.trim() === '') throw badInput('comment: say in a sentence what the review rests on.');
    if (nextReviewAt <= ctx.now()) throw badInput('nextReviewAt: give a time that is still to come.');
    await governed(ctx, { name: 'REVIEW_MODEL', subject: modelId, permission: 'model:review', role: 'VALIDATOR' }, async (tx) => {
      const model = await lockModel(tx, modelId);
      await requireReviewer(tx, ctx, model);
      await requireInTime(tx, model, nextReviewAt);
      await tx.query('INSERT INTO model_reviews (id, model_id, outcome, comment, next_review_at, reviewed_by) VALUES ($1, $2, $3, $4, $5, $6)', [
        newId(), modelId, outcome, comment, nextReviewAt, ctx.actor.id,
      ]);
      await recordEvent(tx, { type: 'MODEL_REVIEWED', id: modelId, actor: ctx.actor.id, time: ctx.now(), payload: { model: modelId, outcome, next: nextReviewAt.toISOString(), text: textDigest(comment) } });
    });
  }
}

/** Acts on one model happen one after another. @throws NOT_FOUND */
export async function lockModel(tx: Transaction, modelId: string): Promise<LockedModel> {
  const [model] = await tx.query<LockedModel>('SELECT id, name, tier, owner_id AS "ownerId", permitted_use AS "permittedUse", limits FROM models WHERE id = $1 FOR NO KEY UPDATE', [modelId]);
  if (!model) throw notFound('There is no such model.');
  return model;
}

/** Who is ADMIN by a grant may; who is MODEL_OWNER must be the owner. */
async function requireKeeper(tx: Transaction, { actor }: Context, { name, ownerId }: LockedModel): Promise<void> {
  if (ownerId === actor.id || (actor.roles.includes('ADMIN') && (await holds(tx, actor.id, 'ADMIN')))) return;
  throw refusedBy('MODEL_KEPT_BY_OWNER', { says: `“${name}” belongs to somebody else than ${actor.name}.`, remedy: 'Ask its owner or an ADMIN for updateModel.', who: 'its owner or ADMIN' });
}

async function holds(tx: Transaction, userId: string, role: Role): Promise<boolean> {
  const [row] = await tx.query<{ held: boolean }>(`SELECT ${grantedNow('$1', '$2::text')} AS held`, [userId, role]);
  return row!.held;
}

async function requireOwnerRole(tx: Transaction, ownerId: string): Promise<void> {
  const [owner] = await tx.query<{ name: string }>('SELECT name FROM users WHERE id = $1', [ownerId]);
  if (!owner) throw notFound('ownerId: there is no such user.');
  if (await holds(tx, ownerId, 'MODEL_OWNER')) return;
  throw refusedBy('OWNER_HOLDS_ROLE', { says: `${owner.name} holds no current grant of the role MODEL_OWNER.`, remedy: 'Name somebody who does, or ask an ACCESS_ADMIN for grantRole.', who: 'ACCESS_ADMIN' });
}

/** The database refuses these too; here they get a sentence that says why. */
async function requireReviewer(tx: Transaction, { actor }: Context, { id, name, ownerId }: LockedModel): Promise<void> {
  const [made] = await tx.query(
    `SELECT FROM deployments d WHERE d.model_id = $1 AND d.role <> 'CHALLENGER' AND d.valid_to IS NULL AND is_maker($2, d.version_id)`,
    [id, actor.id],
  );
  const why = ownerId === actor.id ? `owns “${name}”` : made ? `had a part in a version of “${name}” that decides` : undefined;
  if (why === undefined) return;
  throw refusedBy('REVIEWED_BY_OTHERS', { says: `${actor.name} ${why} and cannot review it.`, remedy: 'Ask an independent colleague.', who: 'another VALIDATOR' });
}

async function requireInTime(tx: Transaction, { tier }: LockedModel, nextReviewAt: Date): Promise<void> {
  const { reviewMonths } = (await currentPolicy(tx)).tiers[tier];
  const [row] = await tx.query<{ last: Date }>('SELECT clock_timestamp() + make_interval(months => $1) AS last', [reviewMonths]);
  if (nextReviewAt <= row!.last) return;
  throw refusedBy('REVIEW_IN_TIME', {
    says: `Models of tier ${tier} are reviewed at least every ${reviewMonths} months, by the governance policy: next by ${row!.last.toISOString()}, not ${nextReviewAt.toISOString()}.`,
    remedy: 'Give an earlier nextReviewAt.',
    who: 'VALIDATOR',
  });
}
