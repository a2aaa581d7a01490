import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { buildSchema, getIntrospectionQuery, getOperationAST, Kind, parse } from 'graphql';
import { costOf, demandWithinLimits, LIMITS } from '../../src/server/limits.js';
import { openTestApp, type TestApp } from '../support/app.js';
import type { TestClient } from '../support/client.js';

const read = (path: string): Promise<string> => readFile(new URL(`../../../${path}`, import.meta.url), 'utf8');
const times = (count: number, text: (n: number) => string): string => Array.from({ length: count }, (_, n) => text(n)).join(' ');

const schema = buildSchema(await read('schema.graphql'));
const askedBy = (text: string, variables: Record<string, unknown> = {}, name?: string) => {
  const document = parse(text);
  return { schema, document, operation: getOperationAST(document, name)!, variables };
};
const cost = (...asked: Parameters<typeof askedBy>): number => costOf(askedBy(...asked));
const demand = (...asked: Parameters<typeof askedBy>) => () => demandWithinLimits(askedBy(...asked));

const CUSTOMER_PAGES = 'customers(first: 200) { edges { node { riskProfile { drivers { feature } } } } }';
const INTROSPECTION = getIntrospectionQuery({ descriptions: true, specifiedByUrl: true, directiveIsRepeatable: true, schemaDescription: true, inputValueDeprecation: true, oneOf: true });
/** Customers of loans of customers …: `levels` fields deep. */
const nested = (levels: number): string => {
  const path = ['loan(externalId: "x")', ...Array.from({ length: (levels - 2) / 4 }, () => ['customer', 'loans(first: 1)', 'edges', 'node']).flat(), 'id'];
  return `{ ${path.join(' { ')} ${'} '.repeat(path.length)}`;
};
const doubling = (levels: number): string =>
  `{ ...F0 } ${times(levels, (n) => `fragment F${n} on Query { ...F${n + 1} ...F${n + 1} }`)} fragment F${levels} on Query { __typename }`;

describe('the cost of a request', () => {
  it.each([
    ['a field', '{ me { name roles } }', 3],
    ['a page by its size', '{ customers(first: 200) { edges { node { id } } } }', 1 + 200 * 3],
    ['a page from the end', '{ customers(last: 7) { edges { node { id } } } }', 1 + 7 * 3],
    ['a page of no given size as 20', '{ customers { edges { node { id } } } }', 1 + 20 * 3],
    ['a page in a page as often as there may be', '{ customers(first: 10) { edges { node { loans(first: 5) { edges { node { id } } } } } } }', 1 + 10 * (3 + 5 * 3)],
    ['no page as larger than a page can be', '{ customers(first: 2000000000) { totalCount } }', 1 + 200],
    ['no page as less than empty', '{ customers(first: -5) { totalCount } }', 1],
    ['a list as 5', '{ me { grants { role } } }', 1 + 1 + 5],
    ['a list by the number asked for', '{ loan(externalId: "x") { repayments(last: 12) { status } } }', 1 + 1 + 12],
    ['a list by the number asked for unless said otherwise', '{ loan(externalId: "x") { repayments { status } } }', 1 + 1 + 24],
    ['every alias', '{ a: me { name } b: me { name } }', 4],
    ['a fragment as often as it is spread', '{ a: me { ...F } b: me { ...F } } fragment F on Me { name roles }', 6],
    ['the dearest of the types that a thing may be', '{ node(id: "x") { id ... on Customer { erased synthetic } ... on Loan { product } } }', 4],
    ['nothing that is skipped', '{ me { name } users @skip(if: true) { totalCount } }', 2],
    ['a mutation with what it answers', 'mutation { scoreLoan(input: { externalId: "x", purpose: ORIGINATION }) { prediction { id } } }', 3],
    ['a replay as 75', '{ predictions(first: 10) { edges { node { replay { reproduced } } } } }', 1 + 10 * (2 + 75 + 1)],
    ['a what-if as 150', 'mutation { simulateLoan(input: { externalId: "x", purpose: ORIGINATION, changes: [] }) { prediction { id } } }', 150 + 2],
    ['work on a list that is sent as 5,000', 'mutation { scoreLoans(input: { loans: ["x"], purpose: ORIGINATION, requestId: "x" }) { __typename } }', 5_001],
  ])('counts %s', (_what, document, expected) => {
    expect(cost(document)).toBe(expected);
  });

  it('takes page sizes from variables and their defaults', () => {
    const document = 'query ($first: Int = 50, $all: Boolean!) { customers(first: $first) { totalCount @include(if: $all) } }';
    expect([cost(document, { first: 3, all: true }), cost(document, { all: true }), cost(document, { all: false })]).toEqual([4, 51, 1]);
  });

  it('is that of the operation that is run, not of its neighbours', () => {
    const document = 'query Small { me { name } } query Large { customers(first: 200) { totalCount } }';
    expect([cost(document, {}, 'Small'), cost(document, {}, 'Large')]).toEqual([2, 201]);
  });
});

describe('within the limits', () => {
  it.each([
    ['a page of 200 customers with their risk', '{ customers(first: 200) { edges { node { id externalId displayName riskProfile { grade pd drivers { label direction strength } warnings } loans(first: 5) { totalCount } } } pageInfo { hasNextPage endCursor } } }'],
    ['50 customers, their loans, and what was predicted of each and why', '{ customers(first: 50) { edges { node { displayName loans(first: 20) { edges { node { externalId daysPastDue latestPrediction { pd grade decision reasons { code text } } } } } } } } }'],
    ['a page of 200 predictions with everything behind them', '{ predictions(first: 200) { edges { node { id pd decision createdAt inputs { name value source flags } explanation { logit attributions { label contribution } } record { sha256 } modelVersion { version approvals { role by { name } } } } } } }'],
    ['a replay of each of 200 predictions', '{ predictions(first: 200) { edges { node { id replay { reproduced maxAbsDifference runtime } } } } }'],
    ['introspection, as GraphiQL does it', INTROSPECTION],
    ['16 fields in each other', '{ __schema { types { fields { args { type { ofType { ofType { ofType { ofType { ofType { ofType { ofType { ofType { ofType { ofType { name } } } } } } } } } } } } } } } }'],
  ])('is %s', (_what, document) => {
    expect(demand(document)).not.toThrow();
  });

  it('is every query of the README', async () => {
    const documents = [...(await read('README.md')).matchAll(/```graphql\n([^]*?)```/g)].map(([, document]) => document!);
    const operations = documents.flatMap((text) => parse(text).definitions.flatMap((one) => (one.kind === Kind.OPERATION_DEFINITION ? [[text, one.name!.value] as const] : [])));
    expect(operations.map(([, name]) => name)).toEqual(expect.arrayContaining(['RiskProfile', 'Score', 'Evidence']));
    for (const [text, name] of operations) expect(demand(text, {}, name)).not.toThrow();
  });
});

describe('beyond the limits', () => {
  it('a query is told its cost, the limit and what to do', () => {
    expect(demand(`{ ${times(20, (n) => `a${n}: ${CUSTOMER_PAGES}`)} }`)).toThrow(expect.objectContaining({
      code: 'BAD_INPUT',
      message: 'The query costs 36,020; one request may cost 25,000. Ask for smaller pages (first, last), for fewer fields or under fewer aliases, or send several requests.',
    }));
  });

  it.each([
    ['aliases', `{ ${times(20, (n) => `a${n}: ${CUSTOMER_PAGES}`)} }`, {}, /costs 36,020/],
    ['fragments', `{ ${times(20, (n) => `...F${n}`)} } ${times(20, (n) => `fragment F${n} on Query { a${n}: ${CUSTOMER_PAGES} }`)}`, {}, /costs 36,020/],
    ['variables', 'query ($n: Int) { customers(first: $n) { edges { node { loans(first: $n) { edges { node { id } } } } } } }', { n: 200 }, /costs 120,601/],
    ['aliases of the schema', `{ ${times(100, (n) => `a${n}: __schema { types { fields { type { fields { type { name } } } } } }`)} }`, {}, /costs/],
    ['replays', `{ ${times(2, (n) => `a${n}: predictions(first: 200) { edges { node { replay { reproduced } } } }`)} }`, {}, /costs 31,202/],
    ['what-ifs', `mutation { ${times(170, (n) => `a${n}: simulateLoan(input: { externalId: "x", purpose: ORIGINATION, changes: [] }) { __typename }`)} }`, {}, /costs 25,670/],
    ['doubling fragments', doubling(100), {}, /more than 10,000 fields once its fragments are spread/],
    ['depth', nested(18), {}, /18 fields deep; at most 16/],
    ['great depth', nested(602), {}, /602 fields deep; at most 16/],
    ['depth through fragments', `{ loan(externalId: "x") { ...F0 } } ${times(5, (n) => `fragment F${n} on Loan { customer { loans(first: 1) { edges { node { ...F${n + 1} } } } } }`)} fragment F5 on Loan { id }`, {}, /22 fields deep; at most 16/],
  ])('is too much by %s', (_by, document, variables, message) => {
    expect(demand(document, variables)).toThrow(expect.objectContaining({ code: 'BAD_INPUT', message: expect.stringMatching(message) }));
  });
});

describe('a request to the server', () => {
  let app: TestApp;
  let portal: TestClient;
  beforeAll(async () => {
    app = await openTestApp();
    portal = await app.as('portal');
    await portal.ok('{ me { name } }');
  });
  afterAll(() => app.close());

  const refusedUnread = async (document: string, variables: object = {}) => {
    const { result, statements } = await app.statementsOf(() => portal.query(document, variables));
    expect({ status: result.status, data: result.data, read: statements.filter((sql) => /customers|loans|predictions/.test(sql)) }).toEqual({ status: 400, data: undefined, read: [] });
    expect(result.errors).toEqual([expect.objectContaining({ extensions: expect.objectContaining({ code: 'BAD_INPUT', id: expect.stringMatching(/^[0-9a-f-]{36}$/) }) })]);
    return result.errors[0]!.message;
  };

  it.each([
    ['of 80 times every customer', `{ ${times(80, (n) => `a${n}: ${CUSTOMER_PAGES}`)} }`, /^The query costs 144,080; one request may cost 25,000\./],
    ['of 300 times every customer', `{ ${times(300, (n) => `a${n}: ${CUSTOMER_PAGES}`)} }`, /^The query has more than 2,000 tokens .* or send several requests\.$/],
    ['of 150 times every customer, in few words', `{ ${times(150, (n) => `a${n}: customers(first: 200) { ...P }`)} } fragment P on CustomerConnection { edges { node { riskProfile { drivers { feature } } } } }`, /^The query costs 270,150;/],
    ['that floods the parser', `{ ${'__typename '.repeat(500_000)} }`, /^The query has more than 2,000 tokens/],
    ['that is too deep', nested(18), /^The query is 18 fields deep/],
    ['whose fragments double', doubling(100), /^The query has more than 10,000 fields/],
    ['whose fragments spread themselves', '{ ...A } fragment A on Query { me { name } ...B } fragment B on Query { ...A }', /Cannot spread fragment "A" within itself via "B"/],
  ])('%s is refused before anything is read', async (_what, document, message) => {
    expect(await refusedUnread(document)).toMatch(message);
  });

  it('is judged by its variables', async () => {
    const document = 'query ($n: Int) { customers(first: $n) { edges { node { loans(first: $n) { edges { node { id } } } } } } }';
    expect(await refusedUnread(document, { n: 200 })).toMatch(/^The query costs 120,601/);
    await portal.ok(document, { n: 5 });
  });

  it('is told all that is wrong with its variables', async () => {
    const { status, errors } = await portal.query('query ($a: Int!, $b: Int!) { customers(first: $a) { totalCount } loans(first: $b) { totalCount } }', { a: 'x' });
    expect([status, errors.map(({ message }) => message.slice(0, 14))]).toEqual([400, ['Variable "$a" ', 'Variable "$b" ']]);
  });

  it('cannot hide its cost behind an argument that does not fit', async () => {
    const document = `query ($none: Int) { loan(externalId: "x") { repayments(last: $none) { status } } ${times(20, (n) => `a${n}: ${CUSTOMER_PAGES}`)} }`;
    expect(await refusedUnread(document, { none: null })).toBe('Argument "last" of non-null type "Int!" must not be null.');
  });

  it('of GraphiQL about the schema is answered', async () => {
    const { __schema } = await portal.ok<{ __schema: { types: object[] } }>(INTROSPECTION);
    expect(__schema.types.length).toBeGreaterThan(50);
  });

  it('of the most that it may ask for is answered', async () => {
    const most = Math.floor(LIMITS.cost / cost(`{ ${CUSTOMER_PAGES} }`));
    const pages = await portal.ok<Record<string, object>>(`{ ${times(most, (n) => `a${n}: ${CUSTOMER_PAGES}`)} }`);
    expect(Object.keys(pages)).toHaveLength(most);
  });
});
