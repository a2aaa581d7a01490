import { z } from 'zod';
import { clippedRelu, elu, leakyRelu, relu } from '../onnx/activations.js';
import type { Columns } from '../onnx/columns.js';
import { type Layer, type Signal, sizeOf } from './layer.js';
import { columnsOfSteps, windowsOf } from './windows.js';

/** What a class of layers makes of its inputs. */
type Translation = (layer: Layer, inputs: readonly Signal[]) => Signal;

const one = (translate: (layer: Layer, input: Signal) => Signal): Translation => (layer, inputs) => {
  if (inputs.length !== 1) throw layer.refused(`takes one input but has ${inputs.length}`);
  return translate(layer, inputs[0]!);
};

/** Layers that do something in training only. */
const identity = one((_, input) => input);

const activated = z.object({ activation: z.string().nullish().transform((name) => name ?? 'linear') });
const weighted = activated.extend({ use_bias: z.boolean().default(true) });
const single = (least: number) => z.union([z.int().min(least), z.tuple([z.int().min(least)]).transform(([n]) => n)]);
const channelsLast = z.enum(['channels_last', 'channelsLast', 'NWC']).nullish();

const dense = one((layer, { columns, shape }) => {
  const { units, activation, use_bias: useBias } = layer.config(weighted.extend({ units: z.int().min(1) }));
  const inputs = shape.at(-1)!;
  layer.requireRoom((columns.size / inputs) * units);
  const weights = layer.weight('kernel', [inputs, units]);
  const result = layer.tape.dense(columns, { weights, inputs, units, ...(useBias && { bias: layer.weight('bias', [units]) }) });
  return layer.activate({ columns: result, shape: [...shape.slice(0, -1), units] }, activation);
});

function sequence(layer: Layer, shape: readonly number[]): readonly [steps: number, channels: number] {
  if (shape.length !== 2) throw layer.refused(`needs steps × channels but gets [${shape.join(', ')}]`);
  return [shape[0]!, shape[1]!];
}

const convolution = weighted.extend({
  filters: z.int().min(1),
  kernel_size: single(1),
  strides: single(1).default(1),
  dilation_rate: single(1).default(1),
  padding: z.enum(['valid', 'same', 'causal']).default('valid'),
  data_format: channelsLast,
});

const conv1d = one((layer, { columns, shape }) => {
  const [steps, channels] = sequence(layer, shape);
  const { filters, kernel_size: size, strides: stride, dilation_rate: dilation, padding, use_bias: useBias, activation } = layer.config(convolution);
  const weights = layer.weight('kernel', [size, channels, filters]);
  layer.requireRoom(steps * Math.max(size * channels, filters));
  const windows = windowsOf(steps, { size, stride, dilation, padding });
  if (windows.length === 0) throw layer.refused(`has windows longer than its ${steps} steps`);
  const unfolded = layer.tape.gather(columns, windows.flatMap((window) => columnsOfSteps(window, channels)));
  const result = layer.tape.dense(unfolded, { weights, inputs: size * channels, units: filters, ...(useBias && { bias: layer.weight('bias', [filters]) }) });
  return layer.activate({ columns: result, shape: [windows.length, filters] }, activation);
});

type Fold = (layer: Layer, parts: readonly Columns[]) => Columns;

const largest: Fold = ({ tape }, parts) => parts.reduce((a, b) => tape.max(a, b));

const sum: Fold = ({ tape }, parts) => parts.reduce((a, b) => tape.add(a, b));

const mean: Fold = (layer, parts) => {
  const { size } = parts[0]!;
  return layer.tape.affine(sum(layer, parts), new Float32Array(size).fill(1 / parts.length), new Float32Array(size));
};

const product: Fold = ({ tape }, parts) => parts.reduce((a, b) => tape.multiply(a, b));

/** Folds the i-th steps of all windows together, for every i. */
function pooled(layer: Layer, { columns, shape }: Signal, windows: readonly (readonly number[])[], fold: Fold): Columns {
  const channels = shape[1]!;
  if (windows.length === 0) throw layer.refused(`has windows longer than its ${shape[0]} steps`);
  return fold(layer, windows[0]!.map((_, i) => layer.tape.gather(columns, columnsOfSteps(windows.map((window) => window[i]!), channels))));
}

const pooling = z.object({ pool_size: single(1).default(2), strides: single(1).nullish(), padding: z.literal('valid').default('valid'), data_format: channelsLast });

const pool = (fold: Fold): Translation => one((layer, input) => {
  const [steps, channels] = sequence(layer, input.shape);
  const { pool_size: size, strides } = layer.config(pooling);
  layer.requireRoom(steps * size * channels);
  const windows = windowsOf(steps, { size, stride: strides ?? size, dilation: 1, padding: 'valid' });
  return { columns: pooled(layer, input, windows, fold), shape: [windows.length, channels] };
});

const globalPool = (fold: Fold): Translation => one((layer, input) => {
  const [steps, channels] = sequence(layer, input.shape);
  layer.config(z.object({ data_format: channelsLast, keepdims: z.literal(false).optional() }));
  return { columns: pooled(layer, input, [Array.from({ length: steps }, (_, i) => i)], fold), shape: [channels] };
});

/** (x − mean) / √(variance + ε) · γ + β with the moving statistics, channel by channel. */
const batchNormalization = one((layer, { columns, shape }) => {
  const { axis, epsilon, center, scale } = layer.config(z.object({ axis: z.union([z.int(), z.tuple([z.int()]).transform(([n]) => n)]).default(-1), epsilon: z.number().min(0).default(1e-3), center: z.boolean().default(true), scale: z.boolean().default(true) }));
  if (axis !== -1 && axis !== shape.length) throw layer.refused(`normalises axis ${axis}; only the last one is supported`);
  const channels = shape.at(-1)!;
  const [average, variance] = [layer.weight('moving_mean', [channels]), layer.weight('moving_variance', [channels])];
  const gamma = scale ? layer.weight('gamma', [channels]) : undefined;
  const beta = center ? layer.weight('beta', [channels]) : undefined;
  const factors = variance.map((v, c) => (gamma?.[c] ?? 1) / Math.sqrt(v + epsilon));
  if (!factors.every(Number.isFinite)) throw layer.refused('has a variance that is not positive; train the model again');
  const shifts = factors.map((factor, c) => (beta?.[c] ?? 0) - average[c]! * factor);
  const spread = (values: Float32Array): Float32Array => Float32Array.from({ length: columns.size }, (_, i) => values[i % channels]!);
  return { columns: layer.tape.affine(columns, spread(factors), spread(shifts)), shape };
});

const reshape = one((layer, { columns, shape, logit }) => {
  const { target_shape: target } = layer.config(z.object({ target_shape: z.array(z.int().min(-1)).max(8) }));
  const known = sizeOf(target.filter((size) => size >= 0));
  const result = target.map((size) => (size < 0 ? columns.size / known : size));
  if (sizeOf(result) !== columns.size || !result.every(Number.isInteger)) throw layer.refused(`cannot make [${shape.join(', ')}] into [${target.join(', ')}]`);
  return { columns, shape: result, ...(logit && { logit }) };
});

const flatten = one((layer, { columns, logit }) => {
  layer.config(z.object({ data_format: channelsLast }));
  return { columns, shape: [columns.size], ...(logit && { logit }) };
});

const merge = (fold: Fold): Translation => (layer, inputs) => {
  const shape = inputs[0]?.shape;
  if (shape === undefined || inputs.some((input) => input.shape.join() !== shape.join())) throw layer.refused('joins inputs of different shapes; only equal shapes are supported');
  return { columns: fold(layer, inputs.map(({ columns }) => columns)), shape };
};

/** Along the steps, sequences follow one another; along the channels, they are joined step by step. */
const concatenate: Translation = (layer, inputs) => {
  const { axis } = layer.config(z.object({ axis: z.int().default(-1) }));
  const shapes = inputs.map(({ shape }) => shape);
  const rank = shapes[0]?.length ?? 0;
  const along = axis < 0 ? rank + axis : axis - 1;
  const rest = (shape: readonly number[]): string => shape.filter((_, i) => i !== along).join();
  if (rank < 1 || rank > 2 || along < 0 || along >= rank || shapes.some((shape) => shape.length !== rank || rest(shape) !== rest(shapes[0]!))) throw layer.refused('joins inputs whose shapes do not fit each other');
  const total = shapes.reduce((sofar, shape) => sofar + shape[along]!, 0);
  layer.requireRoom(inputs.reduce((sofar, { columns }) => sofar + columns.size, 0));
  const joined = layer.tape.concat(inputs.map(({ columns }) => columns));
  if (along === 0) return { columns: joined, shape: [total, ...shapes[0]!.slice(1)] };
  const steps = shapes[0]![0]!;
  let from = 0;
  const starts = inputs.map(({ columns }) => (from += columns.size) - columns.size);
  const places = Array.from({ length: steps }, (_, step) => shapes.flatMap(([, channels], i) => Array.from({ length: channels! }, (_c, c) => starts[i]! + step * channels! + c)));
  return { columns: layer.tape.gather(joined, places.flat()), shape: [steps, total] };
};

const zeroOrNone = z.literal(0).nullish();

const reluLayer = one((layer, { columns, shape }) => {
  const { max_value: most } = layer.config(z.object({ max_value: z.number().positive().nullish(), negative_slope: zeroOrNone, threshold: zeroOrNone }));
  return { columns: layer.tape.activate(columns, most == null ? relu : clippedRelu(most)), shape };
});

const leakyReluLayer = one((layer, { columns, shape }) => {
  const { alpha } = layer.config(z.object({ alpha: z.number().default(0.3) }));
  return { columns: layer.tape.activate(columns, leakyRelu(alpha)), shape };
});

const eluLayer = one((layer, { columns, shape }) => {
  const { alpha } = layer.config(z.object({ alpha: z.number().default(1) }));
  return { columns: layer.tape.activate(columns, elu(alpha)), shape };
});

const activation = one((layer, input) => layer.activate(input, layer.config(activated).activation));

const softmax = one((layer, input) => {
  const { axis } = layer.config(z.object({ axis: z.int().default(-1) }));
  if (axis !== -1 && axis !== input.shape.length) throw layer.refused(`is over axis ${axis}; only the last one is supported`);
  return layer.activate(input, 'softmax');
});

/** By class name, as Keras and TensorFlow.js write it. */
export const TRANSLATIONS: ReadonlyMap<string, Translation> = new Map([
  ['Dense', dense], ['Conv1D', conv1d], ['BatchNormalization', batchNormalization],
  ['Activation', activation], ['ReLU', reluLayer], ['LeakyReLU', leakyReluLayer], ['ELU', eluLayer], ['Softmax', softmax],
  ['Dropout', identity], ['SpatialDropout1D', identity], ['AlphaDropout', identity], ['GaussianDropout', identity], ['GaussianNoise', identity],
  ['Flatten', flatten], ['Reshape', reshape], ['Concatenate', concatenate],
  ['Add', merge(sum)], ['Average', merge(mean)], ['Multiply', merge(product)], ['Maximum', merge(largest)],
  ['MaxPooling1D', pool(largest)], ['AveragePooling1D', pool(mean)], ['GlobalMaxPooling1D', globalPool(largest)], ['GlobalAveragePooling1D', globalPool(mean)],
]);
