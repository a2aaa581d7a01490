import { registerEnumType } from 'type-graphql';
import { DEPLOYMENT_ROLES } from './deployment.entity.js';
import { ACTS, STATES, type Act } from './lifecycle.js';
import { TIERS, VOTER_ROLES } from './policy/tiers.js';

/** Names as an enumeration that GraphQL can register. */
export const named = <Name extends string>(names: readonly Name[]): { [N in Name]: N } => Object.fromEntries(names.map((name) => [name, name])) as { [N in Name]: N };

export const VersionStateEnum = named(STATES);
registerEnumType(VersionStateEnum, {
  name: 'VersionState',
  description: 'Where a model version stands in its life.',
  valuesConfig: {
    DRAFT: { description: 'Registered, not yet handed to its voters.' },
    SUBMITTED: { description: 'Frozen, waiting for votes.' },
    VALIDATED: { description: 'An independent validator is for it; admins vote.' },
    APPROVED: { description: 'Has every vote its tier requires; can be deployed.' },
    REJECTED: { description: 'Voted against. Final.' },
    WITHDRAWN: { description: 'Taken back by its makers. Final.' },
    SUSPENDED: { description: 'Stopped; may be resumed.' },
    RETIRED: { description: 'Out of use. Final.' },
  },
});

/** What decisions models serve, and predictions are asked for. */
export const DECISION_PURPOSES = ['ORIGINATION', 'ACCOUNT_REVIEW'] as const;
export type DecisionPurpose = (typeof DECISION_PURPOSES)[number];

export const DecisionPurposeEnum = named(DECISION_PURPOSES);
registerEnumType(DecisionPurposeEnum, {
  name: 'DecisionPurpose',
  description: 'The decision that a model serves.',
  valuesConfig: {
    ORIGINATION: { description: 'To decide an application.' },
    ACCOUNT_REVIEW: { description: 'To review a loan on the book.' },
  },
});

export const TierEnum = named(TIERS);
registerEnumType(TierEnum, {
  name: 'Tier',
  description: 'How material a model is: exposure × purpose. By it the governance policy decides which votes its versions need.',
  valuesConfig: {
    HIGH: { description: 'By the first policy a validator and two admins.' },
    MEDIUM: { description: 'By the first policy a validator and an admin.' },
    LOW: { description: 'By the first policy an admin.' },
  },
});

export const VoterRoleEnum = named(VOTER_ROLES);
registerEnumType(VoterRoleEnum, {
  name: 'VoterRole',
  description: 'As what a person votes.',
  valuesConfig: { VALIDATOR: { description: 'Independent validation.' }, ADMIN: { description: 'Approval.' } },
});

export const VerdictEnum = named(['FOR', 'AGAINST']);
registerEnumType(VerdictEnum, {
  name: 'Verdict',
  description: 'How a person votes.',
  valuesConfig: { FOR: { description: 'The version may go on.' }, AGAINST: { description: 'The version is rejected.' } },
});

export const DeploymentRoleEnum = named(DEPLOYMENT_ROLES);
registerEnumType(DeploymentRoleEnum, {
  name: 'DeploymentRole',
  description: 'What a version does while it is deployed.',
  valuesConfig: {
    CHAMPION: { description: 'Decides. One per model at any instant.' },
    CHALLENGER: { description: 'Scores silently beside the champion.' },
    CANARY: { description: 'Decides for a share of the requests.' },
  },
});

export const ArtefactKindEnum = named(['ONNX', 'FEATURE_SCHEMA', 'REFERENCE_SET', 'PARITY_SAMPLE', 'LAYERS_MODEL', 'REPORT']);
registerEnumType(ArtefactKindEnum, {
  name: 'ArtefactKind',
  description: 'What an artefact of a version is.',
  valuesConfig: {
    ONNX: { description: 'The compiled model that scores.' },
    FEATURE_SCHEMA: { description: 'How raw data becomes numbers.' },
    REFERENCE_SET: { description: 'Approved applicants from whom attributions are measured.' },
    PARITY_SAMPLE: { description: 'Rows on which the compiled model must agree with the trained one.' },
    LAYERS_MODEL: { description: 'The model as TensorFlow trained it.' },
    REPORT: { description: 'How it was made and measured: data quality, trials, evaluation, importance.' },
  },
});

export const ContributionEnum = named(['REGISTERED', 'BUILT', 'TRAINED', 'EDITED', 'SUBMITTED']);
registerEnumType(ContributionEnum, {
  name: 'Contribution',
  description: 'A part in the making of a version; it takes away the vote.',
  valuesConfig: {
    REGISTERED: { description: 'Registered it.' },
    BUILT: { description: 'Uploaded an artefact that it is made of.' },
    TRAINED: { description: 'Trained it.' },
    EDITED: { description: 'Changed its draft.' },
    SUBMITTED: { description: 'Submitted it.' },
  },
});

export const VersionActEnum = named(Object.keys(ACTS) as Act[]);
registerEnumType(VersionActEnum, {
  name: 'VersionAct',
  description: 'A step in the life of a version.',
  valuesConfig: {
    REGISTER: { description: 'It was registered.' },
    EDIT: { description: 'Its dossier was changed, while it was a DRAFT.' },
    SUBMIT: { description: 'It was handed to its voters.' },
    WITHDRAW: { description: 'Its makers took it back.' },
    VALIDATE: { description: 'A validator was for it.' },
    INVALIDATE: { description: 'A validator was against it.' },
    APPROVE: { description: 'It got the last vote it needed.' },
    REJECT: { description: 'An admin was against it.' },
    DEPLOY: { description: 'It was made live.' },
    SUSPEND: { description: 'It was stopped.' },
    RESUME: { description: 'It may be used again.' },
    RETIRE: { description: 'It was taken out of use.' },
  },
});
