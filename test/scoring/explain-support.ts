import type { FeatureSchema, ReferenceSet, Scorer } from '../../src/scoring/index.js';

type Point = readonly number[];

export interface Analytic {
  readonly width: number;
  readonly logit: (x: Point) => number;
  readonly gradient?: (x: Point) => number[];
}

/** A scorer of a function written down: answers are then known without a model file. */
export function analyticScorer({ width, logit, gradient }: Analytic): Scorer {
  return {
    width,
    hasGradient: gradient !== undefined,
    runtime: 'analytic',
    run: (matrix, rows, options) => {
      const points = Array.from({ length: rows }, (_, row) => [...matrix.subarray(row * width, (row + 1) * width)]);
      const logits = Float32Array.from(points, logit);
      const wanted = gradient !== undefined && options?.gradient !== false;
      return Promise.resolve({
        probability: logits.map((z) => 1 / (1 + Math.exp(-z))),
        logit: logits,
        gradient: wanted ? Float32Array.from(points.flatMap(gradient)) : undefined,
      });
    },
    dispose: () => Promise.resolve(),
  };
}

/** Reference rows as given; the baseline is the scorer's. */
export async function referenceOf(scorer: Scorer, schema: FeatureSchema, matrix: Float32Array): Promise<ReferenceSet> {
  const size = matrix.length / scorer.width;
  const { logit } = await scorer.run(matrix, size, { gradient: false });
  const typical = schema.features.map(() => ({ kind: 'none' as const }));
  return { json: { version: 1, width: scorer.width, size, baselineLogit: logit.reduce((sum, z) => sum + z, 0) / size, vectors: '', typical }, matrix };
}

/** Columns of each feature. */
const columnsByFeature = ({ features, width }: FeatureSchema): number[][] =>
  features.map(({ offset }, i) => Array.from({ length: (features[i + 1]?.offset ?? width) - offset }, (_, c) => offset + c));

/** Values of all 2^d coalitions: features in the coalition from the row, the others from each reference row in turn. */
async function coalitionValues(scorer: Scorer, schema: FeatureSchema, reference: ReferenceSet, row: Float32Array): Promise<Float64Array> {
  const columns = columnsByFeature(schema);
  const { size } = reference.json;
  const values = new Float64Array(2 ** columns.length);
  for (let coalition = 0; coalition < values.length; coalition++) {
    const states = reference.matrix.slice();
    for (const c of columns.flatMap((each, f) => ((coalition >> f) & 1 ? each : []))) for (let m = 0; m < size; m++) states[m * scorer.width + c] = row[c]!;
    const { logit } = await scorer.run(states, size, { gradient: false });
    values[coalition] = logit.reduce((sum, z) => sum + z, 0) / size;
  }
  return values;
}

const factorial = (n: number): number => (n < 2 ? 1 : n * factorial(n - 1));

/** Shapley values by their definition (Shapley 1953). */
export async function exactShapley(scorer: Scorer, schema: FeatureSchema, reference: ReferenceSet, row: Float32Array): Promise<number[]> {
  const values = await coalitionValues(scorer, schema, reference, row);
  const d = schema.features.length;
  return schema.features.map((_, f) => {
    let sum = 0;
    for (let coalition = 0; coalition < values.length; coalition++) {
      if ((coalition >> f) & 1) continue;
      const s = coalition.toString(2).replaceAll('0', '').length;
      sum += ((factorial(s) * factorial(d - s - 1)) / factorial(d)) * (values[coalition | (1 << f)]! - values[coalition]!);
    }
    return sum;
  });
}
