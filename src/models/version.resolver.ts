import { Ctx, FieldResolver, Resolver, Root } from 'type-graphql';
import { canonicalJson, internal, type Context } from '../platform/index.js';
import { describeSchema } from '../scoring/index.js';
import { Requires, User, userOf } from '../security/index.js';
import { missingVotes } from './approval-policy.js';
import { DossierType } from './dossier.types.js';
import { artefactsOfVersion, contributorsOfVersion, dossiersOfVersion, featureSchemasOfVersion, transitionsOfVersion, votesOnVersion } from './evidence.queries.js';
import { Approval, Artefact, Contributor, MissingVote, toApproval, toContributor, toTransition, VersionTransition } from './evidence.types.js';
import { FeatureSummary, toFeature } from './feature.types.js';
import { awaitsVotes } from './lifecycle.js';
import { modelOf } from './look-up.js';
import { deploymentsOfVersion } from './model.queries.js';
import { Deployment, Model, ModelVersion, toDeployment } from './model.types.js';
import { policyInForce } from './policy/policy.queries.js';

@Resolver(() => ModelVersion)
export class ModelVersionResolver {
  @FieldResolver(() => Model, { description: 'What it is a version of.' })
  model(@Ctx() ctx: Context, @Root() { modelId }: ModelVersion): Promise<Model> {
    return modelOf(ctx, modelId);
  }

  @Requires('model:read')
  @FieldResolver(() => User, { description: 'Who registered it.' })
  registeredBy(@Ctx() ctx: Context, @Root() { registeredById }: ModelVersion): Promise<User> {
    return userOf(ctx, registeredById);
  }

  @Requires('model:read')
  @FieldResolver(() => DossierType, { description: 'Everything its approvers rely on.' })
  async dossier(@Ctx() ctx: Context, @Root() { rowId, dossierDigest: digest }: ModelVersion): Promise<DossierType> {
    const found = await ctx.loaders.of(ctx, dossiersOfVersion).load(rowId);
    if (!found) throw internal(`Model version ${rowId} has no dossier.`);
    const { hyperParameters, split, decisionPolicy, ...dossier } = found.dossier;
    const policy = { ...decisionPolicy, referWhen: decisionPolicy.referWhen ?? [] };
    const texts = { hyperParameters: canonicalJson(hyperParameters), split: canonicalJson(split) };
    return { digest, canonical: found.canonical, ...dossier, ...texts, decisionPolicy: policy };
  }

  @Requires('model:read')
  @FieldResolver(() => [Artefact], { description: 'What it is made of.' })
  artefacts(@Ctx() ctx: Context, @Root() { rowId }: ModelVersion): Promise<Artefact[]> {
    return ctx.loaders.of(ctx, artefactsOfVersion).load(rowId);
  }

  @Requires('model:read')
  @FieldResolver(() => [FeatureSummary], { description: 'What goes into it, and what was learned of it.' })
  async features(@Ctx() ctx: Context, @Root() { rowId }: ModelVersion): Promise<FeatureSummary[]> {
    const schema = await ctx.loaders.of(ctx, featureSchemasOfVersion).load(rowId);
    return schema ? describeSchema(schema).features.map(toFeature) : [];
  }

  @Requires('model:read')
  @FieldResolver(() => [Contributor], { description: 'Who had a part in making it; none of them may vote.' })
  async contributors(@Ctx() ctx: Context, @Root() { rowId }: ModelVersion): Promise<Contributor[]> {
    return (await ctx.loaders.of(ctx, contributorsOfVersion).load(rowId)).map(toContributor);
  }

  @Requires('model:read')
  @FieldResolver(() => [Approval], { description: 'The votes on it, for and against, in order.' })
  async approvals(@Ctx() ctx: Context, @Root() { rowId }: ModelVersion): Promise<Approval[]> {
    return (await ctx.loaders.of(ctx, votesOnVersion).load(rowId)).map(toApproval);
  }

  @Requires('model:read')
  @FieldResolver(() => [MissingVote], { description: 'The votes it still needs to be approved, by what was frozen when it was submitted; of a DRAFT by the policy in force. None once its fate is decided.' })
  async missingVotes(@Ctx() ctx: Context, @Root() { rowId, state, dossierDigest, modelId, requiredVotes }: ModelVersion): Promise<MissingVote[]> {
    if (!awaitsVotes(state)) return [];
    const [{ tier }, votes] = await Promise.all([modelOf(ctx, modelId), ctx.loaders.of(ctx, votesOnVersion).load(rowId)]);
    return missingVotes(requiredVotes ?? (await ctx.loaders.of(ctx, policyInForce).load('now')).tiers[tier].votes, dossierDigest, votes);
  }

  @Requires('model:read')
  @FieldResolver(() => [VersionTransition], { description: 'Its life so far, step by step.' })
  async transitions(@Ctx() ctx: Context, @Root() { rowId }: ModelVersion): Promise<VersionTransition[]> {
    return (await ctx.loaders.of(ctx, transitionsOfVersion).load(rowId)).map(toTransition);
  }

  @Requires('model:read')
  @FieldResolver(() => [Deployment], { description: 'When it was live, oldest first.' })
  async deployments(@Ctx() ctx: Context, @Root() { rowId }: ModelVersion): Promise<Deployment[]> {
    return (await ctx.loaders.of(ctx, deploymentsOfVersion).load(rowId)).map(toDeployment);
  }
}

@Resolver(() => Contributor)
export class ContributorResolver {
  @FieldResolver(() => User, { description: 'Who.' })
  user(@Ctx() ctx: Context, @Root() { userId }: Contributor): Promise<User> {
    return userOf(ctx, userId);
  }
}

@Resolver(() => Approval)
export class ApprovalResolver {
  @FieldResolver(() => User, { description: 'Who voted.' })
  by(@Ctx() ctx: Context, @Root() { userId }: Approval): Promise<User> {
    return userOf(ctx, userId);
  }
}

@Resolver(() => VersionTransition)
export class VersionTransitionResolver {
  @FieldResolver(() => User, { description: 'Who did it.' })
  by(@Ctx() ctx: Context, @Root() { userId }: VersionTransition): Promise<User> {
    return userOf(ctx, userId);
  }
}
