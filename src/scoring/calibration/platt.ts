import { sigmoid, softplus } from '../numbers.js';
import type { Platt } from './types.js';

type Line = Pick<Platt, 'slope' | 'intercept'>;

interface Step {
  readonly loss: number;
  readonly gradient: readonly [number, number];
  readonly hessian: readonly [number, number, number];
}

function evaluateAt(logits: ArrayLike<number>, targets: readonly [number, number], labels: ArrayLike<number>, { slope, intercept }: Line): Step {
  let loss = 0;
  let [ga, gb, haa, hab, hbb] = [0, 0, 0, 0, 0];
  for (let i = 0; i < logits.length; i++) {
    const x = logits[i]!;
    const z = slope * x + intercept;
    const target = targets[labels[i] === 1 ? 1 : 0];
    const p = sigmoid(z);
    const weight = p * (1 - p);
    loss += softplus(z) - target * z;
    ga += (p - target) * x;
    gb += p - target;
    haa += weight * x * x;
    hab += weight * x;
    hbb += weight;
  }
  return { loss, gradient: [ga, gb], hessian: [haa + 1e-9, hab, hbb + 1e-9] };
}

const LEAST_SLOPE = 1e-3;

/**
 * Platt scaling: the slope and intercept that make logits into calibrated log-odds, by Newton's method with halving steps.
 * Targets are shrunk as Platt (1999) does, (n₁ + 1)/(n₁ + 2) and 1/(n₀ + 2), so that separable data stay finite.
 * The slope is kept positive: calibration never reverses the order of applicants.
 */
export function fitPlatt(logits: ArrayLike<number>, labels: ArrayLike<number>): Platt {
  let bad = 0;
  for (let i = 0; i < labels.length; i++) bad += labels[i]!;
  const targets = [1 / (labels.length - bad + 2), (bad + 1) / (bad + 2)] as const;
  let at: Line = { slope: 1, intercept: 0 };
  let step = evaluateAt(logits, targets, labels, at);
  for (let iteration = 0; iteration < 100; iteration++) {
    const next = descend(at, step, (candidate) => evaluateAt(logits, targets, labels, candidate));
    if (next === undefined) break;
    const gain = step.loss - next.step.loss;
    ({ at, step } = next);
    if (gain < 1e-10 * Math.max(1, step.loss)) break;
  }
  return { kind: 'platt', ...at };
}

function descend(at: Line, { loss, gradient, hessian }: Step, evaluate: (candidate: Line) => Step): { at: Line; step: Step } | undefined {
  const [ga, gb] = gradient;
  const [haa, hab, hbb] = hessian;
  const determinant = haa * hbb - hab * hab;
  const da = (hbb * ga - hab * gb) / determinant;
  const db = (haa * gb - hab * ga) / determinant;
  for (let share = 1; share > 1e-6; share /= 2) {
    const candidate = { slope: Math.max(at.slope - share * da, LEAST_SLOPE), intercept: at.intercept - share * db };
    const step = evaluate(candidate);
    if (step.loss < loss) return { at: candidate, step };
  }
  return undefined;
}
