import { Length } from 'class-validator';
import { Field, ID, InputType, ObjectType, registerEnumType } from 'type-graphql';
import { connectionType, encodeGlobalId, Node } from '../../platform/index.js';
import { PROPOSAL_KINDS, type ProposalKindName } from './kinds.js';
import type { ProposalRow, ProposalState } from './proposals.queries.js';

export const ProposalKindEnum = Object.fromEntries(Object.keys(PROPOSAL_KINDS).map((name) => [name, name])) as { [Name in ProposalKindName]: Name };
registerEnumType(ProposalKindEnum, {
  name: 'ProposalKind',
  description: 'What takes two people.',
  valuesConfig: Object.fromEntries(Object.entries(PROPOSAL_KINDS).map(([name, description]) => [name, { description }])),
});

export const ProposalStateEnum = { OPEN: 'OPEN', CONFIRMED: 'CONFIRMED', DECLINED: 'DECLINED', EXPIRED: 'EXPIRED' } as const satisfies { [State in ProposalState]: State };
registerEnumType(ProposalStateEnum, {
  name: 'ProposalState',
  description: 'What became of a proposal.',
  valuesConfig: {
    OPEN: { description: 'It waits for a second person.' },
    CONFIRMED: { description: 'A second person confirmed it, which did it.' },
    DECLINED: { description: 'It was declined, or taken back.' },
    EXPIRED: { description: 'Nobody decided it in time.' },
  },
});

@ObjectType('Proposal', { implements: Node, description: 'Something that takes two people: put forward by one, done when another confirms it.', simpleResolvers: true })
export class ProposalType extends Node {
  @Field(() => ProposalKindEnum, { description: 'Of what kind.' }) kind!: ProposalKindName;
  @Field(() => String, { description: 'What it would do, or did.' }) text!: string;
  @Field(() => String, { description: 'Why, in the words of who proposed it.' }) reason!: string;
  @Field(() => Date, { description: 'When it was proposed.' }) proposedAt!: Date;
  @Field(() => Date, { description: 'Until when it can be confirmed.' }) expiresAt!: Date;
  @Field(() => ProposalStateEnum, { description: 'What became of it.' }) state!: ProposalState;
  @Field(() => Date, { nullable: true, description: 'When it was decided.' }) decidedAt!: Date | null;
  @Field(() => String, { nullable: true, description: 'What who decided it said.' }) comment!: string | null;
  proposedById!: string;
  decidedById!: string | null;
}

export const ProposalConnection = connectionType(ProposalType, 'Proposal', 'proposals');

export const toProposal = ({ id, kind, reason, recordedAt, expiresAt, state, decidedAt, comment, proposedBy, decidedBy }: ProposalRow, text: string): ProposalType =>
  Object.assign(new ProposalType(), {
    id: encodeGlobalId({ type: 'Proposal', id }),
    kind,
    text,
    reason,
    proposedAt: recordedAt,
    expiresAt,
    state,
    decidedAt,
    comment,
    proposedById: proposedBy,
    decidedById: decidedBy,
  });

@InputType({ description: 'What deciding a proposal takes.' })
abstract class DecisionInput {
  @Field(() => ID, { description: 'The proposal, OPEN.' }) proposalId!: string;

  @Length(1, 5_000, { message: 'comment: give 1 to 5,000 characters.' })
  @Field(() => String, { description: 'What the decision rests on.' })
  comment!: string;
}

@InputType({ description: 'A proposal to confirm.' })
export class ConfirmProposalInput extends DecisionInput {}

@InputType({ description: 'A proposal to decline, or to take back.' })
export class DeclineProposalInput extends DecisionInput {}

@ObjectType({ description: 'What `confirmProposal` did.', simpleResolvers: true })
export class ConfirmProposalPayload {
  @Field(() => ProposalType, { description: 'The proposal, CONFIRMED; what it proposed is done.' }) proposal!: ProposalType;
}

@ObjectType({ description: 'What `declineProposal` did.', simpleResolvers: true })
export class DeclineProposalPayload {
  @Field(() => ProposalType, { description: 'The proposal, DECLINED.' }) proposal!: ProposalType;
}
