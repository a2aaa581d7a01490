import { checkedExternalId, effectiveTime } from '../customers/index.js';
import type { Context } from '../platform/index.js';
import type { DataKey } from '../security/index.js';
import { changedAttributes, checkedAmount, checkedCurrency, checkedProduct, checkedRate, checkedTerm } from './loan.checks.js';
import type { CreateLoanInput, UpdateLoanInput } from './loan.inputs.js';
import { openedAttributes, type LoanFactsRow } from './loan.queries.js';
import type { LoanFacts, NewLoan } from './loan.rows.js';

type Terms = Pick<LoanFacts, 'creditLimit' | 'annualRate' | 'termMonths' | 'completedAt' | 'decisionAt'>;

/**
 * A new loan as it is recorded. Without a time its facts hold from the decision on, where there was one: a decision
 * looks at what was effective by then.
 */
export function newLoan(ctx: Context, input: CreateLoanInput): NewLoan {
  const terms = termsAfter(ctx, {}, input);
  return {
    externalId: checkedExternalId(input.externalId),
    product: checkedProduct(input.product),
    kind: input.kind,
    currency: checkedCurrency(input.currency),
    status: input.status,
    principal: checkedAmount(input.principal, 'principal'),
    ...terms,
    attributes: changedAttributes({}, input.attributes),
    effectiveAt: effectiveTime(ctx, input.effectiveAt ?? terms.decisionAt, 'effectiveAt'),
  };
}

/** The facts of a loan after an update: what the input does not name stays. */
export function factsAfter(ctx: Context, key: DataKey, before: LoanFactsRow, input: UpdateLoanInput, effectiveAt: Date): LoanFacts {
  return {
    effectiveAt,
    status: input.status ?? before.status,
    principal: input.principal == null ? before.principal : checkedAmount(input.principal, 'principal'),
    ...termsAfter(ctx, termsOf(before), input),
    attributes: changedAttributes(openedAttributes(key, before), input.attributes),
  };
}

const termsOf = ({ creditLimit, annualRate, termMonths, completedAt, decisionAt }: LoanFactsRow): Terms => ({
  ...(creditLimit !== null && { creditLimit }),
  ...(annualRate !== null && { annualRate }),
  ...(termMonths !== null && { termMonths }),
  ...(completedAt !== null && { completedAt: new Date(completedAt) }),
  ...(decisionAt !== null && { decisionAt: new Date(decisionAt) }),
});

/** Terms after a change: an absent one stays, null takes one away. */
function termsAfter(ctx: Context, before: Terms, { creditLimit, annualRate, termMonths, completedAt, decisionAt }: Partial<UpdateLoanInput>): Terms {
  const after: { -readonly [Term in keyof Terms]?: Terms[Term] | null } = {
    ...before,
    ...(creditLimit !== undefined && { creditLimit: creditLimit && checkedAmount(creditLimit, 'creditLimit') }),
    ...(annualRate !== undefined && { annualRate: annualRate && checkedRate(annualRate) }),
    ...(termMonths !== undefined && { termMonths: termMonths === null ? null : checkedTerm(termMonths) }),
    ...(completedAt !== undefined && { completedAt: completedAt && effectiveTime(ctx, completedAt, 'completedAt') }),
    ...(decisionAt !== undefined && { decisionAt: decisionAt && effectiveTime(ctx, decisionAt, 'decisionAt') }),
  };
  return Object.fromEntries(Object.entries(after).filter(([, value]) => value !== null)) as Terms;
}
