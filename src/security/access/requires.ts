import { defaultFieldResolver, GraphQLObjectType, type GraphQLField, type GraphQLSchema } from 'graphql';
import { Extensions } from 'type-graphql';
import { recordEvent } from '../../audit/index.js';
import { internal, type Context } from '../../platform/index.js';
import { demand, lacking, may } from './demand.js';
import type { Permission } from './permissions.js';

/** Declares the permission that a query, a mutation, a subscription or a field needs. */
export const Requires = (permission: Permission): MethodDecorator & PropertyDecorator => Extensions({ permission });

/** Declares that `node` decides by the type of the thing it finds. */
export const permissionOf = (field: GraphQLField<unknown, unknown>): Permission | undefined =>
  field.extensions['permission'] as Permission | undefined;

/**
 * Makes every declared permission hold, by wrapping the resolvers of a built schema. Operations are denied by
 * default: an operation without a declared permission stops the server from starting.
 */
export function guardSchema(schema: GraphQLSchema): GraphQLSchema {
  const roots = new Set([schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()]);
  for (const type of Object.values(schema.getTypeMap())) {
    if (!(type instanceof GraphQLObjectType) || type.name.startsWith('__')) continue;
    for (const field of Object.values(type.getFields())) {
      const permission = permissionOf(field);
      if (permission) guard(field, permission, type === schema.getMutationType());
      if (permission && type === schema.getSubscriptionType()) guardStream(field, permission);
      if (!permission && roots.has(type)) throw internal(`${type.name}.${field.name} declares no permission. Add @Requires(…).`);
    }
  }
  return schema;
}

function guard(field: GraphQLField<unknown, Context>, permission: Permission, isAct: boolean): void {
  const resolve = field.resolve ?? defaultFieldResolver;
  field.resolve = (source, args, ctx, info) => {
    if (isAct && !may(ctx, permission)) return refuseAct(ctx, field.name, permission);
    demand(ctx, permission);
    return resolve(source, args, ctx, info);
  };
}

/** A stream is not even opened for who lacks the permission; each event that it tells is asked for again, as any field is. */
function guardStream(field: GraphQLField<unknown, Context>, permission: Permission): void {
  const { subscribe } = field;
  if (!subscribe) throw internal(`Subscription.${field.name} has no stream of events.`);
  field.subscribe = (source, args, ctx, info) => {
    demand(ctx, permission);
    return subscribe(source, args, ctx, info) as unknown;
  };
}

/** Who tried to act without being allowed to is worth knowing: the refusal is an audit event of its own. */
async function refuseAct(ctx: Context, act: string, permission: Permission): Promise<never> {
  const event = { type: 'ACT_REFUSED', id: ctx.actor.id, actor: ctx.actor.id, time: ctx.now(), payload: { act, subject: ctx.actor.id, code: 'FORBIDDEN' } } as const;
  await ctx.db.transaction((tx) => recordEvent(tx, event));
  throw lacking(ctx, permission);
}
