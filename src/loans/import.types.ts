import { Field, Int, ObjectType } from 'type-graphql';

@ObjectType({ description: 'A row that was not imported.', simpleResolvers: true })
export class RejectedImportRow {
  @Field(() => Int, { description: 'Its number among the rows; the first is 1.' }) row!: number;
  @Field(() => String, { description: 'What is wrong with it, and what was expected.' }) reason!: string;
}

@ObjectType({ description: 'What was imported.', simpleResolvers: true })
export class ImportLoansPayload {
  @Field(() => String, { description: 'Names this import in the audit log.' }) importId!: string;
  @Field(() => Int, { description: 'How many new customers were recorded.' }) customers!: number;
  @Field(() => Int, { description: 'How many loans were recorded.' }) loans!: number;
  @Field(() => Int, { description: 'How many periods of loans were recorded.' }) repayments!: number;
  @Field(() => Int, { description: 'How many outcomes were recorded.' }) outcomes!: number;
  @Field(() => [RejectedImportRow], { description: 'The rows that were skipped, with their reasons.' }) rejected!: RejectedImportRow[];
}
