import type { Calibration, Convolution, DenseLayer, Member, TrainedModel } from '../../src/scoring/index.js';

type Model = Pick<TrainedModel, 'members' | 'calibration'>;

const dense = (x: readonly number[], { weights, bias, units }: DenseLayer): number[] =>
  Array.from({ length: units }, (_, u) => x.reduce((sum, value, i) => sum + value * weights[i * units + u]!, bias[u]!));

const relu = (x: readonly number[]): number[] => x.map((value) => Math.max(value, 0));

/** The convolution as its definition says: window by window, period by period, channel by channel. */
function convolve(row: readonly number[], { columns, staticColumns, window, filters, weights, bias }: Convolution): number[] {
  const seen: number[] = [];
  for (let w = 0; w + window <= columns.length; w++) {
    const inputs = columns.slice(w, w + window).flat().map((column) => row[column]!);
    seen.push(...relu(dense(inputs, { weights, bias, inputs: inputs.length, units: filters })));
  }
  return [...seen, ...staticColumns.map((column) => row[column]!)];
}

function memberLogit({ convolution, layers }: Member, row: readonly number[]): number {
  const begin = convolution ? convolve(row, convolution) : row;
  return layers.reduce<readonly number[]>((x, layer, i) => (i + 1 < layers.length ? relu(dense(x, layer)) : dense(x, layer)), begin)[0]!;
}

export function calibrate(z: number, calibration: Calibration): number {
  if (calibration.kind === 'platt') return calibration.slope * z + calibration.intercept;
  const { knots, values } = calibration;
  const above = knots.findIndex((knot) => knot > z);
  if (above === 0) return values[0]! + z - knots[0]!;
  if (above < 0) return values.at(-1)! + z - knots.at(-1)!;
  const share = (z - knots[above - 1]!) / (knots[above]! - knots[above - 1]!);
  return values[above - 1]! + share * (values[above]! - values[above - 1]!);
}

/** Calibrated log-odds of one row, in plain double arithmetic. */
export function referenceLogit({ members, calibration }: Model, row: ArrayLike<number>): number {
  const values = Array.from(row);
  return calibrate(members.reduce((sum, member) => sum + memberLogit(member, values), 0) / members.length, calibration);
}

/**
 * d logit / d row by central differences; undefined where a kink lies within a step, which shows as one-sided slopes that differ.
 */
export function differences(f: (row: Float64Array) => number, row: ArrayLike<number>, step = 1e-5): (number | undefined)[] {
  const at = f(Float64Array.from(row));
  return Array.from(row, (_, c) => {
    const moved = (by: number): number => f(Float64Array.from(row, (x, i) => (i === c ? x + by : x)));
    const [up, down] = [(moved(step) - at) / step, (at - moved(-step)) / step];
    return Math.abs(up - down) > 1e-3 * Math.max(1, Math.abs(up)) ? undefined : (up + down) / 2;
  });
}
