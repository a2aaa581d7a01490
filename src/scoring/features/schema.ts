import { z } from 'zod';
import { parseWith } from '../validation.js';
import { scalingShape } from './scaling.js';
import { featureSpecShape, isNumeric, periodsOf } from './spec.js';

/** Constants of one numeric value (one period of a sequence): range, stand-in for missing, scaling. */
const numericPeriodShape = z.strictObject({
  min: z.number(),
  max: z.number(),
  fill: z.number(),
  scaling: scalingShape,
});

const fittedFeatureShape = z.strictObject({
  spec: featureSpecShape,
  /** First column of the feature in the vector. */
  offset: z.int().min(0),
  /** Columns per period: 1 for a number or a boolean, one per category, and one more with `missingColumn`. */
  columnsPerPeriod: z.int().min(1),
  /** A column that is 1 where the value is missing. */
  missingColumn: z.boolean(),
  /** For numbers: one entry per period. */
  numeric: z.array(numericPeriodShape).optional(),
  /** For categories: those seen often enough in training, in column order; for booleans absent. */
  categories: z.array(z.string()).optional(),
  /** For categories and booleans: what a missing value is taken for. */
  fill: z.union([z.string(), z.boolean()]).optional(),
});

export type FittedFeature = z.infer<typeof fittedFeatureShape>;
export type NumericPeriod = z.infer<typeof numericPeriodShape>;

const schemaShape = z
  .strictObject({
    version: z.literal(1),
    /** Rows of the training split the constants were learned on. */
    trainingRows: z.int().min(0),
    /** Length of an encoded vector. */
    width: z.int().min(1).max(20_000),
    features: z.array(fittedFeatureShape).min(1),
  })
  .superRefine((schema, context) => {
    const problem = layoutProblem(schema.features, schema.width);
    if (problem !== undefined) context.addIssue({ code: 'custom', message: problem });
  });

/** How raw data becomes numbers: specs, learned constants and column layout. Plain JSON; belongs to a model version. */
export type FeatureSchema = z.infer<typeof schemaShape>;

function expectedColumns(feature: FittedFeature): number {
  const values = feature.categories?.length ?? 1;
  return values + (feature.missingColumn ? 1 : 0);
}

function featureProblem(feature: FittedFeature): string | undefined {
  const { spec } = feature;
  if (spec.protected === true) return `the protected feature "${spec.name}" cannot be a model input`;
  if (isNumeric(spec) && feature.numeric?.length !== periodsOf(spec)) return `feature "${spec.name}" needs the constants of ${periodsOf(spec)} period(s)`;
  if (isNumeric(spec) && feature.numeric?.some((p) => p.min > p.max || badKnots(p)) === true) return `feature "${spec.name}" has constants that contradict each other`;
  if (!isNumeric(spec) && spec.type !== 'boolean' && feature.categories === undefined) return `feature "${spec.name}" needs its categories`;
  if (feature.columnsPerPeriod !== expectedColumns(feature)) return `feature "${spec.name}" has a wrong number of columns`;
  return undefined;
}

const badKnots = ({ scaling }: NumericPeriod): boolean =>
  scaling.kind === 'quantile' &&
  (scaling.knots.length !== scaling.scores.length || scaling.knots.some((knot, i) => i > 0 && knot <= scaling.knots[i - 1]!));

function layoutProblem(features: readonly FittedFeature[], width: number): string | undefined {
  let offset = 0;
  for (const feature of features) {
    const problem = featureProblem(feature);
    if (problem !== undefined) return problem;
    if (feature.offset !== offset) return `feature "${feature.spec.name}" must start at column ${offset}`;
    offset += columnsOf(feature);
  }
  return offset === width ? undefined : `the features fill ${offset} columns but the width says ${width}`;
}

/** Columns the feature fills in the vector. */
export const columnsOf = (feature: FittedFeature): number => feature.columnsPerPeriod * periodsOf(feature.spec);

/** A feature schema from untrusted JSON. @throws BAD_INPUT with a sentence. */
export const parseFeatureSchema = (json: unknown): FeatureSchema => parseWith(schemaShape, json, 'feature schema');

/** Column names in vector order, for people: `utilisation[2]` is the period before the newest but one. */
export function columnNames(schema: FeatureSchema): string[] {
  return schema.features.flatMap((feature) => {
    const { spec } = feature;
    const parts = [...(feature.categories?.map((c) => `=${c}`) ?? ['']), ...(feature.missingColumn ? ['=missing'] : [])];
    return Array.from({ length: periodsOf(spec) }, (_, i) => parts.map((part) => `${spec.name}${spec.type === 'sequence' ? `[${i}]` : ''}${part}`)).flat();
  });
}
