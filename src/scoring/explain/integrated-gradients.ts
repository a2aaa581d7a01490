import type { Scorer, ScorerOutput } from '../onnx/scorer.js';
import { isAbove, RESIDUAL_BAR } from './explanation.js';
import type { ReferenceSet } from './reference.js';
import { referenceOutput } from './reference-output.js';

/** Steps along each path from a reference applicant before any refinement. See docs/scoring.md for the measured residual. */
export const PATH_STEPS = 8;

/** Refinement ends here, whatever is left; the residual then says so. */
export const MAX_PATH_STEPS = 128;

/** Path points per run: large enough to keep the runtime busy, small enough for the processor's cache. */
const POINTS_PER_RUN = 2_048;

/** One pass over the paths: `steps` equally spaced points, the first one `phase` (0…1) of a step behind the start. */
interface Pass {
  readonly steps: number;
  readonly phase: (m: number) => number;
}

/** Points shifted from one reference row to the next, so that the rows together sample the path finely. */
const firstPass = (steps: number, size: number): Pass => ({ steps, phase: (m) => (m + 0.5) / size });

/** The points halfway between those of a pass; together they are one pass of twice the steps. */
const between = ({ steps, phase }: Pass): Pass => ({ steps, phase: (m) => (phase(m) + 0.5) % 1 });
const doubled = ({ steps, phase }: Pass): Pass => ({ steps: 2 * steps, phase: (m) => (2 * phase(m)) % 1 });

class PathIntegral {
  constructor(
    private readonly scorer: Scorer,
    private readonly reference: ReferenceSet,
    private readonly vectors: Float32Array,
    /** Gradients at both ends of the paths. */
    private readonly applicants: Float32Array,
    private readonly references: Float32Array,
  ) {}

  /**
   * What the phase of a pass adds, by the change of the gradient from end to end (the first term of Euler–Maclaurin).
   * Midpoints would need no correction, but all rows would then be blind at the same places.
   */
  correction(row: number, { steps, phase }: Pass): Float64Array {
    const { width } = this.scorer;
    const { matrix, json } = this.reference;
    const sum = new Float64Array(width);
    for (let m = 0; m < json.size; m++) {
      const share = (phase(m) - 0.5) / (steps * json.size);
      for (let c = 0; c < width; c++) {
        const [x, origin] = [row * width + c, m * width + c];
        sum[c]! += share * (this.vectors[x]! - matrix[origin]!) * (this.applicants[x]! - this.references[origin]!);
      }
    }
    return sum;
  }

  /** Attributions per column for some rows; their paths, one for each reference row, in as few runs as fit. */
  async attributions(rows: readonly number[], pass: Pass): Promise<Float64Array[]> {
    const { width } = this.scorer;
    const { size } = this.reference.json;
    const sums = rows.map(() => new Float64Array(width));
    const total = rows.length * size;
    const perRun = Math.max(1, Math.floor(POINTS_PER_RUN / pass.steps));
    const buffer = new Float32Array(Math.min(total, perRun) * pass.steps * width);
    for (let from = 0; from < total; from += perRun) {
      const paths = Array.from({ length: Math.min(perRun, total - from) }, (_, i) => ({ index: Math.floor((from + i) / size), m: (from + i) % size }));
      const matrix = buffer.subarray(0, paths.length * pass.steps * width);
      paths.forEach(({ index, m }, i) => this.place(rows[index]!, m, pass, matrix, i * pass.steps * width));
      const { gradient } = await this.scorer.run(matrix, paths.length * pass.steps);
      paths.forEach(({ index, m }, i) => this.add(rows[index]!, m, pass, gradient!.subarray(i * pass.steps * width), sums[index]!));
    }
    return sums;
  }

  private place(row: number, m: number, { steps, phase }: Pass, matrix: Float32Array, at: number): void {
    const { width } = this.scorer;
    const [x, start] = [row * width, m * width];
    const { matrix: reference } = this.reference;
    for (let k = 0; k < steps; k++) {
      const alpha = (k + phase(m)) / steps;
      for (let c = 0; c < width; c++) {
        const origin = reference[start + c]!;
        matrix[at + k * width + c] = origin + alpha * (this.vectors[x + c]! - origin);
      }
    }
  }

  private add(row: number, m: number, { steps }: Pass, gradient: Float32Array, sum: Float64Array): void {
    const { width } = this.scorer;
    const [x, start] = [row * width, m * width];
    const points = steps * this.reference.json.size;
    for (let c = 0; c < width; c++) {
      let slope = 0;
      for (let k = 0; k < steps; k++) slope += gradient[k * width + c]!;
      sum[c]! += ((this.vectors[x + c]! - this.reference.matrix[start + c]!) * slope) / points;
    }
  }
}

export interface IntegrationOptions {
  /** Steps of the first pass; default PATH_STEPS. */
  readonly steps?: number;
  /** Most steps that refinement may reach; default MAX_PATH_STEPS. */
  readonly maxSteps?: number;
}

/**
 * Expected integrated gradients (Erion et al. 2021): the mean over reference applicants of integrated gradients
 * (Sundararajan et al. 2017) along the straight line to the applicant. Rows whose residual is above RESIDUAL_BAR get
 * the points between those they had, again and again; whether a row does depends on nothing but the row.
 * @param applicants what the model says of the rows, gradients included
 * @returns attributions per column, one array for each row
 */
export async function integratedGradients(
  scorer: Scorer,
  reference: ReferenceSet,
  vectors: Float32Array,
  applicants: ScorerOutput,
  { steps = PATH_STEPS, maxSteps = MAX_PATH_STEPS }: IntegrationOptions = {},
): Promise<Float64Array[]> {
  const { gradient } = await referenceOutput(scorer, reference);
  const integral = new PathIntegral(scorer, reference, vectors, applicants.gradient!, gradient!);
  const corrected = (columns: Float64Array, row: number, pass: Pass): Float64Array => {
    const correction = integral.correction(row, pass);
    return columns.map((x, c) => x - correction[c]!);
  };
  const isOpen = (columns: Float64Array, row: number): boolean => {
    const difference = applicants.logit[row]! - reference.json.baselineLogit;
    return isAbove(RESIDUAL_BAR, difference - columns.reduce((sum, x) => sum + x, 0), difference);
  };
  let pass = firstPass(steps, reference.json.size);
  const sums = await integral.attributions(Array.from(applicants.logit.keys()), pass);
  const result = sums.map((columns, row) => corrected(columns, row, pass));
  for (;;) {
    const open = result.flatMap((columns, row) => (isOpen(columns, row) ? row : []));
    if (open.length === 0 || 2 * pass.steps > maxSteps) return result;
    const added = await integral.attributions(open, between(pass));
    pass = doubled(pass);
    for (const [i, row] of open.entries()) {
      sums[row] = sums[row]!.map((x, c) => (x + added[i]![c]!) / 2);
      result[row] = corrected(sums[row]!, row, pass);
    }
  }
}
