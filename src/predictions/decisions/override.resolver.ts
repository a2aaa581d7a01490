import { Arg, Ctx, FieldResolver, Resolver, Root } from 'type-graphql';
import { ModelVersion } from '../../models/index.js';
import { clockAt, type Context } from '../../platform/index.js';
import { demand, Privileged, Requires, User, userOf } from '../../security/index.js';
import { recorded } from '../graphql/scoring.resolver.js';
import { PredictionType } from '../history/prediction.types.js';
import { reviewsOf } from './file.queries.js';
import { overrideRates } from './override.rates.js';
import { DecisionOverride, OverrideRates } from './override.types.js';
import { DecisionReview, toReview } from './review.types.js';
import type { DecisionTexts } from './texts.js';

@Resolver(() => DecisionOverride)
export class DecisionOverrideResolver {
  constructor(private readonly texts: DecisionTexts) {}

  @Requires('decision:read')
  @FieldResolver(() => User, { description: 'Who decided.' })
  by(@Ctx() ctx: Context, @Root() { row }: DecisionOverride): Promise<User> {
    return userOf(ctx, row.madeBy);
  }

  @Requires('decision:read')
  @FieldResolver(() => User, { nullable: true, description: 'Who confirmed it, where the loan was above the limit for one person.' })
  secondPerson(@Ctx() ctx: Context, @Root() { row }: DecisionOverride): Promise<User> | null {
    return row.confirmedBy === null ? null : userOf(ctx, row.confirmedBy);
  }

  @FieldResolver(() => PredictionType, { description: 'The prediction in the place of whose decision it stands.' })
  prediction(@Ctx() ctx: Context, @Root() { row: { customerId, predictionId: id }, moment }: DecisionOverride): Promise<PredictionType> {
    return recorded(ctx, { customerId, id }, moment);
  }

  @FieldResolver(() => DecisionReview, { nullable: true, description: 'The review that led to it: of this decision, or of one that it came after; null where none did.' })
  async review(@Ctx() ctx: Context, @Root() { row: { customerId, reviewId }, moment }: DecisionOverride): Promise<DecisionReview | null> {
    const found = reviewId && (await ctx.loaders.of(ctx, reviewsOf).load({ customerId, id: reviewId, moment }));
    return found ? toReview(found, clockAt(ctx, moment), moment) : null;
  }

  @Privileged('STATEMENT', ({ row }: DecisionOverride) => row.customerId)
  @Requires('decision:read')
  @FieldResolver(() => String, { nullable: true, description: 'What it rests on, for those who may see personal data; null where the customer was erased.' })
  comment(@Ctx() ctx: Context, @Root() { row: { customerId, id, comment } }: DecisionOverride): Promise<string | null> {
    demand(ctx, 'customer:identity');
    return this.texts.open(ctx, customerId, { table: 'decision_overrides', column: 'comment', id }, comment);
  }
}

@Resolver(() => ModelVersion)
export class VersionOverridesResolver {
  @Requires('model:read')
  @FieldResolver(() => OverrideRates, { description: 'How often people decided otherwise than this version.' })
  overrides(
    @Ctx() ctx: Context,
    @Root() { rowId }: ModelVersion,
    @Arg('since', () => Date, { nullable: true, description: 'Only of decisions recorded at this time or later.' }) since?: Date,
    @Arg('until', () => Date, { nullable: true, description: 'Only of decisions recorded before this time.' }) until?: Date,
  ): Promise<OverrideRates> {
    return overrideRates(ctx.db, rowId, { since: since ?? undefined, until: until ?? undefined });
  }
}
