import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openTestApp, type TestApp } from '../support/app.js';
import { createLoan, SCORE_LOAN } from '../support/builders.js';
import type { TestClient } from '../support/client.js';

const DOCUMENTS = {
  createCustomer: 'mutation ($input: CreateCustomerInput!) { createCustomer(input: $input) { customer { id } } }',
  createLoan: 'mutation ($input: CreateLoanInput!) { createLoan(input: $input) { loan { id } } }',
  updateLoan: 'mutation ($input: UpdateLoanInput!) { updateLoan(input: $input) { loan { id } } }',
  recordRepayments: 'mutation ($input: RecordRepaymentsInput!) { recordRepayments(input: $input) { loan { id } } }',
  recordOutcome: 'mutation ($input: RecordOutcomeInput!) { recordOutcome(input: $input) { loan { id } } }',
  scoreLoan: SCORE_LOAN,
} as const;

const LOAN = { customerExternalId: 'someone', externalId: 'new', product: 'personal-loan', kind: 'INSTALMENT', currency: 'EUR', principal: '1000' };
const PERIOD = { periodEnd: '2024-01-31T00:00:00Z' };
const CUSTOMER_ID = Buffer.from('Customer:01900000-0000-7000-8000-000000000000').toString('base64url');

/** The mutation, what is wrong, the input, the code, and what the sentence must say. */
const WRONG: readonly (readonly [keyof typeof DOCUMENTS, string, object, string, RegExp])[] = [
  ['createLoan', 'an unknown enum value', { ...LOAN, kind: 'BALLOON' }, 'BAD_INPUT', /"BALLOON" does not exist in "LoanKind" enum/],
  ['createLoan', 'NaN', { ...LOAN, principal: 'NaN' }, 'BAD_INPUT', /NaN.*Decimal|Decimal.*NaN/i],
  ['createLoan', 'infinity', { ...LOAN, annualRate: '-Infinity' }, 'BAD_INPUT', /-Infinity/],
  ['createLoan', 'an amount as a number', { ...LOAN, principal: 1000.1 }, 'BAD_INPUT', /1000\.1 is not a Decimal\. Write it as a string/],
  ['createLoan', 'a negative term', { ...LOAN, termMonths: -12 }, 'BAD_INPUT', /^termMonths: -12 is not a whole number from 1 to 1,200\.$/],
  ['createLoan', 'a term that is no whole number', { ...LOAN, termMonths: 1.5 }, 'BAD_INPUT', /Int cannot represent non-integer value: 1\.5/],
  ['createLoan', 'a negative amount', { ...LOAN, principal: '-1' }, 'BAD_INPUT', /^principal: -1 is negative\. Amounts are zero or more\.$/],
  ['createLoan', 'a rate in percent', { ...LOAN, annualRate: '49' }, 'BAD_INPUT', /It is a fraction: write 0\.049 for 4\.9 %\.$/],
  ['createLoan', 'a currency that is none', { ...LOAN, currency: 'EURO' }, 'BAD_INPUT', /^currency: "EURO" is not an ISO 4217 code/],
  ['createLoan', 'a product that is not in kebab-case', { ...LOAN, product: 'Personal Loan' }, 'BAD_INPUT', /^product: "Personal Loan" is not in kebab-case\. Write it like credit-card/],
  ['createLoan', 'a customer who is not recorded', { ...LOAN, customerExternalId: 'nobody' }, 'NOT_FOUND', /^There is no customer with the customerExternalId "nobody"\. Create the customer first, or name another\.$/],
  ['createLoan', 'a customer id of nobody', { ...LOAN, customerExternalId: undefined, customerId: CUSTOMER_ID }, 'NOT_FOUND', /^There is no customer with the customerId ".+"\. Create the customer first/],
  ['createLoan', 'no customer at all', { ...LOAN, customerExternalId: undefined }, 'BAD_INPUT', /customerId.*customerExternalId/],
  ['createLoan', 'an external id that is taken', { ...LOAN, externalId: 'someone' }, 'CONFLICT', /"someone"/],
  ['createLoan', 'a missing field', { ...LOAN, currency: undefined }, 'BAD_INPUT', /Field "currency" of required type "String!" was not provided/],
  ['createLoan', 'an attribute that bears the name of a term', { ...LOAN, attributes: [{ name: 'principal', value: 1 }] }, 'BAD_INPUT', /"principal" is a term of the loan\. Pass it as the field principal/],
  ['createCustomer', 'an external id that is taken', { externalId: 'someone' }, 'CONFLICT', /"someone"/],
  ['createCustomer', 'an external id that is empty', { externalId: '' }, 'BAD_INPUT', /^externalId: .*1 to 200 characters/],
  ['createCustomer', 'an attribute that is given twice', { externalId: 'x', attributes: [{ name: 'a', value: 1 }, { name: 'a', value: 2 }] }, 'BAD_INPUT', /"a"/],
  ['createCustomer', 'an attribute that is a list', { externalId: 'x', attributes: [{ name: 'a', value: [1] }] }, 'BAD_INPUT', /is not an AttributeValue\. Pass a string, a finite number, a boolean or null\./],
  ['createCustomer', 'a time that has not come', { externalId: 'x', effectiveAt: '2999-01-01T00:00:00Z' }, 'BAD_INPUT', /effectiveAt.*future/],
  ['createCustomer', 'a day that is not on the calendar', { externalId: 'x', effectiveAt: '2023-02-29T00:00:00Z' }, 'BAD_INPUT', /"2023-02-29T00:00:00Z" is not a DateTime\. Write RFC 3339/],
  ['createCustomer', 'a time without a zone', { externalId: 'x', effectiveAt: '2023-02-28T00:00:00' }, 'BAD_INPUT', /Write RFC 3339 with a zone/],
  ['updateLoan', 'a loan that is not recorded', { externalId: 'nothing', principal: '1' }, 'NOT_FOUND', /^There is no loan with the externalId "nothing"\. Create the loan first, or name another\.$/],
  ['updateLoan', 'the id of another kind of thing', { id: CUSTOMER_ID, principal: '1' }, 'BAD_INPUT', /is the id of a Customer; a Loan id is needed here\.$/],
  ['recordRepayments', 'a period of which nothing is said', { externalId: 'someone', repayments: [PERIOD] }, 'BAD_INPUT', /^repayments\[0\]: nothing is said of the period\. Give at least one amount/],
  ['recordRepayments', 'a period that is given twice', { externalId: 'someone', repayments: [{ ...PERIOD, balance: '1' }, { ...PERIOD, balance: '2' }] }, 'BAD_INPUT', /^repayments\[1\]\.periodEnd: .* is given twice\. Give each period once\.$/],
  ['recordRepayments', 'negative days past due', { externalId: 'someone', repayments: [{ ...PERIOD, daysPastDue: -1 }] }, 'BAD_INPUT', /^repayments\[0\]\.daysPastDue: -1 is not a whole number from 0 to 36,500\.$/],
  ['recordRepayments', 'a period that has not ended', { externalId: 'someone', repayments: [{ periodEnd: '2999-01-31T00:00:00Z', balance: '1' }] }, 'BAD_INPUT', /repayments\[0\]\.periodEnd.*future/],
  ['recordOutcome', 'an outcome that is known before it happened', { externalId: 'someone', defaulted: true, effectiveAt: '2024-02-01T00:00:00Z', knownAt: '2024-01-01T00:00:00Z' }, 'BAD_INPUT', /An outcome is known when it has happened\.$/],
  ['scoreLoan', 'an unknown purpose', { externalId: 'someone', purpose: 'FUN' }, 'BAD_INPUT', /"FUN" does not exist in "DecisionPurpose" enum/],
  ['scoreLoan', 'a requestId that is empty', { externalId: 'someone', purpose: 'ORIGINATION', requestId: '' }, 'BAD_INPUT', /requestId: give 1 to 200 characters\./],
  ['scoreLoan', 'a requestId with a NUL character', { externalId: 'someone', purpose: 'ORIGINATION', requestId: 'a\0b' }, 'BAD_INPUT', /\S/],
  ['scoreLoan', 'an external id with a NUL character', { externalId: 'a\0b', purpose: 'ORIGINATION' }, 'NOT_FOUND', /There is no loan/],
];

const READ: readonly (readonly [string, string, RegExp])[] = [
  ['an id that is none', '{ customer(id: "nonsense") { id } }', /^"nonsense" is not an id of this API\. Pass an id as a query returned it\.$/],
  ['the id of another kind of thing', `{ loan(id: "${CUSTOMER_ID}") { id } }`, /is the id of a Customer; a Loan id is needed here\.$/],
  ['neither id nor external id', '{ customer { id } }', /^Name the customer by id or by externalId: one of them\.$/],
  ['both ids', '{ loan(id: "x", externalId: "y") { id } }', /^Name the loan by id or by externalId: one of them\.$/],
  ['a cursor that is none', '{ loans(after: "nonsense") { totalCount edges { node { id } } } }', /^"nonsense" is not a cursor of this list\. Pass a cursor as a page returned it\.$/],
  ['a cursor of another list', `{ loans(after: "${Buffer.from(JSON.stringify(['x', '01900000-0000-7000-8000-000000000000'])).toString('base64url')}") { edges { node { id } } } }`, /is not a cursor of this list/],
  ['more than 200 at once', '{ loans(first: 201) { edges { node { id } } } }', /first.*200/],
  ['more than 200 from the end', '{ predictions(last: 1000) { edges { node { id } } } }', /last.*200/],
  ['fewer than none', '{ customers(first: -1) { edges { node { id } } } }', /first/],
  ['first and last together', '{ loans(first: 1, last: 1) { edges { node { id } } } }', /^Pass first or last, not both\.$/],
  ['too many at once of the loans of a customer', '{ customers(first: 1) { edges { node { loans(first: 500) { edges { node { id } } } } } } }', /first.*200/],
  ['a filter by the id of another kind of thing', `{ predictions(filter: { loanId: "${CUSTOMER_ID}" }) { totalCount } }`, /a Loan id is needed here\.$/],
  ['a job id that is none', '{ job(id: "1") { id } }', /^"1" is not an id of this API/],
  ['a node id that is none', '{ node(id: "1") { id } }', /^"1" is not an id of this API/],
  ['repayments beyond all', '{ loans(first: 1) { edges { node { repayments(last: 100000) { status } } } } }', /^last: ask for 0 to 120 periods, not 100000\.$/],
];

describe('bad input', () => {
  let app: TestApp;
  let portal: TestClient;
  let operator: TestClient;
  beforeAll(async () => {
    app = await openTestApp();
    [portal, operator] = await Promise.all([app.as('portal'), app.as('operator')]);
    await createLoan(portal, 'someone');
  });
  afterAll(() => app.close());

  const countAll = async (): Promise<unknown> =>
    app.sql(`SELECT (SELECT count(*) FROM customers) AS customers, (SELECT count(*) FROM customer_facts) AS facts, (SELECT count(*) FROM loans) AS loans,
      (SELECT count(*) FROM loan_facts) AS terms, (SELECT count(*) FROM repayments) AS repayments, (SELECT count(*) FROM outcomes) AS outcomes, (SELECT count(*) FROM external_ids) AS names`);

  it.each(WRONG)('%s: %s is told in a sentence, and nothing is half-written', async (mutation, _, input, code, sentence) => {
    const before = await countAll();
    const { extensions, message } = await (mutation === 'recordOutcome' ? operator : portal).refusal(DOCUMENTS[mutation], { input });
    expect([extensions.code, message]).toEqual([code, expect.stringMatching(sentence)]);
    expect(await countAll()).toEqual(before);
  });

  it.each(READ)('reading: %s is told in a sentence', async (_, document, sentence) => {
    const { extensions, message } = await portal.refusal(document);
    expect([extensions.code, message]).toEqual(['BAD_INPUT', expect.stringMatching(sentence)]);
  });

  it('a literal is judged as a variable is', async () => {
    const { message } = await portal.refusal('mutation { createLoan(input: { customerExternalId: "someone", externalId: "x", product: "x", kind: INSTALMENT, currency: "EUR", principal: 12.5 }) { loan { id } } }');
    expect(message).toMatch(/Decimal/);
  });

  it('null where a value may be left out is as if it were left out', async () => {
    const { customers } = await portal.ok<{ customers: { edges: object[] } }>('{ customers(first: 2, after: null, last: null, filter: null, orderBy: null) { edges { node { id } } } }');
    expect(customers.edges).toHaveLength(2);
  });
});
