import { floatTensor, GraphBuilder } from './graph.js';
import type { Activation } from './activations.js';
import { ColumnAlgebra, timesMatrix, type Columns, type Weights } from './columns.js';
import { piecewise, type PiecewiseLinear } from './piecewise.js';
import { encodeModel } from './proto.js';

const OPSET = 17;
const IR_VERSION = 8;

interface Step {
  readonly inputs: readonly Columns[];
  readonly outputs: readonly Columns[];
  /** d result / d inputs from d result / d outputs. */
  readonly backward: (given: readonly Columns[]) => Columns[];
}

type Dense = Weights & { readonly bias?: Float32Array };

const zeros = (size: number): Columns => ({ size, value: new Float32Array(size) });

/**
 * Which places each pass of the adjoint of a gather takes: pass j holds, for every column of the source, the j-th place
 * that read it, or −1. Overlapping windows read a column several times; their gradients add up.
 */
function adjointPlaces(places: readonly number[], size: number): number[][] {
  const readers: number[][] = Array.from({ length: size }, () => []);
  places.forEach((at, place) => at >= 0 && readers[at]!.push(place));
  const passes = readers.reduce((most, { length }) => Math.max(most, length), 0);
  return Array.from({ length: passes }, (_, pass) => readers.map((read) => read[pass] ?? -1));
}

/** A layer and a single linear unit behind it, as one unit. */
function composed(first: Dense, unit: Dense): Dense {
  const weights = timesMatrix(unit.weights, first, true);
  const bias = timesMatrix(first.bias ?? new Float32Array(first.units), unit)[0]! + (unit.bias?.[0] ?? 0);
  return { weights, bias: Float32Array.of(bias), inputs: first.inputs, units: 1 };
}

/**
 * A model as differentiable columns: every method writes the forward nodes into one ONNX graph and remembers how
 * gradients pass back through them; `model` writes the backward pass behind them (reverse-mode differentiation).
 */
export class Tape {
  private readonly graph = new GraphBuilder();
  private readonly algebra = new ColumnAlgebra(this.graph, 'features');
  private readonly steps: Step[] = [];
  private readonly products = new Map<Columns, { readonly of: Columns; readonly layer: Dense }>();
  /** The model input [N, width]. */
  readonly features: Columns;

  constructor(width: number) {
    this.features = { size: width, value: 'features' };
  }

  private record(inputs: readonly Columns[], outputs: readonly Columns[], backward: Step['backward']): readonly Columns[] {
    this.steps.push({ inputs, outputs, backward });
    return outputs;
  }

  private one(inputs: readonly Columns[], output: Columns, backward: (given: Columns) => Columns[]): Columns {
    return this.record(inputs, [output], ([given]) => backward(given!))[0]!;
  }

  /** x · W + bias, the same for each group of `inputs` columns of x. A single unit right behind another layer becomes one with it. */
  dense(x: Columns, layer: Dense): Columns {
    const before = this.products.get(x);
    if (before !== undefined && layer.units === 1 && before.layer.units === layer.inputs && x.size === layer.inputs) return this.dense(before.of, composed(before.layer, layer));
    const { algebra } = this;
    const product = this.one([x], algebra.linear(x, layer, layer.bias && { bias: layer.bias }), (given) => [algebra.linear(given, layer, { transposed: true })]);
    this.products.set(product, { of: x, layer });
    return product;
  }

  activate(x: Columns, activation: Activation): Columns {
    const { output, slope } = activation(this.graph, this.algebra.name(x));
    return this.one([x], { size: x.size, value: output }, (given) => [this.algebra.times({ size: x.size, value: slope() }, given)]);
  }

  /** The columns at the given places; place −1 gives zeros. */
  gather(x: Columns, places: readonly number[]): Columns {
    const { algebra } = this;
    return this.one([x], algebra.gather(x, places), (given) => {
      const passes = adjointPlaces(places, x.size).map((back) => algebra.gather(given, back));
      return [passes.reduce((sum, part) => algebra.plus(sum, part))];
    });
  }

  concat(parts: readonly Columns[]): Columns {
    const sizes = parts.map(({ size }) => size);
    return parts.length === 1 ? parts[0]! : this.one(parts, this.algebra.concat(parts), (given) => this.algebra.split(given, sizes));
  }

  split(x: Columns, sizes: readonly number[]): readonly Columns[] {
    return sizes.length === 1 ? [x] : this.record([x], this.algebra.split(x, sizes), (given) => [this.algebra.concat(given)]);
  }

  add(a: Columns, b: Columns): Columns {
    return this.one([a, b], this.algebra.plus(a, b), (given) => [given, given]);
  }

  multiply(a: Columns, b: Columns): Columns {
    return this.one([a, b], this.algebra.times(a, b), (given) => [this.algebra.times(given, b), this.algebra.times(given, a)]);
  }

  /** The larger of two, element by element; of two equal ones the gradient goes to the first. */
  max(a: Columns, b: Columns): Columns {
    const { algebra, graph } = this;
    const size = a.size;
    const [left, right] = [algebra.name(a), algebra.name(b)];
    return this.one([a, b], { size, value: graph.apply('Max', [left, right]) }, (given) => {
      const second: Columns = { size, value: graph.apply('Cast', [graph.apply('Greater', [right, left])], { to: 1 }) };
      const first: Columns = { size, value: graph.apply('Sub', [graph.scalar(1), algebra.name(second)]) };
      return [algebra.times(first, given), algebra.times(second, given)];
    });
  }

  /** Each column times its own factor, plus its own shift. */
  affine(x: Columns, factors: Float32Array, shifts: Float32Array): Columns {
    const { algebra } = this;
    const [by, to] = [factors, shifts].map((value): Columns => ({ size: x.size, value }));
    return this.one([x], algebra.plus(algebra.times(x, by!), to!), (given) => [algebra.times(given, by!)]);
  }

  /** A continuous piecewise-linear map of a single column. */
  piecewise(x: Columns, map: PiecewiseLinear): Columns {
    const { output, slope } = piecewise(map)(this.graph, this.algebra.name(x));
    return this.one([x], { size: 1, value: output }, (given) => [this.algebra.times({ size: 1, value: slope() }, given)]);
  }

  /** d result / d features, [N, width]; the result is one column. */
  private gradient(result: Columns): Columns {
    const gradients = new Map<Columns, Columns>([[result, { size: 1, value: Float32Array.of(1) }]]);
    for (const { inputs, outputs, backward } of this.steps.toReversed()) {
      const given = outputs.map((output) => gradients.get(output));
      if (given.every((gradient) => gradient === undefined)) continue;
      backward(given.map((gradient, i) => gradient ?? zeros(outputs[i]!.size))).forEach((part, i) => {
        const sofar = gradients.get(inputs[i]!);
        gradients.set(inputs[i]!, sofar === undefined ? part : this.algebra.plus(sofar, part));
      });
    }
    return gradients.get(this.features) ?? zeros(this.features.size);
  }

  /**
   * The ONNX model (opset 17) of one column of calibrated log-odds. Input `features` [N, width]; outputs
   * `probability` [N] = sigmoid(logit), `logit` [N], `gradient` [N, width] = d logit / d features.
   */
  model(logit: Columns): Uint8Array {
    const { graph, algebra, features } = this;
    const flat = graph.apply('Reshape', [algebra.full(logit), graph.integers([-1])]);
    graph.name(flat, 'logit');
    graph.name(graph.apply('Sigmoid', [flat]), 'probability');
    graph.name(algebra.full(this.gradient(logit)), 'gradient');
    const outputs = [floatTensor('probability', ['N']), floatTensor('logit', ['N']), floatTensor('gradient', ['N', features.size])];
    return encodeModel({
      ir_version: IR_VERSION,
      producer_name: 'assay',
      graph: graph.finish('pd', [floatTensor('features', ['N', features.size])], outputs),
      opset_import: [{ domain: '', version: OPSET }],
    });
  }
}
