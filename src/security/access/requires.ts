import { defaultFieldResolver, getNullableType, GraphQLID, GraphQLObjectType, isInputObjectType, type GraphQLField, type GraphQLInputType, type GraphQLSchema } from 'graphql';
import { Extensions } from 'type-graphql';
import { decodeGlobalId, internal, type Context } from '../../platform/index.js';
import { demand, lacking, may } from './demand.js';
import { recordRefusal } from './governed.js';
import type { Permission } from './permissions.js';
import { noteRead, type PrivilegedField } from './reads.js';

/**
 * Declares the permission that a query, a mutation, a subscription or a field needs.
 * @param act of a mutation: what audit events call it, where that is not its own name (`suspendModel` is SUSPEND_MODEL)
 */
export const Requires = (permission: Permission, act?: string): MethodDecorator & PropertyDecorator => Extensions({ permission, ...(act !== undefined && { act }) });

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
      noteReads(field);
      if (permission) guard(field, permission, type === schema.getMutationType());
      if (permission && type === schema.getSubscriptionType()) guardStream(field, permission);
      if (!permission && roots.has(type)) throw internal(`${type.name}.${field.name} declares no permission. Add @Requires(…).`);
    }
  }
  return schema;
}

/** Notes what is about to be read; who may not is refused before. */
function noteReads(field: GraphQLField<unknown, Context>): void {
  const privileged = field.extensions['privileged'] as PrivilegedField | undefined;
  if (!privileged) return;
  const resolve = field.resolve ?? defaultFieldResolver;
  field.resolve = (source, args, ctx, info) => {
    noteRead(ctx, privileged.kind, privileged.subjectOf(source as never));
    return resolve(source, args, ctx, info);
  };
}

function guard(field: GraphQLField<unknown, Context>, permission: Permission, isAct: boolean): void {
  const resolve = field.resolve ?? defaultFieldResolver;
  field.resolve = (source, args, ctx, info) => {
    if (isAct && !may(ctx, permission)) return refuseAct(ctx, field, args as Given, permission);
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

/** Who tried to act without being allowed to, and on what, is worth knowing: the refusal is an audit event of its own. */
async function refuseAct(ctx: Context, field: GraphQLField<unknown, Context>, args: Given, permission: Permission): Promise<never> {
  const error = lacking(ctx, permission);
  await recordRefusal(ctx, { name: actOf(field), subject: subjectOf(field, args) ?? ctx.actor.id }, error);
  throw error;
}

/** What audit events call a mutation: the name that its service gives the act too. */
export const actOf = ({ name, extensions }: Pick<GraphQLField<unknown, unknown>, 'name' | 'extensions'>): string => (extensions['act'] as string | undefined) ?? name.replace(/[A-Z]/g, (capital) => `_${capital}`).toUpperCase();

type Given = Readonly<Record<string, unknown>>;

/** The row id of what an act would be done to: of the ids that the mutation, or its input, declares the first that was given. Nothing else that was given is looked at. */
function subjectOf(field: Asking, given: Given): string | undefined {
  const id = idsOf(field, given).find((value) => typeof value === 'string');
  try {
    return id === undefined ? undefined : decodeGlobalId(id).id;
  } catch {
    // What names nothing is no subject; that the caller may not act is said all the same.
    return undefined;
  }
}

type Asking = Pick<GraphQLField<unknown, unknown>, 'args'>;

const idsOf = ({ args }: Asking, given: Given): unknown[] =>
  args.flatMap(({ name, type }) => {
    const input = getNullableType(type);
    if (!isInputObjectType(input)) return isId(type) ? [given[name]] : [];
    const values = given[name] as Given | null | undefined;
    return Object.values(input.getFields()).flatMap((one) => (isId(one.type) ? [values?.[one.name]] : []));
  });

const isId = (type: GraphQLInputType): boolean => getNullableType(type) === GraphQLID;
