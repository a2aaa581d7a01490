import { sigmoid, softplus } from '../numbers.js';
import type { HyperParameters } from './hyper-parameters.js';
import type { LabelledRows } from './rows.js';
import type { DenseLayer } from './types.js';

/** The quadratic model of the loss around the present coefficients; the intercept is the last of `size`. */
interface Quadratic {
  readonly gradient: Float64Array;
  /** size × size, row-major. */
  readonly hessian: Float64Array;
}

export interface LogisticProblem extends LabelledRows {
  readonly settings: Pick<HyperParameters, 'l2' | 'classWeights'>;
  /** Per column: +1 where the coefficient may not be negative, −1 where it may not be positive, 0 where it is free. */
  readonly directions?: Int8Array | undefined;
}

const MOST_STEPS = 50;
const MOST_SWEEPS = 2_000;
const TOLERANCE = 1e-10;

/** Penalised logistic regression by Newton's method; the loss is the mean over rows, plus l2 · Σ β² without the intercept. */
class Logistic {
  private readonly size: number;

  constructor(private readonly problem: LogisticProblem) {
    this.size = problem.width + 1;
  }

  solve(): Float64Array {
    let at: Float64Array = new Float64Array(this.size);
    let loss = this.loss(at);
    for (let step = 0; step < MOST_STEPS; step++) {
      const next = this.descend(at, this.towards(at), loss);
      if (next === undefined) break;
      const gain = loss - next.loss;
      ({ at, loss } = next);
      if (gain < TOLERANCE * Math.max(1, loss)) break;
    }
    return at;
  }

  private margin(at: Float64Array, row: number): number {
    const { rows, width } = this.problem;
    let z = at[width]!;
    for (let c = 0; c < width; c++) z += at[c]! * rows[row * width + c]!;
    return z;
  }

  private weightOf(label: number): number {
    const { classWeights } = this.problem.settings;
    return label === 1 ? (classWeights?.bad ?? 1) : (classWeights?.good ?? 1);
  }

  private loss(at: Float64Array): number {
    const { labels, width, settings } = this.problem;
    let sum = 0;
    labels.forEach((label, row) => {
      const z = this.margin(at, row);
      sum += this.weightOf(label) * (softplus(z) - label * z);
    });
    return sum / labels.length + settings.l2 * at.subarray(0, width).reduce((total, b) => total + b * b, 0);
  }

  private quadratic(at: Float64Array): Quadratic {
    const { size } = this;
    const { rows, labels, width, settings } = this.problem;
    const gradient = new Float64Array(size);
    const hessian = new Float64Array(size * size);
    const x = new Float64Array(size).fill(1);
    labels.forEach((label, row) => {
      for (let c = 0; c < width; c++) x[c] = rows[row * width + c]!;
      const weight = this.weightOf(label) / labels.length;
      const p = sigmoid(this.margin(at, row));
      const curvature = weight * p * (1 - p);
      for (let i = 0; i < size; i++) {
        gradient[i]! += weight * (p - label) * x[i]!;
        const scaled = curvature * x[i]!;
        if (scaled !== 0) for (let j = 0; j <= i; j++) hessian[i * size + j]! += scaled * x[j]!;
      }
    });
    for (let i = 0; i < size; i++) for (let j = 0; j < i; j++) hessian[j * size + i] = hessian[i * size + j]!;
    for (let i = 0; i < size; i++) hessian[i * size + i]! += i < width ? 2 * settings.l2 + 1e-9 : 1e-9;
    for (let c = 0; c < width; c++) gradient[c]! += 2 * settings.l2 * at[c]!;
    return { gradient, hessian };
  }

  /** Minimum of the quadratic model among coefficients of the right signs, by cyclic coordinate descent. */
  private towards(at: Float64Array): Float64Array {
    const { size } = this;
    const { gradient, hessian } = this.quadratic(at);
    const target = Float64Array.from(at);
    const slope = Float64Array.from(gradient);
    for (let sweep = 0; sweep < MOST_SWEEPS; sweep++) {
      let largest = 0;
      for (let i = 0; i < size; i++) {
        const moved = this.inside(i, target[i]! - slope[i]! / hessian[i * size + i]!) - target[i]!;
        if (moved === 0) continue;
        target[i]! += moved;
        for (let j = 0; j < size; j++) slope[j]! += hessian[i * size + j]! * moved;
        largest = Math.max(largest, Math.abs(moved));
      }
      if (largest < 1e-9) break;
    }
    return target;
  }

  private inside(column: number, value: number): number {
    const direction = this.problem.directions?.[column] ?? 0;
    return direction > 0 ? Math.max(value, 0) : direction < 0 ? Math.min(value, 0) : value;
  }

  private descend(at: Float64Array, target: Float64Array, loss: number): { at: Float64Array; loss: number } | undefined {
    for (let share = 1; share > 1e-4; share /= 2) {
      const candidate = at.map((b, i) => b + share * (target[i]! - b));
      const reached = this.loss(candidate);
      if (reached < loss) return { at: candidate, loss: reached };
    }
    return undefined;
  }
}

/**
 * The coefficients of a scorecard: penalised maximum likelihood, signs kept where declared. The problem is convex, so
 * the answer does not depend on a seed.
 */
export function fitScorecard(problem: LogisticProblem): DenseLayer {
  const { width } = problem;
  const solution = new Logistic(problem).solve();
  return { weights: Float32Array.from(solution.subarray(0, width)), bias: Float32Array.of(solution[width]!), inputs: width, units: 1 };
}
