import { Arg, Args, Ctx, FieldResolver, ID, Query, Resolver, Root } from 'type-graphql';
import { badInput, ConnectionArgs, expectId, fetchPage, toConnection, type Connection, type Context } from '../platform/index.js';
import { Requires, User, userOf } from '../security/index.js';
import { ModelVersionFilter } from './governance.inputs.js';
import { modelOf, versionOf } from './look-up.js';
import { deploymentsOfModel, liveVersions, modelNamed, modelsById, modelsQuery, pastOrNow, versionsById, versionsOfModel, versionsQuery } from './model.queries.js';
import { Deployment, Model, ModelConnection, ModelVersion, ModelVersionConnection, toDeployment, toModel, toModelVersion } from './model.types.js';
import { pageOfList } from './page-of-list.js';
import type { ModelRow, VersionRow } from './rows.js';

@Resolver(() => Model)
export class ModelResolver {
  @Requires('model:read')
  @Query(() => Model, { nullable: true, description: 'A model, by id or by name.' })
  async model(
    @Ctx() ctx: Context,
    @Arg('id', () => ID, { nullable: true, description: 'Its id.' }) id?: string,
    @Arg('name', () => String, { nullable: true, description: 'Its name.' }) name?: string,
  ): Promise<Model | undefined> {
    if ((id == null) === (name == null)) throw badInput('Say which model: give either id or name.');
    const row = id == null ? await modelNamed(ctx.db, name!) : await ctx.loaders.of(ctx, modelsById).load(expectId(id, 'Model', false).id);
    return row && toModel(row);
  }

  @Requires('model:read')
  @Query(() => ModelConnection, { description: 'The models, in the order in which they were registered.' })
  async models(@Ctx() ctx: Context, @Args() page: ConnectionArgs): Promise<Connection<Model>> {
    return toConnection(await fetchPage<ModelRow>(ctx.db, modelsQuery, page), toModel);
  }

  @Requires('model:read')
  @FieldResolver(() => User, { description: 'Who answers for it.' })
  owner(@Ctx() ctx: Context, @Root() { ownerId }: Model): Promise<User> {
    return userOf(ctx, ownerId);
  }

  @Requires('model:read')
  @FieldResolver(() => ModelVersionConnection, { description: 'Its versions, in the order in which they were registered.' })
  async versions(@Ctx() ctx: Context, @Root() { rowId }: Model, @Args() page: ConnectionArgs): Promise<Connection<ModelVersion>> {
    return toConnection(pageOfList(await ctx.loaders.of(ctx, versionsOfModel).load(rowId), page), toModelVersion);
  }

  @Requires('model:read')
  @FieldResolver(() => ModelVersion, { nullable: true, description: 'The version that decides, or decided at a time.' })
  async liveVersion(
    @Ctx() ctx: Context,
    @Root() { rowId }: Model,
    @Arg('at', () => Date, { nullable: true, description: 'At which moment, not one to come; default now.' }) at?: Date,
  ): Promise<ModelVersion | undefined> {
    const row = await ctx.loaders.of(ctx, liveVersions).load({ modelId: rowId, at: await pastOrNow(ctx, at) });
    return row && toModelVersion(row);
  }

  @Requires('model:read')
  @FieldResolver(() => [Deployment], { description: 'Every deployment of its versions, oldest first.' })
  async deployments(@Ctx() ctx: Context, @Root() { rowId }: Model): Promise<Deployment[]> {
    return (await ctx.loaders.of(ctx, deploymentsOfModel).load(rowId)).map(toDeployment);
  }
}

@Resolver()
export class ModelVersionQueries {
  @Requires('model:read')
  @Query(() => ModelVersion, { nullable: true, description: 'A model version, by id.' })
  async modelVersion(@Ctx() ctx: Context, @Arg('id', () => ID, { description: 'Its id.' }) id: string): Promise<ModelVersion | undefined> {
    const row = await ctx.loaders.of(ctx, versionsById).load(expectId(id, 'ModelVersion', false).id);
    return row && toModelVersion(row);
  }

  @Requires('model:read')
  @Query(() => ModelVersionConnection, { description: 'Model versions, in the order in which they were registered.' })
  async modelVersions(
    @Ctx() ctx: Context,
    @Args() page: ConnectionArgs,
    @Arg('filter', () => ModelVersionFilter, { nullable: true, description: 'Which ones.' }) filter?: ModelVersionFilter,
  ): Promise<Connection<ModelVersion>> {
    const modelId = filter?.modelId == null ? undefined : expectId(filter.modelId, 'Model', false).id;
    return toConnection(await fetchPage<VersionRow>(ctx.db, versionsQuery({ modelId, state: filter?.state ?? undefined }), page), toModelVersion);
  }
}

@Resolver(() => Deployment)
export class DeploymentResolver {
  @FieldResolver(() => ModelVersion, { description: 'What is deployed.' })
  version(@Ctx() ctx: Context, @Root() { versionId }: Deployment): Promise<ModelVersion> {
    return versionOf(ctx, versionId);
  }

  @FieldResolver(() => Model, { description: 'For which model.' })
  async model(@Ctx() ctx: Context, @Root() { versionId }: Deployment): Promise<Model> {
    return modelOf(ctx, (await versionOf(ctx, versionId)).modelId);
  }

  @Requires('model:read')
  @FieldResolver(() => User, { description: 'Who deployed it.' })
  by(@Ctx() ctx: Context, @Root() { byUserId }: Deployment): Promise<User> {
    return userOf(ctx, byUserId);
  }

  @Requires('model:read')
  @FieldResolver(() => User, { nullable: true, description: 'Who ended it, by whatever act; null while it lasts.' })
  endedBy(@Ctx() ctx: Context, @Root() { endedById }: Deployment): Promise<User> | null {
    return endedById === null ? null : userOf(ctx, endedById);
  }
}
