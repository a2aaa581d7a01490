import { changed, checkedExternalId } from '../customers/index.js';
import type { BookCustomer, BookLoan, BookOutcome, BookRepayment, BookRow } from './import/book-row.js';
import type { ImportCustomerInput, ImportLoanInput, ImportOutcomeInput, ImportRowInput } from './import.inputs.js';
import { changedAttributes } from './loan.checks.js';
import type { RepaymentInput } from './loan.inputs.js';

/**
 * Rows of a mutation as rows of a book; the importer checks them as it checks a file's.
 * @throws BAD_INPUT for an external id or a list of attributes that is not one, whatever is to be done about bad rows
 */
export const bookRows = (rows: readonly ImportRowInput[], now: Date): BookRow[] =>
  rows.map(({ customer, loan, repayments, outcome }, index) => {
    const where = `rows[${index}]`;
    const bookLoan = loanOf(loan, now, where);
    return {
      line: index + 1,
      customer: customerOf(customer, bookLoan.effectiveAt, where),
      loan: bookLoan,
      repayments: repayments.map(repaymentOf),
      ...(outcome && { outcome: outcomeOf(outcome) }),
    };
  });

const customerOf = (input: ImportCustomerInput, loanEffectiveAt: Date, where: string): BookCustomer => ({
  externalId: checkedExternalId(input.externalId, `${where}.customer.externalId`),
  effectiveAt: input.effectiveAt ?? loanEffectiveAt,
  identity: changed({}, input.identity, `${where}.customer.identity`),
  attributes: changed({}, input.attributes, `${where}.customer.attributes`),
  protected: changed({}, input.protectedAttributes, `${where}.customer.protectedAttributes`),
});

function loanOf({ effectiveAt, attributes, ...loan }: ImportLoanInput, now: Date, where: string): BookLoan {
  return {
    ...given(loan),
    externalId: checkedExternalId(loan.externalId, `${where}.loan.externalId`),
    effectiveAt: effectiveAt ?? loan.decisionAt ?? now,
    attributes: changedAttributes({}, attributes, `${where}.loan.attributes`),
  };
}

const repaymentOf = (period: RepaymentInput): BookRepayment => given(period);

const outcomeOf = ({ defaulted, effectiveAt, knownAt }: ImportOutcomeInput): BookOutcome => ({ defaulted, effectiveAt: effectiveAt ?? knownAt, knownAt });

type Given<Input> = { [Key in keyof Input as null extends Input[Key] ? never : undefined extends Input[Key] ? never : Key]: Input[Key] } & {
  [Key in keyof Input as null extends Input[Key] ? Key : undefined extends Input[Key] ? Key : never]?: NonNullable<Input[Key]>;
};

/** An input without the fields that were left out or null. */
const given = <Input extends object>(input: Input): Given<Input> =>
  Object.fromEntries(Object.entries(input).filter(([, value]) => value !== null && value !== undefined)) as Given<Input>;
