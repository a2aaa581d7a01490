import { ArrayMaxSize, Length, Max, Min } from 'class-validator';
import { Field, ID, InputType, Int, ObjectType, registerEnumType } from 'type-graphql';
import { Privileged, User, ProposalType } from '../security/index.js';
import { ERASURE_BASES, RECORD_KINDS, REGIMES, RETENTION_STATES, type ErasureBasis, type RecordKind, type Regime, type RetentionState } from './retention.queries.js';

const named = <Name extends string>(registry: Readonly<Record<Name, string>>): { [N in Name]: N } =>
  Object.fromEntries(Object.keys(registry).map((name) => [name, name])) as { [N in Name]: N };

function register<Name extends string>(name: string, description: string, registry: Readonly<Record<Name, string>>): { [N in Name]: N } {
  const values = named(registry);
  registerEnumType(values, { name, description, valuesConfig: Object.fromEntries(Object.entries<string>(registry).map(([value, says]) => [value, { description: says }])) as { [N in Name]: { description: string } } });
  return values;
}

export const RetentionStateEnum = register('RetentionState', 'How the records of a customer stand.', RETENTION_STATES);
export const RecordKindEnum = register('RecordKind', 'What is kept, and from when its time runs.', RECORD_KINDS);
export const RegimeEnum = register('RetentionRegime', 'What asks for records to be kept.', REGIMES);
export const ErasureBasisEnum = register('ErasureBasis', 'What an erasure rests on.', ERASURE_BASES);

@ObjectType({ description: 'A reason to keep records of a customer, and until when.', simpleResolvers: true })
export class RetentionClock {
  @Field(() => RecordKindEnum, { description: 'Of which records.' }) recordKind!: RecordKind;
  @Field(() => RegimeEnum, { description: 'What asks for it.' }) regime!: Regime;
  @Field(() => Int, { nullable: true, description: 'For how many months; null while something is open.' }) months!: number | null;
  @Field(() => ID, { nullable: true, description: 'The loan that it is about, if it is about one.' }) loanId!: string | null;
  @Field(() => Date, { nullable: true, description: 'From when its time runs; null while it has not begun.' }) startsAt!: Date | null;
  @Field(() => Date, { nullable: true, description: 'Until when; null while it has not begun.' }) endsAt!: Date | null;
}

@ObjectType({ description: 'What keeps records although no clock does.', simpleResolvers: true })
export class LegalHold {
  @Field(() => ID, { description: 'Its id.' }) id!: string;
  customerId!: string;

  /** May name the person. */
  @Privileged('STATEMENT', ({ customerId }: LegalHold) => customerId)
  @Field(() => String, { nullable: true, description: "Why it was placed; sealed under the customer's key. Reading it is recorded." })
  reason!: string | null;

  @Field(() => User, { description: 'Who placed it.' }) placedBy!: User | Promise<User>;
  @Field(() => Date, { description: 'When it was placed.' }) placedAt!: Date;
  @Field(() => User, { nullable: true, description: 'Who lifted it.' }) liftedBy!: User | Promise<User> | null;
  @Field(() => Date, { nullable: true, description: 'When it was lifted; null while it holds.' }) liftedAt!: Date | null;

  @Privileged('STATEMENT', ({ customerId }: LegalHold) => customerId)
  @Field(() => String, { nullable: true, description: 'Why it was lifted; sealed as well. Reading it is recorded.' })
  liftReason!: string | null;
}

@ObjectType({ description: 'How the records of a customer stand at present: what keeps them, and until when.', simpleResolvers: true })
export class Retention {
  @Field(() => RetentionStateEnum, { description: 'In which state they are.' }) state!: RetentionState;
  @Field(() => Date, { nullable: true, description: 'When the last clock ends; null while one has not begun, and where there is none.' }) keptUntil!: Date | null;
  @Field(() => Boolean, { description: 'Whether a legal hold keeps them, whatever the clocks say.' }) held!: boolean;
  customerId!: string;
}

@ObjectType({ description: 'How long records of a kind are kept under a regime.', simpleResolvers: true })
export class RetentionRule {
  @Field(() => ID, { description: 'Its id.' }) id!: string;
  @Field(() => RecordKindEnum, { description: 'Of which records.' }) recordKind!: RecordKind;
  @Field(() => RegimeEnum, { description: 'What asks for it.' }) regime!: Regime;
  @Field(() => [String], { description: 'For loans of these products, before the rule that names none; empty: for all others.' }) products!: readonly string[];
  @Field(() => Int, { description: 'For how many months.' }) months!: number;
  @Field(() => Boolean, { description: 'Whether it binds.' }) inForce!: boolean;
  @Field(() => String, { description: 'What it rests on.' }) source!: string;
  @Field(() => Date, { description: 'Since when it holds.' }) recordedAt!: Date;
}

@ObjectType({ description: 'How many customers are in a state.', simpleResolvers: true })
export class RetentionCount {
  @Field(() => RetentionStateEnum, { description: 'The state.' }) state!: RetentionState;
  @Field(() => Int, { description: 'How many customers.' }) customers!: number;
  @Field(() => Int, { description: 'How many of them a legal hold keeps.' }) held!: number;
}

const reasonLength = { message: 'reason: give 1 to 4,000 characters.' };

@InputType({ description: 'A legal hold to place.' })
export class PlaceLegalHoldInput {
  @Field(() => ID, { description: 'The customer.' }) customerId!: string;

  @Length(1, 4_000, reasonLength)
  @Field(() => String, { description: "Why. Sealed under the customer's key." })
  reason!: string;
}

@InputType({ description: 'A legal hold to lift.' })
export class LiftLegalHoldInput {
  @Field(() => ID, { description: 'The hold.' }) holdId!: string;

  @Length(1, 4_000, reasonLength)
  @Field(() => String, { description: "Why. Sealed under the customer's key." })
  reason!: string;
}

@InputType({ description: 'Whose personal data is to be destroyed.' })
export class EraseCustomerInput {
  @Field(() => ID, { description: 'The customer, whose state is DUE.' }) customerId!: string;
  @Field(() => ErasureBasisEnum, { description: 'What it rests on.' }) basis!: ErasureBasis;
}

@InputType({ description: 'Another retention rule.' })
export class ChangeRetentionInput {
  @Field(() => RecordKindEnum, { description: 'Of which records: APPLICATION, ACCOUNT or PREDICTION.' }) recordKind!: RecordKind;
  @Field(() => RegimeEnum, { description: 'What asks for it: US_REG_B, EU_AI_ACT or LENDER.' }) regime!: Regime;

  @ArrayMaxSize(50, { message: 'products: name at most 50.' })
  @Field(() => [String], { nullable: true, description: 'Only for loans of these products, such as business credit; not with PREDICTION.' })
  products?: string[] | null;

  @Min(0, { message: 'months: give 0 to 600.' })
  @Max(600, { message: 'months: give 0 to 600.' })
  @Field(() => Int, { description: 'For how many months: 0 to 600, and no fewer than the regime asks.' })
  months!: number;

  @Field(() => Boolean, { defaultValue: true, description: 'False where the regime does not bind you.' }) inForce!: boolean;

  @Length(1, 1_000, { message: 'source: give 1 to 1,000 characters.' })
  @Field(() => String, { description: 'What it rests on: a law, a contract, a policy.' })
  source!: string;
}

@ObjectType({ description: 'A legal hold, as just placed.', simpleResolvers: true })
export class PlaceLegalHoldPayload {
  @Field(() => LegalHold, { description: 'The hold.' }) hold!: LegalHold;
}

@ObjectType({ description: 'A legal hold, as just lifted.', simpleResolvers: true })
export class LiftLegalHoldPayload {
  @Field(() => LegalHold, { description: 'The hold.' }) hold!: LegalHold;
}

const CONFIRMED_BY = 'The proposal. Another PRIVACY_OFFICER confirms it with confirmProposal, which does it.';

@ObjectType({ description: 'An erasure that waits for a second person.', simpleResolvers: true })
export class EraseCustomerPayload {
  @Field(() => ProposalType, { description: CONFIRMED_BY }) proposal!: ProposalType;
}

@ObjectType({ description: 'A retention rule that waits for a second person.', simpleResolvers: true })
export class ChangeRetentionPayload {
  @Field(() => ProposalType, { description: CONFIRMED_BY }) proposal!: ProposalType;
}
