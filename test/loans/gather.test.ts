import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { insertFacts, type RecordedCustomer } from '../../src/customers/index.js';
import {
  asDecided, gather, insertLoanFacts, insertOutcomes, insertRepayments, resolveLoans, trainingLoans, type GatheredLoan, type LoanFacts, type LoanRef, type TrainingLoan,
} from '../../src/loans/index.js';
import { encodeGlobalId, newId } from '../../src/platform/index.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';
import { DECIDED, KNOWN, monthEnd, RECORDER, recordBook } from './books.js';

const trainingPlan = (externalId: string, more: object = {}) => ({ externalId, loan: { product: 'train' }, defaulted: false, ...more });
const at = (day: string): Date => new Date(`${day}T00:00:00Z`);

describe('gathering', () => {
  let database: TestDatabase;
  beforeAll(async () => void (database = await openTestDatabase()));
  afterAll(() => database.close());

  let next = 0;
  const record = async (plan: object = {}): Promise<{ customer: RecordedCustomer; loan: LoanRef; externalId: string }> => {
    const externalId = `c${(next += 1)}`;
    const [recorded] = await recordBook(database.db, database.keys, [{ externalId, ...plan }]);
    return { customer: recorded!.customer, loan: recorded!.loans[0]!, externalId };
  };
  const gatherOne = async (loan: LoanRef, asOf: Date | 'decision'): Promise<GatheredLoan> => {
    const [found] = await gather(database.db, database.keys, [{ ...loan, asOf }]);
    if (!found || found.erased) throw new Error('The loan should have been found, and not erased.');
    return found;
  };
  const laterFacts = (customer: RecordedCustomer, { loanId }: LoanRef, facts: Partial<LoanFacts>) =>
    database.db.transaction((tx) => insertLoanFacts(tx, RECORDER, [
      { customer, loanId, facts: { effectiveAt: at('2024-09-01'), status: 'ON_BOOK', principal: '1000.5', attributes: {}, ...facts } },
    ]));

  const trainingLoansOf = async (products: string[], knownBefore: Date): Promise<TrainingLoan[]> => {
    const found: TrainingLoan[] = [];
    for await (const batch of trainingLoans(database.db, { products, knownBefore })) found.push(...batch);
    return found;
  };

  it('gives attributes, terms as numbers and periods newest first; never identity or protected attributes', async () => {
    const { loan, externalId } = await record({ periods: 2, defaulted: true });
    expect(await gatherOne(loan, 'decision')).toEqual({
      ...loan, externalId: `${externalId}/0`, product: 'car-loan', kind: 'INSTALMENT', currency: 'EUR', synthetic: false, asOf: DECIDED, erased: false,
      record: {
        customer: { income: 100 },
        loan: { product: 'car-loan', kind: 'INSTALMENT', currency: 'EUR', principal: 1000.5, creditLimit: null, annualRate: null, termMonths: 24, purpose: 'car' },
        repayments: [
          { periodEnd: '2024-06-30T00:00:00.000Z', amountDue: 50, amountPaid: 49.99, balance: 1000, daysPastDue: 0, status: 'LATE' },
          { periodEnd: '2024-05-31T00:00:00.000Z', amountDue: 50, amountPaid: 49.99, balance: 999, daysPastDue: 1, status: 'LATE' },
        ],
      },
      outcome: { defaulted: true, effectiveAt: KNOWN, knownAt: KNOWN },
    });
  });

  it('sees only what was effective by then, to the moment', async () => {
    const { customer, loan } = await record({ periods: 3 });
    await laterFacts(customer, loan, { principal: '7', attributes: { purpose: 'boat' } });
    await database.db.transaction((tx) => insertFacts(tx, RECORDER, database.keys, [{ customer, facts: { effectiveAt: at('2024-09-01'), identity: {}, attributes: { income: 999 }, protected: {} } }]));
    const before = await gatherOne(loan, new Date(at('2024-09-01').getTime() - 1));
    expect(before.record.customer).toEqual({ income: 100 });
    expect(before.record.loan).toMatchObject({ principal: 1000.5, purpose: 'car' });
    const then = await gatherOne(loan, at('2024-09-01'));
    expect(then.record.customer).toEqual({ income: 999 });
    expect(then.record.loan).toMatchObject({ principal: 7, purpose: 'boat' });
    expect((await gatherOne(loan, monthEnd(1))).record.repayments.map(({ periodEnd }) => periodEnd)).toEqual(['2024-05-31T00:00:00.000Z', '2024-04-30T00:00:00.000Z']);
  });

  it('goes by the decision in force when asked for the decision, and so never sees what came after it', async () => {
    const { customer, loan } = await record({ periods: 2 });
    await laterFacts(customer, loan, { principal: '7' });
    expect((await gatherOne(loan, 'decision')).record.loan['principal']).toBe(1000.5);
    await laterFacts(customer, loan, { principal: '8', effectiveAt: at('2023-12-01'), decisionAt: monthEnd(1) });
    expect((await gatherOne(loan, 'decision')).asOf).toEqual(DECIDED);
    await laterFacts(customer, loan, { principal: '9', effectiveAt: at('2024-10-01'), decisionAt: monthEnd(1) });
    expect((await gatherOne(loan, 'decision')).asOf).toEqual(monthEnd(1));
  });

  it('takes a correction that was recorded later, for a period, a fact or an outcome', async () => {
    const { customer, loan } = await record({ periods: 2, defaulted: true });
    await laterFacts(customer, loan, { effectiveAt: at('2024-01-01'), decisionAt: DECIDED, principal: '5' });
    await database.db.transaction(async (tx) => {
      await insertRepayments(tx, RECORDER, [{ ...loan, repayment: { periodEnd: monthEnd(0), balance: '-1.5' } }]);
      await insertOutcomes(tx, RECORDER, [{ ...loan, outcome: { defaulted: false, effectiveAt: KNOWN, knownAt: KNOWN } }]);
    });
    const { record: found, outcome } = await gatherOne(loan, 'decision');
    expect(found.loan['principal']).toBe(5);
    expect(found.repayments.map(({ balance, amountDue }) => [balance, amountDue])).toEqual([[-1.5, null], [999, 50]]);
    expect(outcome?.defaulted).toBe(false);
  });

  it('gives at most 24 periods, the newest', async () => {
    const { loan } = await record({ periods: 30 });
    const { repayments } = (await gatherOne(loan, 'decision')).record;
    expect(repayments).toHaveLength(24);
    expect(repayments.map(({ daysPastDue }) => daysPastDue)).toEqual(Array.from({ length: 24 }, (_, month) => month));
  });

  it('does not let a free attribute stand in for a term', async () => {
    const { loan } = await record({ loan: { attributes: { principal: 1, creditLimit: 2, colour: 'red' } } });
    expect((await gatherOne(loan, 'decision')).record.loan).toMatchObject({ principal: 1000.5, creditLimit: null, colour: 'red' });
  });

  it('keeps the order asked for, marks erased customers, and leaves gaps where there is nothing to know', async () => {
    const [first, undecided, erased, late] = [
      await record(), await record({ loan: { decisionAt: undefined } }), await record(), await record({ loan: { effectiveAt: at('2024-12-01') } }),
    ];
    await database.keys.destroy(erased.customer.id);
    const missing = { customerId: first.customer.id, loanId: newId() };
    const refs = [erased.loan, missing, undecided.loan, late.loan, first.loan, erased.loan];
    const found = await gather(database.db, database.keys, asDecided(refs));
    expect(found.map((loan) => loan && [loan.loanId, loan.erased])).toEqual([
      [erased.loan.loanId, true], undefined, undefined, undefined, [first.loan.loanId, false], [erased.loan.loanId, true],
    ]);
    expect(found[0]).not.toHaveProperty('record');
    expect(await gather(database.db, database.keys, [])).toEqual([]);
  });

  it('costs one statement for any number of loans', async () => {
    const recorded = await recordBook(database.db, database.keys, Array.from({ length: 40 }, (_, index) => ({ externalId: `many${index}`, loans: 2, periods: 6 })));
    let statements = 0;
    const counted: Pick<TestDatabase['db'], 'query'> = {
      query: (sql, parameters) => {
        statements += 1;
        return database.db.query(sql, parameters);
      },
    };
    const found = await gather(counted, database.keys, asDecided(recorded.flatMap(({ loans }) => loans)));
    expect(found.every((loan) => loan && !loan.erased && loan.record.repayments.length === 6)).toBe(true);
    expect(statements).toBe(1);
  });

  it('finds loans by global id and by external id, in order', async () => {
    const { loan, externalId } = await record();
    const global = encodeGlobalId({ type: 'Loan', customerId: loan.customerId, id: loan.loanId });
    const unknown = encodeGlobalId({ type: 'Loan', customerId: loan.customerId, id: newId() });
    const customer = encodeGlobalId({ type: 'Customer', id: loan.customerId });
    const asked = ['nothing', global, unknown, `${externalId}/0`, customer, '', 'TG9hbj', global, 'a\u0000'];
    expect(await resolveLoans(database.db, asked)).toEqual([undefined, loan, undefined, loan, undefined, undefined, undefined, loan, undefined]);
  });

  describe('for training', () => {
    it('takes decided loans of the products whose outcome was known by then, each once, in the same order every time', async () => {
      const recorded = await recordBook(database.db, database.keys, [
        trainingPlan('t1', { defaulted: true }), trainingPlan('t2', { loans: 2 }), trainingPlan('t-open', { defaulted: undefined }),
        trainingPlan('t-undecided', { loan: { product: 'train', decisionAt: undefined } }), trainingPlan('t-other', { loan: { product: 'other' } }),
      ]);
      const found = await trainingLoansOf(['train', 'nothing'], KNOWN);
      expect(found.map(({ externalId, defaulted }) => [externalId, defaulted])).toEqual([['t1/0', true], ['t2/0', false], ['t2/1', false]]);
      expect(found[0]).toMatchObject(recorded[0]!.loans[0]!);
      expect(await trainingLoansOf(['train'], KNOWN)).toEqual(found);
      expect(await trainingLoansOf(['train'], new Date(KNOWN.getTime() - 1))).toEqual([]);
    });

    it('goes by the outcome recorded last of those known by then', async () => {
      const [recorded] = await recordBook(database.db, database.keys, [trainingPlan('corrected', { loan: { product: 'corrected' }, defaulted: true })]);
      const later = new Date('2025-12-31T00:00:00Z');
      await database.db.transaction((tx) => insertOutcomes(tx, RECORDER, [{ ...recorded!.loans[0]!, outcome: { defaulted: false, effectiveAt: KNOWN, knownAt: later } }]));
      expect((await trainingLoansOf(['corrected'], KNOWN)).map(({ defaulted }) => defaulted)).toEqual([true]);
      expect((await trainingLoansOf(['corrected'], later)).map(({ defaulted }) => defaulted)).toEqual([false]);
    });

    it('leaves none out between batches', async () => {
      await recordBook(database.db, database.keys, Array.from({ length: 1_250 }, (_, index) => trainingPlan(`p${index}`, { loans: 1 + (index % 3), loan: { product: 'paged' } })));
      const found = await trainingLoansOf(['paged'], KNOWN);
      const expected = Array.from({ length: 1_250 }, (_, index) => 1 + (index % 3)).reduce((sum, loans) => sum + loans);
      expect(new Set(found.map(({ loanId }) => loanId)).size).toBe(expected);
      expect(found).toHaveLength(expected);
    });
  });
});
