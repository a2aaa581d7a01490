import type { Calibration, Isotonic } from '../../calibration/types.js';
import { DOUBLE, FLOAT, INT64, INT_ATTRIBUTE, TENSOR_ATTRIBUTE, type NodeMessage, type TensorMessage } from '../proto.js';

/**
 * Distance that a probability keeps from 0 and 1 before its log-odds are taken: half the spacing of float32 numbers below 1.
 * Log-odds made from a probability therefore lie within ±16.64.
 */
export const PROBABILITY_FLOOR = 2 ** -24;

/** Nodes put behind a foreign graph. Constants are nodes, which every IR version allows. */
export class Tail {
  readonly nodes: NodeMessage[] = [];

  constructor(private readonly taken: Set<string>) {}

  private fresh(): string {
    let i = this.nodes.length + 1;
    while (this.taken.has(`assay_${i}`)) i++;
    this.taken.add(`assay_${i}`);
    return `assay_${i}`;
  }

  /** A node with integer attributes and one result, whose name is returned. */
  apply(operator: string, input: string[], attributes: Readonly<Record<string, number>> = {}, result = this.fresh()): string {
    const attribute = Object.entries(attributes).map(([name, i]) => ({ name, type: INT_ATTRIBUTE, i }));
    this.nodes.push({ op_type: operator, input, output: [result], attribute });
    return result;
  }

  private constant(tensor: TensorMessage): string {
    const result = this.fresh();
    this.nodes.push({ op_type: 'Constant', input: [], output: [result], attribute: [{ name: 'value', type: TENSOR_ATTRIBUTE, t: tensor }] });
    return result;
  }

  doubles(values: readonly number[], dims: number[]): string {
    return this.constant({ dims, data_type: DOUBLE, double_data: [...values] });
  }

  integers(values: readonly number[]): string {
    return this.constant({ dims: [values.length], data_type: INT64, int64_data: [...values] });
  }

  toDouble(value: string): string {
    return this.apply('Cast', [value], { to: DOUBLE });
  }

  /** One float64 number per row, [N, 1]: what follows is exact far beyond float32, alone and in any batch. */
  column(value: string): string {
    return this.apply('Reshape', [this.toDouble(value), this.integers([-1, 1])]);
  }

  /** Column 0 or 1 of [N, 2], as float64 [N, 1]. */
  pick(value: string, column: number): string {
    return this.apply('Gather', [this.toDouble(value), this.integers([column])], { axis: 1 });
  }

  /** Gives a [N, 1] column the name and shape [N] of an output, in float32. */
  output(column: string, name: string): void {
    this.apply('Cast', [this.apply('Reshape', [column, this.integers([-1])])], { to: FLOAT }, name);
  }

  /** ln(p / (1 − p)) with p kept `PROBABILITY_FLOOR` away from 0 and 1. */
  logOdds(probability: string): string {
    const one = this.doubles([1], [1]);
    const above = this.apply('Max', [probability, this.doubles([PROBABILITY_FLOOR], [1])]);
    const inside = this.apply('Min', [above, this.doubles([1 - PROBABILITY_FLOOR], [1])]);
    return this.apply('Sub', [this.apply('Log', [inside]), this.apply('Log', [this.apply('Sub', [one, inside])])]);
  }
}

export interface Calibrated {
  /** Calibrated log-odds, [N, 1]. */
  readonly logit: string;
  /** d calibrated / d raw, [N, 1] or a single number. */
  readonly slope: string;
}

/** Change of slope at each knot, from 1 before the first to 1 behind the last. */
function bends({ knots, values }: Isotonic): number[] {
  const slopes = knots.slice(1).map((knot, i) => (values[i + 1]! - values[i]!) / (knot - knots[i]!));
  return [...slopes, 1].map((slope, i) => slope - (i === 0 ? 1 : slopes[i - 1]!));
}

/** The map through the knots as a straight line of slope 1 plus one ReLU per knot. */
function isotonic(tail: Tail, raw: string, calibration: Isotonic): Calibrated {
  const { knots, values } = calibration;
  const weights = tail.doubles(bends(calibration), [knots.length, 1]);
  const beyond = tail.apply('Relu', [tail.apply('Sub', [raw, tail.doubles(knots, [1, knots.length])])]);
  const line = tail.apply('Add', [raw, tail.doubles([values[0]! - knots[0]!], [1])]);
  const slope = tail.apply('Add', [tail.apply('MatMul', [tail.apply('Sign', [beyond]), weights]), tail.doubles([1], [1])]);
  return { logit: tail.apply('Add', [line, tail.apply('MatMul', [beyond, weights])]), slope };
}

/** Puts a calibration behind raw log-odds [N, 1]. */
export function calibrated(tail: Tail, raw: string, calibration: Calibration): Calibrated {
  if (calibration.kind === 'isotonic') return isotonic(tail, raw, calibration);
  const slope = tail.doubles([calibration.slope], [1]);
  return { logit: tail.apply('Add', [tail.apply('Mul', [raw, slope]), tail.doubles([calibration.intercept], [1])]), slope };
}
