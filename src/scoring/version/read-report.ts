import { z } from 'zod';
import { parseWith } from '../validation.js';

const share = z.number().min(0).max(1);
const count = z.int().min(0);
/** Loans of one PD that lie on both sides of an edge are shared between the parts. */
const positive = z.number().min(0);
const interval = z.looseObject({ low: z.number(), high: z.number() });

/** What every part of a report may hold beside what is named here: a later build may tell more. */
const part = z.looseObject;

const measures = part({
  rows: count, bads: count, threshold: share, auc: share, gini: z.number(), ks: share, brier: share, logLoss: z.number(),
  accuracy: share, precision: share, recall: share, f1: share, ece: share,
  intervals: z.record(z.string(), interval).optional(), level: share.optional(), resamples: count.optional(),
});

const slice = part({ name: z.string(), rows: count, bads: count, defaultRate: share, meanPd: share, auc: share.nullable(), approvalRate: share });

const rocPoint = part({ falsePositiveRate: share, truePositiveRate: share, pd: share });

const curves = part({
  rows: count.optional(), bads: count.optional(), auc: share.optional(), ks: rocPoint.extend({ value: share }).optional(),
  roc: z.array(rocPoint),
  lift: z.array(part({ decile: count, rows: count, bads: positive, defaultRate: share, meanPd: share, lift: z.number(), gain: share, cumulativeLift: z.number(), cumulativeRows: share.optional() })),
  calibration: z.array(part({ count, meanPd: share, defaultRate: share, low: share, high: share })),
  distribution: part({ edges: z.array(z.number()), goods: z.array(count), bads: z.array(count) }),
});

const groups = part({
  groups: z.array(slice.extend({ approvalRatio: z.number().nullable(), belowLeastRatio: z.boolean() })),
  skipped: z.array(part({ name: z.string(), rows: count })),
  leastRatio: share.optional(),
  leastRows: count.optional(),
});

const finding = part({
  check: z.string(), severity: z.enum(['HIGH', 'MEDIUM', 'LOW']), feature: z.string().optional(), message: z.string(),
  value: z.number().nullable().optional(), threshold: z.number().nullable().optional(),
});

const trial = part({
  trial: count, status: z.enum(['FINISHED', 'DROPPED', 'FAILED']), settings: z.record(z.string(), z.json()), message: z.string().optional(),
  rungs: z.array(part({ rung: count, folds: count, logLoss: z.number(), brier: share, auc: share, deviation: z.number().nullable() })),
});

const dependence = part({
  feature: z.string(),
  label: z.string(),
  varies: z.enum(['value', 'mean-of-periods', 'newest-period']),
  points: z.array(part({ value: z.union([z.number(), z.string(), z.boolean(), z.null()]), meanPd: share, meanLogit: z.number(), p10: share, p90: share })),
});

/** How the log-odds of one applicant come about; whose they are is not told. */
const example = part({ baselineLogit: z.number(), logit: z.number(), attributions: z.array(part({ feature: z.string(), label: z.string(), contribution: z.number() })) });

/** The version beside the champion of its time, on the same rows; A is the version, B the champion. */
const comparison = part({
  champion: z.string(), rows: count, curves: curves.optional(),
  test: part({ aucA: share, aucB: share, standardError: z.number().min(0), z: z.number().nullable(), p: share.nullable() }).optional(),
});

const scorecard = part({
  scale: part({ points: z.number(), odds: z.number().positive(), doubling: z.number().positive() }),
  basePoints: z.number(),
  features: z.array(part({
    feature: z.string(), label: z.string(), period: count.optional(), informationValue: z.number(), coefficient: z.number(),
    bins: z.array(part({ label: z.string(), rows: count, bads: count, woe: z.number(), points: z.number() })),
  })),
});

/** Of the settings, on folds of the training rows. */
const crossValidation = part({
  folds: z.array(part({ rows: count, bads: count, auc: share, ks: share, brier: share, logLoss: z.number(), ece: share })),
  auc: share, aucDeviation: z.number().min(0), ks: share, brier: share,
});

const reportShape = part({
  version: z.literal(1),
  evaluation: part({
    /** Which rows it was measured on: on training rows figures flatter. Reports made before it was told lack it. */
    measuredOn: z.enum(['holdout', 'training']).optional(),
    metrics: measures.optional(),
    curves: curves.optional(),
    /** By the time of decision, oldest first. */
    vintages: z.array(slice).optional(),
    /** By protected attribute. */
    groups: z.record(z.string(), groups).optional(),
  }).optional(),
  /** Over how many applicants, and what each feature moved on average, most first. */
  importance: part({ method: z.string().optional(), rows: count, residual95: z.number().min(0).optional(), features: z.array(part({ feature: z.string(), label: z.string(), meanAbsolute: z.number().min(0), share, meanSigned: z.number() })) }).optional(),
  /** Of the PD, training against hold-out; null without a hold-out. */
  stability: part({ psi: positive }).nullable().optional(),
  partialDependence: z.array(dependence).optional(),
  example: example.optional(),
  quality: part({ findings: z.array(finding), overrides: z.array(part({ check: z.string(), feature: z.string().optional(), reason: z.string() })).optional() }).optional(),
  crossValidation: crossValidation.optional(),
  search: part({ criterion: z.string().optional(), folds: count.optional(), best: part({ trial: count }).optional(), trials: z.array(trial) }).optional(),
  history: z.array(part({ member: count, epoch: count, loss: z.number(), validationLoss: z.number() })).optional(),
  comparison: comparison.optional(),
  scorecard: scorecard.optional(),
  rows: part({ training: count, holdout: count }).optional(),
});

/** How a version was made and measured, beside its dossier: one canonical JSON artefact. Every part may be absent. */
export type ReadReport = z.infer<typeof reportShape>;

/** A report from untrusted JSON. @throws BAD_INPUT naming the first place that is wrong */
export const parseVersionReport = (json: unknown): ReadReport => parseWith(reportShape, json, 'report');
