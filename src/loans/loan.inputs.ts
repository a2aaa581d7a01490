import { ArrayMaxSize, ArrayMinSize, Length } from 'class-validator';
import { Field, ID, InputType, Int, registerEnumType } from 'type-graphql';
import { AttributeInput } from '../customers/index.js';
import { DateTimeRange, DecimalScalar, OrderDirection } from '../platform/index.js';
import type { LoanKind, LoanStatus, RepaymentStatus } from './import/book-row.js';
import { LoanKindEnum, LoanStatusEnum, RepaymentStatusEnum } from './loan.enums.js';

const MOST_ATTRIBUTES = 500;
const MOST_PERIODS_AT_ONCE = 1_000;
const requestIdLength = { message: 'requestId: give 1 to 200 characters.' };
const requestId = { nullable: true, description: 'Makes the request safe to repeat: the same id and body are done once.' } as const;

@InputType({ description: 'What creating and updating a loan have in common.' })
abstract class LoanTermsInput {
  @Field(() => DecimalScalar, { nullable: true, description: 'How much may be drawn at most, in the currency of the loan.' })
  creditLimit?: string | null;

  @Field(() => DecimalScalar, { nullable: true, description: 'Yearly interest as a fraction: 0.049 is 4.9 %.' })
  annualRate?: string | null;

  @Field(() => Int, { nullable: true, description: 'Months from paying out to the last instalment: 1 to 1,200.' })
  termMonths?: number | null;

  @Field(() => Date, { nullable: true, description: 'When the application was complete; null while something is missing. Not in the future.' })
  completedAt?: Date | null;

  @Field(() => Date, { nullable: true, description: 'When the loan was decided. Not in the future.' })
  decisionAt?: Date | null;

  @ArrayMaxSize(MOST_ATTRIBUTES, { message: `attributes: at most ${MOST_ATTRIBUTES} are kept.` })
  @Field(() => [AttributeInput], { nullable: true, description: 'Free attributes of the loan: what models may use.' })
  attributes?: AttributeInput[] | null;

  @Length(1, 200, requestIdLength)
  @Field(() => String, requestId)
  requestId?: string | null;
}

@InputType({ description: 'A new loan.' })
export class CreateLoanInput extends LoanTermsInput {
  @Field(() => ID, { nullable: true, description: 'Who borrows, by id; or give `customerExternalId`.' }) customerId?: string | null;
  @Field(() => String, { nullable: true, description: 'Who borrows, by your own id; or give `customerId`.' }) customerExternalId?: string | null;

  @Field(() => String, { description: 'Your own id of the loan, 1 to 200 characters; unique among loans.' })
  externalId!: string;

  @Field(() => String, { description: 'The product in kebab-case, like `credit-card`.' }) product!: string;
  @Field(() => LoanKindEnum, { description: 'How it is drawn and repaid.' }) kind!: LoanKind;
  @Field(() => String, { description: 'ISO 4217 code of the currency.' }) currency!: string;
  @Field(() => DecimalScalar, { description: 'What is lent or applied for, in that currency.' }) principal!: string;
  @Field(() => LoanStatusEnum, { defaultValue: 'APPLICATION', description: 'Where the loan stands.' }) status!: LoanStatus;

  @Field(() => Date, { nullable: true, description: 'From when this is true; unless given, now, or the decision where that is earlier. Not in the future.' })
  effectiveAt?: Date | null;
}

@InputType({ description: 'A change to a loan. What is not named stays as it was at `effectiveAt`; null takes a term away.' })
export class UpdateLoanInput extends LoanTermsInput {
  @Field(() => ID, { nullable: true, description: 'The loan, by id; or give `externalId`.' }) id?: string | null;
  @Field(() => String, { nullable: true, description: 'The loan, by your own id; or give `id`.' }) externalId?: string | null;
  @Field(() => DecimalScalar, { nullable: true, description: 'What is lent or applied for, in the currency of the loan.' }) principal?: string | null;
  @Field(() => LoanStatusEnum, { nullable: true, description: 'Where the loan stands.' }) status?: LoanStatus | null;
  @Field(() => Date, { nullable: true, description: 'From when this is true; now, unless given. Not in the future.' }) effectiveAt?: Date | null;
}

@InputType({ description: "One period of a loan's history; amounts are in the currency of the loan." })
export class RepaymentInput {
  @Field(() => Date, { description: 'When the period ended. A period that ended at the same time is corrected.' }) periodEnd!: Date;
  @Field(() => DecimalScalar, { nullable: true, description: 'What was due: zero or more.' }) amountDue?: string | null;
  @Field(() => DecimalScalar, { nullable: true, description: 'What was paid: zero or more.' }) amountPaid?: string | null;
  @Field(() => DecimalScalar, { nullable: true, description: 'What was owed at the end; negative when overpaid.' }) balance?: string | null;
  @Field(() => Int, { nullable: true, description: 'How many days the oldest unpaid amount was late: 0 to 36,500.' }) daysPastDue?: number | null;
  @Field(() => RepaymentStatusEnum, { nullable: true, description: 'How the period went.' }) status?: RepaymentStatus | null;
}

@InputType({ description: 'Something to record of one loan.' })
abstract class OfLoanInput {
  @Field(() => ID, { nullable: true, description: 'The loan, by id; or give `externalId`.' }) id?: string | null;
  @Field(() => String, { nullable: true, description: 'The loan, by your own id; or give `id`.' }) externalId?: string | null;

  @Length(1, 200, requestIdLength)
  @Field(() => String, requestId)
  requestId?: string | null;
}

@InputType({ description: 'Periods of one loan to record.' })
export class RecordRepaymentsInput extends OfLoanInput {
  @ArrayMinSize(1, { message: 'repayments: give at least one period.' })
  @ArrayMaxSize(MOST_PERIODS_AT_ONCE, { message: `repayments: give at most ${MOST_PERIODS_AT_ONCE} periods at once.` })
  @Field(() => [RepaymentInput], { description: 'The periods, in any order, each once.' })
  repayments!: RepaymentInput[];
}

@InputType({ description: 'What became of a loan.' })
export class RecordOutcomeInput extends OfLoanInput {
  @Field(() => Boolean, { description: 'Whether the borrower defaulted.' }) defaulted!: boolean;
  @Field(() => Date, { nullable: true, description: 'When it happened; `knownAt`, unless given.' }) effectiveAt?: Date | null;
  @Field(() => Date, { nullable: true, description: 'When it became known; now, unless given. Not in the future.' }) knownAt?: Date | null;
}

@InputType({ description: 'Which loans a list holds; conditions hold together.' })
export class LoanFilter {
  @Field(() => ID, { nullable: true, description: 'Only loans of this customer.' }) customerId?: string | null;
  @Field(() => String, { nullable: true, description: 'Only this product.' }) product?: string | null;
  @Field(() => LoanKindEnum, { nullable: true, description: 'Only this kind.' }) kind?: LoanKind | null;
  @Field(() => LoanStatusEnum, { nullable: true, description: 'Only loans that stand here now.' }) status?: LoanStatus | null;
  @Field(() => String, { nullable: true, description: 'Only loans in this currency.' }) currency?: string | null;
  @Field(() => DateTimeRange, { nullable: true, description: 'Only loans first recorded in this span.' }) recordedAt?: DateTimeRange | null;
}

export const LoanOrderField = { RECORDED_AT: 'RECORDED_AT', EXTERNAL_ID: 'EXTERNAL_ID' } as const;
export type LoanOrderField = keyof typeof LoanOrderField;

registerEnumType(LoanOrderField, {
  name: 'LoanOrderField',
  description: 'What loans can be ordered by.',
  valuesConfig: {
    RECORDED_AT: { description: 'The order in which they were recorded.' },
    EXTERNAL_ID: { description: "The caller's own id, as text." },
  },
});

@InputType({ description: 'The order of a list of loans.' })
export class LoanOrder {
  @Field(() => LoanOrderField, { description: 'What to order by.' }) field!: LoanOrderField;
  @Field(() => OrderDirection, { defaultValue: OrderDirection.ASC, description: 'Which way.' }) direction!: OrderDirection;
}
