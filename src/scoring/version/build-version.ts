import canonicalize from 'canonicalize';
import { internal } from '../../platform/index.js';
import { defaultDecisionPolicy } from '../decision/policy.js';
import { fitFeatureSchemaFromRaw } from '../features/fit.js';
import { RowFingerprint } from '../fingerprint.js';
import { withNovelty } from '../novelty/novelty.js';
import { compileModel } from '../onnx/compile.js';
import { checkParity, parityFile, type ParitySample } from '../onnx/parity.js';
import { loadScorer } from '../onnx/scorer.js';
import { Random } from '../random.js';
import { referencePredictions, trainModel } from '../training/index.js';
import type { TrainedModel } from '../training/types.js';
import { evaluateVersion } from './evaluation.js';
import { collect, encodeAll } from './rows.js';
import type { BuildRequest, VersionBundle } from './types.js';

const PARITY_ROWS = 2_000;

async function paritySample(trained: TrainedModel, rows: Float32Array, seed: number): Promise<ParitySample> {
  const { width } = trained;
  const count = rows.length / width;
  const chosen = new Random(seed).shuffle(Uint32Array.from({ length: count }, (_, i) => i)).slice(0, PARITY_ROWS);
  const sample = new Float32Array(chosen.length * width);
  chosen.forEach((row, i) => sample.set(rows.subarray(row * width, (row + 1) * width), i * width));
  return { rows: sample, width, probabilities: await referencePredictions(trained, sample) };
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

/**
 * Builds a model version from gathered records: feature schema, training, compilation, parity, evaluation, reference set.
 * @throws BAD_INPUT for unsound records or settings, UNAVAILABLE when `signal` stops it, INTERNAL when training dies
 */
export async function buildVersion(request: BuildRequest): Promise<VersionBundle> {
  const lap = stopwatch();
  const fingerprint = new RowFingerprint();
  const data = await collect(request, request.specs, fingerprint);
  const held = request.holdout && (await collect(request.holdout, request.specs));
  const fitted = fitFeatureSchemaFromRaw(request.specs, data.raw, { labels: data.labels });
  const rows = encodeAll(fitted, data.raw);
  const schema = withNovelty(fitted, rows);
  const prepare = lap();
  const training = { rows, labels: data.labels, width: schema.width, hyperParameters: { ...request.hyperParameters, seed: request.seed } };
  const trained = await trainModel(training, request.onProgress, request.signal);
  const train = lap();
  const onnx = compileModel(trained);
  const sample = await paritySample(trained, rows, request.seed);
  const parity = await checkParity(onnx, sample);
  const compile = lap();
  const policy = request.policy ?? defaultDecisionPolicy(data.labels);
  const scorer = await loadScorer({ onnx, schema });
  try {
    const { metrics, reference } = await evaluateVersion(scorer, { request, schema, policy, data, held, rows });
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
