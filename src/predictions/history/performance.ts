import { Ctx, FieldResolver, Resolver, Root } from 'type-graphql';
import { ModelVersion, type LiveVersions } from '../../models/index.js';
import type { Context } from '../../platform/index.js';
import { evaluate } from '../../scoring/index.js';
import { Requires } from '../../security/index.js';
import { VersionPerformance } from './prediction.types.js';

/**
 * The newest scored prediction of each loan by a version, with the outcome that is recorded since. A version that was a
 * challenger first is judged by what it decided where it did, and elsewhere by what it said beside the champion.
 */
const SCORED_WITH_OUTCOME = `
  SELECT DISTINCT ON (p.customer_id, p.loan_id) p.pd, o.defaulted
  FROM predictions p
  CROSS JOIN LATERAL (
    SELECT defaulted FROM outcomes o WHERE o.customer_id = p.customer_id AND o.loan_id = p.loan_id
    ORDER BY recorded_at DESC, id DESC LIMIT 1) o
  WHERE p.version_id = $1 AND p.status = 'SCORED' AND p.purpose <> 'WHAT_IF'
  ORDER BY p.customer_id, p.loan_id, p.shadow_of IS NOT NULL, p.id DESC`;

/** What a version's recorded predictions were worth. */
@Resolver(() => ModelVersion)
export class VersionPerformanceResolver {
  constructor(private readonly versions: LiveVersions) {}

  @Requires('prediction:detail')
  @FieldResolver(() => VersionPerformance, { nullable: true, description: 'Recorded predictions against the outcomes known since; null until both kinds of outcome are known.' })
  async performance(@Ctx() ctx: Context, @Root() version: ModelVersion): Promise<VersionPerformance | null> {
    const rows = await ctx.db.query<{ pd: number; defaulted: boolean }>(SCORED_WITH_OUTCOME, [version.rowId]);
    const labels = rows.map(({ defaulted }) => (defaulted ? 1 : 0));
    const defaults = labels.filter((label) => label === 1).length;
    if (defaults === 0 || defaults === labels.length) return null;
    const { policy } = await this.versions.load(ctx.db, version.rowId);
    const metrics = evaluate(labels, rows.map(({ pd }) => pd), policy.approveBelow);
    return { loans: labels.length, defaults, ...pick(metrics) };
  }
}

const pick = ({ auc, gini, ks, brier, precision, recall, f1 }: ReturnType<typeof evaluate>): Omit<VersionPerformance, 'loans' | 'defaults'> => ({
  auc,
  gini,
  ks,
  brier,
  precision,
  recall,
  f1,
});
