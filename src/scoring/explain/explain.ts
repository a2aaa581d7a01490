import { badInput } from '../../platform/index.js';
import { columnsOf, type FeatureSchema } from '../features/schema.js';
import type { Scorer } from '../onnx/scorer.js';
import type { ReferenceSet } from './reference.js';

export interface Explanation {
  readonly method: 'expected-integrated-gradients';
  /** Mean log-odds of the reference set. */
  readonly baselineLogit: number;
  /** Log-odds of this applicant. */
  readonly logit: number;
  /** What numerical integration left over: logit − baselineLogit − Σ attributions. */
  readonly residual: number;
  /** Log-odds per feature in schema order; positive pushes toward default. All numbers here are whole multiples of 1e-7. */
  readonly attributions: readonly number[];
}

/** Steps along each path from a reference applicant. See docs/scoring.md for the measured residual. */
export const PATH_STEPS = 8;

/** Path points per run: large enough to keep the runtime busy, small enough for the processor's cache. */
const POINTS_PER_RUN = 2_048;

/** Decimal places kept; sums of the recorded numbers are then exact in decimal arithmetic. */
const UNITS = 1e7;

const inUnits = (x: number): number => Math.round(x * UNITS);

/** Position of step k on the path from reference row m: midpoints, shifted per row so that the rows together sample the path finely. */
const position = (m: number, rows: number, k: number, steps: number): number => (k + (m + 0.5) / rows) / steps;

class PathIntegral {
  private readonly points: number;

  constructor(
    private readonly scorer: Scorer,
    private readonly reference: ReferenceSet,
    private readonly steps: number,
  ) {
    this.points = reference.json.size * steps;
  }

  /** Attributions per column for some rows; all their paths in as few runs as fit. */
  async attributions(vectors: Float32Array, rows: number): Promise<Float64Array[]> {
    const { width } = this.scorer;
    const sums = Array.from({ length: rows }, () => new Float64Array(width));
    const total = rows * this.points;
    const buffer = new Float32Array(Math.min(total, POINTS_PER_RUN) * width);
    for (let from = 0; from < total; from += POINTS_PER_RUN) {
      const to = Math.min(from + POINTS_PER_RUN, total);
      const matrix = buffer.subarray(0, (to - from) * width);
      for (let point = from; point < to; point++) this.place(vectors, point, matrix, (point - from) * width);
      const { gradient } = await this.scorer.run(matrix, to - from);
      for (let point = from; point < to; point++) this.add(vectors, point, gradient!, (point - from) * width, sums);
    }
    return sums;
  }

  private split(point: number): { row: number; m: number; alpha: number } {
    const { size } = this.reference.json;
    const within = point % this.points;
    const m = Math.floor(within / this.steps);
    return { row: Math.floor(point / this.points), m, alpha: position(m, size, within % this.steps, this.steps) };
  }

  private place(vectors: Float32Array, point: number, matrix: Float32Array, at: number): void {
    const { width } = this.scorer;
    const { row, m, alpha } = this.split(point);
    const { matrix: reference } = this.reference;
    for (let c = 0; c < width; c++) {
      const start = reference[m * width + c]!;
      matrix[at + c] = start + alpha * (vectors[row * width + c]! - start);
    }
  }

  private add(vectors: Float32Array, point: number, gradient: Float32Array, at: number, sums: Float64Array[]): void {
    const { width } = this.scorer;
    const { row, m } = this.split(point);
    const { matrix: reference } = this.reference;
    const sum = sums[row]!;
    for (let c = 0; c < width; c++) sum[c]! += ((vectors[row * width + c]! - reference[m * width + c]!) * gradient[at + c]!) / this.points;
  }
}

/** Folds columns back to the features a person knows, in units of 1e-7. */
function folded(schema: FeatureSchema, columns: Float64Array): number[] {
  return schema.features.map((feature) => inUnits(columns.subarray(feature.offset, feature.offset + columnsOf(feature)).reduce((sum, x) => sum + x, 0)));
}

function toExplanation(units: readonly number[], baseline: number, logit: number): Explanation {
  const [baselineUnits, logitUnits] = [inUnits(baseline), inUnits(logit)];
  const residual = logitUnits - baselineUnits - units.reduce((sum, x) => sum + x, 0);
  return {
    method: 'expected-integrated-gradients',
    baselineLogit: baselineUnits / UNITS,
    logit: logitUnits / UNITS,
    residual: residual / UNITS,
    // No negative zero: these numbers go to JSON and back.
    attributions: units.map((x) => x / UNITS + 0),
  };
}

export interface ExplainOptions {
  /** Steps along each path; default PATH_STEPS. More steps, smaller residual. */
  readonly steps?: number;
}

/**
 * Expected integrated gradients (Erion et al. 2021): the mean over reference applicants of integrated gradients
 * (Sundararajan et al. 2017) along the straight line to this applicant. Attributions + residual = logit − baselineLogit.
 * @param vectors row-major encoded applicants, rows × width
 * @throws BAD_INPUT when the graph has no gradient output
 */
export async function explain(
  scorer: Scorer,
  schema: FeatureSchema,
  reference: ReferenceSet,
  vectors: Float32Array,
  rows: number,
  { steps = PATH_STEPS }: ExplainOptions = {},
): Promise<Explanation[]> {
  if (!scorer.hasGradient) throw badInput('The model has no "gradient" output, so integrated gradients cannot explain it; export the gradient, or use a model that has one.');
  const { logit } = await scorer.run(vectors, rows, { gradient: false });
  const sums = await new PathIntegral(scorer, reference, steps).attributions(vectors, rows);
  return sums.map((columns, row) => toExplanation(folded(schema, columns), reference.json.baselineLogit, logit[row]!));
}
