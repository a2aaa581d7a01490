import type { DecisionFacts } from './adverse-action.js';
import type { DecidingRow } from './decided.js';
import type { Effective } from './effective.js';
import type { DecisionFile, OverrideRow } from './file.rows.js';

/** What the rules of adverse action look at, from what is recorded. */
export const factsOf = ({ purpose }: DecidingRow, { completedAt, counteroffers, notices }: DecisionFile, effective: Effective<OverrideRow>): DecisionFacts => ({
  purpose,
  decision: effective.decision,
  decidedAt: effective.since,
  completedAt,
  counteroffers,
  notices: notices.map(({ sentAt }) => sentAt),
});
