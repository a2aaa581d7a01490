import { badInput } from '../../base/index.js';
import { decisionPolicyFor, type PolicyRequest } from './policy.js';
import { chooseReference, type ReferenceSet } from '../explain/reference.js';
import type { DecisionPolicy } from '../decision/policy.js';
import type { ThresholdChoice } from '../decision/threshold.js';
import { encodeInputs } from '../features/encode.js';
import type { FeatureSchema } from '../features/schema.js';
import { curves } from '../metrics/curves.js';
import { deLong } from '../metrics/delong.js';
import { evaluate } from '../metrics/evaluate.js';
import { evaluateWithIntervals } from '../metrics/intervals.js';
import { binShares, psi, psiEdges } from '../metrics/psi.js';
import { byGroup, byVintage } from '../metrics/slices.js';
import type { Scorer } from '../onnx/scorer.js';
import type { Comparison, Evaluation, Stability, VersionReport } from './report.js';
import { encodeAll, pdsOf, type RawData } from './rows.js';
import type { Champion } from './types.js';

export interface AssessRequest {
  readonly scorer: Scorer;
  readonly schema: FeatureSchema;
  readonly data: RawData;
  /** Row-major model inputs of `data`. */
  readonly rows: Float32Array;
  readonly held: RawData | undefined;
  readonly policy: PolicyRequest | undefined;
  readonly champion: Champion | undefined;
  readonly referenceSize: number;
  readonly seed: number;
}

/** What is found of a model once it scores. */
export interface Assessment {
  readonly policy: DecisionPolicy;
  readonly threshold: ThresholdChoice | undefined;
  readonly reference: ReferenceSet;
  /** The rows that were measured: the hold-out, or without one the training rows. */
  readonly measured: { readonly raw: RawData['raw']; readonly rows: Float32Array };
  readonly findings: Pick<VersionReport, 'training' | 'evaluation' | 'stability' | 'comparison'>;
}

interface Scored {
  readonly data: RawData;
  readonly rows: Float32Array;
  readonly pds: Float32Array;
}

async function scoreRows(scorer: Scorer, schema: FeatureSchema, data: RawData): Promise<Scored> {
  const rows = encodeAll(schema, data.raw);
  return { data, rows, pds: await pdsOf(scorer, rows) };
}

const known = (values: readonly (string | null)[]): string[] => values.map((value) => value ?? 'unknown');

function evaluationOf({ data, pds }: Scored, measuredOn: Evaluation['measuredOn'], threshold: number, seed: number): Evaluation {
  const scored = { labels: data.labels, pds };
  const groups = Object.entries(data.groups).map(([name, values]) => [name, byGroup(scored, known(values), threshold)] as const);
  return {
    measuredOn,
    metrics: evaluateWithIntervals(data.labels, pds, threshold, { seed }),
    curves: curves(data.labels, pds),
    groups: Object.fromEntries(groups),
    vintages: data.times === undefined ? [] : byVintage(scored, data.times.map((time) => time.toISOString()), threshold),
  };
}

function stabilityOf(training: Scored, held: Scored): Stability {
  const edges = psiEdges(training.pds);
  return { psi: psi(binShares(training.pds, edges), binShares(held.pds, edges)), edges };
}

function comparisonOf({ name, pds }: Champion, { data, pds: own }: Scored, threshold: number): Comparison {
  if (pds.length !== own.length) throw badInput(`The champion ${name} has ${pds.length} PDs for ${own.length} rows; score the very rows that the new version is measured on.`);
  const both = Uint32Array.from(own, (_, row) => row).filter((row) => pds[row] !== null);
  const labels = Uint8Array.from(both, (row) => data.labels[row]!);
  const [ours, theirs] = [Float64Array.from(both, (row) => own[row]!), Float64Array.from(both, (row) => pds[row]!)];
  return { champion: name, rows: both.length, metrics: evaluate(labels, theirs, threshold), curves: curves(labels, theirs), test: deLong(labels, ours, theirs) };
}

/** Scores training and hold-out rows, sets the policy, draws the reference set and measures. */
export async function assess(request: AssessRequest): Promise<Assessment> {
  const { scorer, schema, data, rows, held: heldData, champion, referenceSize, seed } = request;
  const training: Scored = { data, rows, pds: await pdsOf(scorer, rows) };
  const held = heldData && (await scoreRows(scorer, schema, heldData));
  const { policy, threshold } = decisionPolicyFor(request.policy, data.labels, training.pds);
  const inputs = (row: number) => encodeInputs(schema, data.raw[row]!).inputs;
  const reference = await chooseReference(scorer, schema, { vectors: rows, inputs, pds: training.pds }, policy, referenceSize, seed);
  const line = policy.approveBelow;
  const measured = held ?? training;
  return {
    policy,
    threshold,
    reference,
    measured: { raw: measured.data.raw, rows: measured.rows },
    findings: {
      training: evaluate(data.labels, training.pds, line),
      evaluation: evaluationOf(measured, held ? 'holdout' : 'training', line, seed),
      stability: held ? stabilityOf(training, held) : null,
      ...(champion && { comparison: comparisonOf(champion, measured, line) }),
    },
  };
}
