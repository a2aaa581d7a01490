import type { io, LayersModel, Tensor } from '@tensorflow/tfjs';
import { badInput, internal } from '../../platform/index.js';
import type { Tf } from './backend.js';
import type { Member, TrainedModel } from './types.js';

export type LayersModelParts = Pick<TrainedModel, 'width' | 'members' | 'calibration'>;

function memberOutput(tf: Tf, member: Member, index: number, input: ReturnType<Tf['input']>): ReturnType<Tf['input']> {
  return member.layers.reduce((x, layer, i) => {
    const last = i + 1 === member.layers.length;
    const weights = [tf.tensor2d(layer.weights, [layer.inputs, layer.units]), tf.tensor1d(layer.bias)];
    const name = `member${index + 1}_${last ? 'logit' : `hidden${i + 1}`}`;
    return tf.layers.dense({ units: layer.units, activation: last ? 'linear' : 'relu', weights, name }).apply(x) as typeof input;
  }, input);
}

/** The ensemble as one LayersModel: mean of the members' logits, Platt scaling as a dense layer, sigmoid. */
function assemble(tf: Tf, { width, members, calibration }: LayersModelParts): LayersModel {
  const input = tf.input({ shape: [width], name: 'features' });
  const outputs = members.map((member, index) => memberOutput(tf, member, index, input));
  const mean = outputs.length === 1 ? outputs[0]! : (tf.layers.average({ name: 'mean_logit' }).apply(outputs) as typeof input);
  if (calibration.kind !== 'platt') throw internal('Isotonic calibration is not written to a LayersModel yet.');
  const weights = [tf.tensor2d([calibration.slope], [1, 1]), tf.tensor1d([calibration.intercept])];
  const probability = tf.layers.dense({ units: 1, activation: 'sigmoid', weights, name: 'probability' }).apply(mean);
  return tf.model({ inputs: input, outputs: probability as typeof input });
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
  const model = await loadDocument(tf, bytes);
  const input = tf.tensor2d(rows, [rows.length / width, width]);
  const output = model.predict(input, { batchSize: 4_096 }) as Tensor;
  const probabilities = Float32Array.from(await output.data());
  for (const disposable of [input, output, model]) disposable.dispose();
  return probabilities;
}
