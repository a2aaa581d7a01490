import type { z } from 'zod';
import type { AssayError } from '../../base/index.js';
import { elu, relu, clippedRelu, selu, sigmoid, softplus, softsign, tanh, type Activation } from '../onnx/activations.js';
import type { Columns } from '../onnx/columns.js';
import type { Tape } from '../onnx/tape.js';
import { parseWith } from '../validation.js';
import { quoted, unfit, type WeightTensor } from './document.js';
import type { LayerDescription } from './topology.js';

/** Results of a layer with more columns than this are refused before they are made. */
const MAX_COLUMNS = 65_536;

/** What flows between layers: a tensor [N, …shape], its last dimensions flattened into columns. */
export interface Signal {
  readonly columns: Columns;
  readonly shape: readonly number[];
  /** Where the signal is the probability (or the two probabilities) of a binary outcome: its log-odds. */
  readonly logit?: Columns;
}

export const sizeOf = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1);

const ACTIVATIONS: ReadonlyMap<string, Activation> = new Map([
  ['relu', relu], ['relu6', clippedRelu(6)], ['elu', elu(1)], ['selu', selu], ['tanh', tanh], ['softplus', softplus], ['softsign', softsign],
]);

/** A layer under translation: its settings, its weights, and the sentences that refuse it. */
export class Layer {
  constructor(
    readonly tape: Tape,
    private readonly description: LayerDescription,
    private readonly weights: ReadonlyMap<string, WeightTensor>,
    private readonly used: Set<string>,
  ) {}

  /** "the layer "x" (Dense) " and why it cannot be used. */
  refused(why: string): AssayError {
    const { name, className } = this.description;
    return unfit(`its layer ${quoted(name)} (${className.slice(0, 80)}) ${why}`);
  }

  config<T>(shape: z.ZodType<T>): T {
    return parseWith(shape, this.description.config, `layer ${quoted(this.description.name)} of the LayersModel`);
  }

  /** @throws BAD_INPUT when the weights are absent or of another shape */
  weight(kind: string, shape: readonly number[]): Float32Array {
    const name = `${this.description.name}/${kind}`;
    const found = this.weights.get(name);
    if (found === undefined) throw this.refused(`has no weights ${quoted(name)}; save the model again`);
    if (found.shape.join() !== shape.join()) throw this.refused(`needs the weights ${quoted(name)} in the shape [${shape.join(', ')}], but they are [${found.shape.join(', ')}]; save the model again`);
    this.used.add(name);
    return found.values;
  }

  /** @throws BAD_INPUT when a result would have too many columns */
  requireRoom(columns: number): void {
    if (columns > MAX_COLUMNS) throw this.refused(`gives ${columns} numbers a row and at most ${MAX_COLUMNS} are allowed; make the model smaller`);
  }

  activate({ columns, shape }: Signal, name: string): Signal {
    const { tape } = this;
    const activation = ACTIVATIONS.get(name);
    if (activation !== undefined) return { columns: tape.activate(columns, activation), shape };
    if (name === 'linear') return { columns, shape };
    if (name === 'sigmoid') return { columns: tape.activate(columns, sigmoid), shape, ...(columns.size === 1 && { logit: columns }) };
    if (name === 'swish' || name === 'silu') return { columns: tape.multiply(columns, tape.activate(columns, sigmoid)), shape };
    if (name === 'hard_sigmoid') return { columns: this.hardSigmoid(columns), shape };
    if (name === 'softmax') return this.softmax(columns, shape);
    throw this.refused(`has the activation ${quoted(name)}, which is not supported; use relu, elu, selu, tanh, sigmoid or another standard one`);
  }

  /** min(max(0.2 x + 0.5, 0), 1), as Keras 2 defines it. */
  private hardSigmoid(x: Columns): Columns {
    const row = (value: number): Float32Array => new Float32Array(x.size).fill(value);
    return this.tape.activate(this.tape.affine(x, row(0.2), row(0.5)), clippedRelu(1));
  }

  /** Of two classes: the log-odds of the second are the difference of its input from that of the first. */
  private softmax(x: Columns, shape: readonly number[]): Signal {
    if (shape.join() !== '2') throw this.refused('has a softmax over something else than two classes; use one sigmoid unit or a softmax of two');
    const logit = this.tape.dense(x, { weights: Float32Array.of(-1, 1), inputs: 2, units: 1 });
    const both = this.tape.dense(logit, { weights: Float32Array.of(-1, 1), inputs: 1, units: 2 });
    return { columns: this.tape.activate(both, sigmoid), shape, logit };
  }
}
