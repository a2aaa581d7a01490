import { Ctx, FieldResolver, Resolver, Root } from 'type-graphql';
import type { Context } from '../../platform/index.js';
import { Requires } from '../../security/index.js';
import { toPrediction } from '../graphql/coarse.js';
import { challengersOfPrediction, predictionById } from '../history/prediction.queries.js';
import { DecisionValue, PredictionType } from '../history/prediction.types.js';

/** The links between a decision and what challengers said beside it. */
@Resolver(() => PredictionType)
export class ChallengerPredictionsResolver {
  @Requires('prediction:detail')
  @FieldResolver(() => PredictionType, { nullable: true, description: 'The prediction that decided, beside which a challenger said this; null for all that no challenger said.' })
  async challengerOf(@Ctx() ctx: Context, @Root() { row, moment }: PredictionType): Promise<PredictionType | undefined> {
    const decider = row.shadow_of === null ? undefined : await ctx.loaders.of(ctx, predictionById).load({ customerId: row.customer_id, id: row.shadow_of });
    return decider && toPrediction(ctx, decider, moment);
  }

  @Requires('prediction:detail')
  @FieldResolver(() => [PredictionType], { description: 'What the challengers said of the same request, without deciding.' })
  async challengers(@Ctx() ctx: Context, @Root() { row, moment }: PredictionType): Promise<PredictionType[]> {
    if (row.shadow_of !== null || row.purpose === 'WHAT_IF') return [];
    const rows = await ctx.loaders.of(ctx, challengersOfPrediction).load({ customerId: row.customer_id, id: row.id });
    return rows.map((one) => toPrediction(ctx, one, moment));
  }

  @Requires('prediction:detail')
  @FieldResolver(() => DecisionValue, { nullable: true, description: 'Of a challenger: what its decision policy would have decided. Null for every other prediction, and where it gave no score.' })
  wouldDecide(@Root() { row }: PredictionType): DecisionValue | null {
    return row.would_decide as DecisionValue | null;
  }

  @Requires('prediction:detail')
  @FieldResolver(() => Date, { nullable: true, description: "When it was recorded by the database's clock, while what is live could not change; null of older records." })
  recordedAt(@Root() { row }: PredictionType): Date | null {
    return row.recorded_at;
  }
}
