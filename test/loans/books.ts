import { insertCustomers, type CustomerFacts, type RecordedCustomer } from '../../src/customers/index.js';
import { insertLoans, insertOutcomes, insertRepayments, type LoanRef, type NewLoan } from '../../src/loans/index.js';
import type { Database } from '../../src/platform/index.js';
import type { KeyRing } from '../../src/security/index.js';

export const DECIDED = new Date('2024-06-30T00:00:00Z');
export const KNOWN = new Date('2025-06-30T00:00:00Z');

/** The id of whoever records what these tests need. */
export const RECORDER = '018f0000-0000-7000-8000-00000000000b';

export const monthEnd = (monthsBefore: number): Date => new Date(Date.UTC(2024, 6 - monthsBefore, 0));

export interface BookPlan {
  readonly externalId: string;
  readonly loans?: number;
  readonly periods?: number;
  readonly defaulted?: boolean;
  readonly facts?: Partial<CustomerFacts>;
  readonly loan?: Partial<NewLoan>;
}

export interface RecordedPlan {
  readonly customer: RecordedCustomer;
  readonly loans: LoanRef[];
}

/** Records customers with loans, monthly periods up to the decision and outcomes, as the importer does. */
export async function recordBook(db: Database, keys: KeyRing, plans: readonly BookPlan[]): Promise<RecordedPlan[]> {
  return db.transaction(async (tx) => {
    const customers = await insertCustomers(tx, RECORDER, keys, plans.map(({ externalId, facts }) => ({
      externalId, synthetic: false, effectiveAt: new Date('2024-01-01T00:00:00Z'), identity: { name: `Name of ${externalId}` },
      attributes: { income: 100 }, protected: { sex: 'female' }, ...facts,
    })));
    const wanted = plans.flatMap((plan, index) => Array.from({ length: plan.loans ?? 1 }, (_, at) => ({ plan, customer: customers[index]!, at })));
    const ids = await insertLoans(tx, RECORDER, wanted.map(({ plan, customer, at }) => ({
      customer,
      loan: {
        externalId: `${plan.externalId}/${at}`, effectiveAt: new Date('2024-01-01T00:00:00Z'), product: 'car-loan', kind: 'INSTALMENT', status: 'ON_BOOK',
        currency: 'EUR', principal: '1000.5', termMonths: 24, completedAt: new Date('2024-01-15T00:00:00Z'), decisionAt: DECIDED, attributes: { purpose: 'car' }, ...plan.loan,
      },
    })));
    const refs = wanted.map(({ customer }, index) => ({ customerId: customer.id, loanId: ids[index]! }));
    await insertRepayments(tx, RECORDER, wanted.flatMap(({ plan }, index) => Array.from({ length: plan.periods ?? 0 }, (_, month) => ({
      ...refs[index]!, repayment: { periodEnd: monthEnd(month), amountDue: '50', amountPaid: '49.99', balance: String(1000 - month), daysPastDue: month, status: 'LATE' as const },
    }))));
    await insertOutcomes(tx, RECORDER, wanted.flatMap(({ plan: { defaulted } }, index) =>
      defaulted === undefined ? [] : [{ ...refs[index]!, outcome: { defaulted, effectiveAt: KNOWN, knownAt: KNOWN } }]));
    return customers.map((customer) => ({ customer, loans: refs.filter(({ customerId }) => customerId === customer.id) }));
  });
}
