import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import {
  buildSchema, isEnumType, isInputObjectType, isInterfaceType, isIntrospectionType, isListType, isNonNullType, isObjectType, isSpecifiedScalarType,
  type GraphQLField, type GraphQLNamedType, type GraphQLObjectType,
} from 'graphql';
import { buildAssaySchema, printAssaySchema, type Instances } from '../../src/schema.js';
import { guardSchema, PERMISSIONS, permissionOf } from '../../src/security/index.js';

const COMMITTED = fileURLToPath(new URL('../../../schema.graphql', import.meta.url));

/** Resolvers are named, not run, so anything can stand in for them. */
const NO_INSTANCES = { get: () => ({}) } as unknown as Instances;

const schema = await buildAssaySchema(NO_INSTANCES);

const types = Object.values(schema.getTypeMap()).filter((type) => !isIntrospectionType(type) && !isSpecifiedScalarType(type));
const roots = [schema.getQueryType()!, schema.getMutationType()!, schema.getSubscriptionType()!];
const operations = roots.flatMap((type) => Object.values(type.getFields()));

/** Everything in the schema that a reader could wonder about, with its place. */
function* described(type: GraphQLNamedType): Generator<readonly [place: string, description: string | null | undefined]> {
  const isRoot: boolean = roots.includes(type as GraphQLObjectType);
  if (!isRoot) yield [type.name, type.description];
  if (isEnumType(type)) for (const { name, description } of type.getValues()) yield [`${type.name}.${name}`, description];
  if (isInputObjectType(type)) for (const { name, description } of Object.values(type.getFields())) yield [`${type.name}.${name}`, description];
  if (!isObjectType(type) && !isInterfaceType(type)) return;
  for (const field of Object.values(type.getFields())) {
    yield [`${type.name}.${field.name}`, field.description];
    for (const { name, description } of field.args) yield [`${type.name}.${field.name}(${name}:)`, description];
  }
}

describe('the schema', () => {
  it('is the one that is committed', async () => {
    expect(await printAssaySchema()).toBe(await readFile(COMMITTED, 'utf8'));
  });

  it('declares a known permission on every query, mutation and subscription', () => {
    const undeclared = operations.filter((field) => !Object.hasOwn(PERMISSIONS, permissionOf(field) ?? ''));
    expect(undeclared.map(({ name }) => name)).toEqual([]);
    expect(operations.length).toBeGreaterThan(25);
  });

  it('cannot be served while an operation declares none', () => {
    expect(() => guardSchema(buildSchema('type Query { secrets: String }'))).toThrow('Query.secrets declares no permission.');
  });

  it('describes every type, field, argument, input field and enum value', () => {
    const silent = types.flatMap((type) => [...described(type)]).filter(([, description]) => !/\S/.test(description ?? ''));
    expect(silent.map(([place]) => place)).toEqual([]);
  });

  it('takes one input object and gives one payload for each mutation', () => {
    for (const { name, args, type } of Object.values(schema.getMutationType()!.getFields())) {
      expect([name, args.map((arg) => [arg.name, isNonNullType(arg.type)])]).toEqual([name, [['input', true]]]);
      expect(String(type)).toBe(`${name[0]!.toUpperCase()}${name.slice(1)}Payload!`);
    }
  });

  it('writes enum values in capitals', () => {
    const values = types.filter(isEnumType).flatMap((type) => type.getValues().map(({ name }) => name));
    expect(values.filter((name) => !/^[A-Z][A-Z0-9_]*$/.test(name))).toEqual([]);
  });

  it('has no float where money is', () => {
    const money = schema.getType('Money') as GraphQLObjectType;
    expect(Object.values(money.getFields()).map(({ name, type }) => [name, String(type)])).toEqual([['amount', 'Decimal!'], ['currency', 'String!']]);
  });
});

/** The name of the type with an id that a field lists plainly. */
function listedNode({ type }: GraphQLField<unknown, unknown>): string | undefined {
  const list = isNonNullType(type) ? type.ofType : type;
  if (!isListType(list)) return undefined;
  const item = isNonNullType(list.ofType) ? list.ofType.ofType : list.ofType;
  return isObjectType(item) && item.getInterfaces().some(({ name }) => name === 'Node') ? item.name : undefined;
}

const named = (field: GraphQLField<unknown, unknown> | undefined): string => String(field?.type);

describe('every connection', () => {
  const connections = types.filter((type): type is GraphQLObjectType => isObjectType(type) && type.name.endsWith('Connection'));
  const fields = types.filter(isObjectType).flatMap((type) => Object.values(type.getFields()).map((field) => ({ type, field })));

  it('has the shape of Relay', () => {
    expect(connections.map(({ name }) => name)).toEqual(expect.arrayContaining(['CustomerConnection', 'LoanConnection', 'PredictionConnection', 'ModelConnection', 'ModelVersionConnection']));
    for (const connection of connections) {
      const node = connection.name.replace(/Connection$/, '');
      const { edges, pageInfo, totalCount } = connection.getFields();
      expect([named(edges), named(pageInfo), named(totalCount)]).toEqual([`[${node}Edge!]!`, 'PageInfo!', 'Int!']);
      const edge = schema.getType(`${node}Edge`) as GraphQLObjectType;
      expect([named(edge.getFields()['node']), named(edge.getFields()['cursor'])]).toEqual([`${node}!`, 'String!']);
      expect((schema.getType(node) as GraphQLObjectType).getInterfaces().map(({ name }) => name)).toContain('Node');
    }
  });

  it('is paged by first, after, last and before, wherever it is a field', () => {
    const paged = fields.filter(({ field }) => connections.some(({ name }) => named(field) === `${name}!`));
    expect(paged.length).toBeGreaterThanOrEqual(9);
    for (const { type, field } of paged) {
      const args = new Map(field.args.map((arg) => [arg.name, String(arg.type)]));
      expect([type.name, field.name, args.get('first'), args.get('after'), args.get('last'), args.get('before')]).toEqual([type.name, field.name, 'Int', 'String', 'Int', 'String']);
    }
  });

  it('is what every unbounded list of things with an id is', () => {
    const bounded = new Set(['RoleGrant', 'Deployment', 'DecisionOverride', 'DecisionReview']);
    // As few as validators raise of one model, and as challengers score beside one champion.
    const few = new Set(['Model.findings', 'ModelVersion.findings', 'Prediction.challengers']);
    const lists = fields.filter(({ type, field }) => !type.name.endsWith('Connection') && listedNode(field) !== undefined);
    expect(lists.filter(({ field }) => !bounded.has(listedNode(field)!)).map(({ type, field }) => `${type.name}.${field.name}`).filter((name) => !few.has(name))).toEqual([]);
  });

});
