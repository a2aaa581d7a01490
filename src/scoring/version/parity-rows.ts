import { Random } from '../random.js';

const TRAINING_ROWS = 2_000;
const LEAST_ROWS = 1_000;
const EXTREME_ROWS = 200;

/** Lowest and highest value of each column. */
function rangesOf(rows: Float32Array, width: number): { low: Float32Array; high: Float32Array } {
  const low = rows.slice(0, width);
  const high = rows.slice(0, width);
  rows.forEach((x, i) => {
    const column = i % width;
    if (x < low[column]!) low[column] = x;
    if (x > high[column]!) high[column] = x;
  });
  return { low, high };
}

/** The columns that belong to one feature. */
export interface Span {
  readonly offset: number;
  readonly columns: number;
}

/**
 * The rows on which the compiled graph must agree with TensorFlow: made of a seeded sample of the training rows, each
 * feature shuffled among them by itself, so that no row is that of one applicant; then extreme ones, in which every column
 * has its lowest or its highest value (first all lowest, then all highest, then by chance). The sample is stored with the
 * version for good, and is to show what two graphs make of possible inputs, not who applied.
 * @param rows row-major training rows
 * @param features cover the width
 * @returns at least 1,000 rows, row-major
 */
export function parityRows(rows: Float32Array, width: number, features: readonly Span[], seed: number): Float32Array {
  const random = new Random(seed);
  const chosen = random.shuffle(Uint32Array.from({ length: rows.length / width }, (_, i) => i)).slice(0, TRAINING_ROWS);
  const count = Math.max(LEAST_ROWS, chosen.length + EXTREME_ROWS);
  const sample = new Float32Array(count * width);
  for (const { offset, columns } of features) {
    random.shuffle(chosen).forEach((row, i) => sample.set(rows.subarray(row * width + offset, row * width + offset + columns), i * width + offset));
  }
  const { low, high } = rangesOf(rows, width);
  for (let i = chosen.length; i < count; i++) {
    const extreme = i - chosen.length;
    const pick = (column: number): number => ((extreme < 2 ? extreme === 1 : random.uniform() < 0.5) ? high : low)[column]!;
    for (let column = 0; column < width; column++) sample[i * width + column] = pick(column);
  }
  return sample;
}
