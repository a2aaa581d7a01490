import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openTestApp, type TestApp } from '../support/app.js';
import { scoreLoan, someLoans, type BookLoan } from '../support/builders.js';
import type { TestClient } from '../support/client.js';

interface Found {
  readonly edges: readonly { readonly node: { readonly id: string } }[];
  readonly totalCount: number;
}

const idsOf = ({ edges }: Found): string[] => edges.map(({ node }) => node.id);

describe('a borrower', () => {
  let app: TestApp;
  let own: BookLoan;
  let other: BookLoan;
  let ownPrediction: string;
  let otherPrediction: string;
  let borrower: TestClient;

  beforeAll(async () => {
    app = await openTestApp();
    [own, other] = (await someLoans(app, 2)) as [BookLoan, BookLoan];
    const portal = await app.as('portal');
    ownPrediction = (await scoreLoan(portal, { loanId: own.id })).id;
    otherPrediction = (await scoreLoan(portal, { loanId: other.id })).id;
    borrower = await app.asBorrower(own.customer.externalId);
  });
  afterAll(() => app.close());

  const list = async (field: string, filter?: object): Promise<Found> => {
    const type = { customers: 'CustomerFilter', loans: 'LoanFilter', predictions: 'PredictionFilterInput' }[field]!;
    const document = `query List($filter: ${type}) { ${field}(first: 200, filter: $filter) { totalCount edges { node { id } } } }`;
    return (await borrower.ok<Record<string, Found>>(document, { filter }))[field]!;
  };

  it('sees their own customer, loans and predictions, in lists and alone', async () => {
    expect(idsOf(await list('customers'))).toEqual([own.customer.id]);
    expect(idsOf(await list('loans'))).toContain(own.id);
    expect(idsOf(await list('predictions'))).toEqual([ownPrediction]);
    for (const id of [own.customer.id, own.id, ownPrediction]) {
      expect(await borrower.ok('query Node($id: ID!) { node(id: $id) { id } }', { id })).toEqual({ node: { id } });
    }
    const { loans } = await borrower.ok<{ loans: { edges: { node: { customer: { id: string } } }[] } }>('{ loans(first: 200) { edges { node { customer { id } } } } }');
    expect(new Set(loans.edges.map(({ node }) => node.customer.id))).toEqual(new Set([own.customer.id]));
  });

  it('counts only what is theirs', async () => {
    expect((await list('customers')).totalCount).toBe(1);
    expect((await list('predictions')).totalCount).toBe(1);
    expect((await list('loans')).totalCount).toBe((await list('loans')).edges.length);
  });

  it.each([
    ['customer by id', 'query ($id: ID!) { found: customer(id: $id) { id } }', () => ({ id: other.customer.id })],
    ['customer by external id', 'query ($id: String!) { found: customer(externalId: $id) { id } }', () => ({ id: other.customer.externalId })],
    ['loan by id', 'query ($id: ID!) { found: loan(id: $id) { id } }', () => ({ id: other.id })],
    ['loan by external id', 'query ($id: String!) { found: loan(externalId: $id) { id } }', () => ({ id: other.externalId })],
    ['prediction by id', 'query ($id: ID!) { found: prediction(id: $id) { id } }', () => ({ id: otherPrediction })],
    ['customer as of a moment', 'query ($id: ID!, $asOf: DateTime) { found: customer(id: $id, asOf: $asOf) { id } }', () => ({ id: other.customer.id, asOf: new Date().toISOString() })],
    ['loan as of a moment', 'query ($id: ID!, $asOf: DateTime) { found: loan(id: $id, asOf: $asOf) { id } }', () => ({ id: other.id, asOf: new Date().toISOString() })],
    ['prediction as of a moment', 'query ($id: ID!, $asOf: DateTime) { found: prediction(id: $id, asOf: $asOf) { id } }', () => ({ id: otherPrediction, asOf: new Date().toISOString() })],
    ['customer as a node', 'query ($id: ID!) { found: node(id: $id) { id } }', () => ({ id: other.customer.id })],
    ['loan as a node', 'query ($id: ID!) { found: node(id: $id) { id } }', () => ({ id: other.id })],
    ['prediction as a node', 'query ($id: ID!) { found: node(id: $id) { id } }', () => ({ id: otherPrediction })],
  ])("does not find another's %s, as if there were none", async (_, document, variables) => {
    const { data, errors } = await borrower.query<{ found: null }>(document, variables());
    expect(data?.found).toBeNull();
    expect(errors.map(({ extensions }) => extensions.code).filter((code) => code !== 'NOT_FOUND')).toEqual([]);
  });

  it("does not reach another's by a filter", async () => {
    expect(idsOf(await list('customers', { externalId: other.customer.externalId }))).toEqual([]);
    expect(idsOf(await list('loans', { customerId: other.customer.id }))).toEqual([]);
    expect(idsOf(await list('predictions', { customerId: other.customer.id }))).toEqual([]);
    expect(idsOf(await list('predictions', { loanId: other.id }))).toEqual([]);
    expect((await list('predictions', { loanId: other.id })).totalCount).toBe(0);
  });

  it("does not reach another's with a cursor of theirs", async () => {
    const auditor = await app.as('auditor');
    const { customers } = await auditor.ok<{ customers: { edges: { cursor: string }[] } }>('{ customers(first: 1) { edges { cursor } } }');
    const after = customers.edges[0]!.cursor;
    const found = await borrower.ok<{ customers: { edges: { node: { id: string } }[] } }>('query Page($after: String) { customers(first: 200, after: $after) { edges { node { id } } } }', { after });
    expect(found.customers.edges.every(({ node }) => node.id === own.customer.id)).toBe(true);
  });

  it('sees no model, no deployment and no one who acted, on the way through their own prediction', async () => {
    for (const field of ['model { id }', 'deployment { id }', 'actor { id }', 'modelVersion { registeredBy { id } }', 'modelVersion { dossier { digest } }', 'modelVersion { approvals { comment } }', 'modelVersion { performance { auc } }', 'modelVersion { model { owner { name } } }']) {
      const answer = await borrower.query('query Mine($id: ID!) { prediction(id: $id) { ' + field + ' } }', { id: ownPrediction });
      expect([field, answer.errors.map(({ extensions }) => extensions.code)]).toEqual([field, ['FORBIDDEN']]);
    }
  });

  it('whose token names no customer sees nothing', async () => {
    const nobody = await app.as('borrower');
    expect(await nobody.ok('{ customers { totalCount } loans { totalCount } predictions { totalCount } }')).toEqual({
      customers: { totalCount: 0 }, loans: { totalCount: 0 }, predictions: { totalCount: 0 },
    });
    expect((await nobody.query<{ node: null }>('query Node($id: ID!) { node(id: $id) { id } }', { id: own.customer.id })).data?.node ?? null).toBeNull();
  });

  it('whose token names a customer who is not recorded is not let in', async () => {
    const { status, errors } = await (await app.asBorrower('nobody at all')).query('{ me { name } }');
    expect([status, errors[0]?.message]).toEqual([401, 'The token names a customer that is not recorded here.']);
  });

  it('is limited to their own even where the token has another role beside', async () => {
    const both = await app.as({ subject: 'both', name: 'Both', roles: ['BORROWER', 'PORTAL'], customer: own.customer.externalId });
    expect((await scoreLoan(both, { loanId: own.id })).status).toBe('SCORED');
    const { extensions } = await both.refusal('mutation Score($input: ScoreLoanInput!) { scoreLoan(input: $input) { prediction { pd } } }', { input: { loanId: other.id, purpose: 'ORIGINATION' } });
    expect(extensions.code).toBe('NOT_FOUND');
    const simulate = 'mutation Try($input: SimulateLoanInput!) { simulateLoan(input: $input) { prediction { status } } }';
    expect(await both.ok(simulate, whatIf(own.id))).toEqual({ simulateLoan: { prediction: { status: 'SCORED' } } });
    expect((await both.refusal(simulate, whatIf(other.id))).extensions.code).toBe('NOT_FOUND');
    const write = await both.refusal('mutation Update($input: UpdateCustomerInput!) { updateCustomer(input: $input) { customer { id } } }', { input: { id: other.customer.id } });
    expect(write.extensions.code).toBe('FORBIDDEN');
  });
});

const whatIf = (loanId: string): object => ({ input: { loanId, purpose: 'ORIGINATION', changes: [{ path: 'loan.principal', value: 1 }] } });
