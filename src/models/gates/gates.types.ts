import { Field, Float, ID, InputType, Int, ObjectType, registerEnumType } from 'type-graphql';
import { Length } from 'class-validator';
import { encodeGlobalId } from '../../platform/index.js';
import { ProposalType } from '../../security/index.js';
import { named } from '../enums.types.js';
import { GATES } from './gates.js';
import { GATE_STAGES, type EvaluationRow, type GateStage, type WaiverRow } from './gates.queries.js';
import { GATE_NAMES, GATE_VERDICTS, type GateName, type GateResult, type GateVerdict } from './types.js';

export const GateNameEnum = named(GATE_NAMES);
registerEnumType(GateNameEnum, {
  name: 'GateName',
  description: 'An automatic check that a version must pass.',
  valuesConfig: Object.fromEntries(GATE_NAMES.map((name) => [name, { description: GATES[name].asks }])) as Record<GateName, { description: string }>,
});

export const GateVerdictEnum = named(GATE_VERDICTS);
registerEnumType(GateVerdictEnum, {
  name: 'GateVerdict',
  description: 'What a gate says.',
  valuesConfig: {
    PASS: { description: 'The version may pass.' },
    FAIL: { description: 'It may not be approved.' },
    WAIVED: { description: 'It fails, and two people let it pass for a time.' },
    NOT_APPLICABLE: { description: 'There is nothing to judge.' },
  },
});

export const GateStageEnum = named(GATE_STAGES);
registerEnumType(GateStageEnum, {
  name: 'GateStage',
  description: 'When gates were evaluated.',
  valuesConfig: { SUBMISSION: { description: 'When the version was submitted.' }, APPROVAL: { description: 'When an admin voted for it.' } },
});

@ObjectType({ description: 'A reasoned, expiring exception to a gate, by two people.', simpleResolvers: true })
export class GateWaiver {
  @Field(() => ID, { description: 'Its id.' }) id!: string;
  @Field(() => GateNameEnum, { description: 'The gate.' }) gate!: GateName;
  @Field(() => String, { description: 'Why.' }) reason!: string;
  @Field(() => String, { description: 'The digest of the dossier it is for.' }) dossierDigest!: string;
  @Field(() => Date, { description: 'From when it holds.' }) validFrom!: Date;
  @Field(() => Date, { description: 'Until when.' }) expiresAt!: Date;
  @Field(() => Boolean, { description: 'Whether it holds now.' }) inForce!: boolean;
  proposedById!: string;
  confirmedById!: string;
}

@ObjectType('Gate', { description: 'What one gate says of a version.', simpleResolvers: true })
export class GateType {
  @Field(() => GateNameEnum, { description: 'Which gate.' }) gate!: GateName;
  @Field(() => GateVerdictEnum, { description: 'What it says.' }) verdict!: GateVerdict;
  @Field(() => Float, { nullable: true, description: 'What was measured; null where there was nothing to measure.' }) measured!: number | null;
  @Field(() => Float, { nullable: true, description: 'The limit, by the governance policy.' }) threshold!: number | null;
  @Field(() => String, { nullable: true, description: 'The unit of both.' }) unit!: string | null;
  @Field(() => String, { description: 'Where the figure is from.' }) source!: string;
  @Field(() => String, { description: 'What was found, and where it fails what would satisfy it.' }) text!: string;
  waiverId!: string | null;
}

@ObjectType({ description: 'What all gates said of a version at a time.', simpleResolvers: true })
export class GateEvaluation {
  @Field(() => ID, { description: 'Its id.' }) id!: string;
  @Field(() => GateStageEnum, { description: 'On which occasion.' }) stage!: GateStage;
  @Field(() => Date, { description: 'When.' }) at!: Date;
  @Field(() => String, { description: 'The digest of the dossier it was about.' }) dossierDigest!: string;
  @Field(() => Int, { description: 'The governance policy that gave the limits.' }) policyVersion!: number;
  rowId!: string;
  byUserId!: string;
}

@InputType({ description: 'A gate to waive.' })
export class WaiveGateInput {
  @Field(() => ID, { description: 'The version, from submission on.' }) versionId!: string;
  @Field(() => GateNameEnum, { description: 'The gate, which fails.' }) gate!: GateName;
  @Length(1, 5_000, { message: 'reason: give 1 to 5,000 characters.' }) @Field(() => String, { description: 'Why the version may pass all the same.' }) reason!: string;
  @Field(() => Date, { description: 'Until when; the governance policy says how far ahead.' }) expiresAt!: Date;
}

@ObjectType({ description: 'What `waiveGate` did.', simpleResolvers: true })
export class WaiveGatePayload {
  @Field(() => ProposalType, { description: 'The proposal, waiting for another VALIDATOR or ADMIN.' }) proposal!: ProposalType;
}

export const toWaiver = ({ id, gate, reason, dossierDigest, recordedAt, expiresAt, inForce, proposedBy, confirmedBy }: WaiverRow): GateWaiver =>
  Object.assign(new GateWaiver(), {
    id: encodeGlobalId({ type: 'GateWaiver', id }), gate, reason, dossierDigest, validFrom: recordedAt, expiresAt, inForce, proposedById: proposedBy, confirmedById: confirmedBy,
  });

export const toEvaluation = ({ id, stage, recordedAt, dossierDigest, policyVersion, byUser }: EvaluationRow): GateEvaluation =>
  Object.assign(new GateEvaluation(), { id: encodeGlobalId({ type: 'GateEvaluation', id }), rowId: id, stage, at: recordedAt, dossierDigest, policyVersion, byUserId: byUser });

/** Figures by protected attribute are for who may see fairness. */
export function toGate(result: GateResult, seesFairness: boolean): GateType {
  const hidden = result.gate === 'FAIRNESS' && !seesFairness ? { measured: null, text: 'What it rests on needs the permission model:fairness.' } : {};
  return Object.assign(new GateType(), result, hidden);
}
