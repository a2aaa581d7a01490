import { ArrayMaxSize, ArrayMinSize, Length } from 'class-validator';
import { Field, InputType, Int, registerEnumType } from 'type-graphql';
import { AttributeInput, IdentityValueInput } from '../customers/index.js';
import { DecimalScalar } from '../platform/index.js';
import type { LoanKind, LoanStatus } from './import/book-row.js';
import { LoanKindEnum, LoanStatusEnum } from './loan.enums.js';
import { RepaymentInput } from './loan.inputs.js';

const MOST_ROWS = 1_000;

export const ImportErrorMode = { REJECT_ALL: 'REJECT_ALL', SKIP: 'SKIP' } as const;
export type ImportErrorMode = keyof typeof ImportErrorMode;

registerEnumType(ImportErrorMode, {
  name: 'ImportErrorMode',
  description: 'What to do about rows that cannot be imported.',
  valuesConfig: {
    REJECT_ALL: { description: 'Import nothing, and say why.' },
    SKIP: { description: 'Import the others, and list the rejected ones.' },
  },
});

export const RepeatedCustomerMode = { REJECT: 'REJECT', REUSE: 'REUSE' } as const;
export type RepeatedCustomerMode = keyof typeof RepeatedCustomerMode;

registerEnumType(RepeatedCustomerMode, {
  name: 'RepeatedCustomerMode',
  description: 'What to do about a row whose customer is already recorded.',
  valuesConfig: {
    REJECT: { description: 'The row cannot be imported.' },
    REUSE: { description: 'The loan is added to the recorded customer.' },
  },
});

@InputType({ description: 'The customer of an imported loan.' })
export class ImportCustomerInput {
  @Field(() => String, { description: 'Your own id of the customer.' }) externalId!: string;
  @Field(() => Date, { nullable: true, description: 'From when this is true; as the loan, unless given.' }) effectiveAt?: Date | null;
  @Field(() => [IdentityValueInput], { nullable: true, description: 'Personal data. `name` is what screens show.' }) identity?: IdentityValueInput[] | null;
  @Field(() => [AttributeInput], { nullable: true, description: 'Free attributes: what models may use.' }) attributes?: AttributeInput[] | null;
  @Field(() => [AttributeInput], { nullable: true, description: 'Protected attributes: never a model input.' }) protectedAttributes?: AttributeInput[] | null;
}

@InputType({ description: 'An imported loan.' })
export class ImportLoanInput {
  @Field(() => String, { description: 'Your own id of the loan.' }) externalId!: string;
  @Field(() => Date, { nullable: true, description: 'From when this is true; unless given, the decision or now.' }) effectiveAt?: Date | null;
  @Field(() => String, { description: 'The product in kebab-case, like `credit-card`.' }) product!: string;
  @Field(() => LoanKindEnum, { description: 'How it is drawn and repaid.' }) kind!: LoanKind;
  @Field(() => LoanStatusEnum, { defaultValue: 'ON_BOOK', description: 'Where the loan stands.' }) status!: LoanStatus;
  @Field(() => String, { description: 'ISO 4217 code of the currency.' }) currency!: string;
  @Field(() => DecimalScalar, { description: 'What is lent or applied for, in that currency.' }) principal!: string;
  @Field(() => DecimalScalar, { nullable: true, description: 'How much may be drawn at most.' }) creditLimit?: string | null;
  @Field(() => DecimalScalar, { nullable: true, description: 'Yearly interest as a fraction: 0.049 is 4.9 %.' }) annualRate?: string | null;
  @Field(() => Int, { nullable: true, description: 'Months from paying out to the last instalment.' }) termMonths?: number | null;
  @Field(() => Date, { nullable: true, description: 'When the application was complete; left out while something is missing.' }) completedAt?: Date | null;
  @Field(() => Date, { nullable: true, description: 'When the loan was decided.' }) decisionAt?: Date | null;
  @Field(() => [AttributeInput], { nullable: true, description: 'Free attributes of the loan: what models may use.' }) attributes?: AttributeInput[] | null;
}

@InputType({ description: 'What became of an imported loan.' })
export class ImportOutcomeInput {
  @Field(() => Boolean, { description: 'Whether the borrower defaulted.' }) defaulted!: boolean;
  @Field(() => Date, { nullable: true, description: 'When it happened; `knownAt`, unless given.' }) effectiveAt?: Date | null;
  @Field(() => Date, { description: 'When it became known.' }) knownAt!: Date;
}

@InputType({ description: 'A customer with a loan, its history and, where it is known, what became of it.' })
export class ImportRowInput {
  @Field(() => ImportCustomerInput, { description: 'Who borrows.' }) customer!: ImportCustomerInput;
  @Field(() => ImportLoanInput, { description: 'What is borrowed.' }) loan!: ImportLoanInput;
  @Field(() => [RepaymentInput], { defaultValue: [], description: 'The history of the loan, in any order.' }) repayments!: RepaymentInput[];
  @Field(() => ImportOutcomeInput, { nullable: true, description: 'What became of it, where that is known.' }) outcome?: ImportOutcomeInput | null;
}

@InputType({ description: 'Rows to import together.' })
export class ImportLoansInput {
  @ArrayMinSize(1, { message: 'rows: give at least one.' })
  @ArrayMaxSize(MOST_ROWS, { message: `rows: give at most ${MOST_ROWS} at once; larger books go through the import command.` })
  @Field(() => [ImportRowInput], { description: 'The rows, at most 1,000.' })
  rows!: ImportRowInput[];

  @Field(() => ImportErrorMode, { defaultValue: 'REJECT_ALL', description: 'What to do about rows that cannot be imported.' }) onError!: ImportErrorMode;
  @Field(() => RepeatedCustomerMode, { defaultValue: 'REUSE', description: 'What to do about customers that are already recorded.' }) onRepeatedCustomer!: RepeatedCustomerMode;
  @Field(() => Boolean, { defaultValue: false, description: 'Whether the customers are invented.' }) synthetic!: boolean;

  @Length(1, 200, { message: 'name: give 1 to 200 characters.' })
  @Field(() => String, { defaultValue: 'importLoans', description: 'What refusals call this import. It is not kept.' })
  name!: string;

  @Length(1, 200, { message: 'requestId: give 1 to 200 characters.' })
  @Field(() => String, { nullable: true, description: 'Makes the request safe to repeat: the same id and body are done once.' })
  requestId?: string | null;
}
