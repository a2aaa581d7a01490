import { decide, explain, gradeOf, reasonsOf, scorePoints, type EncodedInput } from '../../scoring/index.js';
import type { LoadedVersion } from '../../models/index.js';
import type { Score } from './item.js';

/**
 * Predicts, explains and decides for rows of one version. One run of the graph for all of them, then one pass of
 * explanations.
 * @param vectors encoded inputs, each `version.schema.width` long
 * @param inputs the same rows as a person knows them, for reasons and flags
 */
export async function scoreVectors(
  version: Pick<LoadedVersion, 'scorer' | 'schema' | 'reference' | 'policy'>,
  vectors: readonly Float32Array[],
  inputs: readonly (readonly EncodedInput[])[],
): Promise<Score[]> {
  const { scorer, schema, reference, policy } = version;
  const matrix = new Float32Array(vectors.length * schema.width);
  vectors.forEach((vector, row) => matrix.set(vector, row * schema.width));
  const { probability, logit } = await scorer.run(matrix, vectors.length, { gradient: false });
  const explanations = await explain(scorer, schema, reference, matrix, vectors.length);
  return vectors.map((_, row) => {
    const pd = probability[row]!;
    const { decision, cause } = decide(pd, inputs[row]!.flatMap(({ flags }) => flags), policy);
    const explanation = explanations[row]!;
    return {
      pd,
      logit: logit[row]!,
      points: scorePoints(pd),
      grade: gradeOf(pd, policy),
      decision,
      cause,
      explanation,
      reasons: reasonsOf(explanation, schema, reference, inputs[row]!),
    };
  });
}
