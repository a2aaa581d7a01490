import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { openLending, type Lending } from '../customers/lending.js';

const CUSTOMER = `mutation ($input: CreateCustomerInput!) { createCustomer(input: $input) { customer { id } } }`;
const CREATE = `mutation ($input: CreateLoanInput!) { createLoan(input: $input) { loan { id externalId status effectiveAt decisionAt } } }`;
const UPDATE = `mutation ($input: UpdateLoanInput!) { updateLoan(input: $input) { loan { id } } }`;
const REPAY = `mutation ($input: RecordRepaymentsInput!) { recordRepayments(input: $input) { loan { daysPastDue } } }`;
const OUTCOME = `mutation ($input: RecordOutcomeInput!) { recordOutcome(input: $input) { loan { outcome { defaulted } } } }`;
const LOAN = `query ($externalId: String!) { loan(externalId: $externalId) {
  product kind currency status principal { amount currency } creditLimit { amount currency } annualRate termMonths completedAt decisionAt effectiveAt daysPastDue
  attributes { name value } customer { externalId } outcome { defaulted effectiveAt knownAt }
  repayments { periodEnd amountDue { amount currency } balance { amount } daysPastDue status recordedAt }
  history { effectiveAt status principal { amount } attributes { name value } } } }`;

interface LoanAnswer {
  loan: Record<string, unknown> & { repayments: { periodEnd: string; daysPastDue: number | null }[]; history: { status: string }[] };
}

interface List {
  totalCount: number;
  edges: { node: { externalId: string } }[];
  pageInfo: { endCursor: string; hasNextPage: boolean };
}

const idsOf = ({ edges }: Pick<List, 'edges'>): string[] => edges.map(({ node }) => node.externalId);

const terms = { product: 'car-loan', kind: 'INSTALMENT', currency: 'EUR', principal: '12000.50' };

describe('loans', () => {
  let lending: Lending;
  let next = 0;
  let externalId = '';
  beforeAll(async () => {
    lending = await openLending();
    await lending.ask('PORTAL', CUSTOMER, { input: { externalId: 'maria', identity: [{ name: 'name', value: 'Maria Sanz' }] } });
  });
  afterAll(() => lending.close());

  const create = (more: object = {}) => lending.ask('PORTAL', CREATE, { input: { customerExternalId: 'maria', externalId, ...terms, ...more } });
  const update = (more: object) => lending.ask('PORTAL', UPDATE, { input: { externalId, ...more } });
  const repay = (...repayments: object[]) => lending.ask('PORTAL', REPAY, { input: { externalId, repayments } });
  const read = async (): Promise<LoanAnswer['loan']> => (await lending.ask<LoanAnswer>('PORTAL', LOAN, { externalId })).loan;
  const recordOutcome = (more: object) => lending.ask('OPERATOR', OUTCOME, { input: { externalId, ...more } });
  const refusedOutcome = (more: object) => lending.refusal('OPERATOR', OUTCOME, { input: { externalId, defaulted: true, ...more } });
  const list = (args: string): Promise<{ loans: List }> => lending.ask('PORTAL', `{ loans(${args}) { totalCount edges { node { externalId } } } }`);
  const page = (args: string): Promise<{ customer: { loans: List } }> =>
    lending.ask('PORTAL', `{ customer(externalId: "of-x1") { loans(${args}) { totalCount edges { node { externalId } } pageInfo { endCursor hasNextPage } } } }`);
  beforeEach(() => void (externalId = `loan-${(next += 1)}`));

  it('are recorded with their terms, money exact and in its currency', async () => {
    await create({
      creditLimit: '0.10', annualRate: '0.0499', termMonths: 48, completedAt: '2024-01-30T09:00:00Z', decisionAt: '2024-02-01T12:00:00Z', status: 'ON_BOOK',
      attributes: [{ name: 'purpose', value: 'car' }],
    });
    expect(await read()).toMatchObject({
      product: 'car-loan', kind: 'INSTALMENT', currency: 'EUR', status: 'ON_BOOK',
      principal: { amount: '12000.5', currency: 'EUR' }, creditLimit: { amount: '0.1', currency: 'EUR' }, annualRate: '0.0499', termMonths: 48,
      completedAt: '2024-01-30T09:00:00.000Z', decisionAt: '2024-02-01T12:00:00.000Z', attributes: [{ name: 'purpose', value: 'car' }], customer: { externalId: 'maria' },
      daysPastDue: null, outcome: null, repayments: [],
    });
  });

  it('hold from their decision on where no other time is given, so that training finds what was decided', async () => {
    await create({ decisionAt: '2024-02-01T12:00:00Z' });
    expect((await read())['effectiveAt']).toBe('2024-02-01T12:00:00.000Z');
  });

  it('are complete from when all that is needed was there, which can be taken back', async () => {
    await create({});
    expect(await read()).toMatchObject({ completedAt: null });
    await update({ completedAt: '2024-02-01T12:00:00Z' });
    await update({ principal: '7' });
    expect(await read()).toMatchObject({ completedAt: '2024-02-01T12:00:00.000Z', decisionAt: null, principal: { amount: '7' } });
    await update({ completedAt: null });
    expect(await read()).toMatchObject({ completedAt: null });
  });

  it('are updated by later facts that carry over what is not named; null takes a term away', async () => {
    await create({ effectiveAt: '2024-01-01T00:00:00Z', creditLimit: '500', annualRate: '0.1', attributes: [{ name: 'a', value: 1 }, { name: 'b', value: 2 }] });
    await update({ effectiveAt: '2024-05-01T00:00:00Z', status: 'ON_BOOK', creditLimit: null, attributes: [{ name: 'a', value: null }] });
    const loan = await read();
    expect(loan).toMatchObject({ status: 'ON_BOOK', principal: { amount: '12000.5' }, creditLimit: null, annualRate: '0.1', attributes: [{ name: 'b', value: 2 }] });
    expect(loan.history).toEqual([
      { effectiveAt: '2024-05-01T00:00:00.000Z', status: 'ON_BOOK', principal: { amount: '12000.5' }, attributes: [{ name: 'b', value: 2 }] },
      { effectiveAt: '2024-01-01T00:00:00.000Z', status: 'APPLICATION', principal: { amount: '12000.5' }, attributes: [{ name: 'a', value: 1 }, { name: 'b', value: 2 }] },
    ]);
  });

  it('keep a fact of earlier effect out of what holds now', async () => {
    await create({ effectiveAt: '2024-01-01T00:00:00Z' });
    await update({ effectiveAt: '2024-05-01T00:00:00Z', status: 'CLOSED' });
    await update({ effectiveAt: '2024-03-01T00:00:00Z', status: 'ON_BOOK' });
    const loan = await read();
    expect(loan['status']).toBe('CLOSED');
    expect(loan.history.map(({ status }) => status)).toEqual(['CLOSED', 'ON_BOOK', 'APPLICATION']);
  });

  it('show their periods newest first, and of a corrected period the correction', async () => {
    await create();
    await repay(
      { periodEnd: '2024-02-29T00:00:00Z', amountDue: '100', balance: '-3.25', daysPastDue: 30, status: 'LATE' },
      { periodEnd: '2024-01-31T00:00:00Z', amountDue: '100', daysPastDue: 0, status: 'PAID_IN_FULL' },
    );
    await repay({ periodEnd: '2024-02-29T00:00:00Z', amountDue: '100', balance: '7', daysPastDue: 5 });
    const loan = await read();
    expect(loan['daysPastDue']).toBe(5);
    expect(loan.repayments).toMatchObject([
      { periodEnd: '2024-02-29T00:00:00.000Z', amountDue: { amount: '100', currency: 'EUR' }, balance: { amount: '7' }, daysPastDue: 5, status: null },
      { periodEnd: '2024-01-31T00:00:00.000Z', balance: null, daysPastDue: 0, status: 'PAID_IN_FULL' },
    ]);
    expect(await lending.ask('PORTAL', `{ loan(externalId: "${externalId}") { repayments(last: 1) { daysPastDue } } }`)).toEqual({ loan: { repayments: [{ daysPastDue: 5 }] } });
  });

  it('have the outcome that was recorded last', async () => {
    await create({ decisionAt: '2023-01-01T00:00:00Z' });
    await recordOutcome({ defaulted: true, knownAt: '2024-01-01T00:00:00Z' });
    expect(await recordOutcome({ defaulted: false, effectiveAt: '2023-12-01T00:00:00Z', knownAt: '2023-12-31T00:00:00Z' })).toEqual({ recordOutcome: { loan: { outcome: { defaulted: false } } } });
    expect((await read())['outcome']).toEqual({ defaulted: false, effectiveAt: '2023-12-01T00:00:00.000Z', knownAt: '2023-12-31T00:00:00.000Z' });
  });

  it('see what earlier mutations of the same request recorded', async () => {
    await create();
    const both = `mutation ($a: RecordOutcomeInput!, $b: RecordOutcomeInput!) {
      a: recordOutcome(input: $a) { loan { outcome { defaulted } } } b: recordOutcome(input: $b) { loan { outcome { defaulted } } } }`;
    expect(await lending.ask('OPERATOR', both, { a: { externalId, defaulted: false }, b: { externalId, defaulted: true } })).toEqual({
      a: { loan: { outcome: { defaulted: false } } },
      b: { loan: { outcome: { defaulted: true } } },
    });
  });

  it.each([
    [{ principal: '-5' }, 'principal: -5 is negative'],
    [{ principal: '1.00001' }, 'principal: 1.00001 has more than 4 decimal places'],
    [{ principal: 'NaN' }, '"NaN" is not a decimal number'],
    [{ principal: '1e5' }, '"1e5" is not a decimal number'],
    [{ creditLimit: '-1' }, 'creditLimit: -1 is negative'],
    [{ annualRate: '-0.01' }, 'annualRate: -0.01 is not a yearly rate from 0 to 10'],
    [{ annualRate: '12.5' }, 'It is a fraction: write 0.049 for 4.9 %'],
    [{ termMonths: -12 }, 'termMonths: -12 is not a whole number from 1 to 1,200'],
    [{ termMonths: 0 }, 'termMonths: 0 is not a whole number'],
    [{ currency: 'XYZ' }, 'currency: "XYZ" is not an ISO 4217 code'],
    [{ product: 'Car Loan' }, 'product: "Car Loan" is not in kebab-case'],
    [{ completedAt: '2999-01-01T00:00:00Z' }, 'completedAt: 2999-01-01T00:00:00.000Z is in the future'],
    [{ decisionAt: '2999-01-01T00:00:00Z' }, 'decisionAt: 2999-01-01T00:00:00.000Z is in the future'],
    [{ attributes: [{ name: 'principal', value: 1 }] }, 'attributes: "principal" is a term of the loan'],
    [{ customerExternalId: 'nobody' }, 'There is no customer with the customerExternalId "nobody"'],
    [{ customerId: 'x' }, 'Name the customer by customerId or by customerExternalId'],
  ])('are refused with a sentence: %j', async (input, sentence) => {
    expect(await lending.refusal('PORTAL', CREATE, { input: { customerExternalId: 'maria', externalId, ...terms, ...input } })).toContain(sentence);
    expect(await lending.ask('PORTAL', LOAN, { externalId })).toEqual({ loan: null });
  });

  it.each([
    [{ periodEnd: '2024-01-31T00:00:00Z' }, 'repayments[1]: nothing is said of the period'],
    [{ periodEnd: '2024-01-31T00:00:00Z', daysPastDue: -1 }, 'repayments[1].daysPastDue: -1 is not a whole number from 0'],
    [{ periodEnd: '2024-01-31T00:00:00Z', amountPaid: '-1' }, 'repayments[1].amountPaid: -1 is negative'],
    [{ periodEnd: '2999-01-31T00:00:00Z', amountPaid: '1' }, 'repayments[1].periodEnd: 2999-01-31T00:00:00.000Z is in the future'],
    [{ periodEnd: '2023-12-31T00:00:00Z', amountPaid: '1' }, 'repayments[1].periodEnd: 2023-12-31T00:00:00.000Z is given twice'],
  ])('take no periods at all when one of them is wrong: %j', async (wrong, sentence) => {
    await create();
    const input = { externalId, repayments: [{ periodEnd: '2023-12-31T00:00:00Z', amountPaid: '1' }, wrong] };
    expect(await lending.refusal('PORTAL', REPAY, { input })).toContain(sentence);
    expect((await read()).repayments).toEqual([]);
  });

  it('refuse an outcome that was known before it happened or before the decision', async () => {
    await create({ decisionAt: '2024-01-01T00:00:00Z' });
    expect(await refusedOutcome({ effectiveAt: '2024-03-01T00:00:00Z', knownAt: '2024-02-01T00:00:00Z' })).toContain('is before effectiveAt');
    expect(await refusedOutcome({ knownAt: '2023-12-01T00:00:00Z' })).toContain('is before the loan was decided');
  });

  it('are recorded once when a request is repeated', async () => {
    const first = await create({ requestId: externalId });
    expect(await create({ requestId: externalId })).toEqual(first);
    const input = { externalId, requestId: `${externalId} again`, repayments: [{ periodEnd: '2024-01-31T00:00:00Z', amountPaid: '1' }] };
    await lending.ask('PORTAL', REPAY, { input });
    await lending.ask('PORTAL', REPAY, { input });
    const [row] = await lending.database.db.query<{ count: string }>('SELECT count(*) FROM repayments r JOIN external_ids e ON e.id = r.loan_id WHERE e.external_id = $1', [externalId]);
    expect(row!.count).toBe('1');
  });

  it('cannot share an external id, nor be found by the id of something else', async () => {
    await create();
    expect(await lending.refusal('PORTAL', CREATE, { input: { customerExternalId: 'maria', externalId, ...terms } })).toContain(`There already is a loan with the externalId "${externalId}"`);
    const { customer } = await lending.ask<{ customer: { id: string } }>('PORTAL', `{ customer(externalId: "maria") { id } }`);
    expect(await lending.refusal('PORTAL', `query ($id: ID!) { loan(id: $id) { id } }`, { id: customer.id })).toContain('is the id of a Customer; a Loan id is needed here');
  });

  it('show no attributes once the key of the customer is destroyed, and take no new facts', async () => {
    const { createCustomer } = await lending.ask<{ createCustomer: { customer: { id: string } } }>('PORTAL', CUSTOMER, { input: { externalId: 'gone' } });
    const { id: customerId } = createCustomer.customer;
    await lending.ask('PORTAL', CREATE, { input: { customerId, externalId, ...terms, attributes: [{ name: 'a', value: 1 }] } });
    const [row] = await lending.database.db.query<{ id: string }>(`SELECT id FROM external_ids WHERE external_id = 'gone'`);
    await lending.database.keys.destroy(row!.id);
    expect(await lending.ask('PORTAL', `{ loan(externalId: "${externalId}") { attributes { name } history { attributes { name } } } }`)).toEqual({
      loan: { attributes: [], history: [{ attributes: [] }] },
    });
    expect(await lending.refusal('PORTAL', UPDATE, { input: { externalId, status: 'CLOSED' } })).toContain('was erased');
  });

  describe('in lists', () => {
    beforeAll(async () => {
      for (const [id, more] of Object.entries({ x1: {}, x2: { kind: 'REVOLVING', product: 'card' }, x3: { currency: 'CHF', status: 'ON_BOOK' } })) {
        await lending.ask('PORTAL', CUSTOMER, { input: { externalId: `of-${id}` } });
        await lending.ask('PORTAL', CREATE, { input: { customerExternalId: `of-${id}`, externalId: id, ...terms, ...more } });
      }
    });

    it('are filtered by product, kind, currency, customer and where they stand now', async () => {
      expect(idsOf((await list('filter: {product: "card"}')).loans)).toEqual(['x2']);
      expect(idsOf((await list('filter: {kind: REVOLVING}')).loans)).toEqual(['x2']);
      expect(idsOf((await list('filter: {currency: "CHF", status: ON_BOOK}')).loans)).toEqual(['x3']);
      expect((await list('filter: {currency: "CHF", status: CLOSED}')).loans).toEqual({ totalCount: 0, edges: [] });
      const { customer } = await lending.ask<{ customer: { id: string } }>('PORTAL', `{ customer(externalId: "of-x1") { id } }`);
      expect(idsOf((await list(`filter: {customerId: "${customer.id}"}`)).loans)).toEqual(['x1']);
    });

    it('run in the order asked for, in either direction from either end', async () => {
      const orderBy = 'orderBy: {field: EXTERNAL_ID, direction: DESC}';
      expect(idsOf((await list(`${orderBy}, first: 3`)).loans)).toEqual(['x3', 'x2', 'x1']);
      expect(idsOf((await list('last: 2')).loans)).toEqual(['x2', 'x3']);
    });

    it('page through the loans of each customer apart', async () => {
      for (const id of ['y1', 'y2', 'y3']) await lending.ask('PORTAL', CREATE, { input: { customerExternalId: 'of-x1', externalId: id, ...terms } });
      const first = (await page('first: 3')).customer.loans;
      expect([idsOf(first), first.totalCount, first.pageInfo.hasNextPage]).toEqual([['x1', 'y1', 'y2'], 4, true]);
      const second = (await page(`first: 3, after: "${first.pageInfo.endCursor}"`)).customer.loans;
      expect([idsOf(second), second.totalCount, second.pageInfo.hasNextPage]).toEqual([['y3'], 4, false]);
    });

    it('hold a borrower nothing but their own', async () => {
      const [own] = await lending.database.db.query<{ customer_id: string }>(`SELECT customer_id FROM external_ids WHERE external_id = 'x2'`);
      const { customer: other } = await lending.ask<{ customer: { id: string } }>('PORTAL', `{ customer(externalId: "of-x1") { id } }`);
      const ctx = await lending.database.contextOf('BORROWER');
      const borrower = { ...ctx, actor: { ...ctx.actor, ownCustomerId: own!.customer_id } };
      const query = `query ($other: ID!) { loans { edges { node { externalId } } } theirs: loans(filter: {customerId: $other}) { edges { cursor } }
        mine: loan(externalId: "x2") { externalId } hidden: loan(externalId: "x1") { externalId } }`;
      expect((await lending.run(borrower, query, { other: other.id })).data).toEqual({
        loans: { edges: [{ node: { externalId: 'x2' } }] }, theirs: { edges: [] }, mine: { externalId: 'x2' }, hidden: null,
      });
    });
  });
});
