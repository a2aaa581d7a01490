import type { DenseLayer } from '../training/types.js';
import type { GraphBuilder } from './graph.js';

/** A float32 tensor [N, size], one row per applicant: the name of a result in the graph, or one row that is the same for all. */
export interface Columns {
  readonly size: number;
  readonly value: string | Float32Array;
}

export type Weights = Pick<DenseLayer, 'weights' | 'inputs' | 'units'>;

const isRun = (indices: readonly number[]): boolean => indices.every((index, i) => index >= 0 && index === indices[0]! + i);

/** row · W (or row · Wᵀ), group by group where the row is longer than the matrix is high; summed in double precision. */
export function timesMatrix(row: Float32Array, { weights, inputs, units }: Weights, transposed = false): Float32Array {
  const [from, to] = transposed ? [units, inputs] : [inputs, units];
  return Float32Array.from({ length: (row.length / from) * to }, (_, at) => {
    const group = Math.floor(at / to) * from;
    let sum = 0;
    for (let i = 0; i < from; i++) sum += row[group + i]! * (transposed ? weights[(at % to) * units + i]! : weights[i * units + (at % to)]!);
    return sum;
  });
}

/**
 * Linear algebra on columns, written into a graph. What is the same for all rows is computed here and now, so that
 * the derivative of a linear part of a model costs nothing when the model is served.
 */
export class ColumnAlgebra {
  constructor(
    readonly graph: GraphBuilder,
    /** A tensor whose first dimension is N. */
    private readonly rows: string,
  ) {}

  /** A tensor that broadcasts to [N, size]. */
  name({ size, value }: Columns): string {
    return typeof value === 'string' ? value : this.graph.floats(value, [1, size]);
  }

  /** A tensor of exactly [N, size]. */
  full(x: Columns): string {
    if (typeof x.value === 'string') return x.value;
    const [count] = this.graph.node('Shape', [this.rows], { start: 0, end: 1 });
    return this.graph.apply('Expand', [this.name(x), this.graph.apply('Concat', [count!, this.graph.integers([1])], { axis: 0 })]);
  }

  private node(operator: string, input: string[], size: number, attributes: Record<string, number> = {}): Columns {
    return { size, value: this.graph.apply(operator, input, attributes) };
  }

  /** x · W (or x · Wᵀ) + bias. Where x has a multiple of the layer's inputs, the weights are shared by its groups of columns. */
  linear(x: Columns, layer: Weights, { bias, transposed = false }: { bias?: Float32Array; transposed?: boolean } = {}): Columns {
    const { graph } = this;
    const [inputs, units] = transposed ? [layer.units, layer.inputs] : [layer.inputs, layer.units];
    const groups = x.size / inputs;
    if (typeof x.value !== 'string') return { size: groups * units, value: timesMatrix(x.value, layer, transposed) };
    const each = groups === 1 ? x.value : graph.apply('Reshape', [x.value, graph.integers([-1, inputs])]);
    const operands = [each, graph.floats(layer.weights, [layer.inputs, layer.units]), ...(bias ? [graph.floats(bias, [units])] : [])];
    const product = graph.apply('Gemm', operands, transposed ? { transB: 1 } : {});
    return { size: groups * units, value: groups === 1 ? product : graph.apply('Reshape', [product, graph.integers([-1, groups * units])]) };
  }

  plus(a: Columns, b: Columns): Columns {
    if (typeof a.value === 'string' || typeof b.value === 'string') return this.node('Add', [this.name(a), this.name(b)], a.size);
    const right = b.value;
    return { size: a.size, value: a.value.map((x, i) => x + right[i]!) };
  }

  times(a: Columns, b: Columns): Columns {
    if (typeof a.value === 'string' || typeof b.value === 'string') return this.node('Mul', [this.name(a), this.name(b)], a.size);
    const right = b.value;
    return { size: a.size, value: a.value.map((x, i) => x * right[i]!) };
  }

  /** The columns at the given places; place −1 gives a column of zeros. */
  gather(x: Columns, places: readonly number[]): Columns {
    const size = places.length;
    const { value } = x;
    if (typeof value !== 'string') return { size, value: Float32Array.from(places, (at) => (at < 0 ? 0 : value[at]!)) };
    const { graph } = this;
    if (isRun(places)) {
      const bounds = [places[0]!, places[0]! + size, 1].map((n) => graph.integers([n]));
      return size === x.size ? { ...x } : this.node('Slice', [value, bounds[0]!, bounds[1]!, bounds[2]!], size);
    }
    const source = places.includes(-1) ? graph.apply('Pad', [value, graph.integers([0, 0, 0, 1])]) : value;
    return this.node('Gather', [source, graph.integers(places.map((at) => (at < 0 ? x.size : at)))], size, { axis: 1 });
  }

  concat(parts: readonly Columns[]): Columns {
    if (parts.length === 1) return parts[0]!;
    const size = parts.reduce((sum, part) => sum + part.size, 0);
    if (parts.every(({ value }) => typeof value !== 'string')) return { size, value: Float32Array.from(parts.flatMap(({ value }) => [...(value as Float32Array)])) };
    return this.node('Concat', parts.map((part) => this.full(part)), size, { axis: 1 });
  }

  split(x: Columns, sizes: readonly number[]): Columns[] {
    if (sizes.length === 1) return [x];
    const { value } = x;
    if (typeof value === 'string') return this.graph.node('Split', [value, this.graph.integers(sizes)], { axis: 1 }, sizes.length).map((name, i) => ({ size: sizes[i]!, value: name }));
    let from = 0;
    return sizes.map((size) => ({ size, value: value.slice(from, (from += size)) }));
  }
}
