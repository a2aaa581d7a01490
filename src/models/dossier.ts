import { z } from 'zod';
import { badInput, canonicalJson, internal, sha256 } from '../platform/index.js';
import { parseDecisionPolicy, type DecisionPolicy } from '../scoring/index.js';

const digest = z.string().regex(/^[0-9a-f]{64}$/, 'must be a SHA-256 digest: 64 hexadecimal digits in lower case');
/** No transforms: the digest must be the one that the author computes from their own text. */
const text = z.string().max(20_000).regex(/\S/, 'must not be blank');
const groupName = z.string().max(20_000);
const share = z.number().min(0).max(1);
const count = z.int().min(0);
const json = z.json();
const extra = z.record(z.string(), json).optional();

const metrics = z.strictObject({
  rows: count,
  bads: count.optional(),
  auc: share,
  gini: z.number().min(-1).max(1),
  ks: share,
  brier: share,
  logLoss: z.number().min(0).optional(),
  threshold: share.optional(),
  accuracy: share.optional(),
  precision: share,
  recall: share,
  f1: share,
  ece: share.optional(),
  confusion: z.strictObject({ truePositives: count, falsePositives: count, trueNegatives: count, falseNegatives: count }).optional(),
  calibration: z.array(z.strictObject({ count, meanPd: share, defaultRate: share })).max(100).optional(),
  /** Bootstrap intervals of the metrics above, by the metric's name. */
  intervals: z.strictObject({ level: share, resamples: count, of: z.record(z.string().max(40), z.strictObject({ low: z.number(), high: z.number() })) }).optional(),
  extra,
});

const calibration = z.union([
  z.strictObject({ kind: z.literal('platt'), slope: z.number().positive(), intercept: z.number() }),
  z.strictObject({ kind: z.literal('isotonic'), knots: z.array(z.number()).min(2).max(256), values: z.array(z.number()).min(2).max(256) }),
]);

/** How the approval line was chosen. */
const threshold = z.strictObject({
  rule: z.union([
    z.strictObject({ costRatio: z.number().positive() }),
    z.strictObject({ approvalRate: share }),
  ]),
  threshold: share,
  extra,
});

/** What the data-quality report found, and which grave findings were overridden by whom for what reason. */
const quality = z.strictObject({
  high: count,
  medium: count,
  low: count,
  overrides: z.array(z.strictObject({ check: text, feature: text.optional(), reason: text })).max(1_000),
});

const trials = z.strictObject({ trials: count, failed: count, folds: count, criterion: text, best: z.number(), seconds: z.number().min(0), extra });

/** The test of this version against the champion of its model on the same rows (DeLong). */
const comparison = z.strictObject({
  champion: text,
  rows: count,
  auc: share,
  championAuc: share,
  standardError: z.number().min(0),
  z: z.number().nullable(),
  p: share.nullable(),
});

/** How evenly groups of people are approved, by protected attribute. The figures of each group stand in the report. */
const fairness = z.strictObject({
  /** An approval rate below this share of that of the group approved most often asks for a reason. */
  leastRatio: share,
  /** Empty where the book knows no protected attribute. */
  attributes: z.array(z.strictObject({
    attribute: text,
    /** Names of the groups that were measured, and of those too small to be. */
    groups: z.array(groupName).max(10_000),
    skipped: z.array(groupName).max(10_000),
    /** Null where nobody was approved, or no group was large enough. */
    lowestRatio: share.nullable(),
  })).max(1_000),
});

/** How completely explanations add up: of a sample, 95 % have a smaller residual, in log-odds. */
const explanation = z.strictObject({ method: text, rows: count, residual95: z.number().min(0) });

/** A model trained elsewhere: with what, from which file, and what was done to fit it in. */
const source = z.strictObject({ library: text, sha256: digest, notes: z.array(text).max(100) });

const dossierShape = z.strictObject({
  format: z.literal(1, 'must be 1, the only dossier format there is'),
  artefacts: z.strictObject({
    onnx: digest,
    featureSchema: digest,
    referenceSet: digest,
    paritySample: digest,
    layersModel: digest.optional(),
    /** The report of its making, JSON. */
    report: digest.optional(),
  }),
  trainingData: z.strictObject({
    /** SHA-256 over the canonical training rows. */
    fingerprint: digest,
    rows: count,
    defaults: count,
    source: text,
    /** Outcomes known after this moment were not looked at. */
    asOf: z.iso.datetime({ offset: true }).optional(),
    extra,
  }),
  split: z.strictObject({ kind: text, trainRows: count, holdoutRows: count, seed: z.int().optional(), extra }),
  hyperParameters: z.record(z.string(), json),
  training: z.strictObject({
    backend: text,
    tfVersion: text.optional(),
    seed: z.int(),
    seconds: z.number().min(0),
    history: z.array(json).max(50_000).optional(),
    extra,
  }),
  /** Measured on the hold-out, or where there was none on the training loans: `extra.measuredOn` says which. */
  metrics,
  /** Agreement with what trained it: TensorFlow, or the `source` library. */
  parity: z.strictObject({ rows: count, maxAbsDifference: z.number().min(0), bar: z.number().min(0), passed: z.boolean(), source: text.optional() }),
  family: z.enum(['scorecard', 'mlp', 'cnn', 'foreign']).optional(),
  source: source.optional(),
  calibration: calibration.optional(),
  threshold: threshold.optional(),
  quality: quality.optional(),
  trials: trials.optional(),
  comparison: comparison.optional(),
  fairness: fairness.optional(),
  explanation: explanation.optional(),
  decisionPolicy: z.record(z.string(), json),
  modelCard: z.strictObject({ intendedUse: text, limitations: text, ethics: text.optional(), contact: text.optional(), extra }),
  extra,
});

type DossierFile = z.infer<typeof dossierShape>;

/** Everything an approver relies on. */
export interface Dossier extends Omit<DossierFile, 'decisionPolicy'> {
  readonly decisionPolicy: DecisionPolicy;
}

export interface ParsedDossier {
  readonly dossier: Dossier;
  /** RFC 8785 text; what is stored, and what approvals sign the digest of. */
  readonly canonical: string;
  /** SHA-256 of the canonical text in UTF-8, hexadecimal. */
  readonly digest: string;
}

const MOST_CHARACTERS = 4 * 1024 * 1024;

/** Parses a dossier as its author wrote it. @throws BAD_INPUT naming the first place that is wrong */
export function parseDossier(jsonText: string): ParsedDossier {
  if (jsonText.length > MOST_CHARACTERS) throw badInput(`The dossier has ${jsonText.length} characters; at most ${MOST_CHARACTERS} are accepted. Put large evidence into artefacts.`);
  const parsed = dossierShape.safeParse(fromJson(jsonText));
  if (!parsed.success) throw badInput(`The dossier cannot be accepted: ${firstIssue(parsed.error)}.`);
  const file = parsed.data;
  const dossier = { ...file, decisionPolicy: parseDecisionPolicy(file.decisionPolicy) };
  const canonical = canonicalJson(file);
  return { dossier, canonical, digest: sha256(canonical).toString('hex') };
}

/** A stored dossier. @throws INTERNAL when it does not have its digest any more */
export function readDossier(canonical: string, digestHex: string): Dossier {
  if (sha256(canonical).toString('hex') !== digestHex) throw internal(`The stored dossier ${digestHex} does not have its digest any more.`);
  return parseDossier(canonical).dossier;
}

function fromJson(jsonText: string): unknown {
  try {
    return JSON.parse(jsonText);
  } catch (error) {
    throw badInput(`The dossier is not JSON: ${(error as Error).message}.`);
  }
}

function firstIssue({ issues }: z.ZodError): string {
  const { path, message } = issues[0]!;
  const more = issues.length > 1 ? ` (and ${issues.length - 1} more)` : '';
  return `${path.join('.') || 'the document'}: ${message}${more}`;
}
