import { Ctx, FieldResolver, Resolver, Root } from 'type-graphql';
import { canonicalJson, type Context } from '../../platform/index.js';
import type { ReadReport } from '../../scoring/index.js';
import { may, Requires } from '../../security/index.js';
import { ModelVersion } from '../model.types.js';
import { toEvaluation, VersionEvaluation } from './evaluation.types.js';
import { reportsOfVersion } from './report.queries.js';
import { CrossValidation, DataQuality, FeatureImportance, PartialDependence, Scorecard, Trial } from './report.types.js';
import { GroupEvaluation } from './slice.types.js';

const reportOf = async (ctx: Context, { rowId }: ModelVersion): Promise<Partial<ReadReport>> => (await ctx.loaders.of(ctx, reportsOfVersion).load(rowId)) ?? {};

/** What the report of a version says; null or empty where it says nothing, or there is none. */
@Resolver(() => ModelVersion)
export class VersionReportResolver {
  @Requires('model:read')
  @FieldResolver(() => VersionEvaluation, { nullable: true, description: 'How it does on the hold-out, or where there was none on the training loans (measuredOn).' })
  async evaluation(@Ctx() ctx: Context, @Root() version: ModelVersion): Promise<VersionEvaluation | null> {
    const { evaluation } = await reportOf(ctx, version);
    return evaluation ? toEvaluation(evaluation) : null;
  }

  @Requires('model:read')
  @FieldResolver(() => [FeatureImportance], { description: 'What its features move on average, most first.' })
  async globalImportance(@Ctx() ctx: Context, @Root() version: ModelVersion): Promise<readonly FeatureImportance[]> {
    return (await reportOf(ctx, version)).importance?.features ?? [];
  }

  @Requires('model:read')
  @FieldResolver(() => [PartialDependence], { description: 'How its PD depends on single features.' })
  async partialDependence(@Ctx() ctx: Context, @Root() version: ModelVersion): Promise<readonly PartialDependence[]> {
    return (await reportOf(ctx, version)).partialDependence ?? [];
  }

  @Requires('model:read')
  @FieldResolver(() => DataQuality, { nullable: true, description: 'What was found in its training data.' })
  async dataQuality(@Ctx() ctx: Context, @Root() version: ModelVersion): Promise<DataQuality | null> {
    const { quality } = await reportOf(ctx, version);
    if (!quality) return null;
    const isShown = ({ check }: { readonly check: string }): boolean => !check.startsWith('group') || may(ctx, 'model:fairness');
    return { findings: quality.findings.filter(isShown), overrides: (quality.overrides ?? []).filter(isShown) };
  }

  @Requires('model:read')
  @FieldResolver(() => CrossValidation, { nullable: true, description: 'How its settings did in cross-validation; null where there was none.' })
  async crossValidation(@Ctx() ctx: Context, @Root() version: ModelVersion): Promise<CrossValidation | null> {
    return (await reportOf(ctx, version)).crossValidation ?? null;
  }

  @Requires('model:read')
  @FieldResolver(() => [Trial], { description: 'What the search for its hyper-parameters tried.' })
  async trials(@Ctx() ctx: Context, @Root() version: ModelVersion): Promise<Trial[]> {
    return ((await reportOf(ctx, version)).search?.trials ?? []).map(({ trial, status, settings, rungs, message }) => {
      const { logLoss = null, brier = null, auc = null } = rungs.at(-1) ?? {};
      return { trial, status, settings: canonicalJson(settings), rungs: rungs.length, logLoss, brier, auc, message: message ?? null };
    });
  }

  @Requires('model:read')
  @FieldResolver(() => Scorecard, { nullable: true, description: 'Points per bin, of a scorecard.' })
  async scorecard(@Ctx() ctx: Context, @Root() version: ModelVersion): Promise<Scorecard | null> {
    const { scorecard } = await reportOf(ctx, version);
    return scorecard ?? null;
  }
}

@Resolver(() => VersionEvaluation)
export class VersionEvaluationResolver {
  @Requires('model:fairness')
  @FieldResolver(() => [GroupEvaluation], { description: 'By protected attribute.' })
  groups(@Root() { groupsByAttribute }: VersionEvaluation): GroupEvaluation[] {
    return Object.entries(groupsByAttribute).map(([attribute, { groups, skipped }]) => ({ attribute, groups, skipped: skipped.map(({ name }) => name) }));
  }
}
