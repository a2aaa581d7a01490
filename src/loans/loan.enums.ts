import { registerEnumType } from 'type-graphql';
import { LOAN_KINDS, LOAN_STATUSES, REPAYMENT_STATUSES } from './import/book-row.js';

const byName = <Name extends string>(names: readonly Name[]): { readonly [N in Name]: N } =>
  Object.fromEntries(names.map((name) => [name, name])) as { [N in Name]: N };

export const LoanKindEnum = byName(LOAN_KINDS);
export const LoanStatusEnum = byName(LOAN_STATUSES);
export const RepaymentStatusEnum = byName(REPAYMENT_STATUSES);

registerEnumType(LoanKindEnum, {
  name: 'LoanKind',
  description: 'How a loan is drawn and repaid.',
  valuesConfig: {
    INSTALMENT: { description: 'Paid out once and repaid in instalments over a term.' },
    REVOLVING: { description: 'Drawn and repaid freely up to a limit.' },
  },
});

registerEnumType(LoanStatusEnum, {
  name: 'LoanStatus',
  description: 'Where a loan stands.',
  valuesConfig: {
    APPLICATION: { description: 'Applied for, not paid out.' },
    ON_BOOK: { description: 'Paid out or open to be drawn.' },
    CLOSED: { description: 'Repaid, withdrawn or declined.' },
    CHARGED_OFF: { description: 'Written off as a loss.' },
  },
});

registerEnumType(RepaymentStatusEnum, {
  name: 'RepaymentStatus',
  description: 'How a period of a loan went.',
  valuesConfig: {
    NOT_USED: { description: 'Nothing was owed.' },
    PAID_IN_FULL: { description: 'All that was due was paid.' },
    PARTLY_PAID: { description: 'At least the minimum was paid, not all.' },
    LATE: { description: 'Less than the minimum was paid in time.' },
  },
});
