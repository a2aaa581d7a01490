import { Field, ID, InputType } from 'type-graphql';
import { DateTimeRange } from '../../platform/index.js';
import { WAITING_DAYS } from '../history/deciding.js';
import { DecisionValue, PredictionPurpose, Status } from '../history/prediction.types.js';

@InputType({ description: 'Which predictions; conditions add up.' })
export class PredictionFilterInput {
  @Field(() => ID, { nullable: true, description: 'Of this customer.' }) customerId?: string | null;
  @Field(() => ID, { nullable: true, description: 'Of this loan.' }) loanId?: string | null;
  @Field(() => ID, { nullable: true, description: 'By any version of this model.' }) modelId?: string | null;
  @Field(() => ID, { nullable: true, description: 'By this version.' }) modelVersionId?: string | null;
  @Field(() => DecisionValue, { nullable: true, description: 'With this decision.' }) decision?: DecisionValue | null;
  @Field(() => String, { nullable: true, description: 'With this grade.' }) grade?: string | null;
  @Field(() => Status, { nullable: true, description: 'With this status.' }) status?: Status | null;
  @Field(() => PredictionPurpose, { nullable: true, description: 'For this purpose.' }) purpose?: PredictionPurpose | null;
  @Field(() => ID, { nullable: true, description: 'Made by this job.' }) jobId?: string | null;
  @Field(() => Boolean, { nullable: true, description: 'True: only what challengers said beside a decision. False: only the rest. Unless given: both, for who may see predictions in full.' }) challenger?: boolean | null;
  @Field(() => Boolean, { nullable: true, description: `True: only applications that wait now for a person to decide them. The decision in force is REFER, the newest on its loan, given in the last ${WAITING_DAYS} days, and the loan is still an application. False: only the rest.` }) waiting?: boolean | null;
  @Field(() => DateTimeRange, { nullable: true, description: 'Recorded in this span.' }) createdAt?: DateTimeRange | null;
}
