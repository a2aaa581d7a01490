import { internal, type Context, type LoaderDefinition } from '../platform/index.js';
import { deploymentsById, modelsById, versionsById } from './model.queries.js';
import { toDeployment, toModel, toModelVersion, type Deployment, type Model, type ModelVersion } from './model.types.js';

/** Loads what a foreign key refers to, so it must be there. */
async function referred<Row>(ctx: Context, loader: LoaderDefinition<string, Row | undefined>, id: string): Promise<Row> {
  const row = await ctx.loaders.of(ctx, loader).load(id);
  if (!row) throw internal(`${id} is referred to but not recorded.`);
  return row;
}

export const modelOf = async (ctx: Context, id: string): Promise<Model> => toModel(await referred(ctx, modelsById, id));

export const versionOf = async (ctx: Context, id: string): Promise<ModelVersion> => toModelVersion(await referred(ctx, versionsById, id));

export const deploymentOf = async (ctx: Context, id: string): Promise<Deployment> => toDeployment(await referred(ctx, deploymentsById, id));

/** As it is after an act: what was loaded before no longer counts. */
export async function versionAfter(ctx: Context, id: string): Promise<ModelVersion> {
  ctx.loaders.of(ctx, versionsById).clear(id);
  return versionOf(ctx, id);
}
