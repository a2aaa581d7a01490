import { z } from 'zod';
import { parseWith } from '../validation.js';

const PATH = /^(customer|loan|repayments)\.\S.*$/u;
const path = z
  .string()
  .regex(PATH, 'a source path reads customer.<field>, loan.<field> or repayments.<field>');

/** Longest repayment history a feature may look at, in periods. */
export const MAX_PERIODS = 60;

const sourceShape = z.strictObject({
  path,
  /** Look at the newest k repayment periods. */
  last: z.int().min(1).max(MAX_PERIODS).optional(),
  /** Fold the periods to one number; missing periods are left out. `trend` is the least-squares slope per period, rising is positive. */
  aggregate: z.enum(['max', 'min', 'mean', 'sum', 'last', 'count-positive', 'trend']).optional(),
  /** Divide by another field, period by period; of several, the first that is present. A zero denominator makes the value missing. */
  per: z.union([path, z.array(path).min(1).max(8)]).optional(),
  /** With `per` over repayments: divide by the value this many periods earlier (a payment settles the bill before it). */
  perLag: z.int().min(0).max(12).optional(),
});

const missingShape = z.strictObject({
  /** Values that stand for "unknown" in the raw data, such as -9. */
  sentinels: z.array(z.union([z.number(), z.string()])).max(64).optional(),
  /** median: the training median (mode of a category); constant: `value`; indicator: median plus a column of its own; required: refuse. */
  rule: z.enum(['median', 'constant', 'indicator', 'required']),
  value: z.union([z.number(), z.string(), z.boolean()]).optional(),
});

const boundsShape = z.strictObject({ min: z.number(), max: z.number() });

const specShape = z.strictObject({
  name: z.string().regex(/^[A-Za-z][\w.-]{0,99}$/u, 'a feature name starts with a letter and has letters, digits, "_", "-" or "."'),
  label: z.string().min(1).max(200),
  /** The label in other languages. */
  labels: z.strictObject({ zh: z.string().min(1).max(200).optional() }).optional(),
  /** Categories in other languages. */
  valueLabels: z.strictObject({ zh: z.record(z.string(), z.string().min(1).max(200)).optional() }).optional(),
  source: sourceShape,
  type: z.enum(['numeric', 'categorical', 'boolean', 'sequence']),
  unit: z.string().max(40).optional(),
  missing: missingShape,
  /** What the periods of a sequence hold. Without it: categories under one-hot, else numbers. */
  elements: z.enum(['numeric', 'categorical', 'boolean']).optional(),
  /** weight-of-evidence for anything; none for numbers and booleans; one-hot for categories and booleans; the others for numbers. */
  transform: z.enum(['none', 'standardise', 'robust', 'log', 'quantile', 'weight-of-evidence', 'one-hot']),
  /** Plausible range in the unit of the feature; without it the range seen in training, a little widened. */
  bounds: boundsShape.optional(),
  reasonCode: z.string().min(1).max(60),
  protected: z.boolean().optional(),
  mutable: z.boolean().optional(),
  /** How the risk may move as the value rises; numbers only. */
  monotone: z.enum(['increasing', 'decreasing']).optional(),
});

export type FeatureSource = z.infer<typeof sourceShape>;
export type FeatureSpec = z.infer<typeof specShape>;
export type Transform = FeatureSpec['transform'];
/** What one value (one period) of a feature is. */
export type ElementKind = 'numeric' | 'categorical' | 'boolean';

/** What one value of the feature is: its type, or for a sequence what its periods hold. */
export function elementKind(spec: FeatureSpec): ElementKind {
  if (spec.type !== 'sequence') return spec.type;
  return spec.elements ?? (spec.transform === 'one-hot' ? 'categorical' : 'numeric');
}

const TRANSFORMS: Record<ElementKind, readonly Transform[]> = {
  numeric: ['none', 'standardise', 'robust', 'log', 'quantile', 'weight-of-evidence'],
  categorical: ['one-hot', 'weight-of-evidence'],
  boolean: ['one-hot', 'none', 'weight-of-evidence'],
};

/** Contradictions between the parts of one feature, as sentences; empty when it is sound. */
function contradictions(spec: FeatureSpec): string[] {
  const overPeriods = spec.source.path.startsWith('repayments.');
  const scalar = !overPeriods || spec.source.aggregate !== undefined;
  const kind = elementKind(spec);
  const rules: [boolean, string][] = [
    [spec.type === 'sequence' && scalar, 'a sequence reads repayments.<field> without an aggregate'],
    [spec.type !== 'sequence' && !scalar, 'a repayment field needs an aggregate, or type "sequence"'],
    [spec.type === 'sequence' && spec.source.last === undefined, 'a sequence needs "last", the number of periods'],
    [!overPeriods && (spec.source.last ?? spec.source.aggregate) !== undefined, '"last" and "aggregate" apply to repayments only'],
    [spec.source.perLag !== undefined && spec.source.per === undefined, '"perLag" needs "per"'],
    [spec.type !== 'sequence' && spec.elements !== undefined, '"elements" says what the periods of a sequence hold; leave it out'],
    [
      spec.type === 'sequence' && spec.transform === 'weight-of-evidence' && spec.elements === undefined,
      'a sequence with weight of evidence needs "elements": numeric, categorical or boolean',
    ],
    [!TRANSFORMS[kind].includes(spec.transform), `${kind} values take the transform ${TRANSFORMS[kind].map((name) => `"${name}"`).join(', ')}, not "${spec.transform}"`],
    [kind !== 'numeric' && spec.source.per !== undefined, 'only numbers can be divided ("per")'],
    [kind !== 'numeric' && (spec.source.aggregate ?? 'last') !== 'last', 'a category can only be aggregated by "last"'],
    [spec.missing.rule === 'constant' && spec.missing.value === undefined, 'the missing rule "constant" needs a "value"'],
    [spec.missing.rule === 'constant' && !fits(spec, spec.missing.value), 'the constant for missing values must have the type of the feature'],
    [spec.bounds !== undefined && spec.bounds.min >= spec.bounds.max, 'bounds need min below max'],
    [spec.bounds !== undefined && kind !== 'numeric', 'bounds apply to numbers only'],
    [spec.monotone !== undefined && kind !== 'numeric', '"monotone" applies to numbers only'],
  ];
  return rules.filter(([broken]) => broken).map(([, sentence]) => `feature "${spec.name}": ${sentence}`);
}

const JSON_TYPE = { numeric: 'number', categorical: 'string', boolean: 'boolean' } as const;

const fits = (spec: FeatureSpec, value: number | string | boolean | undefined): boolean => typeof value === JSON_TYPE[elementKind(spec)];

/** One feature, with its parts checked against each other. */
export const featureSpecShape = specShape.superRefine((spec, context) => {
  for (const message of contradictions(spec)) context.addIssue({ code: 'custom', message });
});

const specsShape = z
  .array(featureSpecShape)
  .min(1, 'at least one feature is needed')
  .max(2_000)
  .superRefine((specs, context) => {
    const seen = new Set<string>();
    for (const { name } of specs) {
      if (seen.has(name)) context.addIssue({ code: 'custom', message: `the feature name "${name}" is used twice` });
      seen.add(name);
    }
  });

/** Feature specs from untrusted JSON. @throws BAD_INPUT with a sentence that names the feature. */
export const parseFeatureSpecs = (json: unknown): FeatureSpec[] => parseWith(specsShape, json, 'list of features');

/** True when the elements are numbers (scalar or period by period). */
export const isNumeric = (spec: FeatureSpec): boolean => elementKind(spec) === 'numeric';

/** How many values the feature has: the periods of a sequence, else 1. */
export const periodsOf = (spec: FeatureSpec): number => (spec.type === 'sequence' ? (spec.source.last ?? 1) : 1);
