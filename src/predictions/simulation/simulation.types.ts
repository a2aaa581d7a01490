import { Field, Float, ObjectType } from 'type-graphql';
import { DecisionPurposeEnum, type DecisionPurpose } from '../../models/index.js';
import { AttributeValue } from '../../platform/index.js';
import type { GatheredValue } from '../../scoring/index.js';
import { DecisionValue, type PredictionExplanation } from '../history/prediction.types.js';
import type { ToldReasons } from '../history/told-reasons.js';

@ObjectType({ description: 'What the model says of a state of a what-if. Nothing is decided by it.' })
export abstract class SimulatedOutcome {
  @Field(() => Float, { description: 'Probability of default. Two significant digits, unless you may see predictions in full.' }) pd!: number;
  @Field(() => Float, { description: 'Score points. To the nearest 10, unless you may see predictions in full.' }) scorePoints!: number;
  @Field(() => String, { description: 'Band of PD.' }) grade!: string;
  @Field(() => DecisionValue, { description: "What the version's decision policy would say." }) wouldDecide!: DecisionValue;
}

@ObjectType({ description: 'The loan as it is recorded in the book.', simpleResolvers: true })
export class SimulationBaseline extends SimulatedOutcome {
  readonly told!: ToldReasons;
  readonly recordedExplanation!: PredictionExplanation;
}

@ObjectType({ description: 'The loan after one more change; the changes before it hold.', simpleResolvers: true })
export class SimulationStep extends SimulatedOutcome {
  @Field(() => String, { description: 'What was changed: a field of the loan, the customer or a repayment period, 0 the newest.' }) path!: string;
  @Field(() => AttributeValue, { nullable: true, description: 'Its value before.' }) from!: GatheredValue;
  @Field(() => AttributeValue, { nullable: true, description: 'Its value after.' }) to!: GatheredValue;
  @Field(() => [String], { description: 'The features whose value moved with it; none where it does not count for this loan.' }) features!: string[];
}

@ObjectType({ description: 'The way from a loan as it is recorded to a what-if, change by change.', simpleResolvers: true })
export class Simulation {
  @Field(() => DecisionPurposeEnum, { description: 'The decision for which the model was chosen.' }) purpose!: DecisionPurpose;
  @Field(() => SimulationBaseline, { description: 'Where it starts.' }) baseline!: SimulationBaseline;
  @Field(() => [SimulationStep], { description: 'Each change in order; the last one leads to the prediction itself.' }) steps!: SimulationStep[];
}
