import type { LayersModel, Tensor, Tensor2D } from '@tensorflow/tfjs';
import { z } from 'zod';
import { badInput, messageOf } from '../../base/index.js';
import type { FeatureSchema } from '../features/schema.js';
import { loadTensorFlow, type Tf } from '../training/backend.js';
import { loadDocument } from '../training/layers-model.js';
import { parseWith } from '../validation.js';
import { rehearse, requireMatrix, requireOutput, type RunOptions, type Scorer, type ScorerOutput } from './contract.js';

const layerShape = z.looseObject({ config: z.looseObject({ name: z.string(), activation: z.string().optional() }) });

const documentShape = z.looseObject({
  modelTopology: z.looseObject({
    config: z.looseObject({ layers: z.array(layerShape).min(1), output_layers: z.array(z.array(z.union([z.string(), z.number()]))).length(1) }),
  }),
});

/** The stored model without its last sigmoid: what is left gives the log-odds. @throws BAD_INPUT when it does not end in one sigmoid */
function withoutSigmoid(bytes: Uint8Array): Uint8Array {
  const document = parseWith(documentShape, jsonOf(bytes), 'LayersModel');
  const { layers, output_layers: outputs } = document.modelTopology.config;
  const last = layers.find(({ config }) => config.name === outputs[0]![0]);
  if (last?.config.activation !== 'sigmoid') throw badInput('The LayersModel does not end in a sigmoid unit; only models that Assay trained can be run by TensorFlow.');
  last.config.activation = 'linear';
  return new TextEncoder().encode(JSON.stringify(document));
}

function jsonOf(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    throw Object.assign(badInput('The LayersModel is not JSON; use the artefact that was stored with the version.'), { cause });
  }
}

class TensorFlowScorer implements Scorer {
  readonly hasGradient = true;
  readonly runtime: string;
  private readonly slope: (x: Tensor) => Tensor;

  constructor(
    private readonly tf: Tf,
    private readonly model: LayersModel,
    readonly width: number,
  ) {
    this.runtime = `tfjs ${tf.version.tfjs} ${tf.getBackend()} ${process.platform}-${process.arch}`;
    this.slope = tf.grad((x) => this.logits(x as Tensor2D).sum());
  }

  private logits(x: Tensor2D): Tensor {
    return this.model.apply(x) as Tensor;
  }

  async run(matrix: Float32Array, rows: number, { gradient = true }: RunOptions = {}): Promise<ScorerOutput> {
    requireMatrix(matrix, rows, this.width);
    if (rows === 0) return { probability: new Float32Array(), logit: new Float32Array(), gradient: undefined };
    const tensors = this.tf.tidy(() => {
      const x = this.tf.tensor2d(matrix, [rows, this.width]);
      const logit = this.logits(x);
      return { logit, probability: logit.sigmoid(), ...(gradient && { gradient: this.slope(x) }) };
    });
    try {
      const take = async (name: string, tensor: Tensor, perRow: number): Promise<Float32Array> => requireOutput(name, await tensor.data(), rows, perRow);
      return {
        probability: await take('probability', tensors.probability, 1),
        logit: await take('logit', tensors.logit, 1),
        gradient: tensors.gradient && (await take('gradient', tensors.gradient, this.width)),
      };
    } finally {
      this.tf.dispose(tensors);
    }
  }

  async dispose(): Promise<void> {
    this.model.dispose();
  }
}

/**
 * Loads the LayersModel of a version on TensorFlow.js in this process (native library, else WebAssembly): for parity, and as a
 * fallback. TensorFlow itself, a second and 100 MB, is loaded with the first such model. Rows of different batches may differ in the last bits.
 * @throws BAD_INPUT with a sentence when the document is damaged or does not fit the schema
 */
export async function loadTensorFlowScorer({ layersModel, schema }: { readonly layersModel: Uint8Array; readonly schema: Pick<FeatureSchema, 'width'> }): Promise<Scorer> {
  const linear = withoutSigmoid(layersModel);
  const { tf } = await loadTensorFlow();
  const model = await loadDocument(tf, linear).catch((error: unknown) => {
    throw badInput(`The LayersModel cannot be used: TensorFlow does not accept it (${messageOf(error)}).`);
  });
  const [, columns] = model.inputs[0]!.shape;
  const scorer = new TensorFlowScorer(tf, model, schema.width);
  try {
    if (columns !== schema.width) throw badInput(`its input has ${columns ?? 'an open number of'} columns but the feature schema has ${schema.width}; use the schema of the version`);
    await rehearse(scorer);
  } catch (error) {
    await scorer.dispose();
    throw badInput(`The LayersModel cannot be used: ${messageOf(error)}`);
  }
  return scorer;
}
