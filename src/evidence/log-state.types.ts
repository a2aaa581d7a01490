import { Field, Float, Int, ObjectType, registerEnumType } from 'type-graphql';

export const WitnessStateEnum = { COSIGNED: 'COSIGNED', WAITING: 'WAITING', UNREACHABLE: 'UNREACHABLE', REFUSES: 'REFUSES', DOUBTS: 'DOUBTS' } as const;
registerEnumType(WitnessStateEnum, {
  name: 'AuditWitnessState',
  description: 'What became of asking a witness for its cosignature.',
  valuesConfig: {
    COSIGNED: { description: 'It cosigned the last checkpoint that it was asked for.' },
    WAITING: { description: 'It was not asked yet, or another server has had a larger checkpoint cosigned.' },
    UNREACHABLE: { description: 'It does not answer; it is asked again every few seconds.' },
    REFUSES: { description: 'It does not know the log or its key, or does not speak the protocol: somebody must act.' },
    DOUBTS: { description: 'It knows another log of this name, or more of it than there is here: the log signs nothing.' },
  },
});

@ObjectType({ description: 'A witness of the log, as this server knows it.', simpleResolvers: true })
export class AuditWitness {
  @Field(() => String, { description: 'The name of its key.' }) name!: string;
  @Field(() => String, { description: 'Its key, as verifiers are told it.' }) verifierKey!: string;
  @Field(() => String, { description: 'Where it is asked.' }) url!: string;
  @Field(() => WitnessStateEnum, { description: 'What became of asking it last.' }) state!: keyof typeof WitnessStateEnum;
  @Field(() => String, { nullable: true, description: 'Why there is no cosignature, in a sentence; null where there is.' }) problem!: string | null;
  @Field(() => Float, { nullable: true, description: 'How many entries the log had when it cosigned last; null where it never did.' }) cosignedSize!: number | null;
  @Field(() => Date, { nullable: true, description: 'When that cosignature was kept.' }) cosignedAt!: Date | null;
}

@ObjectType({ description: 'Why a witness is a reason to sign nothing.', simpleResolvers: true })
export class AuditDoubt {
  @Field(() => String, { description: 'The name of its key.' }) witness!: string;
  @Field(() => String, { description: 'What it knows, in a sentence.' }) says!: string;
  @Field(() => Boolean, { description: "Whether it shows a checkpoint that this log's own key signed; otherwise it is only its word, which a broken witness gives as well." }) proven!: boolean;
  @Field(() => String, { nullable: true, description: 'That checkpoint, a signed note. Keep it: it proves that two logs were signed with one key, or that entries are lost.' }) checkpoint!: string | null;
}

@ObjectType({ description: 'A tree of the log. A new one is opened by an operator where the last could not go on.', simpleResolvers: true })
export class AuditEpoch {
  @Field(() => Int, { description: 'Which one, from 1.' }) epoch!: number;
  @Field(() => String, { description: 'The name of the log in it.' }) origin!: string;
  @Field(() => String, { description: 'Its key, as verifiers and witnesses are told it.' }) verifierKey!: string;
  @Field(() => String, { description: 'Why it was opened.' }) reason!: string;
  @Field(() => Date, { description: 'When it was opened.' }) openedAt!: Date;
  @Field(() => String, { nullable: true, description: 'The last checkpoint that was known of the epoch before, a signed note; null in the first.' }) predecessor!: string | null;
  @Field(() => Float, { nullable: true, description: 'How many entries of the epoch before stand; null in the first.' }) kept!: number | null;
}

@ObjectType({ description: 'Whether the transparency log signs, and what its witnesses say.', simpleResolvers: true })
export class AuditLogState {
  @Field(() => Boolean, { description: 'Whether it signs. Where it does not, acts are still recorded, durably, and receipts given; they come into a tree when it goes on.' }) signs!: boolean;
  @Field(() => String, { nullable: true, description: 'Why it signs nothing, and the way out; null where it signs.' }) refusal!: string | null;
  @Field(() => [AuditDoubt], { description: 'What witnesses know that does not fit the database.' }) doubts!: readonly AuditDoubt[];
  @Field(() => [AuditWitness], { description: 'The witnesses of the settings (WITNESSES).' }) witnesses!: readonly AuditWitness[];
  @Field(() => Int, { description: 'How many of them make a checkpoint a witnessed one; 0 where there are none.' }) quorum!: number;
  @Field(() => [AuditEpoch], { description: 'Its trees, from the first on; the last is the one that grows.' }) epochs!: readonly AuditEpoch[];
}
