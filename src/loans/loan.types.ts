import { Ctx, Field, Int, ObjectType } from 'type-graphql';
import { connectionType, DecimalScalar, Node, type Context, type Moment } from '../platform/index.js';
import { Requires, User, userOf } from '../security/index.js';
import type { LoanKind, LoanStatus, RepaymentStatus } from './import/book-row.js';
import { LoanKindEnum, LoanStatusEnum, RepaymentStatusEnum } from './loan.enums.js';
import type { LoanFactsRow, OutcomeRow, RepaymentRow } from './loan.queries.js';
import { Money, moneyOf } from './money.types.js';

/** The facts of a loan as fields. */
@ObjectType({ simpleResolvers: true })
abstract class FactFields {
  constructor(
    /** The row's ids, for the resolvers of fields in this and later rooms. */
    readonly customerId: string,
    readonly currencyCode: string,
    readonly facts: LoanFactsRow,
  ) {}

  @Field(() => LoanStatusEnum, { description: 'Where the loan stands.' })
  get status(): LoanStatus {
    return this.facts.status;
  }

  @Field(() => Money, { description: 'What was lent or applied for; of a revolving loan, its limit.' })
  get principal(): Money {
    return moneyOf(this.facts.principal, this.currencyCode);
  }

  @Field(() => Money, { nullable: true, description: 'How much may be drawn at most.' })
  get creditLimit(): Money | null {
    return moneyOf(this.facts.creditLimit, this.currencyCode);
  }

  @Field(() => DecimalScalar, { nullable: true, description: 'Yearly interest as a fraction: 0.049 is 4.9 %.' })
  get annualRate(): string | null {
    return this.facts.annualRate;
  }

  @Field(() => Int, { nullable: true, description: 'Months from paying out to the last instalment.' })
  get termMonths(): number | null {
    return this.facts.termMonths;
  }

  @Field(() => Date, { nullable: true, description: 'When the application was complete: all that is needed to decide it was there. Null while it is not.' })
  get completedAt(): Date | null {
    return this.facts.completedAt === null ? null : new Date(this.facts.completedAt);
  }

  @Field(() => Date, { nullable: true, description: 'When the loan was decided; training looks at what was known then.' })
  get decisionAt(): Date | null {
    return this.facts.decisionAt === null ? null : new Date(this.facts.decisionAt);
  }

  @Field(() => Date, { description: 'From when the terms and the standing here hold.' })
  get effectiveAt(): Date {
    return new Date(this.facts.effectiveAt);
  }
}

@ObjectType({ description: 'What was true of a loan from a time on, as it was known when it was recorded.', simpleResolvers: true })
export class LoanFact extends FactFields {
  @Field(() => Date, { description: 'When this was recorded.' })
  get recordedAt(): Date {
    return new Date(this.facts.recordedAt);
  }

  @Requires('prediction:detail')
  @Field(() => User, { description: 'Who recorded this.' })
  recordedBy(@Ctx() ctx: Context): Promise<User> {
    return userOf(ctx, this.facts.recordedBy);
  }
}

/** What a loan is, beside the facts that change. */
export interface LoanHead {
  readonly id: string;
  readonly loanId: string;
  readonly externalId: string;
  readonly product: string;
  readonly kind: LoanKind;
  readonly recordedAt: Date;
  /** As of when the loan is told, and so all that hangs on it. */
  readonly moment: Moment;
}

@ObjectType({ implements: Node, description: 'What is borrowed, applied for or on the book.', simpleResolvers: true })
export class Loan extends FactFields implements LoanHead {
  readonly id!: string;
  readonly loanId!: string;
  readonly moment!: Moment;

  @Field(() => String, { description: "The caller's own id of this loan." }) readonly externalId!: string;
  @Field(() => String, { description: 'The product, like `credit-card`.' }) readonly product!: string;
  @Field(() => LoanKindEnum, { description: 'How it is drawn and repaid.' }) readonly kind!: LoanKind;
  @Field(() => Date, { description: 'When the loan was first recorded.' }) readonly recordedAt!: Date;

  @Field(() => String, { description: 'ISO 4217 code; all amounts of the loan are in it.' })
  get currency(): string {
    return this.currencyCode;
  }

  constructor(head: LoanHead, customerId: string, currency: string, facts: LoanFactsRow) {
    super(customerId, currency, facts);
    Object.assign(this, head);
  }
}

export const LoanConnection = connectionType(Loan, 'Loan', 'loans');

@ObjectType({ description: "One period of a loan's history.", simpleResolvers: true })
export class Repayment {
  constructor(
    private readonly row: RepaymentRow,
    private readonly currency: string,
  ) {}

  @Field(() => Date, { description: 'When the period ended.' })
  get periodEnd(): Date {
    return this.row.effective_at;
  }

  @Field(() => Date, { description: 'When this was recorded; a later recording of the same period corrects an earlier one.' })
  get recordedAt(): Date {
    return this.row.recorded_at;
  }

  @Requires('prediction:detail')
  @Field(() => User, { description: 'Who recorded this.' })
  recordedBy(@Ctx() ctx: Context): Promise<User> {
    return userOf(ctx, this.row.recorded_by);
  }

  @Field(() => Money, { nullable: true, description: 'What was due in the period.' })
  get amountDue(): Money | null {
    return moneyOf(this.row.amount_due, this.currency);
  }

  @Field(() => Money, { nullable: true, description: 'What was paid in the period.' })
  get amountPaid(): Money | null {
    return moneyOf(this.row.amount_paid, this.currency);
  }

  @Field(() => Money, { nullable: true, description: 'What was owed at the end of the period; negative when overpaid.' })
  get balance(): Money | null {
    return moneyOf(this.row.balance, this.currency);
  }

  @Field(() => Int, { nullable: true, description: 'How many days the oldest unpaid amount was late at the end of the period.' })
  get daysPastDue(): number | null {
    return this.row.days_past_due;
  }

  @Field(() => RepaymentStatusEnum, { nullable: true, description: 'How the period went.' })
  get status(): RepaymentStatus | null {
    return this.row.status;
  }
}

@ObjectType({ description: 'What became of a loan.', simpleResolvers: true })
export class Outcome {
  constructor(private readonly row: OutcomeRow) {}

  @Field(() => Boolean, { description: 'Whether the borrower defaulted.' })
  get defaulted(): boolean {
    return this.row.defaulted;
  }

  @Field(() => Date, { description: 'When it happened, or was found not to have happened.' })
  get effectiveAt(): Date {
    return this.row.effective_at;
  }

  @Field(() => Date, { description: 'When it became known; training does not look past this.' })
  get knownAt(): Date {
    return this.row.known_at;
  }

  @Field(() => Date, { description: 'When it was recorded here.' })
  get recordedAt(): Date {
    return this.row.recorded_at;
  }

  @Requires('prediction:detail')
  @Field(() => User, { description: 'Who recorded this.' })
  recordedBy(@Ctx() ctx: Context): Promise<User> {
    return userOf(ctx, this.row.recorded_by);
  }
}
