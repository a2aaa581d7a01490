import { defaultFieldResolver, GraphQLObjectType, type GraphQLField, type GraphQLSchema } from 'graphql';
import { Extensions } from 'type-graphql';
import { internal, type Context } from '../../platform/index.js';
import { demand } from './demand.js';
import type { Permission } from './permissions.js';

/** Declares the permission that a query, a mutation or a field needs. */
export const Requires = (permission: Permission): MethodDecorator & PropertyDecorator => Extensions({ permission });

/** Declares that `node` decides by the type of the thing it finds. */
export const permissionOf = (field: GraphQLField<unknown, unknown>): Permission | undefined =>
  field.extensions['permission'] as Permission | undefined;

/**
 * Makes every declared permission hold, by wrapping the resolvers of a built schema. Operations are denied by
 * default: a query or mutation without a declared permission stops the server from starting.
 */
export function guardSchema(schema: GraphQLSchema): GraphQLSchema {
  const roots = new Set([schema.getQueryType(), schema.getMutationType()]);
  for (const type of Object.values(schema.getTypeMap())) {
    if (!(type instanceof GraphQLObjectType) || type.name.startsWith('__')) continue;
    for (const field of Object.values(type.getFields())) {
      const permission = permissionOf(field);
      if (permission) guard(field, permission);
      else if (roots.has(type)) throw internal(`${type.name}.${field.name} declares no permission. Add @Requires(…).`);
    }
  }
  return schema;
}

function guard(field: GraphQLField<unknown, Context>, permission: Permission): void {
  const resolve = field.resolve ?? defaultFieldResolver;
  field.resolve = (source, args, ctx, info) => {
    demand(ctx, permission);
    return resolve(source, args, ctx, info);
  };
}
