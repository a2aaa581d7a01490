import { z } from 'zod';
import { noveltyProblem, noveltyShape } from '../novelty/constants.js';
import { parseWith } from '../validation.js';
import { evidenceProblem, evidenceShape } from './evidence.js';
import { directionOf, scalingShape } from './scaling.js';
import { elementKind, featureSpecShape, isNumeric, periodsOf } from './spec.js';

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
  /** Columns per period: 1 for a number, a boolean or a weight of evidence, else one per category; one more with `missingColumn`. */
  columnsPerPeriod: z.int().min(1),
  /** A column that is 1 where the value is missing. */
  missingColumn: z.boolean(),
  /** For numbers: one entry per period. */
  numeric: z.array(numericPeriodShape).optional(),
  /** Under one-hot: the categories seen often enough in training, in column order; for booleans absent. */
  categories: z.array(z.string()).optional(),
  /** For categories and booleans: what a missing value is taken for. */
  fill: z.union([z.string(), z.boolean()]).optional(),
  /** Under weight of evidence: the bins of each period. */
  woe: z.array(evidenceShape).optional(),
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
    /** The distance to the training rows; absent where none was learned. */
    novelty: noveltyShape.optional(),
  })
  .superRefine((schema, context) => {
    const problem = layoutProblem(schema.features, schema.width) ?? (schema.novelty && noveltyProblem(schema.novelty, schema.width));
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
  if (isNumeric(spec) && feature.numeric!.some((p) => p.min > p.max || badKnots(p) || badTrend(feature, p))) return `feature "${spec.name}" has constants that contradict each other`;
  if (spec.transform === 'one-hot' && elementKind(spec) === 'categorical' && feature.categories === undefined) return `feature "${spec.name}" needs its categories`;
  const bins = binProblem(feature);
  if (bins !== undefined) return `feature "${spec.name}" ${bins}`;
  if (feature.columnsPerPeriod !== expectedColumns(feature)) return `feature "${spec.name}" has a wrong number of columns`;
  return undefined;
}

function binProblem({ spec, woe, categories, missingColumn }: FittedFeature): string | undefined {
  if (spec.transform !== 'weight-of-evidence') return woe === undefined ? undefined : 'has bins but no transform "weight-of-evidence"';
  if (woe?.length !== periodsOf(spec)) return `needs the bins of ${periodsOf(spec)} period(s)`;
  if (categories !== undefined || missingColumn) return 'has one column per period for its weight of evidence, and no others';
  return woe.map((evidence) => evidenceProblem(evidence, isNumeric(spec), spec.monotone)).find((problem) => problem !== undefined);
}

/** A declared trend of the risk means nothing for a scaling that rises and falls. */
const badTrend = ({ spec }: FittedFeature, { scaling }: NumericPeriod): boolean => spec.monotone !== undefined && directionOf(scaling) === 0;

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

/** Names of the columns of one feature, in order: `utilisation[2]` is the period before the newest but one. */
export function featureColumnNames({ spec, categories, missingColumn }: FittedFeature): string[] {
  const parts = [...(categories?.map((c) => `=${c}`) ?? ['']), ...(missingColumn ? ['=missing'] : [])];
  return Array.from({ length: periodsOf(spec) }, (_, i) => parts.map((part) => `${spec.name}${spec.type === 'sequence' ? `[${i}]` : ''}${part}`)).flat();
}

/** Column names in vector order, for people. */
export const columnNames = (schema: FeatureSchema): string[] => schema.features.flatMap(featureColumnNames);
