import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openLending, type Lending } from '../customers/lending.js';

const IMPORT = `mutation ($input: ImportLoansInput!) { importLoans(input: $input) { importId customers loans repayments outcomes rejected { row reason } } }`;
const LOAN = `query ($externalId: String!) { loan(externalId: $externalId) { status completedAt effectiveAt creditLimit { amount } daysPastDue attributes { name }
  customer { externalId displayName } outcome { defaulted } } }`;

const row = (id: string, loan: object = {}, more: object = {}): object => ({
  customer: { externalId: `c-${id}`, identity: [{ name: 'name', value: 'Ana Lim' }], attributes: [{ name: 'income', value: 5 }] },
  loan: { externalId: `l-${id}`, product: 'card', kind: 'REVOLVING', currency: 'EUR', principal: '100', decisionAt: '2024-01-31T00:00:00Z', ...loan },
  repayments: [{ periodEnd: '2024-01-31T00:00:00Z', daysPastDue: 3 }, { periodEnd: '2023-12-31T00:00:00Z', balance: '-1' }],
  outcome: { defaulted: true, knownAt: '2025-01-31T00:00:00Z' },
  ...more,
});

describe('importLoans', () => {
  let lending: Lending;
  beforeAll(async () => void (lending = await openLending()));
  afterAll(() => lending.close());
  const load = (rows: object[], more: object = {}) => lending.ask<{ importLoans: Record<string, unknown> }>('OPERATOR', IMPORT, { input: { rows, ...more } });

  it('records customers, loans, history and outcomes as the single mutations would', async () => {
    expect((await load([row('1'), row('2', { creditLimit: '250.50', completedAt: '2024-01-20T00:00:00Z', attributes: [{ name: 'channel', value: 'web' }] })])).importLoans).toMatchObject({
      customers: 2, loans: 2, repayments: 4, outcomes: 2, rejected: [],
    });
    expect(await lending.ask('PORTAL', LOAN, { externalId: 'l-2' })).toEqual({
      loan: {
        status: 'ON_BOOK', completedAt: '2024-01-20T00:00:00.000Z', effectiveAt: '2024-01-31T00:00:00.000Z', creditLimit: { amount: '250.5' }, daysPastDue: 3, attributes: [{ name: 'channel' }],
        customer: { externalId: 'c-2', displayName: 'A… L…' }, outcome: { defaulted: true },
      },
    });
  });

  it('imports nothing when a row is bad, or the others where that is asked for', async () => {
    const rows = [row('3'), row('4', { currency: 'XYZ' }), row('1')];
    const refusal = await lending.refusal('OPERATOR', IMPORT, { input: { rows } });
    expect(refusal).toContain('nothing was imported, because 2 of 3 rows were rejected');
    expect(refusal).toContain('loan.currency');
    expect(await lending.ask('PORTAL', LOAN, { externalId: 'l-3' })).toEqual({ loan: null });
    const { importLoans } = await load(rows, { onError: 'SKIP' });
    expect(importLoans).toMatchObject({ loans: 1, rejected: [{ row: 2 }, { row: 3 }] });
  });

  it.each([
    ['an outcome known before it happened', { outcome: { defaulted: true, effectiveAt: '2025-02-01T00:00:00Z', knownAt: '2025-01-31T00:00:00Z' } }, 'outcome.knownAt 2025-01-31 is before outcome.effectiveAt'],
    ['an outcome known before the decision', { outcome: { defaulted: true, knownAt: '2024-01-01T00:00:00Z' } }, 'is before the loan was decided'],
    ['a period given twice', { repayments: [1, 2].map((daysPastDue) => ({ periodEnd: '2024-01-31T00:00:00Z', daysPastDue })) }, 'two periods end on the same date'],
    ['a period of which nothing is said', { repayments: [{ periodEnd: '2024-01-31T00:00:00Z' }] }, 'nothing is said of the period that ends 2024-01-31'],
  ])('refuses %s, as a file would be', async (_what, more, sentence) => {
    expect(await lending.refusal('OPERATOR', IMPORT, { input: { rows: [row('9', {}, more)] } })).toContain(sentence);
  });

  it('adds loans to recorded customers, or refuses to', async () => {
    const again = row('5', {}, { customer: { externalId: 'c-1' } });
    expect(await lending.refusal('OPERATOR', IMPORT, { input: { rows: [again], onRepeatedCustomer: 'REJECT' } })).toContain('already is a customer');
    expect((await load([again])).importLoans).toMatchObject({ customers: 0, loans: 1 });
  });

  it('is done once when it is repeated', async () => {
    const first = await load([row('6')], { requestId: 'import-6' });
    expect(await load([row('6')], { requestId: 'import-6' })).toEqual(first);
  });

  it('refuses an attribute given twice, and more rows than a request should carry', async () => {
    const twice = [{ name: 'a', value: 1 }, { name: 'a', value: 2 }];
    expect(await lending.refusal('OPERATOR', IMPORT, { input: { rows: [row('7'), row('8', { attributes: twice })] } })).toContain('rows[1].loan.attributes: "a" is given twice');
    expect(await lending.refusal('OPERATOR', IMPORT, { input: { rows: Array.from({ length: 1_001 }, (_, index) => row(`x${index}`)) } })).toContain('at most 1000 at once');
  });

  it('is not for those who may record single loans only', async () => {
    expect(await lending.refusal('PORTAL', IMPORT, { input: { rows: [row('9')] } })).toContain('book:import');
  });
});
