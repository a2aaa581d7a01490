import { Arg, Args, Ctx, Mutation, Query, Resolver } from 'type-graphql';
import { ConnectionArgs, expectId, fetchPage, internal, PRESENT, toConnection, Where, type Connection, type Context } from '../../platform/index.js';
import { proposalAfter, Requires, type Proposals, type ProposalType } from '../../security/index.js';
import { recorded } from '../graphql/scoring.resolver.js';
import { predictionById } from '../history/prediction.queries.js';
import type { PredictionType } from '../history/prediction.types.js';
import type { PredictionRef } from '../record/recorder.js';
import {
  DecisionReviewFilter, OverrideDecisionInput, RecordCounterofferAcceptedInput, RecordCounterofferInput, RecordNoticeSentInput, RequestReviewInput, ResolveReviewInput,
} from './decisions.inputs.js';
import {
  OverrideDecisionPayload, RecordCounterofferAcceptedPayload, RecordCounterofferPayload, RecordNoticeSentPayload, RequestReviewPayload, ResolveReviewPayload,
} from './decisions.payloads.js';
import { decisionFileOf, OPEN_REVIEW, reviewById, reviewList, reviewOf } from './file.queries.js';
import type { ReviewRow } from './file.rows.js';
import { findOverride } from './nodes.js';
import { loanHistoryOf } from './loan-history.queries.js';
import type { NoticeService } from './notice.service.js';
import type { OverrideService } from './override.service.js';
import type { ReviewRef, ReviewService } from './review.service.js';
import { DecisionReviewConnection, toReview, type DecisionReview } from './review.types.js';

/** What people do about decisions. */
@Resolver()
export class DecisionsResolver {
  constructor(
    private readonly overrides: OverrideService,
    private readonly reviews: ReviewService,
    private readonly notices: NoticeService,
    private readonly proposals: Proposals,
  ) {}

  @Requires('decision:read')
  @Query(() => DecisionReviewConnection, { description: 'Contested decisions, in the order in which reviews were asked for.' })
  async decisionReviews(
    @Ctx() ctx: Context,
    @Args() page: ConnectionArgs,
    @Arg('filter', () => DecisionReviewFilter, { nullable: true, description: 'Which ones; all, unless given.' }) filter?: DecisionReviewFilter,
  ): Promise<Connection<DecisionReview>> {
    const { conditions, parameters } = new Where()
      .add(`(${OPEN_REVIEW}) = ?`, filter?.open ?? undefined)
      .add(`(${OPEN_REVIEW} AND r.due_at < clock_timestamp()) = ?`, filter?.overdue ?? undefined);
    const found = await fetchPage<{ review: ReviewRow }>(ctx.db, { ...reviewList, where: conditions, parameters }, page);
    return toConnection(found, (row) => toReview(reviewOf(row), ctx.now()));
  }

  @Requires('decision:override')
  @Mutation(() => OverrideDecisionPayload, { description: 'Decides otherwise than the model did, for a time. Above the limit for one person it waits for confirmProposal by another.' })
  async overrideDecision(@Ctx() ctx: Context, @Arg('input', { description: 'The decision, and why.' }) { predictionId, ...input }: OverrideDecisionInput): Promise<OverrideDecisionPayload> {
    const prediction = predictionRef(predictionId);
    const { overrideId, proposalId } = await this.overrides.override(ctx, { ...input, prediction });
    const told = await after(ctx, prediction);
    // A repeated request tells what has become of the override since: it may have been replaced.
    const override = overrideId === null ? null : ((await findOverride(ctx, { customerId: prediction.customerId, id: overrideId })) ?? null);
    return { prediction: told, override, proposal: await this.proposalOf(ctx, proposalId) };
  }

  @Requires('decision:contest')
  @Mutation(() => RequestReviewPayload, { description: 'Contests a decision: a person who had no part in it looks at it within the time of the policy.' })
  async requestReview(@Ctx() ctx: Context, @Arg('input', { description: 'The decision, and the grounds.' }) { predictionId, ...input }: RequestReviewInput): Promise<RequestReviewPayload> {
    return { review: await reviewAfter(ctx, await this.reviews.request(ctx, { ...input, prediction: predictionRef(predictionId) })) };
  }

  @Requires('decision:review')
  @Mutation(() => ResolveReviewPayload, { description: 'Resolves a review. Who does it had no part in what it reviews.' })
  async resolveReview(@Ctx() ctx: Context, @Arg('input', { description: 'The outcome, and what the applicant is told.' }) { reviewId, ...input }: ResolveReviewInput): Promise<ResolveReviewPayload> {
    const review = expectId(reviewId, 'DecisionReview', true);
    const { proposalId } = await this.reviews.resolve(ctx, { ...input, review: { customerId: review.customerId, id: review.id } });
    return { review: await reviewAfter(ctx, review), proposal: await this.proposalOf(ctx, proposalId) };
  }

  @Requires('decision:notify')
  @Mutation(() => RecordCounterofferPayload, { description: 'Records other terms that the applicant was offered.' })
  async recordCounteroffer(@Ctx() ctx: Context, @Arg('input', { description: 'The offer.' }) { predictionId, ...input }: RecordCounterofferInput): Promise<RecordCounterofferPayload> {
    const prediction = predictionRef(predictionId);
    await this.notices.recordCounteroffer(ctx, { ...input, prediction });
    return { prediction: await after(ctx, prediction) };
  }

  @Requires('decision:notify', 'ACCEPT_COUNTEROFFER')
  @Mutation(() => RecordCounterofferAcceptedPayload, { description: 'Records that the newest counteroffer was accepted, or the credit used.' })
  async recordCounterofferAccepted(
    @Ctx() ctx: Context,
    @Arg('input', { description: 'The acceptance.' }) { predictionId, ...input }: RecordCounterofferAcceptedInput,
  ): Promise<RecordCounterofferAcceptedPayload> {
    const prediction = predictionRef(predictionId);
    await this.notices.recordAcceptance(ctx, { ...input, prediction });
    return { prediction: await after(ctx, prediction) };
  }

  @Requires('decision:notify', 'RECORD_NOTICE')
  @Mutation(() => RecordNoticeSentPayload, { description: 'Records that a notice of adverse action was sent.' })
  async recordNoticeSent(@Ctx() ctx: Context, @Arg('input', { description: 'The notice.' }) { predictionId, ...input }: RecordNoticeSentInput): Promise<RecordNoticeSentPayload> {
    const prediction = predictionRef(predictionId);
    await this.notices.recordNotice(ctx, { ...input, prediction });
    return { prediction: await after(ctx, prediction) };
  }

  private proposalOf(ctx: Context, id: string | null): Promise<ProposalType> | null {
    return id === null ? null : proposalAfter(ctx, this.proposals, id);
  }
}

function predictionRef(text: string): PredictionRef {
  const { customerId, id } = expectId(text, 'Prediction', true);
  return { customerId, id };
}

/** The prediction with what is recorded of it now. */
async function after(ctx: Context, ref: PredictionRef): Promise<PredictionType> {
  const row = await ctx.loaders.of(ctx, predictionById).load(ref);
  if (row) {
    ctx.loaders.of(ctx, decisionFileOf).clear({ ...row, moment: PRESENT });
    ctx.loaders.of(ctx, loanHistoryOf).clear({ ...row, moment: PRESENT });
  }
  return recorded(ctx, ref);
}

async function reviewAfter(ctx: Context, ref: ReviewRef): Promise<DecisionReview> {
  const row = await reviewById(ctx.db, ref);
  if (!row) throw internal(`Review ${ref.id} was recorded but cannot be read.`);
  return toReview(row, ctx.now());
}
