import { DOUBLE, encodeModel, FLOAT, INT64, type AttributeMessage, type GraphMessage, type NodeMessage, type TensorMessage, type ValueMessage } from '../../src/scoring/onnx/proto.js';

type AttributeValue = number | readonly number[] | string | TensorMessage | GraphMessage;

function attribute(name: string, value: AttributeValue): AttributeMessage {
  if (typeof value === 'number') return { name, type: 2, i: value };
  if (typeof value === 'string') return { name, type: 3, s: Buffer.from(value) };
  if (Array.isArray(value)) return { name, type: 7, ints: [...(value as readonly number[])] };
  return 'node' in value ? { name, type: 5, g: value } : { name, type: 4, t: value as TensorMessage };
}

/** One operator; attributes by value. */
export const operator = (op_type: string, input: string[], output: string[], attributes: Record<string, AttributeValue> = {}, domain = ''): NodeMessage => ({
  op_type, input, output, ...(domain !== '' && { domain }), attribute: Object.entries(attributes).map(([name, value]) => attribute(name, value)),
});

export const floats = (name: string, dims: number[], values: number[]): TensorMessage => ({ name, dims, data_type: FLOAT, float_data: values });
export const doubles = (name: string, dims: number[], values: number[]): TensorMessage => ({ name, dims, data_type: DOUBLE, double_data: values });
export const integers = (name: string, values: number[]): TensorMessage => ({ name, dims: [values.length], data_type: INT64, int64_data: values });

/** A named tensor of open (string) and fixed dimensions. */
export const tensor = (name: string, dims: (string | number)[], elem_type = FLOAT): ValueMessage => ({
  name, type: { tensor_type: { elem_type, shape: { dim: dims.map((d) => (typeof d === 'number' ? { dim_value: d } : { dim_param: d })) } } },
});

export interface GraphParts {
  readonly nodes: NodeMessage[];
  readonly weights?: TensorMessage[];
  readonly inputs?: ValueMessage[];
  readonly outputs: ValueMessage[];
  readonly opset?: number;
}

/** A model file; without inputs it reads x [N, 3]. */
export const modelOf = ({ nodes, weights = [], inputs = [tensor('x', ['N', 3])], outputs, opset = 17 }: GraphParts): Uint8Array =>
  encodeModel({ ir_version: 8, graph: { name: 'g', node: nodes, initializer: weights, input: inputs, output: outputs }, opset_import: [{ domain: '', version: opset }, { domain: 'ai.onnx.ml', version: 3 }] });
