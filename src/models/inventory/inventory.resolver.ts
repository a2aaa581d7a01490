import { Arg, Args, Ctx, FieldResolver, Mutation, Query, Resolver, Root } from 'type-graphql';
import { ConnectionArgs, expectId, fetchPage, toConnection, type Connection, type Context } from '../../platform/index.js';
import { proposalAfter, Requires, User, userOf, type Proposals } from '../../security/index.js';
import { modelOf } from '../look-up.js';
import { modelsById } from '../model.queries.js';
import { Model, ModelConnection, toModel } from '../model.types.js';
import type { ModelRow } from '../rows.js';
import { alertsOfModel } from './alerts.js';
import { factsOfModel, inventoryQuery, reviewsOfModel, tierChangesOfModel } from './inventory.queries.js';
import type { InventoryService } from './inventory.service.js';
import {
  ChangeTierInput, ChangeTierPayload, InventoryFilterInput, ModelAlert, ModelFacts, ModelReview, ReviewModelInput, ReviewModelPayload, TierChange, toFacts, toReview, toTierChange, UpdateModelInput, UpdateModelPayload,
} from './inventory.types.js';

const modelId = (id: string): string => expectId(id, 'Model', false).id;
const userId = (id: string | null | undefined): string | undefined => (id == null ? undefined : expectId(id, 'User', false).id);

async function modelAfter(ctx: Context, id: string): Promise<Model> {
  ctx.loaders.of(ctx, modelsById).clear(id);
  return modelOf(ctx, id);
}

@Resolver()
export class InventoryResolver {
  constructor(
    private readonly service: InventoryService,
    private readonly proposals: Proposals,
  ) {}

  @Requires('model:read')
  @Query(() => ModelConnection, { description: 'The models by their next review, the most urgent first: with their owners, uses, limits, findings and alerts, what an examiner asks for first.' })
  async inventory(
    @Ctx() ctx: Context,
    @Args() page: ConnectionArgs,
    @Arg('filter', () => InventoryFilterInput, { nullable: true, description: 'Which ones; all, unless given.' }) filter?: InventoryFilterInput,
  ): Promise<Connection<Model>> {
    const { tier, ownerId, product, live, overdue } = filter ?? {};
    const query = inventoryQuery({ tier: tier ?? undefined, ownerId: userId(ownerId), product: product ?? undefined, live: live ?? undefined, overdue: overdue ?? undefined });
    return toConnection(await fetchPage<ModelRow>(ctx.db, query, page), toModel);
  }

  @Requires('model:edit')
  @Mutation(() => UpdateModelPayload, { description: 'Changes what the inventory says of a model. Its owner or an ADMIN; what it said before stays in `factsHistory`.' })
  async updateModel(@Ctx() ctx: Context, @Arg('input', { description: 'Which model, what changes, and why.' }) input: UpdateModelInput): Promise<UpdateModelPayload> {
    const { permittedUse, limits, reason } = input;
    const id = modelId(input.modelId);
    await this.service.update(ctx, { modelId: id, permittedUse: permittedUse ?? undefined, limits: limits ?? undefined, ownerId: userId(input.ownerId), reason });
    return { model: await modelAfter(ctx, id) };
  }

  @Requires('model:review')
  @Mutation(() => ReviewModelPayload, { description: 'Records a review of a model, and when the next one is due. Neither its owner nor a maker of a version that decides may.' })
  async reviewModel(@Ctx() ctx: Context, @Arg('input', { description: 'Which model, and what was found.' }) input: ReviewModelInput): Promise<ReviewModelPayload> {
    const id = modelId(input.modelId);
    await this.service.review(ctx, { ...input, modelId: id });
    return { model: await modelAfter(ctx, id) };
  }

  @Requires('model:tier', 'PROPOSE_CHANGE_TIER')
  @Mutation(() => ChangeTierPayload, { description: 'Proposes another materiality tier for a model; another ADMIN confirms it. Versions submitted before keep the votes they needed.' })
  async changeTier(@Ctx() ctx: Context, @Arg('input', { description: 'Which model, which tier, and why.' }) input: ChangeTierInput): Promise<ChangeTierPayload> {
    const id = await this.proposals.propose(ctx, 'CHANGE_TIER', { subject: modelId(input.modelId), payload: { tier: input.tier }, reason: input.reason });
    return { proposal: await proposalAfter(ctx, this.proposals, id) };
  }
}

@Resolver(() => Model)
export class ModelInventoryResolver {
  @Requires('model:read')
  @FieldResolver(() => [ModelAlert], { description: 'What somebody should look at, the oldest first.' })
  async alerts(@Ctx() ctx: Context, @Root() { rowId }: Model): Promise<ModelAlert[]> {
    return ctx.loaders.of(ctx, alertsOfModel).load(rowId);
  }

  @Requires('model:read')
  @FieldResolver(() => [ModelReview], { description: 'Its reviews, oldest first.' })
  async reviews(@Ctx() ctx: Context, @Root() { rowId }: Model): Promise<ModelReview[]> {
    return (await ctx.loaders.of(ctx, reviewsOfModel).load(rowId)).map(toReview);
  }

  @Requires('model:read')
  @FieldResolver(() => [ModelFacts], { description: 'What the inventory has said of it since it was registered, change by change, oldest first.' })
  async factsHistory(@Ctx() ctx: Context, @Root() { rowId }: Model): Promise<ModelFacts[]> {
    return (await ctx.loaders.of(ctx, factsOfModel).load(rowId)).map(toFacts);
  }

  @Requires('model:read')
  @FieldResolver(() => [TierChange], { description: 'The changes of its tier, oldest first.' })
  async tierChanges(@Ctx() ctx: Context, @Root() { rowId }: Model): Promise<TierChange[]> {
    return (await ctx.loaders.of(ctx, tierChangesOfModel).load(rowId)).map(toTierChange);
  }
}

@Resolver(() => ModelReview)
export class ModelReviewResolver {
  @FieldResolver(() => User, { description: 'Who reviewed it.' })
  by(@Ctx() ctx: Context, @Root() { reviewedById }: ModelReview): Promise<User> {
    return userOf(ctx, reviewedById);
  }
}

@Resolver(() => ModelFacts)
export class ModelFactsResolver {
  @FieldResolver(() => User, { description: 'Who answers for it since.' })
  owner(@Ctx() ctx: Context, @Root() { ownerId }: ModelFacts): Promise<User> {
    return userOf(ctx, ownerId);
  }

  @FieldResolver(() => User, { description: 'Who changed it.' })
  by(@Ctx() ctx: Context, @Root() { byUserId }: ModelFacts): Promise<User> {
    return userOf(ctx, byUserId);
  }
}

@Resolver(() => TierChange)
export class TierChangeResolver {
  @FieldResolver(() => User, { description: 'Who proposed it.' })
  proposedBy(@Ctx() ctx: Context, @Root() { proposedById }: TierChange): Promise<User> {
    return userOf(ctx, proposedById);
  }

  @FieldResolver(() => User, { description: 'Who confirmed it.' })
  confirmedBy(@Ctx() ctx: Context, @Root() { confirmedById }: TierChange): Promise<User> {
    return userOf(ctx, confirmedById);
  }
}
