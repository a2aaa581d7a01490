import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { graphql, parse, subscribe, type ExecutionResult, type GraphQLSchema } from 'graphql';
import { Arg, buildSchema, Field, FieldResolver, ID, InputType, Int, Mutation, ObjectType, Query, Resolver, Root, Subscription, type NonEmptyArray } from 'type-graphql';
import { encodeGlobalId, newId, NO_TOPICS } from '../../src/platform/index.js';
import { guardSchema, permissionOf, Requires, type Role } from '../../src/security/index.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';

@ObjectType('Account', { simpleResolvers: true })
class Account {
  @Field(() => String) name!: string;
  @Requires('customer:identity')
  @Field(() => String, { nullable: true }) iban!: string;
}

@InputType()
class CloseInput {
  @Field(() => String) iban!: string;
  @Field(() => ID) accountId!: string;
  @Field(() => ID) heirId!: string;
}

let ran: string[] = [];

@Resolver(() => Account)
class AccountResolver {
  @Requires('customer:read')
  @Query(() => Account)
  account(): Account {
    ran.push('account');
    return Object.assign(new Account(), { name: 'Current account', iban: 'DE00 1234' });
  }

  @Requires('customer:write')
  @Mutation(() => Int)
  rename(@Arg('name', () => String) name: string): number {
    ran.push('rename');
    return name.length;
  }

  @Requires('customer:write', 'CLOSE')
  @Mutation(() => Int)
  closeAccount(@Arg('input', () => CloseInput) input: CloseInput): number {
    ran.push('closeAccount');
    return input.iban.length;
  }

  @Requires('customer:protected')
  @FieldResolver(() => String, { nullable: true })
  async origin(@Root() account: Account): Promise<string> {
    ran.push('origin');
    return `origin of ${account.name}`;
  }
}

async function* twoEvents(): AsyncGenerator<number> {
  ran.push('subscribe');
  yield 1;
  yield 2;
}

@Resolver()
class CountResolver {
  @Requires('customer:read')
  @Subscription(() => Int, { subscribe: twoEvents })
  counted(@Root() count: number): number {
    ran.push(`counted ${count}`);
    return count;
  }
}

@Resolver()
class OpenSubscriptionResolver {
  @Subscription(() => Int, { subscribe: twoEvents })
  told(@Root() count: number): number {
    return count;
  }
}

@Resolver()
class OpenQueryResolver {
  @Query(() => Int)
  open(): number {
    return 1;
  }
}

@Resolver()
class OpenMutationResolver {
  @Mutation(() => Int)
  act(): number {
    return 1;
  }
}

const schemaOf = (...resolvers: NonEmptyArray<Function>): Promise<GraphQLSchema> => buildSchema({ resolvers, validate: true, pubSub: NO_TOPICS });

describe('a guarded schema', () => {
  let database: TestDatabase;
  let schema: GraphQLSchema;
  beforeAll(async () => {
    database = await openTestDatabase();
    schema = guardSchema(await schemaOf(AccountResolver, CountResolver));
  });
  afterAll(() => database.close());

  const ask = async (source: string, ...roles: Role[]) => {
    ran = [];
    const contextValue = await database.contextOf(...roles);
    const { data, errors } = await graphql({ schema, source, contextValue });
    return { data: data && { ...data }, codes: errors?.map(({ originalError, path }) => [path?.join('.'), (originalError as { code?: string }).code]) };
  };
  const refusals = async (): Promise<unknown[]> =>
    (await database.db.query<{ leaf: Buffer }>("SELECT leaf FROM audit_intake WHERE type = 'ACT_REFUSED' ORDER BY id")).map(({ leaf }) => JSON.parse(leaf.toString()) as unknown);

  const close = (accountId: string) => ask(`mutation { closeAccount(input: { iban: "${encodeGlobalId({ type: 'Loan', id: newId() })}", accountId: "${accountId}", heirId: "${encodeGlobalId({ type: 'User', id: newId() })}" }) }`, 'AUDITOR');

  it.each([['a query', OpenQueryResolver, 'Query.open'], ['a mutation', OpenMutationResolver, 'Mutation.act'], ['a subscription', OpenSubscriptionResolver, 'Subscription.told']])('is not built with %s that declares no permission', async (_what, resolver, name) => {
    const open = await schemaOf(AccountResolver, resolver);
    expect(() => guardSchema(open)).toThrow(`${name} declares no permission. Add @Requires(…).`);
  });

  it('tells the permission of every operation', () => {
    expect(permissionOf(schema.getQueryType()!.getFields()['account']!)).toBe('customer:read');
    expect(permissionOf(schema.getMutationType()!.getFields()['rename']!)).toBe('customer:write');
  });

  it('answers who holds the permission', async () => {
    expect(await ask('{ account { name } }', 'PORTAL')).toEqual({ data: { account: { name: 'Current account' } }, codes: undefined });
    expect(await ask('mutation { rename(name: "abc") }', 'PORTAL')).toEqual({ data: { rename: 3 }, codes: undefined });
  });

  it('runs nothing for who lacks it', async () => {
    expect(await ask('{ account { name } }', 'MODEL_OWNER')).toEqual({ data: null, codes: [['account', 'FORBIDDEN']] });
    expect(await ask('{ account { name } }')).toEqual({ data: null, codes: [['account', 'FORBIDDEN']] });
    expect(ran).toEqual([]);
  });

  it('holds for an alias and for a fragment as for the name', async () => {
    const source = '{ ...Both } fragment Both on Query { a: account { name } b: account { name } }';
    expect((await ask(source, 'MODEL_OWNER')).codes).toEqual([['a', 'FORBIDDEN']]);
    expect(ran).toEqual([]);
  });

  it('refuses a field that needs more than its parent, and answers the rest', async () => {
    expect(await ask('{ account { name iban origin } }', 'PORTAL')).toEqual({
      data: { account: { name: 'Current account', iban: null, origin: null } },
      codes: expect.arrayContaining([['account.iban', 'FORBIDDEN'], ['account.origin', 'FORBIDDEN']]) as unknown,
    });
    expect(ran).toEqual(['account']);
    expect((await ask('{ account { iban origin } }', 'AUDITOR')).data).toEqual({ account: { iban: 'DE00 1234', origin: 'origin of Current account' } });
  });

  it('opens no stream for who lacks the permission, and asks for it again at each event', async () => {
    const [may, mayNot] = [await database.contextOf('PORTAL'), await database.contextOf('MODEL_OWNER')];
    const document = parse('subscription { counted }');
    ran = [];
    const refused = (await subscribe({ schema, document, contextValue: mayNot })) as ExecutionResult;
    expect([refused.errors?.map(({ originalError }) => (originalError as { code?: string }).code), ran]).toEqual([['FORBIDDEN'], []]);
    const contextValue = { ...may };
    const events = (await subscribe({ schema, document, contextValue })) as AsyncGenerator<ExecutionResult>;
    expect((await events.next()).value).toEqual({ data: { counted: 1 } });
    contextValue.actor = mayNot.actor;
    const { value } = (await events.next()) as { value: ExecutionResult };
    expect([value.data, value.errors?.[0]?.message]).toEqual([null, expect.stringContaining('customer:read')]);
    expect(ran).toEqual(['subscribe', 'counted 1']);
  });

  it('records who tried to act without being allowed to, and does not act', async () => {
    const before = (await refusals()).length;
    expect(await ask('mutation { rename(name: "abc") }', 'AUDITOR')).toEqual({ data: null, codes: [['rename', 'FORBIDDEN']] });
    expect(ran).toEqual([]);
    const { actor } = await database.contextOf('AUDITOR');
    expect((await refusals()).slice(before)).toEqual([expect.objectContaining({ act: 'RENAME', subject: actor.id, actor: actor.id, code: 'FORBIDDEN', rule: 'PERMISSION' })]);
  });

  it('records on what they tried to act, by its row id, and nothing else that they gave', async () => {
    const before = (await refusals()).length;
    const account = newId();
    expect((await close(encodeGlobalId({ type: 'Account', id: account }))).codes).toEqual([['closeAccount', 'FORBIDDEN']]);
    expect((await close('DE00 1234')).codes).toEqual([['closeAccount', 'FORBIDDEN']]);
    const [told, rest] = (await refusals()).slice(before) as Record<string, string>[];
    expect([told, rest]).toEqual([expect.objectContaining({ id: account, act: 'CLOSE', subject: account, rule: 'PERMISSION' }), expect.objectContaining({ act: 'CLOSE', subject: told!['actor'] })]);
    expect(JSON.stringify([told, rest])).not.toContain('DE00');
  });

  it('records no refusal of a read, and none of an act that was allowed', async () => {
    const before = (await refusals()).length;
    await ask('{ account { name } }', 'MODEL_OWNER');
    await ask('mutation { rename(name: "abc") }', 'PORTAL');
    expect(await refusals()).toHaveLength(before);
  });
});
