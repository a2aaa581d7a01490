import type { io, LayersModel, SymbolicTensor, Tensor } from '@tensorflow/tfjs';
import { badInput } from '../../base/index.js';
import type { Isotonic } from '../calibration/types.js';
import type { Tf } from './backend.js';
import type { Convolution, DenseLayer, Member, TrainedModel } from './types.js';

export type LayersModelParts = Pick<TrainedModel, 'width' | 'members' | 'calibration'>;

/** A dense layer with given weights. */
function dense(tf: Tf, name: string, { weights, bias, inputs, units }: DenseLayer, activation: 'linear' | 'relu' | 'sigmoid' = 'linear') {
  return tf.layers.dense({ units, activation, name, weights: [tf.tensor2d(weights, [inputs, units]), tf.tensor1d(bias)] });
}

/** Some columns in a given order, as a product with zeros and ones: no standard layer picks columns. */
function pickColumns(tf: Tf, name: string, width: number, columns: readonly number[]) {
  const weights = new Float32Array(width * columns.length);
  columns.forEach((column, i) => (weights[column * columns.length + i] = 1));
  return tf.layers.dense({ units: columns.length, useBias: false, name, weights: [tf.tensor2d(weights, [width, columns.length])] });
}

/** The filters' activations window by window, then the static columns. */
function convolved(tf: Tf, prefix: string, { columns, staticColumns, window, filters, weights, bias }: Convolution, input: SymbolicTensor): SymbolicTensor {
  const channels = columns[0]!.length;
  const width = input.shape[1]!;
  const history = pickColumns(tf, `${prefix}_history`, width, columns.flat()).apply(input);
  const periods = tf.layers.reshape({ targetShape: [columns.length, channels], name: `${prefix}_periods` }).apply(history);
  const kernel = [tf.tensor3d(weights, [window, channels, filters]), tf.tensor1d(bias)];
  const seen = tf.layers.conv1d({ filters, kernelSize: window, activation: 'relu', weights: kernel, name: `${prefix}_convolution` }).apply(periods);
  const flat = tf.layers.flatten({ name: `${prefix}_filters` }).apply(seen) as SymbolicTensor;
  if (staticColumns.length === 0) return flat;
  const statics = pickColumns(tf, `${prefix}_statics`, width, staticColumns).apply(input) as SymbolicTensor;
  return tf.layers.concatenate({ name: `${prefix}_joined` }).apply([flat, statics]) as SymbolicTensor;
}

function memberLogit(tf: Tf, { convolution, layers }: Member, prefix: string, input: SymbolicTensor): SymbolicTensor {
  const begin = convolution ? convolved(tf, prefix, convolution, input) : input;
  return layers.reduce((x, layer, i) => {
    const last = i + 1 === layers.length;
    return dense(tf, `${prefix}_${last ? 'logit' : `hidden${i + 1}`}`, layer, last ? 'linear' : 'relu').apply(x) as SymbolicTensor;
  }, begin);
}

const layerOfOne = (weights: number[], bias: number[]): DenseLayer => ({ weights: Float32Array.from(weights), bias: Float32Array.from(bias), inputs: 1, units: bias.length });

/**
 * An increasing piecewise-linear map in standard layers: each piece is its rise times the share of the piece that the
 * logit has covered, min(max(share, 0), 1); below the first and above the last knot a ReLU goes on with slope 1.
 */
function isotonicLogit(tf: Tf, { knots, values }: Isotonic, logit: SymbolicTensor): SymbolicTensor {
  const [first, last] = [knots[0]!, knots.at(-1)!];
  const gaps = knots.slice(1).map((knot, i) => knot - knots[i]!);
  const shares = dense(tf, 'piece_shares', layerOfOne(gaps.map((gap) => 1 / gap), gaps.map((gap, i) => -knots[i]! / gap))).apply(logit);
  const covered = tf.layers.reLU({ maxValue: 1, name: 'pieces_covered' }).apply(shares) as SymbolicTensor;
  const beyond = dense(tf, 'beyond_the_ends', layerOfOne([-1, 1], [first, -last]), 'relu').apply(logit) as SymbolicTensor;
  const all = tf.layers.concatenate({ name: 'pieces' }).apply([covered, beyond]);
  const rises = values.slice(1).map((value, i) => value - values[i]!);
  const sum: DenseLayer = { weights: Float32Array.from([...rises, -1, 1]), bias: Float32Array.of(values[0]!), inputs: rises.length + 2, units: 1 };
  return dense(tf, 'calibrated_logit', sum).apply(all) as SymbolicTensor;
}

/** The ensemble as one LayersModel of standard layers: mean of the members' logits, calibration, sigmoid. */
function assemble(tf: Tf, { width, members, calibration }: LayersModelParts): LayersModel {
  const input = tf.input({ shape: [width], name: 'features' });
  const outputs = members.map((member, i) => memberLogit(tf, member, `member${i + 1}`, input));
  const mean = outputs.length === 1 ? outputs[0]! : (tf.layers.average({ name: 'mean_logit' }).apply(outputs) as SymbolicTensor);
  const probability = calibration.kind === 'platt'
    ? dense(tf, 'probability', { weights: Float32Array.of(calibration.slope), bias: Float32Array.of(calibration.intercept), inputs: 1, units: 1 }, 'sigmoid').apply(mean)
    : tf.layers.activation({ activation: 'sigmoid', name: 'probability' }).apply(isotonicLogit(tf, calibration, mean));
  return tf.model({ inputs: input, outputs: probability as SymbolicTensor });
}

/** Serialises a trained ensemble in the TensorFlow.js LayersModel format: one JSON document, weights in base64. */
export async function layersModelOf(tf: Tf, parts: LayersModelParts): Promise<Uint8Array> {
  const model = assemble(tf, parts);
  let bytes = new Uint8Array();
  await model.save({
    save: async (artefacts: io.ModelArtifacts) => {
      const weights = Buffer.from(artefacts.weightData as ArrayBuffer).toString('base64');
      const { modelTopology, weightSpecs, format } = artefacts;
      bytes = new TextEncoder().encode(JSON.stringify({ format, modelTopology, weightSpecs, weightData: weights }));
      return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' as const } };
    },
  });
  model.dispose();
  return bytes;
}

/** The LayersModel in a stored document. The caller disposes it. */
export async function loadDocument(tf: Tf, bytes: Uint8Array): Promise<LayersModel> {
  const artefacts = JSON.parse(new TextDecoder().decode(bytes)) as io.ModelArtifacts & { weightData: string };
  const weights = Buffer.from(artefacts.weightData, 'base64');
  const weightData = weights.buffer.slice(weights.byteOffset, weights.byteOffset + weights.byteLength) as ArrayBuffer;
  return tf.loadLayersModel({ load: async () => ({ ...artefacts, weightData }) });
}

/**
 * TensorFlow's own probabilities for row-major model inputs, from the saved LayersModel bytes.
 * @throws BAD_INPUT when the rows do not fit the model
 */
export async function predictWithLayersModel(tf: Tf, bytes: Uint8Array, rows: Float32Array, width: number): Promise<Float32Array> {
  if (rows.length % width !== 0) throw badInput(`The ${rows.length} numbers are not whole rows of ${width}; give n × ${width} numbers.`);
  if (rows.length === 0) return new Float32Array();
  const model = await loadDocument(tf, bytes);
  const input = tf.tensor2d(rows, [rows.length / width, width]);
  const output = model.predict(input, { batchSize: 4_096 }) as Tensor;
  const probabilities = Float32Array.from(await output.data());
  for (const disposable of [input, output, model]) disposable.dispose();
  return probabilities;
}
