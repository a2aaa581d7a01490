import { ArrayMaxSize, ArrayMinSize, IsOptional, Length } from 'class-validator';
import { Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { DecisionPurposeEnum, type DecisionPurpose } from '../../models/index.js';
import { PredictionType } from '../history/prediction.types.js';
import { MOST_IN_A_JOB } from '../jobs/score-jobs.js';
import { MOST_AT_ONCE } from '../scoring/scoring.service.js';
import { JobType } from './job.types.js';

@InputType({ description: 'How to score.' })
abstract class ScoringOptionsInput {
  @Field(() => DecisionPurposeEnum, { description: 'What the prediction is for: decides, with the product, which model serves it.' })
  purpose!: DecisionPurpose;

  @Field(() => ID, { nullable: true, description: 'Which model; needed only where several serve the product and purpose.' })
  modelId?: string | null;

  @Field(() => Date, { nullable: true, description: 'As of when facts count: what was true by then. Now, unless given.' })
  asOf?: Date | null;

  @Field(() => Boolean, { nullable: true, description: 'Score each loan as of the time at which it was decided; for back-tests. Not together with `asOf`.' })
  asOfDecision?: boolean | null;
}

@InputType({ description: 'One loan to score.' })
export class ScoreLoanInput extends ScoringOptionsInput {
  @Field(() => ID, { nullable: true, description: "The loan's id; or give `externalId`." })
  loanId?: string | null;

  @IsOptional()
  @Length(1, 200, { message: 'externalId: give 1 to 200 characters.' })
  @Field(() => String, { nullable: true, description: "The caller's own id of the loan; or give `loanId`." })
  externalId?: string | null;

  @IsOptional()
  @Length(1, 200, { message: 'requestId: give 1 to 200 characters.' })
  @Field(() => String, { nullable: true, description: 'Makes the call safe to repeat: the same requestId and body return the same prediction.' })
  requestId?: string | null;
}

@InputType({ description: `Many loans to score: up to ${MOST_AT_ONCE} while you wait, more as a job.` })
export class ScoreLoansInput extends ScoringOptionsInput {
  @ArrayMinSize(1, { message: 'loans: name at least one.' })
  @ArrayMaxSize(MOST_IN_A_JOB, { message: `loans: at most ${MOST_IN_A_JOB}.` })
  @Field(() => [String], { description: 'Ids or external ids of the loans.' })
  loans!: string[];

  @Length(1, 150, { message: 'requestId: give 1 to 150 characters.' })
  @Field(() => String, { description: 'Makes the call safe to repeat: nothing is scored twice.' })
  requestId!: string;
}

@ObjectType({ description: 'A loan that was scored.', simpleResolvers: true })
export class ScoreLoanPayload {
  @Field(() => PredictionType, { description: 'The recorded prediction; its status may be REFUSED or FAILED.' }) prediction!: PredictionType;
}

@ObjectType({ description: 'Why a loan could not be scored.', simpleResolvers: true })
export class ScoringError {
  @Field(() => String, { description: 'Stable code, e.g. NOT_FOUND or CONFLICT.' }) code!: string;
  @Field(() => String, { description: 'What is wrong and what to do.' }) message!: string;
}

@ObjectType({ description: 'What became of one of many loans.', simpleResolvers: true })
export class ScoreLoanResult {
  @Field(() => String, { description: 'The loan, as the request named it.' }) loan!: string;
  @Field(() => PredictionType, { nullable: true, description: 'The recorded prediction.' }) prediction!: PredictionType | null;
  @Field(() => ScoringError, { nullable: true, description: 'Why nothing could be recorded, e.g. there is no such loan.' }) error!: ScoringError | null;
}

@ObjectType({ description: 'Loans that were scored, or the job that scores them.', simpleResolvers: true })
export class ScoreLoansPayload {
  @Field(() => [ScoreLoanResult], { nullable: true, description: 'One for each loan, in the order of the request; null where a job does the work.' }) results!: ScoreLoanResult[] | null;
  @Field(() => JobType, { nullable: true, description: `The job, for more than ${MOST_AT_ONCE} loans.` }) job!: JobType | null;
  @Field(() => Int, { description: 'How many loans were asked for.' }) total!: number;
}
