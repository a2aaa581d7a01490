import { badInput } from '../../base/index.js';
import type { FeatureSchema } from '../features/schema.js';
import type { Scorer } from '../onnx/scorer.js';
import { folded, isAbove, toExplanation, type Explanation, type ExplanationMethod } from './explanation.js';
import { integratedGradients, type IntegrationOptions } from './integrated-gradients.js';
import { linearAttributions, linearWeights } from './linear.js';
import type { ReferenceSet } from './reference.js';
import { permutationShapley } from './shapley.js';

/** Explains rows of one model version. */
export interface Explainer {
  readonly method: ExplanationMethod;
  /** @param vectors row-major encoded applicants, rows × width */
  explain(vectors: Float32Array, rows: number): Promise<Explanation[]>;
}

export interface ExplainOptions extends IntegrationOptions {
  /** Instead of the method that suits the graph. */
  readonly method?: Exclude<ExplanationMethod, 'linear'>;
}

type Parts = readonly [scorer: Scorer, schema: FeatureSchema, reference: ReferenceSet];

const logitsOf = async (scorer: Scorer, vectors: Float32Array, rows: number): Promise<Float32Array> => (await scorer.run(vectors, rows, { gradient: false })).logit;

const byGradients = ([scorer, schema, reference]: Parts, options: ExplainOptions): Explainer => ({
  method: 'expected-integrated-gradients',
  async explain(vectors, rows) {
    const applicants = await scorer.run(vectors, rows);
    const columns = await integratedGradients(scorer, reference, vectors, applicants, options);
    return columns.map((each, row) => toExplanation(reference, { method: 'expected-integrated-gradients', logit: applicants.logit[row]!, attributions: folded(schema, each) }));
  },
});

const bySampling = ([scorer, schema, reference]: Parts): Explainer => ({
  method: 'permutation-shapley',
  async explain(vectors, rows) {
    const logits = await logitsOf(scorer, vectors, rows);
    const values = await permutationShapley(scorer, schema, reference, vectors, logits);
    return values.map((each, row) => toExplanation(reference, { method: 'permutation-shapley', logit: logits[row]!, ...each }));
  },
});

/** A linear model leaves rounding only; a row with more shows a bend that the probes did not meet. */
const LINEAR_BAR = 1e-3;

const inClosedForm = ([scorer, schema, reference]: Parts, weights: Float64Array, otherwise: Explainer): Explainer => ({
  method: 'linear',
  async explain(vectors, rows) {
    const logits = await logitsOf(scorer, vectors, rows);
    const columns = linearAttributions(weights, reference, vectors, rows);
    const explanations = columns.map((each, row) => toExplanation(reference, { method: 'linear', logit: logits[row]!, attributions: folded(schema, each) }));
    return Promise.all(
      explanations.map(async (each, row) =>
        isAbove(LINEAR_BAR, each.residual, each.logit - each.baselineLogit) ? (await otherwise.explain(vectors.subarray(row * scorer.width, (row + 1) * scorer.width), 1))[0]! : each,
      ),
    );
  },
});

/**
 * The method that suits a graph: the closed form where its log-odds are linear, expected integrated gradients where it
 * has a gradient output, else permutation Shapley.
 * @throws BAD_INPUT when integrated gradients are asked for and the graph has no gradient output
 */
export async function explainerFor(scorer: Scorer, schema: FeatureSchema, reference: ReferenceSet, options: ExplainOptions = {}): Promise<Explainer> {
  const parts: Parts = [scorer, schema, reference];
  const { method = scorer.hasGradient ? 'expected-integrated-gradients' : 'permutation-shapley' } = options;
  if (method === 'expected-integrated-gradients' && !scorer.hasGradient) throw badInput('The model has no "gradient" output, so integrated gradients cannot explain it; export the gradient, or choose permutation-shapley.');
  const general = method === 'permutation-shapley' ? bySampling(parts) : byGradients(parts, options);
  if (options.method !== undefined) return general;
  const weights = await linearWeights(scorer);
  return weights === undefined ? general : inClosedForm(parts, weights, general);
}

/**
 * Explains rows of one version. Attributions + residual = logit − baselineLogit. A row gets the same explanation alone and in any batch.
 * @param vectors row-major encoded applicants, rows × width
 */
export async function explain(scorer: Scorer, schema: FeatureSchema, reference: ReferenceSet, vectors: Float32Array, rows: number, options: ExplainOptions = {}): Promise<Explanation[]> {
  const explainer = await explainerFor(scorer, schema, reference, options);
  return explainer.explain(vectors, rows);
}
