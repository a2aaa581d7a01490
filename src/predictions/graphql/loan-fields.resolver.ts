import { Args, Ctx, FieldResolver, Resolver, Root } from 'type-graphql';
import { Loan } from '../../loans/index.js';
import { ConnectionArgs, perParent, toConnection, type Connection, type Context } from '../../platform/index.js';
import { Requires } from '../../security/index.js';
import { latestPredictionOfLoan, predictionPage } from '../history/prediction.queries.js';
import { PredictionType } from '../history/prediction.types.js';
import { toPrediction } from './coarse.js';
import { PredictionConnection } from './prediction.resolver.js';

/** What this room adds to a loan. */
@Resolver(() => Loan)
export class LoanPredictionsResolver {
  @Requires('prediction:read')
  @FieldResolver(() => PredictionType, { nullable: true, description: 'The newest prediction that decided: by a score, or REFER because no model may decide. What-ifs and challengers do not count, nor what gave no decision. What people made of it is its effectiveDecision.' })
  async latestPrediction(@Ctx() ctx: Context, @Root() { customerId, loanId, moment }: Loan): Promise<PredictionType | undefined> {
    const row = await ctx.loaders.of(ctx, latestPredictionOfLoan).load({ customerId, loanId, moment });
    return row && toPrediction(ctx, row, moment);
  }

  @Requires('prediction:read')
  @FieldResolver(() => PredictionConnection, { description: 'The prediction history of the loan, newest first.' })
  async predictions(@Ctx() ctx: Context, @Root() { customerId, loanId, moment }: Loan, @Args() page: ConnectionArgs): Promise<Connection<PredictionType>> {
    const found = await predictionPage(ctx, { loan: { customerId, loanId }, moment }, page, false, perParent(ctx, 2));
    return toConnection(found, (row) => toPrediction(ctx, row, moment));
  }
}
