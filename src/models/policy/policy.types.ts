import { Length } from 'class-validator';
import { Field, Float, InputType, Int, ObjectType, registerEnumType } from 'type-graphql';
import { connectionType, DecimalScalar, encodeGlobalId, Node } from '../../platform/index.js';
import { ProposalType } from '../../security/index.js';
import { TierEnum } from '../enums.types.js';
import type { PolicyBody } from './policy.js';
import { policyOf, type PolicyRow } from './policy.queries.js';
import { TIERS, type Tier } from './tiers.js';

export const OverdueReviewEnum = { ALERT: 'ALERT', REFER: 'REFER' } as const;
registerEnumType(OverdueReviewEnum, {
  name: 'OverdueReview',
  description: 'What an overdue review of a model leads to.',
  valuesConfig: { ALERT: { description: 'An alert.' }, REFER: { description: 'An alert, and a person decides what the model would have decided.' } },
});

@ObjectType({ description: 'What a policy asks for models of a tier.', simpleResolvers: true })
export class TierPolicy {
  @Field(() => TierEnum, { description: 'The tier.' }) tier!: Tier;
  @Field(() => Int, { description: 'How many different validators vote for a version.' }) validators!: number;
  @Field(() => Int, { description: 'How many different admins vote for a version.' }) admins!: number;
  @Field(() => Int, { description: 'After how many months a model is reviewed again.' }) reviewMonths!: number;
}

@ObjectType({ description: 'The lines that the gates draw.', simpleResolvers: true })
export class GateThresholds {
  @Field(() => Float, { description: 'By how much the AUC may be below that of the champion.' }) aucMargin!: number;
  @Field(() => Float, { description: 'Most expected calibration error.' }) mostCalibrationError!: number;
  @Field(() => Float, { description: 'Most population stability index of the PD, training against hold-out.' }) mostPsi!: number;
  @Field(() => Float, { description: 'What 95 % of the explanations may leave unexplained at most, in log-odds.' }) mostResidual!: number;
  @Field(() => Float, { description: 'Least approval rate of a group ÷ that of the group approved most often.' }) leastFairnessRatio!: number;
  @Field(() => Float, { description: 'Most milliseconds for one explained prediction.' }) mostMilliseconds!: number;
  @Field(() => Int, { description: 'Most bytes of all artefacts together.' }) mostBytes!: number;
}

@ObjectType({ description: 'Up to which principal one person overrides a decision.', simpleResolvers: true })
export class OverrideLimit {
  @Field(() => String, { description: 'ISO 4217 code of the currency.' }) currency!: string;
  @Field(() => DecimalScalar, { description: 'The largest principal for which one person suffices.' }) amount!: string;
}

@ObjectType('GovernancePolicy', { implements: Node, description: 'The rules of governance that can be set; versioned, and changed by two people.', simpleResolvers: true })
export class GovernancePolicyType extends Node {
  @Field(() => Int, { description: 'Its number, from 1.' }) version!: number;
  @Field(() => Date, { description: 'From when it holds.' }) inForceSince!: Date;
  @Field(() => String, { description: 'The whole policy, RFC 8785 canonical JSON: what a change starts from.' }) canonical!: string;
  @Field(() => String, { description: 'SHA-256 of `canonical` in UTF-8, hexadecimal.' }) digest!: string;
  @Field(() => [TierPolicy], { description: 'What it asks for each tier.' }) tiers!: TierPolicy[];
  @Field(() => Int, { description: 'For how many days a vote counts for a version that was never deployed.' }) voteDays!: number;
  @Field(() => GateThresholds, { description: 'The lines that the gates draw.' }) gates!: GateThresholds;
  @Field(() => Int, { description: 'For how many days a waiver may last at most.' }) waiverDays!: number;
  @Field(() => OverdueReviewEnum, { description: 'What an overdue review of a model leads to.' }) overdueReview!: PolicyBody['overdueReview'];
  @Field(() => [OverrideLimit], { description: 'Above these, and in other currencies always, an override takes two people.' }) overrideLimits!: OverrideLimit[];
  @Field(() => Int, { description: 'For how many days an override may last at most.' }) overrideDays!: number;
  @Field(() => Int, { description: 'Within how many days a contested decision is reviewed.' }) decisionReviewDays!: number;
  proposalId!: string | null;
}

export const GovernancePolicyConnection = connectionType(GovernancePolicyType, 'GovernancePolicy', 'governance policies');

export function toGovernancePolicy(row: PolicyRow): GovernancePolicyType {
  const { version, tiers, voteDays, gates, waiverDays, overdueReview, overrides, decisionReviewDays } = policyOf(row);
  return Object.assign(new GovernancePolicyType(), {
    id: encodeGlobalId({ type: 'GovernancePolicy', id: row.id }),
    version,
    inForceSince: row.recordedAt,
    canonical: row.body,
    digest: row.digest,
    tiers: TIERS.map((tier) => ({ tier, validators: tiers[tier].votes.VALIDATOR, admins: tiers[tier].votes.ADMIN, reviewMonths: tiers[tier].reviewMonths })),
    voteDays,
    gates,
    waiverDays,
    overdueReview,
    overrideLimits: Object.entries(overrides.limits).map(([currency, amount]) => ({ currency, amount })),
    overrideDays: overrides.days,
    decisionReviewDays,
    proposalId: row.proposalId,
  });
}

@InputType({ description: 'Another governance policy.' })
export class ProposeGovernancePolicyInput {
  @Length(2, 100_000, { message: 'policy: give the JSON text of the whole policy.' })
  @Field(() => String, { description: 'The whole policy as it shall be, JSON text; start from `canonical` of the present one.' })
  policy!: string;

  @Length(1, 5_000, { message: 'reason: give 1 to 5,000 characters.' })
  @Field(() => String, { description: 'Why.' })
  reason!: string;
}

@ObjectType({ description: 'What `proposeGovernancePolicy` did.', simpleResolvers: true })
export class ProposeGovernancePolicyPayload {
  @Field(() => ProposalType, { description: 'The proposal; the policy comes into force when another ADMIN confirms it.' }) proposal!: ProposalType;
}
