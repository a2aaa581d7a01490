import type { Scorer } from '../onnx/scorer.js';
import { Random } from '../random.js';
import type { ReferenceSet } from './reference.js';
import { remembered } from './remembered.js';

const PROBES = 48;
/** Probe points lie near and far, so that no bend of a network can hide between them. */
const SCALES = [0.3, 1, 3, 10];
/** float32 arithmetic of the graph, as a share of the sum of magnitudes. */
const ROUNDING = 1e-5;
/** Without a gradient the weights are found by one run for each column; wider models are taken for not linear. */
const MOST_COLUMNS = 1_024;

/** A row of zeros, then random rows. */
function probePoints(width: number): Float32Array {
  const random = new Random(1);
  return Float32Array.from({ length: PROBES * width }, (_, i) => (i < width ? 0 : random.normal() * SCALES[Math.floor(i / width) % SCALES.length]!));
}

/** Differences between the unit points ±1 of each column. */
async function slopes(scorer: Scorer): Promise<Float64Array> {
  const { width } = scorer;
  const weights = new Float64Array(width);
  for (let column = 0; column < width; column++) {
    const points = new Float32Array(2 * width);
    points[column] = 1;
    points[width + column] = -1;
    const { logit } = await scorer.run(points, 2, { gradient: false });
    weights[column] = (logit[0]! - logit[1]!) / 2;
  }
  return weights;
}

/** Whether logit = intercept + weights · x at every probe. */
function holds(weights: Float64Array, points: Float32Array, logits: Float32Array): boolean {
  const { length: width } = weights;
  return logits.every((logit, p) => {
    let [sum, magnitude] = [logits[0]!, 1 + Math.abs(logits[0]!)];
    for (let c = 0; c < width; c++) {
      const term = weights[c]! * points[p * width + c]!;
      sum += term;
      magnitude += Math.abs(term);
    }
    return Math.abs(logit - sum) <= ROUNDING * magnitude;
  });
}

async function probe(scorer: Scorer): Promise<Float64Array | undefined> {
  const { width } = scorer;
  const points = probePoints(width);
  const { logit, gradient } = await scorer.run(points, PROBES);
  if (gradient === undefined && width > MOST_COLUMNS) return undefined;
  const weights = gradient === undefined ? await slopes(scorer) : Float64Array.from(gradient.subarray(0, width));
  return holds(weights, points, logit) ? weights : undefined;
}

/** The weights of a graph whose log-odds are linear in its inputs, with or without a gradient output; found by probing, once for each scorer. */
export const linearWeights = remembered(probe);

/** weight × (value − mean reference value), per column, for each row: Shapley values and integrated gradients of a linear model alike. */
export function linearAttributions(weights: Float64Array, { json: { size }, matrix }: ReferenceSet, vectors: Float32Array, rows: number): Float64Array[] {
  const { length: width } = weights;
  const means = new Float64Array(width);
  matrix.forEach((x, i) => (means[i % width]! += x / size));
  return Array.from({ length: rows }, (_, row) => weights.map((weight, c) => weight * (vectors[row * width + c]! - means[c]!)));
}
