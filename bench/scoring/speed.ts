import { createRequire } from 'node:module';
import type * as TensorFlow from '@tensorflow/tfjs';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { withoutGradient } from '../../src/scoring/onnx/prune.js';
import { encode, explainerFor, loadScorer, loadTensorFlowScorer, parseFeatureSchema, parseReferenceSet, RESIDUAL_BAR, type ArtefactName, type Explanation, type Scorer, type VersionBundle } from '../../src/scoring/index.js';
import { figure, type Figure } from '../types.js';
import type { BenchBook } from './book.js';
import { round } from './quality.js';

const BATCH = 2_048;
const TURNS = 15;
const SLICE_MILLISECONDS = 120;
const EXPLAINED = 1_000;

const bytesOf = ({ artefacts }: VersionBundle, name: ArtefactName): Uint8Array => artefacts.find((artefact) => artefact.name === name)!.bytes;
const jsonOf = (version: VersionBundle, name: ArtefactName): unknown => JSON.parse(new TextDecoder().decode(bytesOf(version, name)));

/** Calls per second while a slice of time lasts. */
async function rate(call: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  let calls = 0;
  for (; performance.now() - started < SLICE_MILLISECONDS || calls < 1; calls++) await call();
  return (calls * 1_000) / (performance.now() - started);
}

/** Median ratio of two speeds, measured turn by turn, each first in half of the turns: a noisy machine slows both. */
async function ratio(first: () => Promise<unknown>, second: () => Promise<unknown>): Promise<number> {
  await first();
  await second();
  const ratios: number[] = [];
  for (let turn = 0; turn < TURNS; turn++) {
    const [a, b] = turn % 2 === 0 ? [await rate(first), await rate(second)] : (await swapped(first, second));
    ratios.push(a / b);
  }
  return ratios.sort((a, b) => a - b)[Math.floor(TURNS / 2)]!;
}

async function swapped(first: () => Promise<unknown>, second: () => Promise<unknown>): Promise<[number, number]> {
  const b = await rate(second);
  return [await rate(first), b];
}

/** Encoded rows of the hold-out. */
async function vectorsOf(book: BenchBook, version: VersionBundle, count: number): Promise<Float32Array> {
  const { schema } = version;
  const held = book.rows.filter(({ part }) => part === 'holdout').slice(0, count);
  const matrix = new Float32Array(count * schema.width);
  held.forEach(({ record }, i) => matrix.set(encode(schema, record).vector, i * schema.width));
  return matrix;
}

/** The LayersModel as TensorFlow.js serves it to anyone who calls predict. */
async function plainTensorFlow(layersModel: Uint8Array): Promise<(matrix: Float32Array, width: number) => Promise<unknown>> {
  // The backend that loadTensorFlowScorer has chosen: there is one TensorFlow.js in a process.
  const tf = createRequire(import.meta.url)('@tensorflow/tfjs') as typeof TensorFlow;
  const { weightData, ...artefacts } = JSON.parse(new TextDecoder().decode(layersModel)) as TensorFlow.io.ModelArtifacts & { weightData: string };
  const model = await tf.loadLayersModel({ load: async () => ({ ...artefacts, weightData: new Uint8Array(Buffer.from(weightData, 'base64')).buffer }) });
  return async (matrix, width) => {
    const input = tf.tensor2d(matrix, [matrix.length / width, width]);
    const output = model.predict(input) as TensorFlow.Tensor;
    const values = await output.data();
    tf.dispose([input, output]);
    return values;
  };
}

async function servingFigures(version: VersionBundle, matrix: Float32Array, ours: Scorer): Promise<Figure[]> {
  // The graph that our runtime runs when nobody asks for the gradient: what is compared is the runtime, not the graph.
  const onnx = withoutGradient(bytesOf(version, 'onnx'));
  const raw = await InferenceSession.create(onnx, { executionProviders: ['cpu'], intraOpNumThreads: 1, interOpNumThreads: 1, executionMode: 'sequential' });
  const wasm = await loadTensorFlowScorer({ layersModel: bytesOf(version, 'layersModel'), schema: version.schema });
  const plain = await plainTensorFlow(bytesOf(version, 'layersModel'));
  try {
    const run = (): Promise<unknown> => ours.run(matrix, BATCH, { gradient: false });
    const features = (): { features: Tensor } => ({ features: new Tensor('float32', matrix, [BATCH, version.schema.width]) });
    return [
      figure('scoring', 'serving, batch of 2,048: our runtime ÷ raw ONNX Runtime, the same graph', round(await ratio(run, () => raw.run(features(), ['probability', 'logit'])), 3), 'times', '>= 0.8'),
      figure('scoring', `serving 2,048 rows: our runtime ÷ TensorFlow.js (${wasm.runtime}), model.predict as it comes (32 rows a step)`, round(await ratio(run, () => plain(matrix, version.schema.width)), 1), 'times', '>= 20'),
      figure('scoring', 'serving 2,048 rows: our runtime ÷ TensorFlow.js, all rows in one step (our tensorflow runtime)', round(await ratio(run, () => wasm.run(matrix, BATCH, { gradient: false })), 1), 'times', '>= 20'),
      figure('scoring', 'serving, batch of 2,048, one core', Math.round((await rate(run)) * BATCH), 'rows/s', null),
    ];
  } finally {
    await raw.release();
    await wasm.dispose();
  }
}

/** |residual| as a share of the log-odds difference, or against the bar itself where that is small. */
const excess = ({ residual, logit, baselineLogit }: Explanation): number => Math.abs(residual) / Math.max(1, Math.abs(logit - baselineLogit)) / RESIDUAL_BAR;

async function explanationFigures(version: VersionBundle, matrix: Float32Array, scorer: Scorer): Promise<Figure[]> {
  const { schema } = version;
  const reference = parseReferenceSet(jsonOf(version, 'reference'), schema);
  const { method, explain } = await explainerFor(scorer, schema, reference);
  const explanations: Explanation[] = [];
  const milliseconds: number[] = [];
  for (let row = 0; row < EXPLAINED; row++) {
    const started = performance.now();
    explanations.push(...(await explain(matrix.subarray(row * schema.width, (row + 1) * schema.width), 1)));
    milliseconds.push(performance.now() - started);
  }
  milliseconds.sort((a, b) => a - b);
  const worst = Math.max(...explanations.map(excess));
  const what = `one explanation (${schema.features.length} features, ${reference.json.size} references, ${method})`;
  return [
    figure('scoring', `${what}, median`, round(milliseconds[EXPLAINED / 2]!, 2), 'ms', '<= 3'),
    figure('scoring', `${what}, 95 %`, round(milliseconds[0.95 * EXPLAINED]!, 2), 'ms', null),
    figure('scoring', `largest residual of ${EXPLAINED} explanations, in units of the bar (1 % of the log-odds difference, or 0.01)`, round(worst, 3), '', '<= 1'),
  ];
}

/** Speeds of the very version whose quality was measured. */
export async function speedFigures(book: BenchBook, version: VersionBundle): Promise<Figure[]> {
  const schema = parseFeatureSchema(jsonOf(version, 'schema'));
  const scorer = await loadScorer({ onnx: bytesOf(version, 'onnx'), schema });
  try {
    const matrix = await vectorsOf(book, version, BATCH);
    return [...(await servingFigures(version, matrix, scorer)), ...(await explanationFigures(version, matrix, scorer))];
  } finally {
    await scorer.dispose();
  }
}
