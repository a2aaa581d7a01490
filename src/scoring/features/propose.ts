import { elementKind, type FeatureSource, type FeatureSpec, type Transform } from './spec.js';

/** A field of the book, as a mapping file declares it. */
export interface FieldDescription {
  /** customer.<field>, loan.<field> or repayments.<field> */
  readonly path: string;
  readonly label: string;
  /** The label in other languages. */
  readonly labels?: { readonly zh?: string };
  /** Categories in other languages. */
  readonly valueLabels?: { readonly zh?: Readonly<Record<string, string>> };
  readonly type: 'numeric' | 'categorical' | 'boolean';
  readonly unit?: string;
  readonly reasonCode?: string;
  /** Known categories, for documentation; the schema learns its own from the training rows. */
  readonly values?: readonly string[];
  /** Values that stand for "unknown". */
  readonly sentinels?: readonly (number | string)[];
  /** A protected attribute is never proposed. */
  readonly protected?: boolean;
  /** The customer can do something about it. */
  readonly mutable?: boolean;
  /** How the risk may move as the value rises; numbers only. Derived features declare nothing. */
  readonly monotone?: 'increasing' | 'decreasing';
}

export interface ProposeOptions {
  /** Repayment periods to look back on. Default 6. */
  readonly periods?: number;
}

const PERIODS = 6;

const keyOf = (path: string): string => path.slice(path.indexOf('.') + 1);

const codeOf = (name: string): string => name.replace(/([a-z\d])([A-Z])/gu, '$1_$2').replace(/\W+/gu, '_').toUpperCase();

/** Names must start with a letter and be short; `customer.attr/1` becomes customer.attr_1. */
const nameOf = (path: string): string => path.replace(/[^\w.-]+/gu, '_').slice(0, 90);

const transformOf = ({ type }: FieldDescription): Transform => (type === 'numeric' ? 'quantile' : 'one-hot');

const missingOf = (field: FieldDescription): FeatureSpec['missing'] => ({
  rule: 'indicator',
  ...(field.sentinels && { sentinels: [...field.sentinels] }),
});

function ofField(field: FieldDescription): FeatureSpec {
  return {
    name: nameOf(field.path),
    label: field.label,
    ...(field.labels && { labels: { ...field.labels } }),
    ...(field.valueLabels && { valueLabels: { ...field.valueLabels } }),
    source: { path: field.path },
    type: field.type,
    ...(field.unit !== undefined && { unit: field.unit }),
    missing: missingOf(field),
    transform: transformOf(field),
    reasonCode: field.reasonCode ?? codeOf(keyOf(field.path)),
    ...(field.mutable !== undefined && { mutable: field.mutable }),
    ...(field.monotone !== undefined && { monotone: field.monotone }),
  };
}

/** The history of a repayment field, period by period. */
const history = (field: FieldDescription, periods: number): FeatureSpec => ({
  ...ofField(field),
  source: { path: field.path, last: periods },
  type: 'sequence',
});

interface Derived {
  readonly name: string;
  readonly label: string;
  readonly reasonCode: string;
  /** Fields of which each group must have at least one. */
  readonly needs: readonly (readonly string[])[];
  readonly source: FeatureSource;
  readonly unit?: string;
  readonly transform?: Transform;
}

const LINES = ['loan.creditLimit', 'loan.principal'];
const BALANCE = 'repayments.balance';
const PAID = 'repayments.amountPaid';
const DUE = 'repayments.amountDue';
const PAST_DUE = 'repayments.daysPastDue';

/** What lenders derive from a repayment history, written with Assay's own field names. */
const derivedFeatures = (k: number): readonly Derived[] => [
  { name: 'utilisation', label: 'Credit utilisation', reasonCode: 'UTILISATION', needs: [[BALANCE], LINES], source: { path: BALANCE, last: k, per: LINES }, unit: 'ratio' },
  { name: 'utilisationTrend', label: 'Change of credit utilisation per period', reasonCode: 'UTILISATION_TREND', needs: [[BALANCE], LINES], source: { path: BALANCE, last: k, per: LINES, aggregate: 'trend' }, unit: 'ratio' },
  { name: 'paymentToLimit', label: 'Payments relative to the credit line or the amount of the loan', reasonCode: 'LOW_PAYMENTS', needs: [[PAID], LINES], source: { path: PAID, last: k, per: LINES, aggregate: 'mean' }, unit: 'ratio' },
  { name: 'paymentRatio', label: 'Share of the previous balance paid', reasonCode: 'PAYMENT_RATIO', needs: [[PAID], [BALANCE]], source: { path: PAID, last: k - 1, per: BALANCE, perLag: 1 }, unit: 'ratio' },
  { name: 'paidOfDue', label: 'Share of the amount due that was paid', reasonCode: 'PAYMENT_RATIO', needs: [[PAID], [DUE]], source: { path: PAID, last: k, per: DUE }, unit: 'ratio' },
  { name: 'smallestPayment', label: 'Smallest payment', reasonCode: 'LOW_PAYMENTS', needs: [[PAID]], source: { path: PAID, last: k, aggregate: 'min' } },
  { name: 'worstDaysPastDue', label: 'Most days past due', reasonCode: 'DELINQUENCY', needs: [[PAST_DUE]], source: { path: PAST_DUE, last: k, aggregate: 'max' }, unit: 'days' },
  { name: 'meanDaysPastDue', label: 'Days past due on average', reasonCode: 'DELINQUENCY', needs: [[PAST_DUE]], source: { path: PAST_DUE, last: k, aggregate: 'mean' }, unit: 'days' },
  { name: 'latePeriods', label: 'Number of late periods', reasonCode: 'DELINQUENCY', needs: [[PAST_DUE]], source: { path: PAST_DUE, last: k, aggregate: 'count-positive' }, transform: 'standardise' },
  { name: 'daysPastDueTrend', label: 'Change of days past due per period', reasonCode: 'DELINQUENCY_TREND', needs: [[PAST_DUE]], source: { path: PAST_DUE, last: k, aggregate: 'trend' }, unit: 'days', transform: 'standardise' },
];

function ofDerived(derived: Derived, has: (path: string) => boolean, mutable: boolean): FeatureSpec | undefined {
  if (!derived.needs.every((group) => group.some(has))) return undefined;
  const { needs: _, source, transform = 'quantile', ...rest } = derived;
  const { per, ...without } = source;
  const present = Array.isArray(per) ? per.filter(has) : per;
  const sequence = source.aggregate === undefined;
  return {
    ...rest,
    source: { ...without, ...(present !== undefined && { per: present }) },
    type: sequence ? 'sequence' : 'numeric',
    missing: { rule: 'indicator' },
    transform,
    ...(mutable && { mutable }),
  };
}

/**
 * The default feature set of any book: every field that is not protected, the repayment history period by period,
 * and what lenders derive from it (utilisation, payment ratios, delinquency, trends).
 */
export function proposeFeatureSpecs(fields: readonly FieldDescription[], { periods = PERIODS }: ProposeOptions = {}): FeatureSpec[] {
  const usable = fields.filter((field) => field.protected !== true);
  const paths = new Set(usable.map(({ path }) => path));
  const isRepayment = ({ path }: FieldDescription): boolean => path.startsWith('repayments.');
  const plain = usable.filter((field) => !isRepayment(field)).map(ofField);
  const histories = usable.filter(isRepayment).map((field) => history(field, periods));
  const mutable = new Set(usable.flatMap((field) => (field.mutable === true ? field.path : [])));
  const derived = derivedFeatures(periods).flatMap((each) => ofDerived(each, (path) => paths.has(path), mutable.has(each.source.path)) ?? []);
  return [...plain, ...histories, ...derived];
}

/** The same features under weight of evidence, as a scorecard wants them. */
export const asWeightOfEvidence = (specs: readonly FeatureSpec[]): FeatureSpec[] =>
  specs.map((spec) => ({ ...spec, ...(spec.type === 'sequence' && { elements: elementKind(spec) }), transform: 'weight-of-evidence' }));
