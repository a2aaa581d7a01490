import { compactInputs, type BodyParts, type RecordedExplanation, type RecordedOutputs, type RecordedSimulation } from '../record/body.js';
import { HOST } from '../replay/fingerprint.js';
import type { Challenge, Outcome, Prepared, Problem, Score, ScoredItem } from './item.js';

/** What is recorded of an act of scoring. */
export function bodyOf({ item, inputs, unscored, version, simulated }: Prepared, score: ScoredItem | undefined, problem: Problem | undefined): BodyParts {
  return {
    inputs: compactInputs(unscored ?? inputs),
    outputs: score ? outputsOf(score, item.changes === undefined) : null,
    explanation: score ? explanationOf(score) : null,
    reasons: score?.reasons ?? [],
    ...(simulated && score?.simulated && { simulation: simulationOf(item.servedPurpose, simulated, score.simulated) }),
    problem: problem ? { code: problem.code, message: problem.message } : null,
    roles: item.ctx.actor.roles,
    runtime: score ? version!.scorer.runtime : null,
    ...(score && { host: HOST }),
  };
}

/** Of a challenger: what its policy would decide, and no explanation: that is computed from the record when it is read. */
export function challengeBodyOf({ item }: Prepared, { inputs, unscored, version }: Challenge, outcome: Outcome | undefined, problem: Problem | undefined): BodyParts {
  return {
    inputs: compactInputs(unscored ?? inputs),
    outputs: outcome ? outputsOf(outcome) : null,
    explanation: null,
    reasons: [],
    problem: problem ? { code: problem.code, message: problem.message } : null,
    roles: item.ctx.actor.roles,
    runtime: outcome ? version!.scorer.runtime : null,
    ...(outcome && { host: HOST }),
  };
}

function outputsOf({ pd, logit, points, grade, decision, cause, novelty }: Outcome, decides = true): RecordedOutputs {
  return { pd, logit, points, grade, ...(decides ? { decision, cause } : { decision: null, cause: null }), ...(novelty && { novelty }) };
}

/** An explanation as it is recorded. */
export function explanationOf({ explanation: { method, baselineLogit, logit, residual, attributions, standardErrors } }: Score): RecordedExplanation {
  return { method, baselineLogit, logit, residual, attributions, ...(standardErrors && { standardErrors }) };
}

function simulationOf(purpose: string, { baseline, steps }: NonNullable<Prepared['simulated']>, scores: NonNullable<ScoredItem['simulated']>): RecordedSimulation {
  return {
    purpose,
    baseline: {
      inputs: compactInputs(baseline.inputs),
      outputs: outputsOf(scores.baseline),
      explanation: explanationOf(scores.baseline),
      reasons: scores.baseline.reasons,
    },
    steps: steps.map(({ change, moved, inputs }, index) => ({
      ...change,
      moved: moved.map((at) => [at, inputs[at]!.value] as const),
      outputs: outputsOf(scores.steps[index]!),
    })),
  };
}
