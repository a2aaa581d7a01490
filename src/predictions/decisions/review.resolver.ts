import { Ctx, FieldResolver, Resolver, Root } from 'type-graphql';
import type { Context } from '../../platform/index.js';
import { Privileged, Requires, User, userOf } from '../../security/index.js';
import { recorded } from '../graphql/scoring.resolver.js';
import { PredictionType } from '../history/prediction.types.js';
import { findOverride } from './nodes.js';
import { DecisionOverride } from './override.types.js';
import { DecisionReview } from './review.types.js';
import type { DecisionTexts } from './texts.js';

@Resolver(() => DecisionReview)
export class DecisionReviewResolver {
  constructor(private readonly texts: DecisionTexts) {}

  @FieldResolver(() => PredictionType, { description: 'The prediction whose decision is contested.' })
  prediction(@Ctx() ctx: Context, @Root() { row: { customerId, predictionId: id }, moment }: DecisionReview): Promise<PredictionType> {
    return recorded(ctx, { customerId, id }, moment);
  }

  @FieldResolver(() => DecisionOverride, { nullable: true, description: 'By what it changed the decision: of the newest prediction where the loan was decided anew meanwhile; null where it changed nothing.' })
  async override(@Ctx() ctx: Context, @Root() { row: { customerId, overrideId: id }, moment }: DecisionReview): Promise<DecisionOverride | null> {
    return (id && (await findOverride(ctx, { customerId, id }, moment))) || null;
  }

  @Requires('decision:read')
  @FieldResolver(() => User, { description: 'Who asked for it.' })
  requestedBy(@Ctx() ctx: Context, @Root() { row }: DecisionReview): Promise<User> {
    return userOf(ctx, row.requestedBy);
  }

  @Requires('decision:read')
  @FieldResolver(() => User, { nullable: true, description: 'Who resolved it.' })
  resolvedBy(@Ctx() ctx: Context, @Root() { row }: DecisionReview): Promise<User> | null {
    return row.resolvedBy === null ? null : userOf(ctx, row.resolvedBy);
  }

  @Privileged('STATEMENT', ({ row }: DecisionReview) => row.customerId)
  @Requires('customer:identity')
  @FieldResolver(() => String, { nullable: true, description: 'What is contested, and why; null where the customer was erased.' })
  grounds(@Ctx() ctx: Context, @Root() { row: { customerId, id, grounds } }: DecisionReview): Promise<string | null> {
    return this.texts.open(ctx, customerId, { table: 'decision_reviews', column: 'grounds', id }, grounds);
  }

  @Privileged('STATEMENT', ({ row }: DecisionReview) => row.customerId)
  @Requires('customer:identity')
  @FieldResolver(() => String, { nullable: true, description: 'What the applicant is told of the outcome; null while it is open, and where the customer was erased.' })
  explanation(@Ctx() ctx: Context, @Root() { row: { customerId, id, explanation } }: DecisionReview): Promise<string | null> {
    return this.texts.open(ctx, customerId, { table: 'decision_review_outcomes', column: 'explanation', id }, explanation);
  }
}
