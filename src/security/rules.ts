import { AssayError, type ErrorCode } from '../platform/index.js';

/** Every rule by which an act can be refused, and what it says. Names are stable: errors, audit events and documents use them. */
export const RULES = {
  PERMISSION: 'Each act needs a permission, which some roles have.',
  ROLE_IN_TOKEN: 'Who acts in a role has it in the token.',
  CURRENT_GRANT: 'Who acts in a role of governance holds a grant of it that is current at the moment of the act.',
  KEEPER_HAS_NO_VOTE: 'Who keeps the roles of others (ACCESS_ADMIN) does not vote.',
  FIRST_KEEPERS: 'The installation names who keeps the roles while fewer than two people do, and then so many that two or more do.',
  GRANT_TO_OTHERS: 'Nobody grants a role to themself.',
  ONE_GRANT_AT_A_TIME: 'A person holds a role once at a time.',
  SECOND_PERSON: 'What takes two people is confirmed by another person than proposed it.',
  PROPOSER_HOLDS_ROLE: 'What takes two people is confirmed while both hold a role that may do it.',
  PROPOSAL_OPEN: 'A proposal is decided once, before it expires.',
  ENDS_STAND: 'What has ended stays ended, at the time it ended.',
  MAKER_IS_NOT_CHECKER: 'Nobody votes on what they built, trained, edited or submitted, and no voter contributes to it.',
  ONE_VOTE_EACH: 'Each person has one vote on a version.',
  VOTE_FOR_PRESENT_DOSSIER: 'A vote signs the digest of the dossier it saw, and counts for no other; an edit names the dossier it replaces.',
  VALIDATOR_FIRST: 'Where the policy asks for a validator, admins vote on what has been validated.',
  VOTES_REQUIRED: 'A version is approved by as many people of each role as the policy required when it was submitted.',
  VOTES_EXPIRE: 'Votes for a version that was never deployed count for a limited time.',
  DOSSIER_FROZEN: 'From submission on nothing in a dossier changes: a change is a new version.',
  LIFECYCLE: 'A version goes from state to state only by the steps of its lifecycle.',
  APPROVED_ONLY: 'Only an approved version is deployed.',
  ONE_MODEL_OF_A_NAME: 'A model has a name of its own.',
  ONE_CHAMPION: 'A model has one champion at any instant.',
  NO_GAP: 'A champion ends where the next one begins, unless it is suspended at that instant.',
  ONE_CANARY: 'A model has at most one canary at any instant.',
  ONE_ROLE: 'A version holds one role at a time.',
  CHAMPION_FIRST: 'Challengers and canaries stand beside a champion.',
  LOADABLE: 'Only a version that can be loaded is deployed.',
  EARLIER_CHAMPION: 'A model is rolled back to its latest earlier champion of another version that is still approved.',
  LIVE_IS_APPROVED: 'A version that is deployed stays approved.',
  NOT_SUSPENDED: 'Nothing that is suspended is deployed.',
  SUSPENDED_ONCE: 'What is suspended is resumed before it is suspended again, by the suspension that holds.',
  RESUMED_AS_SAID: 'A model is resumed with what the proposal says: deployments that the suspension ended, each of which can still be made.',
  AS_IT_HAPPENS: "What is live, and who holds a role, begins and ends when it is said, by the database's clock.",
  POLICY_FLOOR: 'No policy asks for fewer votes than the first one.',
  POLICY_LIMITS: 'No policy lets votes or waivers count for longer, or gates pass more, than its limits allow.',
  DECISIONS_ONLY: 'Only a decision that was recorded is overridden, contested or told: no what-if, and nothing that gave no decision.',
  NEWEST_DECISION: 'Only the newest decision on a loan is overridden or contested.',
  NOT_ON_ONESELF: 'Nobody overrides the decision on themself.',
  OVERRIDE_CHANGES: 'An override gives another decision than the one in force.',
  OVERRIDE_REASON: 'A reason leads to the decisions that it is made for; a decline needs one that can be told to the applicant.',
  OVERRIDE_EXPIRES: 'An override expires within the days of the policy.',
  OVERRIDE_LIMIT: 'Where the loan was ever above the limit for one person since the decision, an override is confirmed by a second one.',
  CONTESTED_DECISION: 'A contested decision is changed by resolving its review.',
  ONE_OPEN_REVIEW: 'The decision on a loan has one open review at a time.',
  REVIEWED_ONCE: 'A review is resolved once.',
  INDEPENDENT_REVIEWER: 'A review is resolved by somebody who had no part in what it reviews.',
  COUNTEROFFER_TO_APPLICATION: 'A counteroffer answers an application.',
  COUNTEROFFER_STANDS: 'A counteroffer is accepted once, after it was made.',
  COUNTEROFFER_REASON: 'A counteroffer rests on a reason that can be told to the applicant: one that is given, or what the model found.',
  NOTICE_OF_ADVERSE_ACTION: 'A notice is of an adverse action: a decline, until something else is decided, or a counteroffer that stands.',
  GATES_PASS: 'A version is approved when every gate passes or is waived, as evaluated at the vote.',
  WAIVABLE: 'Only a gate that fails, and may be waived at all, is waived, from submission on and for the present dossier.',
  WAIVER_LIMITED: 'A waiver lasts no longer than the policy allows.',
  WAIVER_IN_FORCE: 'What was approved under a waiver is deployed only while one is in force.',
  NO_HIGH_FINDING: 'What is deployed to decide has no HIGH finding open, on the version or on its model as a whole.',
  FINDING_HAS_OWNER: 'A finding belongs to a person who can resolve it.',
  FINDING_STEPS: 'A finding is raised, given to another owner while it is open, resolved by its owner, and closed or sent back by a validator.',
  RESOLVED_BY_OWNER: 'The owner of a finding resolves it.',
  RESOLUTION_JUDGED_BY_OTHERS: 'A resolution is judged by a validator who neither owns the finding nor made what it is about.',
  REASSIGNED_BY_OTHERS: 'An open finding is given to another owner by a validator who neither owns it nor made what it is about.',
  MODEL_KEPT_BY_OWNER: 'What the inventory says of a model is changed by its owner or an admin.',
  OWNER_HOLDS_ROLE: 'A model belongs to a person who holds the role MODEL_OWNER.',
  REVIEWED_BY_OTHERS: 'A model is reviewed by a validator who neither owns it nor made a version that decides.',
  REVIEW_IN_TIME: 'The next review of a model comes no later than the policy allows for its tier.',
  TIER_CHANGES: 'A model begins with tier HIGH; a change of tier, by two people, leads from the present one to another.',
  POLICY_NEXT: 'A policy follows the one that is in force when it takes effect.',
  POLICY_IN_FORCE: 'A version is submitted under the policy that is in force, for the tier that its model has.',
  PARITY: 'A version agrees with what trained it on the parity sample, which is scored again here.',
  SAME_MODEL: 'The LayersModel of a version is the model that its ONNX model was compiled from.',
  EPOCH_WHERE_NEEDED: 'A new epoch of the transparency log is opened only where the log cannot go on.',
  EPOCH_FOLLOWS: 'A new epoch of the transparency log follows a checkpoint that the log signed, and one at a time.',
  LEGAL_HOLD: 'What a legal hold keeps is not erased until the hold is lifted.',
  HOLD_LIFTED_ONCE: 'A legal hold is lifted once.',
  RETENTION_RUNS: 'Personal data is erased when no record of the customer must be kept any more.',
  RETENTION_FLOOR: 'A regime that binds is kept for as long as it asks; one that does not is taken out of force.',
  ERASED_FOR_GOOD: 'Nothing is recorded of a customer who was erased, and nobody is erased twice.',
  REQUEST_ID_ONCE: 'A requestId stands for one request of one person, whose answer it repeats.',
} as const;

export type Rule = keyof typeof RULES;

export interface Refusal {
  /** What is so, in a sentence. */
  readonly says: string;
  /** What would satisfy the rule, in a sentence. */
  readonly remedy: string;
  /** Who can do that: a role, or a person. */
  readonly who: string;
  readonly code?: ErrorCode;
}

/** An act refused by a rule: its name, what would satisfy it, and who can. */
export const refusedBy = (name: Rule, { says, remedy, who, code = 'REFUSED' }: Refusal): AssayError =>
  new AssayError(code, `${says} ${remedy}`, { rule: { name, remedy, who } });
