import { internal } from '../../platform/index.js';
import type { DenseLayer, Member, TrainedModel } from '../training/types.js';
import { floatTensor, GraphBuilder } from './graph.js';
import { encodeModel } from './proto.js';

const OPSET = 17;
const IR_VERSION = 8;

type Compilable = Pick<TrainedModel, 'width' | 'members' | 'calibration'>;

function transposed(values: Float32Array, rows: number, columns: number): Float32Array {
  const result = new Float32Array(values.length);
  for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) result[c * rows + r] = values[r * columns + c]!;
  return result;
}

/** First layers of all members side by side: one wide product instead of several narrow ones. */
function joinedFirstLayer(members: readonly Member[], width: number): DenseLayer {
  const first = members.map((member) => member.layers[0]!);
  const units = first.reduce((sum, layer) => sum + layer.units, 0);
  const weights = new Float32Array(width * units);
  const bias = new Float32Array(units);
  let column = 0;
  for (const layer of first) {
    for (let row = 0; row < width; row++) weights.set(layer.weights.subarray(row * layer.units, (row + 1) * layer.units), row * units + column);
    bias.set(layer.bias, column);
    column += layer.units;
  }
  return { weights, bias, inputs: width, units };
}

const dense = (graph: GraphBuilder, x: string, layer: DenseLayer): string =>
  graph.apply('Gemm', [x, graph.floats(layer.weights, [layer.inputs, layer.units]), graph.floats(layer.bias, [layer.units])]);

/** Each member's share of the calibrated logit: its weights times slope / members. */
function calibratedOutput(layer: DenseLayer, share: number): Float32Array {
  return layer.weights.map((w) => w * share);
}

/** The forward pass of one member from its first activation; returns the activations of its hidden layers. */
function hiddenActivations(graph: GraphBuilder, member: Member, first: string): string[] {
  const activations = [first];
  for (const layer of member.layers.slice(1, -1)) activations.push(graph.apply('Relu', [dense(graph, activations.at(-1)!, layer)]));
  return activations;
}

/** The backward pass of one member: d logit / d (sum into its first hidden layer), [N, units]. */
function firstLayerGradient(graph: GraphBuilder, member: Member, activations: readonly string[], share: number): string {
  const output = member.layers.at(-1)!;
  let upstream = graph.floats(calibratedOutput(output, share), [1, output.inputs]);
  for (let i = activations.length - 1; i >= 0; i--) {
    // A ReLU passes the gradient where its output is positive: the sign of the output is 0 or 1.
    const passed = graph.apply('Mul', [graph.apply('Sign', [activations[i]!]), upstream]);
    if (i === 0) return passed;
    const layer = member.layers[i]!;
    upstream = graph.apply('MatMul', [passed, graph.floats(transposed(layer.weights, layer.inputs, layer.units), [layer.units, layer.inputs])]);
  }
  return upstream;
}

interface Outputs {
  /** [N, 1] */
  readonly logit: string;
  /** [N, width] */
  readonly gradient: string;
}

/** Without hidden layers the mean of the members is one linear function. */
function linearGraph(graph: GraphBuilder, { width, members }: Compilable, share: number, intercept: number): Outputs {
  const weights = new Float32Array(width);
  const bias = members.reduce((sum, { layers }) => sum + layers[0]!.bias[0]! * share, intercept);
  for (const { layers } of members) layers[0]!.weights.forEach((w, i) => (weights[i]! += w * share));
  const logit = dense(graph, 'features', { weights, bias: Float32Array.of(bias), inputs: width, units: 1 });
  const gradient = graph.apply('Expand', [graph.floats(weights, [1, width]), graph.apply('Shape', ['features'])]);
  return { logit, gradient };
}

function deepGraph(graph: GraphBuilder, { width, members }: Compilable, share: number, intercept: number): Outputs {
  const joined = joinedFirstLayer(members, width);
  const active = graph.apply('Relu', [dense(graph, 'features', joined)]);
  const widths = graph.integers(members.map((member) => member.layers[0]!.units));
  const parts = members.length === 1 ? [active] : graph.node('Split', [active, widths], { axis: 1 }, members.length);
  const activations = members.map((member, m) => hiddenActivations(graph, member, parts[m]!));
  const lasts = activations.map((layers) => layers.at(-1)!);
  const outputs = members.map((member) => member.layers.at(-1)!);
  const weights = Float32Array.from(outputs.flatMap((layer) => [...calibratedOutput(layer, share)]));
  const bias = outputs.reduce((sum, layer) => sum + layer.bias[0]! * share, intercept);
  const logit = dense(graph, joinColumns(graph, lasts), { weights, bias: Float32Array.of(bias), inputs: weights.length, units: 1 });
  const deltas = members.map((member, m) => firstLayerGradient(graph, member, activations[m]!, share));
  const back = graph.floats(transposed(joined.weights, width, joined.units), [joined.units, width]);
  return { logit, gradient: graph.apply('MatMul', [joinColumns(graph, deltas), back]) };
}

const joinColumns = (graph: GraphBuilder, parts: string[]): string => (parts.length === 1 ? parts[0]! : graph.apply('Concat', parts, { axis: 1 }));

/**
 * Compiles a trained ensemble to one ONNX graph (opset 17).
 * Input `features` [N, width]; outputs `probability` [N] = sigmoid(logit), `logit` [N] (calibrated), `gradient` [N, width] = d logit / d features.
 */
export function compileMlp(trained: Compilable): Uint8Array {
  const { width, members, calibration } = trained;
  if (calibration.kind !== 'platt') throw internal('Isotonic calibration is not compiled yet.');
  const graph = new GraphBuilder();
  const build = members[0]!.layers.length === 1 ? linearGraph : deepGraph;
  const { logit, gradient } = build(graph, trained, calibration.slope / members.length, calibration.intercept);
  const flat = graph.apply('Reshape', [logit, graph.integers([-1])]);
  graph.name(flat, 'logit');
  graph.name(graph.apply('Sigmoid', [flat]), 'probability');
  graph.name(gradient, 'gradient');
  const outputs = [floatTensor('probability', ['N']), floatTensor('logit', ['N']), floatTensor('gradient', ['N', width])];
  return encodeModel({
    ir_version: IR_VERSION,
    producer_name: 'assay',
    graph: graph.finish('pd', [floatTensor('features', ['N', width])], outputs),
    opset_import: [{ domain: '', version: OPSET }],
  });
}
