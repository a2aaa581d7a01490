import { registerEnumType } from 'type-graphql';
import { CLOCKS, type AdverseActionKind } from './adverse-action.js';
import { CHANNELS, REVIEW_OUTCOMES } from './decision.entities.js';
import { OVERRIDE_REASONS, type OverrideReasonCode } from './reason-codes.js';

const byName = <Name extends string>(names: readonly Name[]): { readonly [N in Name]: N } =>
  Object.fromEntries(names.map((name) => [name, name])) as { [N in Name]: N };

export const OverrideReasonEnum = byName(Object.keys(OVERRIDE_REASONS) as OverrideReasonCode[]);
registerEnumType(OverrideReasonEnum, {
  name: 'OverrideReason',
  description: 'Why a person decides otherwise than the model did.',
  valuesConfig: Object.fromEntries(
    Object.entries(OVERRIDE_REASONS).map(([code, { description, decisions }]) => [code, { description: `${description} Leads to ${decisions.join(' or ')}.` }]),
  ),
});

export const ReviewOutcomeEnum = byName(REVIEW_OUTCOMES);
registerEnumType(ReviewOutcomeEnum, {
  name: 'ReviewOutcome',
  description: 'What became of a review.',
  valuesConfig: {
    UPHELD: { description: 'A person looked at it and the decision stays.' },
    CHANGED: { description: 'A person decided otherwise, by an override.' },
    WITHDRAWN: { description: 'Who contested the decision took that back.' },
  },
});

export const NoticeChannelEnum = byName(CHANNELS);
registerEnumType(NoticeChannelEnum, {
  name: 'NoticeChannel',
  description: 'How a notice was sent.',
  valuesConfig: {
    POST: { description: 'By post.' },
    EMAIL: { description: 'By e-mail, where the applicant has agreed to that.' },
    PORTAL: { description: 'In a portal, where the applicant has agreed to that.' },
    IN_PERSON: { description: 'Handed over in writing.' },
  },
});

export const AdverseActionKindEnum = byName(Object.keys(CLOCKS) as AdverseActionKind[]);
registerEnumType(AdverseActionKindEnum, {
  name: 'AdverseActionKind',
  description: 'What a notice of adverse action is of; decides when its clock starts and how long it runs.',
  valuesConfig: {
    COMPLETED_APPLICATION: { description: 'A decline of an application that was complete: 30 days from its completion.' },
    INCOMPLETE_APPLICATION: { description: 'A decline of an application that was not complete: 30 days from the decline.' },
    EXISTING_ACCOUNT: { description: 'An adverse action on an account: 30 days from the action.' },
    COUNTEROFFER: { description: 'Other terms that were offered and not accepted: 90 days from the offer.' },
  },
});
