import type { Scalar, Tensor, Tensor2D, Variable } from '@tensorflow/tfjs';
import type { Random } from '../random.js';
import type { Tf } from './backend.js';
import type { DenseLayer } from './types.js';

interface Layer {
  readonly weights: Variable;
  readonly bias: Variable;
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

/** A multilayer perceptron under training: hidden ReLU layers and one linear unit (a logit). */
export class Network {
  private readonly layers: Layer[] = [];
  private readonly multiply: (a: Tensor, b: Tensor) => Tensor;

  /** He-initialised weights from the seeded generator, zero bias. */
  constructor(
    private readonly tf: Tf,
    private readonly sizes: readonly number[],
    random: Random,
  ) {
    this.multiply = product(tf);
    for (let i = 0; i + 1 < sizes.length; i++) {
      const [inputs, units] = [sizes[i]!, sizes[i + 1]!];
      const deviation = Math.sqrt((i + 2 < sizes.length ? 2 : 1) / inputs);
      const values = Float32Array.from({ length: inputs * units }, () => random.normal() * deviation);
      this.layers.push({
        weights: tf.variable(tf.tensor2d(values, [inputs, units])),
        bias: tf.variable(tf.zeros([1, units])),
      });
    }
  }

  get variables(): Variable[] {
    return this.layers.flatMap(({ weights, bias }) => [weights, bias]);
  }

  /** Logits [rows, 1]. `masks` hold one dropout mask per hidden layer, already scaled; none when predicting. */
  forward(x: Tensor, masks: readonly Tensor[] = []): Tensor {
    let activation = x;
    this.layers.forEach(({ weights, bias }, i) => {
      const sum = this.multiply(activation, weights).add(bias);
      const mask = masks[i];
      const output = i + 1 < this.layers.length ? sum.relu() : sum;
      activation = mask === undefined ? output : output.mul(mask);
    });
    return activation;
  }

  /** Weighted binary cross-entropy on logits, mean over the batch, plus l2 · Σ w². */
  loss(logits: Tensor, labels: Tensor, weights: Tensor | undefined, l2: number): Scalar {
    const each = logits.relu().sub(logits.mul(labels)).add(logits.abs().neg().exp().log1p());
    const fit = (weights === undefined ? each : each.mul(weights)).mean();
    if (l2 === 0) return fit as Scalar;
    const penalty = this.layers.reduce<Tensor>((sum, layer) => sum.add(layer.weights.square().sum()), this.tf.scalar(0));
    return fit.add(penalty.mul(l2)) as Scalar;
  }

  /** A copy of the weights, outside TensorFlow. */
  snapshot(): DenseLayer[] {
    return this.layers.map(({ weights, bias }, i) => ({
      weights: Float32Array.from(weights.dataSync()),
      bias: Float32Array.from(bias.dataSync()),
      inputs: this.sizes[i]!,
      units: this.sizes[i + 1]!,
    }));
  }

  dispose(): void {
    for (const variable of this.variables) variable.dispose();
  }
}
