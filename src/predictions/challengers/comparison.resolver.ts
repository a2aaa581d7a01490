import { Arg, Ctx, FieldResolver, Resolver, Root } from 'type-graphql';
import { Deployment } from '../../models/index.js';
import { badInput, type Context } from '../../platform/index.js';
import { Requires } from '../../security/index.js';
import { comparisonOf } from './comparison.js';
import { outcomeSummary, pairSummary } from './comparison.queries.js';
import { ChallengerComparison } from './comparison.types.js';

/** What a challenger would have changed. */
@Resolver(() => Deployment)
export class ChallengerComparisonResolver {
  @Requires('prediction:detail')
  @FieldResolver(() => ChallengerComparison, { nullable: true, description: 'The challenger beside what decided; null for every other role.' })
  async comparison(
    @Ctx() ctx: Context,
    @Root() { rowId: deploymentId, versionId, role }: Deployment,
    @Arg('since', () => Date, { nullable: true, description: 'Only requests recorded from then on.' }) since?: Date,
    @Arg('until', () => Date, { nullable: true, description: 'Only requests recorded before.' }) until?: Date,
  ): Promise<ChallengerComparison | null> {
    if (since && until && since >= until) throw badInput('since: give a time before until.');
    if (role !== 'CHALLENGER') return null;
    const span = { deploymentId, versionId, since: since ?? undefined, until: until ?? undefined };
    const [pairs, outcomes] = await Promise.all([pairSummary(ctx.db, span), outcomeSummary(ctx.db, span)]);
    return comparisonOf(pairs, outcomes);
  }
}
