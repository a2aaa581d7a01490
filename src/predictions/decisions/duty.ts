import type { Decision } from '../../scoring/index.js';
import { actionsOn, earlier, type Action } from './actions.js';
import { adverseActionOf, type AdverseAction } from './adverse-action.js';
import type { CounterofferRow, DecisionOfLoan, LoanHistory, NoticeRow } from './loan-history.rows.js';
import type { OverrideReasonCode } from './reason-codes.js';

/** Whose reasons a notice tells. */
export interface ReasonsTold {
  readonly predictionId: string;
  /** The model's decision. */
  readonly decision: Decision;
  /** What people gave as theirs, in the order in which it is told. */
  readonly codes: readonly OverrideReasonCode[];
}

/** What is owed to the applicant, as far as one prediction has to answer for it. */
export interface Duty {
  readonly action: AdverseAction | undefined;
  readonly reasons: ReasonsTold;
  readonly note: string | null;
  /** Of the application, whichever prediction they were recorded on; of an account, of the reviews that one notice answers. Oldest first. */
  readonly counteroffers: readonly CounterofferRow[];
  readonly notices: readonly NoticeRow[];
}

const NOTES = {
  superseded: 'The application has been decided anew: the newest decision answers for any notice.',
  approved: 'A person approved, and that the override expired takes nothing back: no notice is due. To decline after all, score anew.',
  declined: 'A person declined, and that the override expired takes nothing back: the notice is of that decline. To approve after all, score anew.',
} as const;

/**
 * An application is decided until it is decided anew, so only its newest decision answers. Each review of an account is an
 * action of its own, with its own reasons and days: what one did to the account, a later one does not undo.
 */
export function dutyOf(history: LoanHistory, predictionId: string, now: Date): Duty {
  const { asked, family, actions } = concerned(history, predictionId, now);
  const superseded = asked.purpose === 'ORIGINATION' && asked !== family.at(-1);
  const [counteroffers, notices] = [listed(family, 'counteroffers'), listed(family, 'notices')];
  const action = superseded ? undefined : due(history, { asked, family, actions }, now);
  return { action, counteroffers, notices, reasons: reasonsOf(action, asked, family), note: superseded ? NOTES.superseded : noteOf(asked, action, now) };
}

/** What a notice that is recorded on a prediction would be of; on an older one of an application, what the newest answers for. */
export function noticeFor(history: LoanHistory, predictionId: string, now: Date): { readonly action: AdverseAction | undefined; readonly decision: Decision } {
  const found = concerned(history, predictionId, now);
  return { action: due(history, found, now), decision: found.actions.at(-1)!.decision };
}

interface Concerned {
  readonly asked: DecisionOfLoan;
  /** The decisions that one notice answers for, oldest first. */
  readonly family: readonly DecisionOfLoan[];
  readonly actions: readonly Action[];
}

function concerned({ decisions }: LoanHistory, predictionId: string, now: Date): Concerned {
  const asked = decisions.find(({ id }) => id === predictionId)!;
  const alike = decisions.filter(({ purpose }) => purpose === asked.purpose);
  const each = alike.map((decision, index) => actionsOn(decision, earlier(now, alike[index + 1]?.createdAt ?? now)));
  const index = alike.indexOf(asked);
  if (asked.purpose === 'ORIGINATION') return { asked, family: alike, actions: each.flat() };
  return { asked, family: unbrokenRun(alike, each, index), actions: each[index]! };
}

/** Reviews that declined one after another, nothing else in between: a notice tells of all of them that were taken by then. */
function unbrokenRun(reviews: readonly DecisionOfLoan[], actions: readonly (readonly Action[])[], index: number): readonly DecisionOfLoan[] {
  const declined = actions.map((each) => each.at(-1)!.decision === 'DECLINE');
  if (!declined[index]) return [reviews[index]!];
  const end = declined.indexOf(false, index);
  return reviews.slice(declined.lastIndexOf(false, index) + 1, end === -1 ? undefined : end);
}

const due = ({ completedAt }: LoanHistory, { asked: { purpose }, family, actions }: Concerned, now: Date): AdverseAction | undefined =>
  adverseActionOf({ purpose, actions, completedAt, counteroffers: listed(family, 'counteroffers'), notices: listed(family, 'notices').map(({ sentAt }) => sentAt) }, now);

function listed<List extends 'counteroffers' | 'notices'>(family: readonly DecisionOfLoan[], list: List): DecisionOfLoan[List][number][] {
  return family.flatMap((decision): readonly DecisionOfLoan[List][number][] => decision[list]).sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** Of a counteroffer, its reason and those of the decision that it answers; else those of the decision itself. A person's come first. */
function reasonsOf(action: AdverseAction | undefined, asked: DecisionOfLoan, family: readonly DecisionOfLoan[]): ReasonsTold {
  const offer = action?.kind === 'COUNTEROFFER' ? listed(family, 'counteroffers').at(-1)! : undefined;
  const { id: predictionId, decision, overrides } = offer ? family.find(({ id }) => id === offer.predictionId)! : asked;
  const newest = overrides.at(-1);
  const codes = [offer?.reasonCode, newest?.decision === 'DECLINE' ? newest.reasonCode : undefined];
  return { predictionId, decision, codes: codes.filter((code): code is OverrideReasonCode => code != null) };
}

function noteOf({ decision, overrides }: DecisionOfLoan, action: AdverseAction | undefined, now: Date): string | null {
  const newest = overrides.at(-1);
  if (!newest || newest.expiresAt > now) return null;
  if (newest.decision === 'APPROVE' && decision === 'DECLINE' && !action) return NOTES.approved;
  return newest.decision === 'DECLINE' && action && action.kind !== 'COUNTEROFFER' ? NOTES.declined : null;
}
