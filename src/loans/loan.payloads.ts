import { Field, ObjectType } from 'type-graphql';
import { Loan } from './loan.types.js';

@ObjectType({ description: 'A loan, as just recorded.', simpleResolvers: true })
export class CreateLoanPayload {
  @Field(() => Loan, { description: 'The new loan.' }) loan!: Loan;
}

@ObjectType({ description: 'A loan, as just updated.', simpleResolvers: true })
export class UpdateLoanPayload {
  @Field(() => Loan, { description: 'The loan with the facts that hold now.' }) loan!: Loan;
}

@ObjectType({ description: 'A loan whose periods were just recorded.', simpleResolvers: true })
export class RecordRepaymentsPayload {
  @Field(() => Loan, { description: 'The loan.' }) loan!: Loan;
}

@ObjectType({ description: 'A loan whose outcome was just recorded.', simpleResolvers: true })
export class RecordOutcomePayload {
  @Field(() => Loan, { description: 'The loan.' }) loan!: Loan;
}
