import type { TestApp } from './app.js';
import type { TestClient } from './client.js';

export interface BookLoan {
  readonly id: string;
  readonly externalId: string;
  readonly product: string;
  readonly customer: { readonly id: string; readonly externalId: string };
}

/** Loans of the template's book, in the order of recording; each of another customer. */
export async function someLoans(app: TestApp, count: number): Promise<BookLoan[]> {
  const auditor = await app.as('auditor');
  const { loans } = await auditor.ok<{ loans: { edges: { node: BookLoan }[] } }>(
    'query Loans($first: Int!) { loans(first: $first) { edges { node { id externalId product customer { id externalId } } } } }',
    { first: Math.min(200, count * 3) },
  );
  const byCustomer = new Map(loans.edges.map(({ node }) => [node.customer.id, node]));
  if (byCustomer.size < count) throw new Error(`The template's book has only ${byCustomer.size} such loans.`);
  return [...byCustomer.values()].slice(0, count);
}

export interface ScoredPrediction {
  readonly id: string;
  readonly status: 'SCORED' | 'REFUSED' | 'FAILED';
  readonly pd: number | null;
  readonly grade: string | null;
  readonly scorePoints: number | null;
  readonly decision: string | null;
  readonly asOf: string;
  readonly requestId: string | null;
  readonly reasons: readonly { readonly code: string; readonly text: string; readonly feature: string }[];
  readonly problem: { readonly code: string; readonly message: string } | null;
}

export const PREDICTION = 'id status pd grade scorePoints decision asOf requestId reasons { code text feature } problem { code message }';

export const SCORE_LOAN = `mutation Score($input: ScoreLoanInput!) { scoreLoan(input: $input) { prediction { ${PREDICTION} } } }`;

/** Scores for origination unless told otherwise, and returns what was recorded. */
export async function scoreLoan(client: TestClient, input: object): Promise<ScoredPrediction> {
  const { scoreLoan: payload } = await client.ok<{ scoreLoan: { prediction: ScoredPrediction } }>(SCORE_LOAN, { input: { purpose: 'ORIGINATION', ...input } });
  return payload.prediction;
}

/** Records a customer with one loan, through the API. */
export async function createLoan(client: TestClient, externalId: string, { customer = {}, loan = {} }: { customer?: object; loan?: object } = {}): Promise<BookLoan> {
  await client.ok('mutation Customer($input: CreateCustomerInput!) { createCustomer(input: $input) { customer { id } } }', {
    input: { externalId, identity: [{ name: 'name', value: `Person ${externalId}` }], ...customer },
  });
  const { createLoan: payload } = await client.ok<{ createLoan: { loan: BookLoan } }>(
    'mutation Loan($input: CreateLoanInput!) { createLoan(input: $input) { loan { id externalId product customer { id externalId } } } }',
    { input: { customerExternalId: externalId, externalId, product: 'personal-loan', kind: 'INSTALMENT', currency: 'EUR', principal: '5000', ...loan } },
  );
  return payload.loan;
}
