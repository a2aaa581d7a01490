import type { Context, IdempotentRequest } from '../../platform/index.js';
import type { DecisionPurpose, LiveDeployment, LoadedVersion, ReferCause, Route } from '../../models/index.js';
import type { EncodedInput, RefusedInput, Explanation, Reason, Decision, DecisionCause, NoveltyFinding } from '../../scoring/index.js';
import type { Purpose } from '../record/row.js';
import type { LoanChange } from '../simulation/changes.js';
import type { SimulatedStates } from '../simulation/states.js';

/** As of when a loan's facts count: a time, or the time at which the loan itself was decided. */
export type AsOf = Date | 'decision';

/** One act of scoring that was asked for, its loan already found. */
export interface ScoringItem {
  readonly ctx: Context;
  readonly customerId: string;
  readonly loanId: string;
  /** What the prediction is recorded as. */
  readonly purpose: Purpose;
  /** The decision for which a model is chosen. */
  readonly servedPurpose: DecisionPurpose;
  readonly modelId: string | undefined;
  readonly asOf: AsOf;
  readonly request: IdempotentRequest | undefined;
  readonly jobId: string | undefined;
  /** Of a what-if: what is changed, in order. */
  readonly changes?: readonly LoanChange[];
}

/** What a version is given of an item. A problem ends the way, not the record. */
export interface Encoding {
  readonly version: LoadedVersion | undefined;
  readonly vector: Float32Array | undefined;
  readonly inputs: readonly EncodedInput[];
  /** What was read of an applicant whose inputs no score may be made from. */
  readonly unscored?: readonly RefusedInput[];
  readonly problem: Problem | undefined;
}

/** The same item as a challenger gets it. */
export interface Challenge extends Encoding {
  readonly live: LiveDeployment;
}

/** What is known of an item on its way through gather → route → encode. */
export interface Prepared extends Encoding {
  readonly item: ScoringItem;
  /** The time as of which the loan was looked at. */
  readonly asOf: Date;
  readonly route: Route | undefined;
  /** Who scores it without deciding. */
  readonly challenges: readonly Challenge[];
  /** Of a what-if; `vector` and `inputs` are its last state. */
  readonly simulated?: SimulatedStates;
}

export interface Problem {
  readonly status: 'REFUSED' | 'FAILED';
  readonly code: string;
  readonly message: string;
  /** What becomes of the loan all the same: a stopped model leaves it to a person. */
  readonly decision?: 'REFER';
}

/** What the model and the policy say of an input. */
export interface Outcome {
  readonly pd: number;
  readonly logit: number;
  readonly points: number;
  readonly grade: string;
  readonly decision: Decision;
  readonly cause: DecisionCause | ReferCause;
  /** How unlike the training rows the applicant is; undefined where the version does not know. */
  readonly novelty: NoveltyFinding | undefined;
}

/** An outcome with why it is so. */
export interface Score extends Outcome {
  readonly explanation: Explanation;
  readonly reasons: readonly Reason[];
}

/** What became of a what-if: of the loan as it is recorded, and of it after each change; the last is the score itself. */
export interface SimulatedScores {
  readonly baseline: Score;
  readonly steps: readonly Outcome[];
}

/** A score, with those before it where it ends a what-if. */
export interface ScoredItem extends Score {
  readonly simulated: SimulatedScores | undefined;
}
