import type { Context, IdempotentRequest } from '../../platform/index.js';
import type { LoadedVersion, Route } from '../../models/index.js';
import type { EncodedInput, RefusedInput, Explanation, Reason, Decision, DecisionCause } from '../../scoring/index.js';
import type { Purpose } from '../record/row.js';

/** As of when a loan's facts count: a time, or the time at which the loan itself was decided. */
export type AsOf = Date | 'decision';

/** One act of scoring that was asked for, its loan already found. */
export interface ScoringItem {
  readonly ctx: Context;
  readonly customerId: string;
  readonly loanId: string;
  readonly purpose: Purpose;
  readonly modelId: string | undefined;
  readonly asOf: AsOf;
  readonly request: IdempotentRequest | undefined;
  readonly jobId: string | undefined;
}

/** What is known of an item on its way through gather → route → encode; a problem ends the way, not the record. */
export interface Prepared {
  readonly item: ScoringItem;
  /** The time as of which the loan was looked at. */
  readonly asOf: Date;
  readonly route: Route | undefined;
  readonly version: LoadedVersion | undefined;
  readonly vector: Float32Array | undefined;
  readonly inputs: readonly EncodedInput[];
  /** What was read of an applicant whose inputs no score may be made from. */
  readonly unscored?: readonly RefusedInput[];
  readonly problem: Problem | undefined;
}

export interface Problem {
  readonly status: 'REFUSED' | 'FAILED';
  readonly code: string;
  readonly message: string;
}

/** What the model and the policy made of an item. */
export interface Score {
  readonly pd: number;
  readonly logit: number;
  readonly points: number;
  readonly grade: string;
  readonly decision: Decision;
  readonly cause: DecisionCause;
  readonly explanation: Explanation;
  readonly reasons: readonly Reason[];
}
