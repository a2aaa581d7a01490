import { sqlState, type AssayError } from '../platform/index.js';
import { refusedBy } from '../security/index.js';

export { isRefusal } from '../security/index.js';

const VOTERS = 'a VALIDATOR or ADMIN who had no part in it';

/** What the database's own rules say, by their SQLSTATE. The services refuse the same before; this is for races and for forgery. */
const SENTENCES: Readonly<Record<string, () => AssayError>> = {
  AS001: () => refusedBy('MAKER_IS_NOT_CHECKER', { says: 'Who built, trained, edited or submitted a version may not vote on it, and who voted may not contribute.', remedy: 'Ask an independent colleague.', who: VOTERS }),
  AS002: () => refusedBy('VOTE_FOR_PRESENT_DOSSIER', { says: 'The vote names another dossier digest than the version has.', remedy: 'Read the dossier again and vote for what it says now.', who: VOTERS, code: 'CONFLICT' }),
  AS003: () => refusedBy('DOSSIER_FROZEN', { says: 'A submitted dossier cannot change.', remedy: 'Register a new version.', who: 'MODEL_OWNER' }),
  AS004: () => refusedBy('APPROVED_ONLY', { says: 'Only an approved version can be deployed.', remedy: 'Get the votes that it requires first.', who: VOTERS }),
  AS005: () => refusedBy('LIFECYCLE', { says: 'The lifecycle of a version has no such step.', remedy: 'Read its present state and what can be done from there.', who: 'MODEL_OWNER, VALIDATOR or ADMIN, by the step' }),
  AS006: () => refusedBy('VOTES_REQUIRED', { says: 'The version lacks votes for its present dossier.', remedy: 'Get the votes that it requires first.', who: VOTERS }),
  AS007: () => refusedBy('ENDS_STAND', { says: 'What has ended stays ended, at the time it ended.', remedy: 'Make a new deployment or grant instead.', who: 'ADMIN, of grants ACCESS_ADMIN' }),
  AS008: () => refusedBy('SECOND_PERSON', { says: 'Nobody confirms their own proposal.', remedy: 'Ask another person of the same role.', who: 'another person of the same role' }),
  AS012: () => refusedBy('CURRENT_GRANT', { says: 'A vote needs a current grant of its role.', remedy: 'Ask an ACCESS_ADMIN for grantRole.', who: 'ACCESS_ADMIN' }),
  AS013: () => refusedBy('POLICY_NEXT', { says: 'The policy was not confirmed by a second person, or another has come into force since.', remedy: 'Read the present policy and propose the change again.', who: 'two ADMINs', code: 'CONFLICT' }),
  AS014: () => refusedBy('POLICY_FLOOR', { says: 'The policy asks for fewer votes than the first one did.', remedy: 'Ask for at least as many.', who: 'two ADMINs' }),
  AS015: () => refusedBy('VOTES_EXPIRE', { says: 'The votes for this version have expired before it was ever deployed.', remedy: 'Register its dossier as a new version and have it voted on again.', who: 'MODEL_OWNER' }),
  AS050: () => refusedBy('GATES_PASS', { says: 'The version does not pass every gate, as last evaluated while votes were cast.', remedy: 'Have its gates evaluated again by a vote, or what fails waived.', who: 'ADMIN, with a waiver VALIDATOR or ADMIN' }),
  AS051: () => refusedBy('MAKER_IS_NOT_CHECKER', { says: 'A gate is waived by two people who did not make the version, for its present dossier.', remedy: 'Ask two independent colleagues.', who: 'VALIDATOR or ADMIN' }),
  AS052: () => refusedBy('WAIVER_LIMITED', { says: 'The waiver would last longer than the policy allows.', remedy: 'Give an earlier expiresAt.', who: 'VALIDATOR or ADMIN' }),
  AS053: () => refusedBy('GATES_PASS', { says: 'The gates were evaluated for another dossier or at another step than the version is at now.', remedy: 'Read the version again, and try again.', who: VOTERS, code: 'CONFLICT' }),
  AS054: () => refusedBy('RESOLVED_BY_OWNER', { says: 'A finding is resolved by its owner, while it is open.', remedy: 'Ask its owner for resolveFinding.', who: 'its owner' }),
  AS055: () => refusedBy('RESOLUTION_JUDGED_BY_OTHERS', { says: 'A resolution is judged once, by somebody who neither owns the finding nor made what it is about.', remedy: 'Ask an independent colleague.', who: 'VALIDATOR' }),
  AS056: () => refusedBy('GATES_PASS', { says: 'A HIGH finding is open on the version or its model.', remedy: 'Its owner resolves it, and a validator accepts the resolution.', who: 'its owner, then a VALIDATOR' }),
  AS057: () => refusedBy('REVIEWED_BY_OTHERS', { says: 'Nobody reviews a model that they own, or of which they made the version that decides.', remedy: 'Ask an independent colleague.', who: 'VALIDATOR' }),
  AS058: () => refusedBy('REVIEW_IN_TIME', { says: 'The next review lies further ahead than the policy allows for the tier of the model.', remedy: 'Give an earlier nextReviewAt.', who: 'VALIDATOR' }),
  AS059: () => refusedBy('SECOND_PERSON', { says: 'A tier is changed by two people, from the one that the model has.', remedy: 'Propose the change of tier, and have it confirmed.', who: 'two ADMINs' }),
  AS060: () => refusedBy('WAIVER_IN_FORCE', { says: 'A waiver under which the version was approved has expired.', remedy: 'Have its gate waived anew (waiveGate, confirmed by a second person), or deploy another version.', who: 'VALIDATOR or ADMIN' }),
  AS071: () => refusedBy('TIER_CHANGES', { says: 'A new model is of tier HIGH.', remedy: 'Register it so, and have two ADMINs change its tier (changeTier).', who: 'two ADMINs' }),
  AS072: () => refusedBy('POLICY_LIMITS', { says: 'A value of the policy lies outside of its limits.', remedy: 'Give one inside.', who: 'two ADMINs' }),
  AS081: () => refusedBy('NO_GAP', { says: 'A champion ends where the next one begins, or where it is suspended.', remedy: 'Deploy another version, or stop the model with suspendModel.', who: 'ADMIN' }),
  AS082: () => refusedBy('NOT_SUSPENDED', { says: 'What is suspended is not deployed.', remedy: 'Lift the suspension first.', who: 'two ADMINs' }),
  AS083: () => refusedBy('SECOND_PERSON', { says: 'A suspension is lifted by two people.', remedy: 'Propose resumeModel or resumeVersion, and ask another ADMIN to confirm it.', who: 'two ADMINs' }),
  AS084: () => refusedBy('AS_IT_HAPPENS', { says: 'What is live begins and ends when it is said, by the clock of the database.', remedy: 'Make the change now; the past stays as it was.', who: 'ADMIN' }),
  AS085: () => refusedBy('LIVE_IS_APPROVED', { says: 'A version that is deployed stays approved.', remedy: 'End its deployments first.', who: 'ADMIN' }),
};

const CONSTRAINTS: Readonly<Record<string, () => AssayError>> = {
  one_champion: () => refusedBy('ONE_CHAMPION', { says: 'The model has another champion at this time.', remedy: 'Look at its deployments and try again.', who: 'ADMIN', code: 'CONFLICT' }),
  one_canary: () => refusedBy('ONE_CANARY', { says: 'The model has another canary at this time.', remedy: 'Look at its deployments and try again.', who: 'ADMIN', code: 'CONFLICT' }),
  one_role: () => refusedBy('ONE_ROLE', { says: 'The version is deployed in another role at this time.', remedy: 'Look at its deployments and try again.', who: 'ADMIN', code: 'CONFLICT' }),
  models_name_key: () => refusedBy('ONE_MODEL_OF_A_NAME', { says: 'There already is a model of this name.', remedy: 'Use it, or choose another name.', who: 'MODEL_OWNER', code: 'CONFLICT' }),
  model_version_votes_version_id_user_id_key: () => refusedBy('ONE_VOTE_EACH', { says: 'You have voted on this version before; each person has one vote.', remedy: 'Ask another colleague.', who: VOTERS, code: 'CONFLICT' }),
};

/** What the database refused, as the sentence a person needs; anything else as it is. */
export function translated(error: unknown): unknown {
  const state = sqlState(error) ?? '';
  const constraint = (error as { constraint?: string } | undefined)?.constraint ?? '';
  return (SENTENCES[state] ?? CONSTRAINTS[constraint])?.() ?? error;
}
