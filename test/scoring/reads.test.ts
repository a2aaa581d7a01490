import { describe, expect, it } from '@jest/globals';
import { isPlainField, readsOf, type FeatureSource, type FeatureSpec } from '../../src/scoring/index.js';

const specOf = (source: FeatureSource): FeatureSpec =>
  ({ name: 'f', label: 'F', source, type: 'numeric', missing: { rule: 'median' }, transform: 'standardise', reasonCode: 'F' });

describe('what a feature reads of a loan', () => {
  it.each<[string, FeatureSource, object[]]>([
    ['a field', { path: 'loan.principal' }, [{ path: 'loan.principal', periods: undefined }]],
    ['a ratio: both fields, and each that may stand in', { path: 'loan.principal', per: ['customer.income', 'customer.wage'] },
      [{ path: 'loan.principal', periods: undefined }, { path: 'customer.income', periods: undefined }, { path: 'customer.wage', periods: undefined }]],
    ['the newest periods', { path: 'repayments.balance', last: 6, aggregate: 'mean' }, [{ path: 'repayments.balance', periods: { from: 0, below: 6 } }]],
    ['every period', { path: 'repayments.balance', aggregate: 'max' }, [{ path: 'repayments.balance', periods: { from: 0, below: Number.POSITIVE_INFINITY } }]],
    ['the newest period alone', { path: 'repayments.balance', last: 6, aggregate: 'last' }, [{ path: 'repayments.balance', periods: { from: 0, below: 1 } }]],
    ['a ratio with a lag: the periods before', { path: 'repayments.amountPaid', last: 3, per: 'repayments.balance', perLag: 1 },
      [{ path: 'repayments.amountPaid', periods: { from: 0, below: 3 } }, { path: 'repayments.balance', periods: { from: 1, below: 4 } }]],
  ])('is of %s', (_, source, reads) => {
    expect(readsOf(specOf(source))).toEqual(reads);
  });

  it('is a plain field where the value is that of one field of the customer or the loan', () => {
    expect([{ path: 'loan.principal' }, { path: 'loan.principal', per: 'customer.income' }, { path: 'repayments.balance', aggregate: 'last' as const }].map((source) => isPlainField(specOf(source)))).toEqual([true, false, false]);
  });
});
