import type { Calibration } from '../calibration/types.js';
import type { Convolution, DenseLayer, Member, TrainedModel } from '../training/types.js';
import { relu } from './activations.js';
import type { Columns } from './columns.js';
import { Tape } from './tape.js';

type Compilable = Pick<TrainedModel, 'width' | 'members' | 'calibration'>;

/** Layers of one input side by side: one wide product instead of several narrow ones. */
function joined(layers: readonly DenseLayer[]): DenseLayer {
  const { inputs } = layers[0]!;
  const units = layers.reduce((sum, layer) => sum + layer.units, 0);
  const weights = new Float32Array(inputs * units);
  const bias = new Float32Array(units);
  let column = 0;
  for (const layer of layers) {
    for (let row = 0; row < inputs; row++) weights.set(layer.weights.subarray(row * layer.units, (row + 1) * layer.units), row * units + column);
    bias.set(layer.bias, column);
    column += layer.units;
  }
  return { weights, bias, inputs, units };
}

/** A convolution as a dense layer over all columns, zero outside each window; its units come window by window. */
function unrolled({ columns, window, filters, weights, bias }: Convolution, width: number): DenseLayer {
  const windows = columns.length - window + 1;
  const units = windows * filters;
  const spread = new Float32Array(width * units);
  for (let w = 0; w < windows; w++) {
    columns.slice(w, w + window).flat().forEach((column, i) => {
      for (let f = 0; f < filters; f++) spread[column * units + w * filters + f]! += weights[i * filters + f]!;
    });
  }
  return { weights: spread, bias: Float32Array.from({ length: units }, (_, unit) => bias[unit % filters]!), inputs: width, units };
}

/** What the static columns add to the first dense layer behind a convolution, as a layer over all columns. */
function staticShare({ staticColumns }: Convolution, { weights, inputs, units, bias }: DenseLayer, width: number): DenseLayer {
  const spread = new Float32Array(width * units);
  const from = inputs - staticColumns.length;
  staticColumns.forEach((column, i) => spread.set(weights.subarray((from + i) * units, (from + i + 1) * units), column * units));
  return { weights: spread, bias, inputs: width, units };
}

/** What one member takes from the features: units behind a ReLU, and plain linear ones. */
interface Entry {
  readonly active: readonly DenseLayer[];
  readonly linear: readonly DenseLayer[];
}

function entryOf({ convolution, layers }: Member, width: number): Entry {
  const first = layers[0]!;
  if (convolution) return { active: [unrolled(convolution, width)], linear: [staticShare(convolution, first, width)] };
  return layers.length === 1 ? { active: [], linear: [first] } : { active: [first], linear: [] };
}

/** The outputs of several layers of the features, made by one product. */
function sideBySide(tape: Tape, layers: readonly DenseLayer[], activation: (x: Columns) => Columns): readonly Columns[] {
  if (layers.length === 0) return [];
  return tape.split(activation(tape.dense(tape.features, joined(layers))), layers.map(({ units }) => units));
}

/** The first dense layer behind a convolution: the filters' part of its weights, the static columns' share added. */
function behindFilters(tape: Tape, filters: Columns, statics: Columns, { weights, units }: DenseLayer): Columns {
  return tape.add(tape.dense(filters, { weights: weights.slice(0, filters.size * units), inputs: filters.size, units }), statics);
}

/** The columns whose weighted sum is a member's logit, and the weights; a logit itself is weighted with 1. */
interface Last {
  readonly columns: Columns;
  readonly weights: Float32Array;
  readonly bias: number;
}

function lastOf(tape: Tape, { convolution, layers }: Member, active: Columns | undefined, linear: Columns | undefined): Last {
  const first = convolution ? behindFilters(tape, active!, linear!, layers[0]!) : (active ?? linear!);
  if (layers.length === 1) return { columns: first, weights: Float32Array.of(1), bias: 0 };
  const begin = convolution ? tape.activate(first, relu) : first;
  const columns = layers.slice(1, -1).reduce((x, layer) => tape.activate(tape.dense(x, layer), relu), begin);
  const { weights, bias } = layers.at(-1)!;
  return { columns, weights, bias: bias[0]! };
}

/** share · Σ logits of the members + intercept, as one product. */
function ensemble(tape: Tape, members: readonly Member[], share: number, intercept: number): Columns {
  const entries = members.map((member) => entryOf(member, tape.features.size));
  const active = [...sideBySide(tape, entries.flatMap((entry) => entry.active), (x) => tape.activate(x, relu))];
  const linear = [...sideBySide(tape, entries.flatMap((entry) => entry.linear), (x) => x)];
  const lasts = members.map((member, m) => lastOf(tape, member, entries[m]!.active.length > 0 ? active.shift() : undefined, entries[m]!.linear.length > 0 ? linear.shift() : undefined));
  const weights = Float32Array.from(lasts.flatMap((last) => Array.from(last.weights, (w) => w * share)));
  const bias = lasts.reduce((sum, last) => sum + last.bias * share, intercept);
  return tape.dense(tape.concat(lasts.map(({ columns }) => columns)), { weights, bias: Float32Array.of(bias), inputs: weights.length, units: 1 });
}

function calibrated(tape: Tape, members: readonly Member[], calibration: Calibration): Columns {
  if (calibration.kind === 'platt') return ensemble(tape, members, calibration.slope / members.length, calibration.intercept);
  return tape.piecewise(ensemble(tape, members, 1 / members.length, 0), calibration);
}

/**
 * Compiles a trained model of any family and calibration to one ONNX graph (opset 17).
 * Input `features` [N, width]; outputs `probability` [N] = sigmoid(logit), `logit` [N] (calibrated), `gradient` [N, width] = d logit / d features.
 */
export function compileModel({ width, members, calibration }: Compilable): Uint8Array {
  const tape = new Tape(width);
  return tape.model(calibrated(tape, members, calibration));
}
