import type { BookCustomer, BookLoan, BookOutcome, BookRepayment, BookRow } from './book-row.js';
import { checkDecision, checkOrder, checkPeriods } from './check-row.js';
import { compileField } from './expression.js';
import { date } from './kinds.js';
import type { Mapping } from './mapping.js';
import type { Scope } from './scope.js';
import { compileAttributes, compileIdentity, compileOptional, compileRequired, type Read } from './sections.js';
import { externalId, loanKinds, outcomeKinds, repaymentKinds } from './standard.js';

/**
 * Compiles the mapping against the columns of one file, to a reader that throws a {@link Refusal} naming the
 * column and what was expected there.
 * @throws BAD_INPUT for mistakes in the mapping, all of them
 */
export function compileRowReader(scope: Scope): Read<Omit<BookRow, 'line'>> {
  const { mapping } = scope;
  const readCustomer = compileCustomer(scope, mapping.customer);
  const readLoan = compileLoan(scope, mapping.loan);
  const readPeriods = mapping.repayments.map((period, i) => compilePeriod(scope, `repayments[${i}]`, period));
  const readOutcome = mapping.outcome && compileOutcome(scope, mapping.outcome);
  scope.finish();
  return (row) => {
    const loan = readLoan(row);
    checkDecision(loan);
    const outcome = readOutcome?.(row);
    if (outcome) checkOrder(loan, outcome);
    const repayments = readPeriods.map((read) => read(row)).filter((period) => period !== undefined);
    checkPeriods(repayments);
    return { customer: readCustomer(row, loan.effectiveAt), loan, repayments, ...(outcome && { outcome }) };
  };
}

type ReadCustomer = (...of: [...Parameters<Read<unknown>>, loanEffectiveAt: Date]) => BookCustomer;

function compileCustomer(scope: Scope, section: Mapping['customer']): ReadCustomer {
  const id = compileRequired(scope, 'customer.externalId', section.externalId, externalId);
  const time = compileOptional(scope, 'customer', section, { effectiveAt: date });
  const identity = compileIdentity(scope, section.identity);
  const attributes = compileAttributes(scope, 'customer.attributes', section.attributes);
  const apart = compileAttributes(scope, 'customer.protected', section.protected);
  return (row, loanEffectiveAt) => ({
    externalId: id(row),
    effectiveAt: time(row).effectiveAt ?? loanEffectiveAt,
    identity: identity(row),
    attributes: attributes(row),
    protected: apart(row),
  });
}

function compileLoan(scope: Scope, section: Mapping['loan']): Read<BookLoan> {
  const id = compileRequired(scope, 'loan.externalId', section.externalId, loanKinds.externalId);
  const effectiveAt = compileRequired(scope, 'loan.effectiveAt', section.effectiveAt, loanKinds.effectiveAt);
  const product = compileRequired(scope, 'loan.product', section.product, loanKinds.product);
  const kind = compileRequired(scope, 'loan.kind', section.kind, loanKinds.kind);
  const status = compileRequired(scope, 'loan.status', section.status, loanKinds.status);
  const currency = compileRequired(scope, 'loan.currency', section.currency, loanKinds.currency);
  const principal = compileRequired(scope, 'loan.principal', section.principal, loanKinds.principal);
  const { creditLimit, annualRate, termMonths, completedAt, decisionAt } = loanKinds;
  const optional = compileOptional(scope, 'loan', section, { creditLimit, annualRate, termMonths, completedAt, decisionAt });
  const attributes = compileAttributes(scope, 'loan.attributes', section.attributes);
  return (row) => ({
    externalId: id(row),
    effectiveAt: effectiveAt(row),
    product: product(row),
    kind: kind(row),
    status: status(row),
    currency: currency(row),
    principal: principal(row),
    ...optional(row),
    attributes: attributes(row),
  });
}

/** A period of which the row knows nothing is left out. */
function compilePeriod(
  scope: Scope,
  path: string,
  section: Mapping['repayments'][number],
): Read<BookRepayment | undefined> {
  const periodEnd = compileRequired(scope, `${path}.periodEnd`, section.periodEnd, repaymentKinds.periodEnd);
  const { periodEnd: _, ...kinds } = repaymentKinds;
  const known = compileOptional(scope, path, section, kinds);
  return (row) => {
    const values = known(row);
    return Object.keys(values).length === 0 ? undefined : { periodEnd: periodEnd(row), ...values };
  };
}

/** A row whose outcome is not known yet has none. */
function compileOutcome(scope: Scope, section: NonNullable<Mapping['outcome']>): Read<BookOutcome | undefined> {
  const defaulted = compileField(scope, 'outcome.defaulted', section.defaulted, outcomeKinds.defaulted);
  const knownAt = compileRequired(scope, 'outcome.knownAt', section.knownAt, outcomeKinds.knownAt);
  const time = compileOptional(scope, 'outcome', section, { effectiveAt: outcomeKinds.effectiveAt });
  return (row) => {
    const value = defaulted(row);
    if (value === undefined) return undefined;
    const known = knownAt(row);
    return { defaulted: value, effectiveAt: time(row).effectiveAt ?? known, knownAt: known };
  };
}
