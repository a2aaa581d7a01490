import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openTestApp, type TestApp } from '../support/app.js';
import { SCORE_LOAN, someLoans } from '../support/builders.js';
import type { TestClient } from '../support/client.js';

const NESTED = `query Nested($first: Int!) { customers(first: $first) { edges { node { displayName
  loans(first: 5) { edges { node { externalId daysPastDue
    latestPrediction { pd grade decision reasons { code text }
      modelVersion { version model { name } dossier { digest } approvals { role by { name } } } } } } } } } } }`;

const RISK_PROFILE = `query RiskProfile($id: ID!) { customer(id: $id) { displayName
  riskProfile { grade pd scorePoints exposures { amount currency } expectedLosses { amount } asOf drivers { feature label direction strength } warnings }
  loans(first: 20) { edges { node { id product principal { amount currency } annualRate termMonths status daysPastDue
    latestPrediction { id pd grade scorePoints decision reasons { code text } createdAt modelVersion { version model { name } } } } } } } }`;

describe('the statements behind an answer', () => {
  let app: TestApp;
  let auditor: TestClient;
  beforeAll(async () => {
    app = await openTestApp();
    auditor = await app.as('auditor');
    const portal = await app.as('portal');
    for (const { id } of await someLoans(app, 60)) await portal.ok(SCORE_LOAN, { input: { loanId: id, purpose: 'ORIGINATION' } });
    await auditor.ok(NESTED, { first: 1 });
  });
  afterAll(() => app.close());

  const costOf = async (document: string, variables: object): Promise<{ data: unknown; statements: string[] }> => {
    const { result: data, statements } = await app.statementsOf(() => auditor.ok(document, variables));
    return { data, statements };
  };

  it('are as many for fifty customers with loans, predictions, versions and approvals as for five', async () => {
    const five = await costOf(NESTED, { first: 5 });
    const fifty = await costOf(NESTED, { first: 50 });
    const { customers } = fifty.data as { customers: { edges: { node: { loans: { edges: { node: { latestPrediction: object | null } }[] } } }[] } };
    expect(customers.edges).toHaveLength(50);
    expect(customers.edges.filter(({ node }) => node.loans.edges.some(({ node: loan }) => loan.latestPrediction)).length).toBeGreaterThan(40);
    expect(fifty.statements).toHaveLength(five.statements.length);
    // Customers; loans; newest period; latest prediction; its record; version; model, dossier, approvals; their voters.
    expect(fifty.statements.length).toBeLessThanOrEqual(10);
  });

  it('of a risk profile are few, however many loans there are', async () => {
    const { customers } = await auditor.ok<{ customers: { edges: { node: { id: string; loans: { totalCount: number } } }[] } }>('{ customers(first: 50) { edges { node { id loans { totalCount } } } } }');
    const withLoans = (count: number): string => customers.edges.find(({ node }) => node.loans.totalCount === count)!.node.id;
    const one = await costOf(RISK_PROFILE, { id: withLoans(1) });
    const two = await costOf(RISK_PROFILE, { id: withLoans(2) });
    // The profile and the list of loans are answered side by side: whether they find prediction, version and model in one look-up or in two is chance.
    for (const { statements } of [one, two]) expect(statements.length).toBeLessThanOrEqual(12);
  });

  it('of a page of predictions with all that is behind them do not grow with the page', async () => {
    const evidence = `query Evidence($first: Int!) { predictions(first: $first) { edges { node { pd inputs { name value } explanation { logit attributions { contribution } } record { sha256 }
      customer { displayName } loan { externalId } actor { name } deployment { validFrom by { name } } model { name } modelVersion { version } } } } }`;
    const few = await costOf(evidence, { first: 3 });
    const many = await costOf(evidence, { first: 50 });
    expect((many.data as { predictions: { edges: object[] } }).predictions.edges).toHaveLength(50);
    expect(many.statements).toHaveLength(few.statements.length);
  });
});
