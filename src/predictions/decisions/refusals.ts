import { sqlState, type AssayError } from '../../platform/index.js';
import { refusedBy } from '../../security/index.js';

/** What the database's own rules on decisions say, by their SQLSTATE. The services refuse the same before; this is for races and for forgery. */
const SENTENCES: Readonly<Record<string, () => AssayError>> = {
  AS012: () => refusedBy('CURRENT_GRANT', { says: 'Who overrides a decision, proposed or confirms that, or resolves a review holds a current grant as UNDERWRITER.', remedy: 'Decline a proposal of somebody who holds none, or ask an ACCESS_ADMIN for grantRole.', who: 'UNDERWRITER, ACCESS_ADMIN' }),
  AS091: () => refusedBy('DECISIONS_ONLY', { says: 'The prediction decided nothing.', remedy: 'Name the prediction whose decision the customer was given.', who: 'whoever acts' }),
  AS092: () => refusedBy('OVERRIDE_LIMIT', { says: 'The loan or the policy has changed meanwhile.', remedy: 'Look at both and override again.', who: 'UNDERWRITER', code: 'CONFLICT' }),
  AS093: () => refusedBy('OVERRIDE_LIMIT', { says: 'Above the limit for one person an override is confirmed by a second one, as it was proposed.', remedy: 'Propose it with overrideDecision.', who: 'two UNDERWRITERs' }),
  AS094: () => refusedBy('OVERRIDE_EXPIRES', { says: 'An override lasts no longer than the policy allows.', remedy: 'Give an earlier expiresAt.', who: 'UNDERWRITER' }),
  AS095: () => refusedBy('ONE_OPEN_REVIEW', { says: 'The decision on the loan has an open review already.', remedy: 'Wait for its outcome.', who: 'UNDERWRITER', code: 'CONFLICT' }),
  AS096: () => refusedBy('INDEPENDENT_REVIEWER', { says: 'A review is resolved by somebody who had no part in what it reviews.', remedy: 'Ask a colleague.', who: 'an UNDERWRITER who had no part in the decision' }),
  AS097: () => refusedBy('CONTESTED_DECISION', { says: 'The decision on the loan is contested, and its review is open.', remedy: 'Resolve the review: resolveReview can change the decision.', who: 'an UNDERWRITER who had no part in the decision' }),
  AS098: () => refusedBy('NEWEST_DECISION', { says: 'The loan has been decided anew since this prediction.', remedy: 'Act upon its newest decision, which latestPrediction of the loan tells.', who: 'whoever acts' }),
  AS121: () => refusedBy('COUNTEROFFER_REASON', { says: 'The model approves, so a counteroffer needs a reason of its own.', remedy: 'Give reasonCode.', who: 'PORTAL or UNDERWRITER' }),
  AS122: () => refusedBy('COUNTEROFFER_TO_APPLICATION', { says: 'A counteroffer answers an application.', remedy: 'Score the application for ORIGINATION and name that prediction.', who: 'PORTAL or UNDERWRITER' }),
};

const CONSTRAINTS: Readonly<Record<string, () => AssayError>> = {
  counteroffer_acceptances_pkey: () => refusedBy('COUNTEROFFER_STANDS', { says: 'The counteroffer has been accepted meanwhile.', remedy: 'Look at it again.', who: 'PORTAL or UNDERWRITER', code: 'CONFLICT' }),
  decision_review_outcomes_pkey: () => refusedBy('REVIEWED_ONCE', { says: 'The review has been resolved.', remedy: 'Ask for another one if something new has come up.', who: 'the customer, PORTAL or UNDERWRITER', code: 'CONFLICT' }),
};

/** What the database refused, as the sentence a person needs; anything else as it is. */
export function translated(error: unknown): unknown {
  const constraint = (error as { constraint?: string } | undefined)?.constraint ?? '';
  return (SENTENCES[sqlState(error) ?? ''] ?? CONSTRAINTS[constraint])?.() ?? error;
}
