import { toldBy, type Told } from '../security/index.js';

export { isRefusal } from '../security/index.js';

const VOTERS = 'a VALIDATOR or ADMIN who had no part in it';

/** What the database's own rules say, by their SQLSTATE. The services refuse the same before; this is for races and for forgery. */
const SENTENCES: Readonly<Record<string, Told>> = {
  AS001: ['MAKER_IS_NOT_CHECKER', 'Who built, trained, edited or submitted a version may not vote on it, and who voted may not contribute.',
    'Ask an independent colleague.', VOTERS],
  AS002: ['VOTE_FOR_PRESENT_DOSSIER', 'The vote names another dossier digest than the version has.',
    'Read the dossier again and vote for what it says now.', VOTERS, 'CONFLICT'],
  AS003: ['DOSSIER_FROZEN', 'A submitted dossier cannot change.',
    'Register a new version.', 'MODEL_OWNER'],
  AS004: ['APPROVED_ONLY', 'Only an approved version can be deployed.',
    'Get the votes that it requires first.', VOTERS],
  AS005: ['LIFECYCLE', 'The lifecycle of a version has no such step.',
    'Read its present state and what can be done from there.', 'MODEL_OWNER, VALIDATOR or ADMIN, by the step'],
  AS006: ['VOTES_REQUIRED', 'The version lacks votes for its present dossier.',
    'Get the votes that it requires first.', VOTERS],
  AS013: ['POLICY_NEXT', 'The policy was not confirmed by a second person, or another has come into force since.',
    'Read the present policy and propose the change again.', 'two ADMINs', 'CONFLICT'],
  AS014: ['POLICY_FLOOR', 'The policy asks for fewer votes than the first one did.',
    'Ask for at least as many.', 'two ADMINs'],
  AS015: ['VOTES_EXPIRE', 'The votes for this version have expired before it was ever deployed.',
    'Register its dossier as a new version and have it voted on again.', 'MODEL_OWNER'],
  AS016: ['POLICY_IN_FORCE', 'The policy, or the tier of the model, has changed meanwhile.',
    'Submit the version again: what it needs is then what holds now.', 'MODEL_OWNER', 'CONFLICT'],
  AS050: ['GATES_PASS', 'The version does not pass every gate, as last evaluated while votes were cast.',
    'Have its gates evaluated again by a vote, or what fails waived.', 'ADMIN, with a waiver VALIDATOR or ADMIN'],
  AS051: ['MAKER_IS_NOT_CHECKER', 'A gate is waived by two people who did not make the version, for its present dossier.',
    'Ask two independent colleagues.', 'VALIDATOR or ADMIN'],
  AS052: ['WAIVER_LIMITED', 'The waiver would last longer than the policy allows.',
    'Give an earlier expiresAt.', 'VALIDATOR or ADMIN'],
  AS053: ['GATES_PASS', 'The gates were evaluated for another dossier or at another step than the version is at now.',
    'Read the version again, and try again.', VOTERS, 'CONFLICT'],
  AS054: ['RESOLVED_BY_OWNER', 'A finding is resolved by its owner, while it is open.',
    'Ask its owner for resolveFinding.', 'its owner'],
  AS055: ['RESOLUTION_JUDGED_BY_OTHERS', 'A resolution is judged once, by somebody who neither owns the finding nor made what it is about.',
    'Ask an independent colleague.', 'VALIDATOR'],
  AS056: ['GATES_PASS', 'A HIGH finding is open on the version or its model.',
    'Its owner resolves it, and a validator accepts the resolution.', 'its owner, then a VALIDATOR'],
  AS057: ['REVIEWED_BY_OTHERS', 'Nobody reviews a model that they own, or of which they made a version that decides.',
    'Ask an independent colleague.', 'VALIDATOR'],
  AS058: ['REVIEW_IN_TIME', 'The next review lies further ahead than the policy allows for the tier of the model.',
    'Give an earlier nextReviewAt.', 'VALIDATOR'],
  AS059: ['SECOND_PERSON', 'A tier is changed by two people, from the one that the model has.',
    'Propose the change of tier, and have it confirmed.', 'two ADMINs'],
  AS060: ['WAIVER_IN_FORCE', 'A waiver under which the version was approved has expired.',
    'Have its gate waived anew (waiveGate, confirmed by a second person), or deploy another version.', 'VALIDATOR or ADMIN'],
  AS061: ['NO_HIGH_FINDING', 'A HIGH finding is open on the version or its model.',
    'Its owner resolves it, and a validator accepts the resolution.', 'its owner, then a VALIDATOR'],
  AS062: ['REASSIGNED_BY_OTHERS', 'An open finding is reassigned by somebody who neither owns it nor made what it is about.',
    'Ask an independent colleague.', 'VALIDATOR'],
  AS071: ['TIER_CHANGES', 'A new model is of tier HIGH.',
    'Register it so, and have two ADMINs change its tier (changeTier).', 'two ADMINs'],
  AS072: ['POLICY_LIMITS', 'A value of the policy lies outside of its limits.',
    'Give one inside.', 'two ADMINs'],
  AS081: ['NO_GAP', 'A champion ends where the next one begins, or where it is suspended.',
    'Deploy another version, or stop the model with suspendModel.', 'ADMIN'],
  AS082: ['NOT_SUSPENDED', 'What is suspended is not deployed.',
    'Lift the suspension first.', 'two ADMINs'],
  AS083: ['SECOND_PERSON', 'A suspension is lifted by two people.',
    'Propose resumeModel or resumeVersion, and ask another ADMIN to confirm it.', 'two ADMINs'],
  AS085: ['LIVE_IS_APPROVED', 'A version that is deployed stays approved.',
    'End its deployments first.', 'ADMIN'],
};

/** The same of constraints, by their names. */
const CONSTRAINTS: Readonly<Record<string, Told>> = {
  one_champion: ['ONE_CHAMPION', 'The model has another champion at this time.',
    'Look at its deployments and try again.', 'ADMIN', 'CONFLICT'],
  one_canary: ['ONE_CANARY', 'The model has another canary at this time.',
    'Look at its deployments and try again.', 'ADMIN', 'CONFLICT'],
  one_role: ['ONE_ROLE', 'The version is deployed in another role at this time.',
    'Look at its deployments and try again.', 'ADMIN', 'CONFLICT'],
  models_name_key: ['ONE_MODEL_OF_A_NAME', 'There already is a model of this name.',
    'Use it, or choose another name.', 'MODEL_OWNER', 'CONFLICT'],
  model_version_votes_version_id_user_id_key: ['ONE_VOTE_EACH', 'You have voted on this version before; each person has one vote.',
    'Ask another colleague.', VOTERS, 'CONFLICT'],
};

/** What the database refused, as the sentence a person needs; anything else as it is. */
export const translated = (error: unknown): unknown => toldBy(error, SENTENCES, CONSTRAINTS) ?? error;
