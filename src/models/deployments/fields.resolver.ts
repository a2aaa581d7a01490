import { Arg, Ctx, FieldResolver, Resolver, Root } from 'type-graphql';
import type { Context } from '../../platform/index.js';
import { proposalsById, ProposalType, Requires, toldProposal, User, userOf, type Proposals } from '../../security/index.js';
import { versionOf } from '../look-up.js';
import { Deployment, Model, ModelVersion, toDeployment } from '../model.types.js';
import { pastOrNow } from '../model.queries.js';
import { liveDeployments } from './deployment.queries.js';
import { Suspension, toSuspension } from './deployments.types.js';
import { suspensionsOfModel } from './suspension.queries.js';

@Resolver(() => Model)
export class LiveModelResolver {
  @Requires('model:read')
  @FieldResolver(() => Deployment, { nullable: true, description: 'The deployment of the champion, now or at a time; null where nothing decides, or decided.' })
  async liveDeployment(
    @Ctx() ctx: Context,
    @Root() { rowId }: Model,
    @Arg('at', () => Date, { nullable: true, description: 'At which moment, not one to come; default now.' }) at?: Date,
  ): Promise<Deployment | undefined> {
    const row = await ctx.loaders.of(ctx, liveDeployments).load({ modelId: rowId, at: await pastOrNow(ctx, at) });
    return row && toDeployment(row);
  }

  @Requires('model:read')
  @FieldResolver(() => Suspension, { nullable: true, description: 'The suspension that holds now; null while the model is not suspended.' })
  async suspension(@Ctx() ctx: Context, @Root() { rowId }: Model): Promise<Suspension | undefined> {
    const row = (await ctx.loaders.of(ctx, suspensionsOfModel).load(rowId)).find(({ versionId, validTo }) => versionId === null && validTo === null);
    return row && toSuspension(row);
  }

  @Requires('model:read')
  @FieldResolver(() => [Suspension], { description: 'Every time the model or one of its versions was stopped, oldest first.' })
  async suspensions(@Ctx() ctx: Context, @Root() { rowId }: Model): Promise<Suspension[]> {
    return (await ctx.loaders.of(ctx, suspensionsOfModel).load(rowId)).map(toSuspension);
  }
}

@Resolver(() => ModelVersion)
export class LiveVersionResolver {
  @Requires('model:read')
  @FieldResolver(() => Suspension, { nullable: true, description: 'The suspension that holds now; null while the version is not suspended.' })
  async suspension(@Ctx() ctx: Context, @Root() { rowId, modelId }: ModelVersion): Promise<Suspension | undefined> {
    const row = (await ctx.loaders.of(ctx, suspensionsOfModel).load(modelId)).find(({ versionId, validTo }) => versionId === rowId && validTo === null);
    return row && toSuspension(row);
  }
}

@Resolver(() => Suspension)
export class SuspensionResolver {
  constructor(private readonly proposals: Proposals) {}

  @FieldResolver(() => ModelVersion, { nullable: true, description: 'Which version is stopped; null: the whole model.' })
  version(@Ctx() ctx: Context, @Root() { versionId }: Suspension): Promise<ModelVersion> | null {
    return versionId === null ? null : versionOf(ctx, versionId);
  }

  @FieldResolver(() => User, { description: 'Who stopped it.' })
  by(@Ctx() ctx: Context, @Root() { byUserId }: Suspension): Promise<User> {
    return userOf(ctx, byUserId);
  }

  @FieldResolver(() => ProposalType, { nullable: true, description: 'Who proposed and who confirmed to lift it; null while it lasts.' })
  async lifting(@Ctx() ctx: Context, @Root() { proposalId }: Suspension): Promise<ProposalType | null> {
    const row = proposalId === null ? undefined : await ctx.loaders.of(ctx, proposalsById).load(proposalId);
    return row ? toldProposal(this.proposals, row) : null;
  }
}
