import { FLOAT, INT64, type AttributeMessage, type GraphMessage, type NodeMessage, type TensorMessage, type ValueMessage } from './proto.js';

const INT_ATTRIBUTE = 2;

/** Writes an ONNX graph node by node; every method returns the name of its result. */
export class GraphBuilder {
  private readonly nodes: NodeMessage[] = [];
  private readonly constants: TensorMessage[] = [];
  /** Weights that the forward and the backward pass share are stored once. */
  private readonly stored = new Map<Float32Array, string>();
  private count = 0;

  private fresh(prefix: string): string {
    return `${prefix}_${++this.count}`;
  }

  /** A float32 constant, stored as little-endian bytes; the same array is always given the same shape. */
  floats(values: Float32Array, dims: number[]): string {
    const known = this.stored.get(values);
    if (known !== undefined) return known;
    const name = this.fresh('w');
    this.stored.set(values, name);
    const raw = new Uint8Array(values.length * 4);
    const view = new DataView(raw.buffer);
    values.forEach((x, i) => view.setFloat32(i * 4, x, true));
    this.constants.push({ name, dims, data_type: FLOAT, raw_data: raw });
    return name;
  }

  /** A one-dimensional int64 constant. */
  integers(values: readonly number[]): string {
    const name = this.fresh('n');
    const raw = new Uint8Array(values.length * 8);
    const view = new DataView(raw.buffer);
    values.forEach((x, i) => view.setBigInt64(i * 8, BigInt(x), true));
    this.constants.push({ name, dims: [values.length], data_type: INT64, raw_data: raw });
    return name;
  }

  node(operator: string, input: string[], attributes: Record<string, number> = {}, outputs = 1): string[] {
    const output = Array.from({ length: outputs }, () => this.fresh(operator.toLowerCase()));
    const attribute = Object.entries(attributes).map(([name, i]): AttributeMessage => ({ name, type: INT_ATTRIBUTE, i }));
    this.nodes.push({ op_type: operator, input, output, attribute, name: output[0]! });
    return output;
  }

  /** A node with one result. */
  apply(operator: string, input: string[], attributes: Record<string, number> = {}): string {
    return this.node(operator, input, attributes)[0]!;
  }

  /** Gives a result the name of a graph output. */
  name(value: string, output: string): void {
    this.nodes.push({ op_type: 'Identity', input: [value], output: [output], name: output });
  }

  /** A float32 constant that broadcasts over everything. */
  scalar(value: number): string {
    return this.floats(Float32Array.of(value), [1]);
  }

  /** The graph with what its outputs need, and nothing else. */
  finish(name: string, input: ValueMessage[], output: ValueMessage[]): GraphMessage {
    const needed = new Set(output.map((value) => value.name));
    // Nodes were written in the order of computation, so that every consumer comes before what it needs.
    const node = this.nodes.toReversed().filter((one) => {
      const kept = one.output.some((result) => needed.has(result));
      if (kept) for (const wanted of one.input) needed.add(wanted);
      return kept;
    }).toReversed();
    return { name, node, initializer: this.constants.filter((tensor) => needed.has(tensor.name!)), input, output };
  }
}

/** Description of a float tensor; a string is a free dimension. */
export const floatTensor = (name: string, shape: (number | string)[]): ValueMessage => ({
  name,
  type: {
    tensor_type: {
      elem_type: FLOAT,
      shape: { dim: shape.map((d) => (typeof d === 'number' ? { dim_value: d } : { dim_param: d })) },
    },
  },
});
