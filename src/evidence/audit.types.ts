import { Field, Float, ID, InputType, ObjectType, registerEnumType } from 'type-graphql';
import { AUDIT_EVENT_SENTENCES, AUDIT_EVENT_TYPES } from '../audit/index.js';
import { Node } from '../platform/index.js';

/** Each type by its own name: what is told is what is logged. */
export const AuditEventTypeEnum = Object.fromEntries(AUDIT_EVENT_TYPES.map((type) => [type, type]));
registerEnumType(AuditEventTypeEnum, {
  name: 'AuditEventType',
  description: 'What can be an event of the transparency log; a closed list.',
  valuesConfig: Object.fromEntries(AUDIT_EVENT_TYPES.map((type) => [type, { description: AUDIT_EVENT_SENTENCES[type] }])),
});

@ObjectType({ description: 'That a witness saw the log at this size, and that it had only grown (C2SP tlog-cosignature).', simpleResolvers: true })
export class AuditCosignature {
  @Field(() => String, { description: "The name of the witness's key." }) witness!: string;
  @Field(() => Date, { description: 'When it signed, by its own clock.' }) at!: Date;
}

@ObjectType({ description: 'The transparency log at one size, signed (C2SP tlog-checkpoint).', simpleResolvers: true })
export class AuditCheckpoint {
  @Field(() => String, { description: 'The name of the log.' }) origin!: string;
  @Field(() => Float, { description: 'How many entries it has.' }) size!: number;
  @Field(() => String, { description: 'The root of its Merkle tree (RFC 9162), base64.' }) root!: string;
  @Field(() => String, { description: 'The signed note, as witnesses and verifiers read it.' }) note!: string;
  @Field(() => String, { description: "The log's key, as verifiers are told it: name, id, and Ed25519 key. Compare it with the one that you were given." }) verifierKey!: string;
  @Field(() => Date, { description: 'When the log came to have that size.' }) recordedAt!: Date;
  @Field(() => [AuditCosignature], { description: 'The witnesses that cosigned it so far; their signatures are in the note.' }) witnesses!: readonly AuditCosignature[];
  @Field(() => Date, { nullable: true, description: 'When so many witnesses had cosigned it as the policy asks for (WITNESS_QUORUM); null before, and where there are no witnesses. The promise is 10 s.' }) witnessedAt!: Date | null;
  @Field(() => AuditCheckpoint, { nullable: true, description: 'The newest checkpoint that enough witnesses cosigned: what GET /log/checkpoint serves; null before the first, and where there are no witnesses.' }) witnessed!: AuditCheckpoint | null;
}

@ObjectType({ description: 'That the larger log is the smaller one with entries appended (RFC 9162, 2.1.4).', simpleResolvers: true })
export class ConsistencyProof {
  @Field(() => Float, { description: 'The smaller size.' }) from!: number;
  @Field(() => Float, { description: 'The larger size.' }) to!: number;
  @Field(() => [String], { description: 'Hashes, base64.' }) path!: readonly string[];
}

@ObjectType({ description: 'That an event is an entry of the transparency log (RFC 9162, 2.1.3).', simpleResolvers: true })
export class AuditProof {
  @Field(() => Float, { description: 'Which entry, from 0.' }) leafIndex!: number;
  @Field(() => Float, { description: 'The size of the log for which it is proven.' }) treeSize!: number;
  @Field(() => String, { description: 'The entry itself: RFC 8785 canonical JSON (docs/record-format.md).' }) leaf!: string;
  @Field(() => [String], { description: 'Hashes from the sibling of the leaf up, base64.' }) path!: readonly string[];
  @Field(() => String, { description: 'The signed note of the checkpoint.' }) checkpoint!: string;
  @Field(() => String, { description: 'Index, path and checkpoint in one text (C2SP tlog-proof), to be kept beside the entry and verified offline.' }) tlogProof!: string;
}

@ObjectType({ description: 'What the log promises of an event, signed when it was durable.', simpleResolvers: true })
export class AuditReceipt {
  @Field(() => String, { description: 'The signed note: log, event, hash of the leaf, time. If the leaf is not in the log an hour later, the note proves that it was dropped.' }) note!: string;
  @Field(() => String, { description: 'The signature alone, base64.' }) signature!: string;
}

/** The type `AuditEvent`, not the union of the log, which has that name in TypeScript. */
@ObjectType('AuditEvent', { implements: Node, description: 'One event: an act, a refusal, a prediction. Pseudonyms and digests only, so that it outlives an erasure.', simpleResolvers: true })
export class AuditEventType extends Node {
  /** The id in the log. */
  event!: string;
  @Field(() => AuditEventTypeEnum, { description: 'What happened.' }) type!: string;
  @Field(() => Date, { description: 'When it was recorded, by the clock of the database.' }) recordedAt!: Date;
  @Field(() => ID, { description: 'Who did it: the id of a row of users.' }) actorId!: string;
  @Field(() => ID, { description: 'What it is about: the id of a row.' }) subjectId!: string;
  @Field(() => String, { description: 'The leaf: RFC 8785 canonical JSON.' }) leaf!: string;
  @Field(() => Float, { nullable: true, description: 'Which entry of the log; null for the second until it is integrated.' }) leafIndex!: number | null;
}

@InputType({ description: 'Which events.' })
export class AuditEventFilterInput {
  @Field(() => [AuditEventTypeEnum], { nullable: true, description: 'Of these types.' }) types?: string[] | null;
  @Field(() => Date, { nullable: true, description: 'Recorded at this time or later.' }) since?: Date | null;
  @Field(() => Date, { nullable: true, description: 'Recorded before this time.' }) before?: Date | null;
}

