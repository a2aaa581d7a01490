import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { graphql, type GraphQLSchema } from 'graphql';
import { Args, buildSchema, Ctx, Field, ObjectType, Query, Resolver } from 'type-graphql';
import { connectionType, ConnectionArgs, DateTime, fetchPage, newId, toConnection, type Connection, type Context } from '../../src/platform/index.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';

@ObjectType('Person', { simpleResolvers: true })
class Person {
  @Field(() => String) name!: string;
}

const PersonConnection = connectionType(Person, 'Person', 'people');

@Resolver()
class PeopleResolver {
  @Query(() => PersonConnection)
  async people(@Ctx() ctx: Context, @Args() page: ConnectionArgs): Promise<Connection<Person>> {
    const query = { select: 'u.name', from: 'users u', where: ['u.issuer = $1'], parameters: ['people'], key: { sql: 'u.id', type: 'uuid' as const }, id: { sql: 'u.id' } };
    return toConnection(await fetchPage<Person>(ctx.db, query, page), (row) => Object.assign(new Person(), row));
  }
}

/** A resolver that must not run; `validate` is part of what is tested. */
const makeSchema = (): Promise<GraphQLSchema> => buildSchema({ resolvers: [PeopleResolver], validate: true, scalarsMap: [{ type: Date, scalar: DateTime }] });

describe('a Relay connection', () => {
  let database: TestDatabase;
  let schema: GraphQLSchema;
  let ctx: Context;
  beforeAll(async () => {
    database = await openTestDatabase();
    schema = await makeSchema();
    ctx = await database.contextOf('AUDITOR');
    await database.db.transaction(async (tx) => {
      for (const name of ['a', 'b', 'c', 'd', 'e']) {
        await tx.query('INSERT INTO users (id, issuer, subject, name) VALUES ($1, $2, $3, $3)', [newId(), 'people', name]);
      }
    });
  });
  afterAll(() => database.close());

  const ask = async (variables: Record<string, unknown>) => {
    const source = `query ($first: Int, $after: String, $last: Int, $before: String) {
      people(first: $first, after: $after, last: $last, before: $before) {
        edges { node { name } cursor } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } totalCount
      }
    }`;
    return graphql({ schema, source, variableValues: variables, contextValue: ctx });
  };
  type Answer = { edges: { node: Person; cursor: string }[]; pageInfo: { hasNextPage: boolean; hasPreviousPage: boolean; startCursor: string | null; endCursor: string | null }; totalCount: number };
  const people = async (variables: Record<string, unknown>): Promise<Answer> => {
    const { data, errors } = await ask(variables);
    expect(errors).toBeUndefined();
    return data!['people'] as Answer;
  };
  const names = ({ edges }: Answer): string[] => edges.map(({ node }) => node.name);

  it('pages forwards by endCursor until there is no next page', async () => {
    const first = await people({ first: 2 });
    expect([names(first), first.totalCount, first.pageInfo.hasNextPage]).toEqual([['a', 'b'], 5, true]);
    const second = await people({ first: 2, after: first.pageInfo.endCursor });
    const third = await people({ first: 2, after: second.pageInfo.endCursor });
    expect([names(second), names(third), third.pageInfo.hasNextPage]).toEqual([['c', 'd'], ['e'], false]);
  });

  it('pages backwards by startCursor', async () => {
    const last = await people({ last: 2 });
    const before = await people({ last: 2, before: last.pageInfo.startCursor });
    expect([names(before), names(last), before.pageInfo.hasPreviousPage]).toEqual([['b', 'c'], ['d', 'e'], true]);
  });

  it('takes the nulls that clients send for what they do not give', async () => {
    expect(names(await people({ first: 2, after: null, last: null, before: null }))).toEqual(['a', 'b']);
    expect(names(await people({ first: null, after: null, last: 2, before: null }))).toEqual(['d', 'e']);
    expect(names(await people({ first: null, after: null, last: null, before: null }))).toHaveLength(5);
  });

  it('has no cursors where it has no edges', async () => {
    const { pageInfo } = await people({ first: 0 });
    expect([pageInfo.startCursor, pageInfo.endCursor]).toEqual([null, null]);
  });

  it.each([{ first: -1 }, { first: 201 }, { last: 201 }, { last: -5 }, { first: 2, last: 2 }, { after: 'x' }])('refuses %j', async (variables) => {
    const { data, errors } = await ask(variables);
    expect([data, errors?.length]).toEqual([null, 1]);
  });
});
