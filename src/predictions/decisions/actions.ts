import type { Decision } from '../../scoring/index.js';
import type { OverrideReasonCode } from './reason-codes.js';

/** A person's decision, as far as notices look at it. */
export interface PersonsDecision {
  readonly decision: Decision;
  readonly reasonCode: OverrideReasonCode;
  readonly recordedAt: Date;
  readonly expiresAt: Date;
}

/** A recorded decision with what people decided instead, oldest first. */
export interface DecidedOnce {
  readonly decision: Decision;
  readonly createdAt: Date;
  /** The database's clock. */
  readonly recordedAt: Date;
  readonly overrides: readonly PersonsDecision[];
}

/** Something that was decided about a loan. */
export interface Action {
  readonly decision: Decision;
  readonly at: Date;
  /** The database's clock: what tells the order of what happened on one day. */
  readonly recordedAt: Date;
  /** The person's decision; undefined where it is the model's. */
  readonly by: PersonsDecision | undefined;
}

/**
 * What was decided, in order. That an override expires is no action: who was declined stays declined, and who was approved
 * approved, until something else is decided. A REFER only puts the decision off, so when it expires undecided, the
 * model's decision comes into force, and does so then.
 * @param until now, or when the loan was decided anew
 */
export function actionsOn({ decision, createdAt, recordedAt, overrides }: DecidedOnce, until: Date): Action[] {
  const byPeople = overrides.flatMap((by, index): Action[] => {
    const action = { decision: by.decision, at: by.recordedAt, recordedAt: by.recordedAt, by };
    const over = by.decision === 'REFER' && by.expiresAt <= earlier(until, overrides[index + 1]?.recordedAt ?? until);
    return over ? [action, { decision, at: by.expiresAt, recordedAt: by.expiresAt, by: undefined }] : [action];
  });
  return [{ decision, at: createdAt, recordedAt, by: undefined }, ...byPeople];
}

export const earlier = (a: Date, b: Date): Date => (a < b ? a : b);
