import type { Scalar, Tensor, Tensor2D, Variable } from '@tensorflow/tfjs';
import type { Random } from '../random.js';
import type { Tf } from './backend.js';
import type { HyperParameters } from './hyper-parameters.js';
import { unfold } from './rows.js';
import { planLayers, type LayerPlan, type Topology } from './topology.js';
import type { Convolution, DenseLayer } from './types.js';

interface Layer {
  readonly weights: Variable;
  readonly bias: Variable;
  readonly inputs: number;
  readonly units: number;
  /** Signs the weights must keep, inputs × units; undefined where they are free. */
  readonly sign: Tensor2D | undefined;
}

function layerOf(tf: Tf, { inputs, units, hidden, signs }: LayerPlan, random: Random): Layer {
  const deviation = Math.sqrt((hidden ? 2 : 1) / inputs);
  const values = Float32Array.from({ length: inputs * units }, (_, i) => {
    const value = random.normal() * deviation;
    return signs === undefined || signs[i] === 0 ? value : Math.abs(value) * signs[i]!;
  });
  return {
    weights: tf.variable(tf.tensor2d(values, [inputs, units])),
    bias: tf.variable(tf.zeros([1, units])),
    inputs,
    units,
    sign: signs && tf.tensor2d(Float32Array.from(signs), [inputs, units]),
  };
}

/**
 * Matrix product whose gradient transposes explicitly: the WebAssembly backend has a fast kernel for plain products
 * and a plain loop for transposed ones (measured: 6 instead of 10 ms a step).
 */
function product(tf: Tf): (a: Tensor, b: Tensor) => Tensor {
  const multiply = tf.customGrad((...parts) => {
    const [a, b, save] = parts as unknown as [Tensor2D, Tensor2D, (tensors: Tensor[]) => void];
    save([a, b]);
    return {
      value: tf.matMul(a, b),
      gradFunc: (dy: Tensor, saved: Tensor[]) => {
        const [left, right] = saved as [Tensor2D, Tensor2D];
        return [tf.matMul(dy as Tensor2D, tf.transpose(right)), tf.matMul(tf.transpose(left), dy as Tensor2D)];
      },
    };
  });
  return (a, b) => multiply(a, b);
}

/** A copy of a layer's weights, outside TensorFlow. */
const copy = ({ weights, bias, inputs, units }: Layer): DenseLayer => ({
  weights: Float32Array.from(weights.dataSync()),
  bias: Float32Array.from(bias.dataSync()),
  inputs,
  units,
});

/** A network under training: at most one convolution, hidden ReLU layers and one linear unit (a logit). */
export class Network {
  private readonly all: readonly Layer[];
  private readonly filters: Layer | undefined;
  private readonly layers: readonly Layer[];
  private readonly multiply: (a: Tensor, b: Tensor) => Tensor;

  /** He-initialised weights from the seeded generator, zero bias. */
  constructor(
    private readonly tf: Tf,
    private readonly topology: Topology,
    random: Random,
  ) {
    this.multiply = product(tf);
    this.all = planLayers(topology).map((plan) => layerOf(tf, plan, random));
    this.filters = topology.convolution && this.all[0];
    this.layers = topology.convolution ? this.all.slice(1) : this.all;
  }

  get variables(): Variable[] {
    return this.all.flatMap(({ weights, bias }) => [weights, bias]);
  }

  /** Takes back what a step did against the declared directions: the nearest weights that keep them. */
  project(): void {
    const { tf } = this;
    for (const { weights, sign } of this.all) {
      if (sign === undefined) continue;
      // relu(w·s)·s keeps a weight of the right sign and zeroes one of the wrong; where s is 0 the weight stays.
      const kept = tf.tidy(() => weights.mul(sign).relu().mul(sign).add(weights.mul(tf.scalar(1).sub(sign.abs()))));
      weights.assign(kept);
      kept.dispose();
    }
  }

  /** Logits [rows, 1] of row-major inputs. `masks` hold one dropout mask per hidden layer, already scaled; none when predicting. */
  forward(rows: Float32Array, masks: readonly Tensor[] = []): Tensor {
    let activation = this.inputs(rows);
    this.layers.forEach((layer, i) => {
      const sum = this.multiply(activation, layer.weights).add(layer.bias);
      const mask = masks[i];
      const output = i + 1 < this.layers.length ? sum.relu() : sum;
      activation = mask === undefined ? output : output.mul(mask);
    });
    return activation;
  }

  private inputs(rows: Float32Array): Tensor {
    const { tf, filters, topology } = this;
    const { width, convolution } = topology;
    const count = rows.length / width;
    if (filters === undefined || convolution === undefined) return tf.tensor2d(rows, [count, width]);
    const { windows, statics } = unfold(rows, width, convolution, convolution.window);
    const seen = this.multiply(tf.tensor2d(windows, [windows.length / filters.inputs, filters.inputs]), filters.weights).add(filters.bias).relu();
    const flat = seen.reshape([count, (windows.length / filters.inputs / count) * filters.units]);
    return statics.length === 0 ? flat : tf.concat([flat as Tensor2D, tf.tensor2d(statics, [count, statics.length / count])], 1);
  }

  /** Weighted loss on logits, mean over the batch, plus l2 · Σ w². */
  loss(logits: Tensor, labels: Tensor, weights: Tensor | undefined, { l2, loss }: Pick<HyperParameters, 'l2' | 'loss'>): Scalar {
    const each = loss === 'mse' ? logits.sigmoid().sub(labels).square() : logits.relu().sub(logits.mul(labels)).add(logits.abs().neg().exp().log1p());
    const fit = (weights === undefined ? each : each.mul(weights)).mean();
    if (l2 === 0) return fit as Scalar;
    const penalty = this.all.reduce<Tensor>((sum, layer) => sum.add(layer.weights.square().sum()), this.tf.scalar(0));
    return fit.add(penalty.mul(l2)) as Scalar;
  }

  /** The weights as they stand. */
  snapshot(): { layers: DenseLayer[]; convolution?: Convolution } {
    const { convolution } = this.topology;
    const layers = this.layers.map(copy);
    if (this.filters === undefined || convolution === undefined) return { layers };
    const { weights, bias } = copy(this.filters);
    return { layers, convolution: { ...convolution, weights, bias } };
  }

  dispose(): void {
    for (const variable of this.variables) variable.dispose();
    for (const { sign } of this.all) sign?.dispose();
  }
}
