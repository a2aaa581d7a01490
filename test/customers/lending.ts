import { graphql, type GraphQLSchema } from 'graphql';
import { buildSchema, type ClassType } from 'type-graphql';
import { CustomersReader, CustomersResolver, CustomersService } from '../../src/customers/index.js';
import { CustomerLoansResolver, LoanFactResolver, LoanResolver, LoansReader, LoansResolver, LoansService } from '../../src/loans/index.js';
import { DateTime, type Context } from '../../src/platform/index.js';
import { guardSchema, type Role } from '../../src/security/index.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';

/** The rooms customers and loans over a database of their own, asked through GraphQL as the API asks them. */
export interface Lending {
  readonly database: TestDatabase;
  readonly customers: CustomersService;
  readonly loans: LoansService;
  /** Asks as a person with these roles and returns the data; an error fails the test with the query beside it. */
  ask<Data = Record<string, never>>(roles: Role | Role[], query: string, variables?: object): Promise<Data>;
  /** Asks what must be refused, and returns the sentences. */
  refusal(roles: Role | Role[], query: string, variables?: object): Promise<string>;
  /** Asks with a context of one's own. */
  run(ctx: Context, query: string, variables?: object): ReturnType<typeof graphql>;
  close(): Promise<void>;
}

export async function openLending(): Promise<Lending> {
  const database = await openTestDatabase();
  const reader = new CustomersReader(database.keys);
  const customers = new CustomersService(database.keys, reader);
  const loansReader = new LoansReader(reader);
  const loans = new LoansService(database.keys, loansReader);
  const schema = await schemaOf([
    new CustomersResolver(reader, customers),
    new LoansResolver(loansReader, loans),
    new LoanResolver(loansReader, reader),
    new LoanFactResolver(loansReader),
    new CustomerLoansResolver(loansReader),
  ]);
  const run: Lending['run'] = (ctx, source, variableValues) =>
    graphql({ schema, source, contextValue: ctx, ...(variableValues && { variableValues: { ...variableValues } }) });
  return {
    database,
    customers,
    loans,
    run,
    async ask<Data>(roles: Role | Role[], query: string, variables?: object) {
      const { data, errors } = await run(await database.contextOf(...[roles].flat()), query, variables);
      if (errors) throw new Error(`${sentencesOf(errors)}\n${query}\n${JSON.stringify(variables)}`);
      return data as Data;
    },
    async refusal(roles, query, variables) {
      const { data, errors } = await run(await database.contextOf(...[roles].flat()), query, variables);
      if (!errors) throw new Error(`Should have been refused, but got ${JSON.stringify(data)}`);
      return sentencesOf(errors);
    },
    close: () => database.close(),
  };
}

/** The messages, with what class-validator says of each argument. */
function sentencesOf(errors: NonNullable<Awaited<ReturnType<typeof graphql>>['errors']>): string {
  const details = errors.map(({ message, originalError }) => {
    const { extensions } = (originalError ?? {}) as { extensions?: { validationErrors?: { constraints?: Record<string, string> }[] } };
    const constraints = extensions?.validationErrors?.flatMap((error) => Object.values(error.constraints ?? {})) ?? [];
    return [message, ...constraints].join(' ');
  });
  return details.join('\n');
}

async function schemaOf(resolvers: readonly object[]): Promise<GraphQLSchema> {
  const byClass = new Map(resolvers.map((resolver) => [resolver.constructor, resolver]));
  const classes = [...byClass.keys()] as unknown as [ClassType, ...ClassType[]];
  const schema = await buildSchema({
    resolvers: classes as unknown as [Function, ...Function[]],
    container: { get: (resolver) => byClass.get(resolver) },
    validate: true,
    scalarsMap: [{ type: Date, scalar: DateTime }],
  });
  return guardSchema(schema);
}
