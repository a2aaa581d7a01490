import { encodeGlobalId, type Context } from '../../platform/index.js';
import { may, userOf } from '../../security/index.js';
import { missingVotes } from '../approval-policy.js';
import { openSuspension } from '../deployments/suspension.queries.js';
import { contributorsOfVersion, transitionsOfVersion, votesOnVersion } from '../evidence.queries.js';
import { findingsOfModel, resolutionsOfFinding, type FindingRow } from '../findings/findings.queries.js';
import { evaluationsOfVersion, resultsOfEvaluation, waiversOfVersion } from '../gates/gates.queries.js';
import { toGate } from '../gates/gates.types.js';
import { reviewsOfModel } from '../inventory/inventory.queries.js';
import { awaitsVotes } from '../lifecycle.js';
import { deploymentsOfVersion } from '../model.queries.js';
import { policyInForce } from '../policy/policy.queries.js';
import { requiredOf } from '../policy/tiers.js';
import type { ModelRow, VersionRow } from '../rows.js';
import type { CardFinding, CardGate, CardReview, CardSuspension, CardWaiver, GovernanceFacts } from './source.js';

const nameOf = async (ctx: Context, userId: string): Promise<string> => (await userOf(ctx, userId)).name;

/** What the registry knows of a version beside its dossier, as its reader may see it. */
export async function governanceFacts(ctx: Context, model: ModelRow, version: VersionRow): Promise<GovernanceFacts> {
  const { id, version: number, state, recordedAt } = version;
  const { name, purpose, decisionPurpose, products, horizonMonths, tier, ownerId, permittedUse, limits, nextReviewAt, reviewOverdue } = model;
  return {
    model: { name, purpose, decisionPurpose, products, horizonMonths, tier, owner: await nameOf(ctx, ownerId), permittedUse, limits, nextReviewAt, reviewOverdue },
    globalId: encodeGlobalId({ type: 'ModelVersion', id }),
    version: number,
    state,
    registeredAt: recordedAt,
    ...(await peopleOf(ctx, model, version)),
    deployments: await deploymentsOf(ctx, id),
    gates: await gatesOf(ctx, id),
    waivers: await waiversOf(ctx, id),
    findings: await findingsOf(ctx, version),
    reviews: await reviewsOf(ctx, model.id),
    suspensions: await suspensionsOf(ctx, version),
  };
}

/** Who made it, who voted on it, and what they did with it. */
async function peopleOf(ctx: Context, { tier }: ModelRow, { id, state, dossierDigest, ...row }: VersionRow): Promise<Pick<GovernanceFacts, 'makers' | 'votes' | 'missingVotes' | 'steps'>> {
  const [makers, votes, steps] = await Promise.all([ctx.loaders.of(ctx, contributorsOfVersion).load(id), ctx.loaders.of(ctx, votesOnVersion).load(id), ctx.loaders.of(ctx, transitionsOfVersion).load(id)]);
  const required = requiredOf(row) ?? (await ctx.loaders.of(ctx, policyInForce).load('now')).tiers[tier].votes;
  return {
    makers: await Promise.all(makers.map(async ({ userId, part, recordedAt: at }) => ({ name: await nameOf(ctx, userId), part, at }))),
    votes: await Promise.all(votes.map(async ({ userId, role, verdict, recordedAt: at, dossierDigest: seen, comment, expired }) => ({ by: await nameOf(ctx, userId), role, verdict, at, dossierDigest: seen, comment, expired }))),
    missingVotes: awaitsVotes(state) ? missingVotes(required, dossierDigest, votes) : [],
    steps: await Promise.all(steps.map(async ({ act, recordedAt: at, userId, reason }) => ({ act, at, by: await nameOf(ctx, userId), reason }))),
  };
}

const deploymentsOf = async (ctx: Context, versionId: string): Promise<GovernanceFacts['deployments']> =>
  Promise.all((await ctx.loaders.of(ctx, deploymentsOfVersion).load(versionId)).map(async ({ role, share, validFrom, validTo, byUser, reason }) => ({ role, share, from: validFrom, to: validTo, by: await nameOf(ctx, byUser), reason })));

async function gatesOf(ctx: Context, versionId: string): Promise<CardGate[]> {
  const last = (await ctx.loaders.of(ctx, evaluationsOfVersion).load(versionId)).at(-1);
  const results = last ? await ctx.loaders.of(ctx, resultsOfEvaluation).load(last.id) : [];
  return results.map((result) => toGate(result, may(ctx, 'model:fairness')));
}

const waiversOf = async (ctx: Context, versionId: string): Promise<CardWaiver[]> =>
  Promise.all((await ctx.loaders.of(ctx, waiversOfVersion).load(versionId)).map(async ({ gate, reason, proposedBy, confirmedBy, expiresAt, inForce }) => ({ gate, reason, by: await nameOf(ctx, proposedBy), secondBy: await nameOf(ctx, confirmedBy), expiresAt, inForce })));

async function findingsOf(ctx: Context, { id, modelId }: VersionRow): Promise<CardFinding[]> {
  const rows = (await ctx.loaders.of(ctx, findingsOfModel).load(modelId)).filter(({ versionId }) => versionId === null || versionId === id);
  return Promise.all(rows.map(async (row) => ({ severity: row.severity, title: row.title, owner: await nameOf(ctx, row.ownerId), dueAt: row.dueAt, overdue: row.overdue, resolution: await resolutionOf(ctx, row) })));
}

async function resolutionOf(ctx: Context, { id, state }: FindingRow): Promise<string | undefined> {
  if (state !== 'CLOSED') return undefined;
  return (await ctx.loaders.of(ctx, resolutionsOfFinding).load(id)).findLast(({ verdict }) => verdict === 'ACCEPTED')?.text;
}

async function suspensionsOf(ctx: Context, { id, modelId }: VersionRow): Promise<CardSuspension[]> {
  const open = await Promise.all([openSuspension(ctx.db, modelId, null), openSuspension(ctx.db, modelId, id)]);
  return Promise.all(open.filter((one) => one !== undefined).map(async ({ versionId, validFrom: since, byUser, reason }) => ({ ofModel: versionId === null, since, by: await nameOf(ctx, byUser), reason })));
}

const reviewsOf = async (ctx: Context, modelId: string): Promise<CardReview[]> =>
  Promise.all((await ctx.loaders.of(ctx, reviewsOfModel).load(modelId)).map(async ({ outcome, reviewedBy, recordedAt: at, comment, nextReviewAt }) => ({ outcome, by: await nameOf(ctx, reviewedBy), at, comment, nextReviewAt })));
