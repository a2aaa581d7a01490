import { partialDependence, type PartialDependence } from '../explain/dependence.js';
import { explainerFor } from '../explain/explain.js';
import type { Explanation, ExplanationMethod } from '../explain/explanation.js';
import { globalImportance, type FeatureImportance } from '../explain/importance.js';
import type { ReferenceSet } from '../explain/reference.js';
import type { RawRows } from '../features/fit.js';
import type { FeatureSchema } from '../features/schema.js';
import type { Scorer } from '../runtime/contract.js';
import { Random } from '../random.js';

/** What a version looks at, over a sample of the rows it was measured on. */
export interface Insight {
  readonly importance: {
    readonly method: ExplanationMethod;
    readonly rows: number;
    /** Of the sampled explanations: 95 % have a smaller residual, in log-odds. */
    readonly residual95: number;
    readonly features: readonly FeatureImportance[];
  };
  readonly partialDependence: readonly PartialDependence[];
  /** The explanation of the riskiest row of the sample; no value of anyone stands in it. */
  readonly example: Pick<Explanation, 'baselineLogit' | 'logit'> & { readonly attributions: readonly { readonly feature: string; readonly label: string; readonly contribution: number }[] };
}

/** Sampled methods cost a thousand times the closed form; fewer rows tell as much. */
const EXPLAINED: Readonly<Record<ExplanationMethod, number>> = { linear: 500, 'expected-integrated-gradients': 500, 'permutation-shapley': 100 };

function sampleOf(rows: Float32Array, width: number, size: number, seed: number): Float32Array {
  const count = rows.length / width;
  const chosen = new Random(seed).shuffle(Uint32Array.from({ length: count }, (_, i) => i)).slice(0, size).sort();
  const sample = new Float32Array(chosen.length * width);
  chosen.forEach((row, i) => sample.set(rows.subarray(row * width, (row + 1) * width), i * width));
  return sample;
}

function exampleOf(explanations: readonly Explanation[], schema: FeatureSchema): Insight['example'] {
  const riskiest = explanations.reduce((most, each) => (each.logit > most.logit ? each : most));
  const attributions = schema.features.map(({ spec: { name, label } }, i) => ({ feature: name, label, contribution: riskiest.attributions[i]! }));
  return { baselineLogit: riskiest.baselineLogit, logit: riskiest.logit, attributions };
}

/**
 * Global importance and partial dependence over a seeded sample.
 * @param rows row-major model inputs of `raw`
 */
export async function insightOf(scorer: Scorer, schema: FeatureSchema, reference: ReferenceSet, raw: RawRows, rows: Float32Array, seed: number): Promise<Insight> {
  const { method, explain } = await explainerFor(scorer, schema, reference);
  const sample = sampleOf(rows, schema.width, EXPLAINED[method], seed);
  const count = sample.length / schema.width;
  const explanations = await explain(sample, count);
  const residuals = explanations.map(({ residual }) => Math.abs(residual)).sort((a, b) => a - b);
  return {
    importance: { method, rows: count, residual95: residuals[Math.floor(0.95 * (count - 1))]!, features: globalImportance(explanations, schema) },
    partialDependence: await partialDependence(scorer, schema, raw, { seed }),
    example: exampleOf(explanations, schema),
  };
}
