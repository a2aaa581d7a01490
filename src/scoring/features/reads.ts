import type { FeatureSpec } from './spec.js';

/** A field of a gathered record that a feature reads. */
export interface FieldRead {
  /** `customer.<field>`, `loan.<field>` or `repayments.<field>`. */
  readonly path: string;
  /** Of a repayment field the periods that are read, newest 0: from inclusive, below exclusive, all while there are any where Infinity. */
  readonly periods: { readonly from: number; readonly below: number } | undefined;
}

/** Everything a feature looks at in a gathered record: its path, and what it is divided by. */
export function readsOf({ source: { path, last, aggregate, per = [], perLag = 0 } }: FeatureSpec): FieldRead[] {
  const periods = aggregate === 'last' ? 1 : (last ?? Number.POSITIVE_INFINITY);
  const read = (field: string, lag: number): FieldRead =>
    field.startsWith('repayments.') ? { path: field, periods: { from: lag, below: lag + periods } } : { path: field, periods: undefined };
  return [read(path, 0), ...[per].flat().map((field) => read(field, perLag))];
}

/** Whether the value of a feature is a field of the customer or the loan as it stands. */
export const isPlainField = ({ source: { path, per } }: FeatureSpec): boolean => per === undefined && !path.startsWith('repayments.');
