import canonicalize from 'canonicalize';
import { badInput, internal } from '../platform/index.js';
import { defaultDecisionPolicy, type DecisionPolicy } from './decision/policy.js';
import { chooseReference, type ReferenceSet } from './explain/reference.js';
import { encodeInputs } from './features/encode.js';
import { fitFeatureSchemaFromRaw, modelFeatures } from './features/fit.js';
import type { GatheredRecord, InputValue } from './features/gathered.js';
import type { FeatureSchema } from './features/schema.js';
import { resolveSource } from './features/source.js';
import type { FeatureSpec } from './features/spec.js';
import { RowFingerprint, type Fingerprint } from './fingerprint.js';
import { evaluate, type Metrics } from './metrics/evaluate.js';
import { binShares, psi, psiEdges } from './metrics/psi.js';
import { compileMlp } from './onnx/compile.js';
import { checkParity, parityFile, type ParityReport, type ParitySample } from './onnx/parity.js';
import { loadScorer, type Scorer } from './onnx/scorer.js';
import { Random } from './random.js';
import type { HyperParameters, HyperParametersInput } from './training/hyper-parameters.js';
import { referencePredictions, trainMlp } from './training/index.js';
import type { Backend, EpochRecord, TrainedModel, TrainingProgress } from './training/types.js';

/** Records with their known outcomes, in the same order; 1 = default. */
export interface LabelledRecords {
  readonly records: Iterable<GatheredRecord> | AsyncIterable<GatheredRecord>;
  readonly labels: ArrayLike<number>;
}

export interface BuildRequest extends LabelledRecords {
  readonly specs: readonly FeatureSpec[];
  /** Rows that training never sees; the metrics of the version are measured on them. */
  readonly holdout?: LabelledRecords;
  readonly hyperParameters?: Omit<HyperParametersInput, 'seed'>;
  /** Without one: a policy around the default rate of the training rows. */
  readonly policy?: DecisionPolicy;
  readonly seed: number;
  /** Applicants in the reference set, 64…256. Default 64. */
  readonly referenceSize?: number;
  readonly onProgress?: (progress: TrainingProgress) => void;
  readonly signal?: AbortSignal;
}

export type ArtefactName = 'onnx' | 'schema' | 'reference' | 'parity' | 'layersModel';

export interface VersionBundle extends Backend {
  /** Bytes to be stored by digest; JSON is canonical (RFC 8785). */
  readonly artefacts: readonly { readonly name: ArtefactName; readonly bytes: Uint8Array }[];
  readonly schema: FeatureSchema;
  readonly metrics: {
    readonly training: Metrics;
    readonly holdout: Metrics | null;
    /** Stability of the PD between training and hold-out rows; null without a hold-out. */
    readonly psi: number | null;
    /** Edges of the ten PD bins of the training rows, for every later PSI. */
    readonly psiEdges: readonly number[];
  };
  readonly parity: ParityReport;
  readonly hyperParameters: HyperParameters;
  readonly decisionPolicy: DecisionPolicy;
  readonly trainingData: Fingerprint;
  readonly history: readonly EpochRecord[];
  /** Seconds per stage. */
  readonly seconds: Readonly<Record<'prepare' | 'train' | 'compile' | 'evaluate', number>>;
}

const PARITY_ROWS = 2_000;

interface RawData {
  readonly raw: InputValue[][];
  readonly labels: Uint8Array;
}

/** One pass over the records; only the values that features use are kept. */
async function collect({ records, labels }: LabelledRecords, specs: readonly FeatureSpec[], fingerprint?: RowFingerprint): Promise<RawData> {
  const inputs = modelFeatures(specs);
  const raw: InputValue[][] = [];
  for await (const record of records) {
    fingerprint?.add({ record, label: labels[raw.length] ?? null });
    raw.push(inputs.map((spec) => resolveSource(spec, record)));
  }
  if (raw.length !== labels.length) throw badInput(`There are ${raw.length} records but ${labels.length} outcomes; give one outcome per record.`);
  return { raw, labels: Uint8Array.from(labels) };
}

function encodeAll(schema: FeatureSchema, raw: readonly (readonly InputValue[])[]): Float32Array {
  const rows = new Float32Array(raw.length * schema.width);
  raw.forEach((values, i) => rows.set(encodeInputs(schema, values).vector, i * schema.width));
  return rows;
}

async function paritySample(trained: TrainedModel, rows: Float32Array, seed: number): Promise<ParitySample> {
  const { width } = trained;
  const count = rows.length / width;
  const chosen = new Random(seed).shuffle(Uint32Array.from({ length: count }, (_, i) => i)).slice(0, PARITY_ROWS);
  const sample = new Float32Array(chosen.length * width);
  chosen.forEach((row, i) => sample.set(rows.subarray(row * width, (row + 1) * width), i * width));
  return { rows: sample, width, probabilities: await referencePredictions(trained, sample) };
}

const SLICE = 4_096;

async function pdsOf(scorer: Scorer, rows: Float32Array): Promise<Float32Array> {
  const { width } = scorer;
  const pds = new Float32Array(rows.length / width);
  for (let from = 0; from < pds.length; from += SLICE) {
    const count = Math.min(SLICE, pds.length - from);
    const { probability } = await scorer.run(rows.subarray(from * width, (from + count) * width), count, { gradient: false });
    pds.set(probability, from);
  }
  return pds;
}

function json(value: unknown): Uint8Array {
  const text = canonicalize(value);
  if (text === undefined) throw internal('An artefact of the version has no JSON form.');
  return new TextEncoder().encode(text);
}

/** Measures the seconds between its calls. */
function stopwatch(): () => number {
  let last = performance.now();
  return () => {
    const now = performance.now();
    const seconds = (now - last) / 1_000;
    last = now;
    return seconds;
  };
}

interface Evaluated {
  readonly metrics: VersionBundle['metrics'];
  readonly reference: ReferenceSet;
}

interface EvaluationInput {
  readonly request: BuildRequest;
  readonly schema: FeatureSchema;
  readonly policy: DecisionPolicy;
  readonly data: RawData;
  readonly rows: Float32Array;
}

async function evaluateVersion(scorer: Scorer, { request, schema, policy, data, rows }: EvaluationInput): Promise<Evaluated> {
  const pds = await pdsOf(scorer, rows);
  const inputs = (row: number) => encodeInputs(schema, data.raw[row]!).inputs;
  const reference = await chooseReference(scorer, schema, { vectors: rows, inputs, pds }, policy, request.referenceSize ?? 64, request.seed);
  const edges = psiEdges(pds);
  const training = evaluate(data.labels, pds, policy.approveBelow);
  if (request.holdout === undefined) return { metrics: { training, holdout: null, psi: null, psiEdges: edges }, reference };
  const held = await collect(request.holdout, request.specs);
  const heldPds = await pdsOf(scorer, encodeAll(schema, held.raw));
  const holdout = evaluate(held.labels, heldPds, policy.approveBelow);
  return { metrics: { training, holdout, psi: psi(binShares(pds, edges), binShares(heldPds, edges)), psiEdges: edges }, reference };
}

/**
 * Builds a model version from gathered records: feature schema, training, compilation, parity, evaluation, reference set.
 * @throws BAD_INPUT for unsound records or settings, UNAVAILABLE when `signal` stops it, INTERNAL when training dies
 */
export async function buildVersion(request: BuildRequest): Promise<VersionBundle> {
  const lap = stopwatch();
  const fingerprint = new RowFingerprint();
  const data = await collect(request, request.specs, fingerprint);
  const schema = fitFeatureSchemaFromRaw(request.specs, data.raw);
  const rows = encodeAll(schema, data.raw);
  const prepare = lap();
  const training = { rows, labels: data.labels, width: schema.width, hyperParameters: { ...request.hyperParameters, seed: request.seed } };
  const trained = await trainMlp(training, request.onProgress, request.signal);
  const train = lap();
  const onnx = compileMlp(trained);
  const sample = await paritySample(trained, rows, request.seed);
  const parity = await checkParity(onnx, sample);
  const compile = lap();
  const policy = request.policy ?? defaultDecisionPolicy(data.labels);
  const scorer = await loadScorer({ onnx, schema });
  try {
    const { metrics, reference } = await evaluateVersion(scorer, { request, schema, policy, data, rows });
    const artefacts = [
      { name: 'onnx', bytes: onnx },
      { name: 'schema', bytes: json(schema) },
      { name: 'reference', bytes: json(reference.json) },
      { name: 'parity', bytes: json(parityFile(parity, sample, trained)) },
      { name: 'layersModel', bytes: trained.layersModel },
    ] as const;
    const { backend, tfVersion, hyperParameters, history } = trained;
    const seconds = { prepare, train, compile, evaluate: lap() };
    return { artefacts, schema, metrics, parity, hyperParameters, backend, tfVersion, decisionPolicy: policy, trainingData: fingerprint.digest(), history, seconds };
  } finally {
    await scorer.dispose();
  }
}
