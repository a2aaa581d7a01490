import { decide, explain, gradeOf, noveltyOf, reasonsOf, scorePoints, type ApplicantFlag, type EncodedInput } from '../../scoring/index.js';
import type { LoadedVersion } from '../../models/index.js';
import type { SimulatedStates } from '../simulation/states.js';
import type { Outcome, Score, SimulatedScores } from './item.js';

type Inputs = readonly EncodedInput[];

/** What scoring needs of a version, be it registered or not. */
type ScoringParts = Pick<LoadedVersion, 'scorer' | 'schema' | 'reference' | 'policy'>;

function matrixOf(vectors: readonly Float32Array[], width: number): Float32Array {
  const matrix = new Float32Array(vectors.length * width);
  vectors.forEach((vector, row) => matrix.set(vector, row * width));
  return matrix;
}

/** Predicts and decides for rows of one version in one run of the graph, without explaining. */
export async function predictVectors({ scorer, schema, policy }: ScoringParts, vectors: readonly Float32Array[], inputs: readonly Inputs[]): Promise<Outcome[]> {
  const { probability, logit } = await scorer.run(matrixOf(vectors, schema.width), vectors.length, { gradient: false });
  return vectors.map((vector, row) => {
    const pd = probability[row]!;
    const novelty = noveltyOf(schema, vector);
    const flags: ApplicantFlag[] = [...inputs[row]!.flatMap((input) => input.flags), ...(novelty?.novel ? (['NOVEL'] as const) : [])];
    return { pd, logit: logit[row]!, points: scorePoints(pd), grade: gradeOf(pd, policy), ...decide(pd, flags, policy), novelty };
  });
}

/**
 * Predicts, explains and decides for rows of one version. One run of the graph for all of them, then one pass of
 * explanations.
 * @param vectors encoded inputs, each `version.schema.width` long
 * @param inputs the same rows as a person knows them, for reasons and flags
 */
export async function scoreVectors(version: ScoringParts, vectors: readonly Float32Array[], inputs: readonly Inputs[]): Promise<Score[]> {
  const { scorer, schema, reference } = version;
  const outcomes = await predictVectors(version, vectors, inputs);
  const explanations = await explain(scorer, schema, reference, matrixOf(vectors, schema.width), vectors.length);
  return outcomes.map((outcome, row) => {
    const explanation = explanations[row]!;
    return Object.assign({ explanation, reasons: reasonsOf(explanation, schema, reference, inputs[row]!) }, outcome);
  });
}

/** Scores what what-ifs go through: each loan as it is recorded in full, the states after it without explanations. */
export async function scoreStates(version: ScoringParts, all: readonly SimulatedStates[]): Promise<SimulatedScores[]> {
  if (all.length === 0) return [];
  const steps = all.flatMap((one) => one.steps);
  const [baselines, outcomes] = await Promise.all([
    scoreVectors(version, all.map(({ baseline }) => baseline.vector), all.map(({ baseline }) => baseline.inputs)),
    predictVectors(version, steps.map(({ vector }) => vector), steps.map(({ inputs }) => inputs)),
  ]);
  let next = 0;
  return all.map((one, index) => ({ baseline: baselines[index]!, steps: outcomes.slice(next, (next += one.steps.length)) }));
}
