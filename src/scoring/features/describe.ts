import type { Evidence } from './evidence.js';
import { featureColumnNames, type FeatureSchema, type FittedFeature } from './schema.js';
import { elementKind, type ElementKind, type FeatureSource, type FeatureSpec, type Transform } from './spec.js';

export interface FeatureDescription {
  readonly name: string;
  readonly label: string;
  readonly labels: NonNullable<FeatureSpec['labels']>;
  readonly type: FeatureSpec['type'];
  /** What one value, or one period of a sequence, is. */
  readonly elements: ElementKind;
  readonly unit: string | null;
  readonly transform: Transform;
  readonly reasonCode: string;
  readonly monotone: NonNullable<FeatureSpec['monotone']> | null;
  readonly mutable: boolean;
  /** The source in words: "repayments.balance ÷ loan.creditLimit or else loan.principal, newest 6 periods". */
  readonly source: string;
  readonly missing: FeatureSpec['missing'];
  /** For numbers: the range beyond which a value is clipped and flagged, one per period. */
  readonly bounds: readonly { readonly min: number; readonly max: number }[];
  /** For numbers: what a missing value is taken for, one per period; for categories and booleans one. Empty with a bin of its own. */
  readonly fill: readonly (number | string | boolean)[];
  /** Names of the columns of the model input, in order; the first is column `offset`. */
  readonly columns: readonly string[];
  readonly offset: number;
  /** Under one-hot: the categories that have a column. */
  readonly categories: readonly string[];
  /** Under weight of evidence: bins and information value, one per period. */
  readonly bins: readonly Evidence[];
}

export interface SchemaDescription {
  readonly trainingRows: number;
  readonly width: number;
  /** The distance beyond which an applicant counts as unlike the training rows; null where none was learned. */
  readonly noveltyThreshold: number | null;
  readonly features: readonly FeatureDescription[];
}

/** "mean of repayments.amountPaid ÷ repayments.balance one period earlier, newest 6 periods" */
function sourceText({ path, per, perLag = 0, last, aggregate }: FeatureSource): string {
  const of = aggregate === undefined ? '' : `${aggregate} of `;
  const divisor = per === undefined ? '' : ` ÷ ${[per].flat().join(' or else ')}`;
  const lag = perLag === 0 ? '' : ` ${perLag} period${perLag === 1 ? '' : 's'} earlier`;
  const periods = !path.startsWith('repayments.') ? '' : last === undefined ? ', all periods' : `, newest ${last} period${last === 1 ? '' : 's'}`;
  return of + path + divisor + lag + periods;
}

function fillOf({ spec, numeric, fill, woe }: FittedFeature): FeatureDescription['fill'] {
  if (spec.missing.rule === 'required' || (woe !== undefined && spec.missing.rule === 'indicator')) return [];
  if (numeric !== undefined) return numeric.map((period) => period.fill);
  return fill === undefined ? [] : [fill];
}

function describeFeature(feature: FittedFeature): FeatureDescription {
  const { spec, numeric = [], categories = [], woe = [], offset } = feature;
  return {
    name: spec.name,
    label: spec.label,
    labels: spec.labels ?? {},
    type: spec.type,
    elements: elementKind(spec),
    unit: spec.unit ?? null,
    transform: spec.transform,
    reasonCode: spec.reasonCode,
    monotone: spec.monotone ?? null,
    mutable: spec.mutable ?? false,
    source: sourceText(spec.source),
    missing: spec.missing,
    bounds: numeric.map(({ min, max }) => ({ min, max })),
    fill: fillOf(feature),
    columns: featureColumnNames(feature),
    offset,
    categories,
    bins: woe,
  };
}

/** What a person asks of a feature schema, as plain JSON: sources, rules, learned ranges, columns and bins. */
export const describeSchema = (schema: FeatureSchema): SchemaDescription => ({
  trainingRows: schema.trainingRows,
  width: schema.width,
  noveltyThreshold: schema.novelty?.threshold ?? null,
  features: schema.features.map(describeFeature),
});
