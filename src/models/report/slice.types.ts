import { Field, Float, Int, ObjectType } from 'type-graphql';

@ObjectType({ description: 'How a version does on a part of the loans it was measured on.' })
abstract class EvaluationSlice {
  @Field(() => String, { description: 'Which part.' }) name!: string;
  @Field(() => Int, { description: 'Loans in it.' }) rows!: number;
  @Field(() => Int, { description: 'How many of them defaulted.' }) bads!: number;
  @Field(() => Float, { description: 'Share of them that defaulted.' }) defaultRate!: number;
  @Field(() => Float, { description: 'Their mean PD.' }) meanPd!: number;
  @Field(() => Float, { nullable: true, description: 'Area under the ROC curve; null where only one outcome occurs.' }) auc!: number | null;
  @Field(() => Float, { description: 'Share of them that the approval line lets through.' }) approvalRate!: number;
}

@ObjectType({ description: 'How a version does on loans that were decided in one period.', simpleResolvers: true })
export class VintageSlice extends EvaluationSlice {}

@ObjectType({ description: 'How a version does on a group of people.', simpleResolvers: true })
export class GroupSlice extends EvaluationSlice {
  @Field(() => Float, { nullable: true, description: 'Approval rate as a share of that of the group approved most often.' }) approvalRatio!: number | null;
  @Field(() => Boolean, { description: 'Whether that share is below the least one that was set.' }) belowLeastRatio!: boolean;
}

@ObjectType({ description: 'How a version does on the groups of one protected attribute.', simpleResolvers: true })
export class GroupEvaluation {
  @Field(() => String, { description: 'The protected attribute.' }) attribute!: string;
  @Field(() => [GroupSlice], { description: 'Its groups, by name.' }) groups!: readonly GroupSlice[];
  @Field(() => [String], { description: 'Groups too small to judge.' }) skipped!: readonly string[];
}
