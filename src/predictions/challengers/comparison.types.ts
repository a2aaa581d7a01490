import { Field, Float, Int, ObjectType } from 'type-graphql';
import { DecisionValue } from '../history/prediction.types.js';

@ObjectType({ description: 'How often one decision met one of the challenger.', simpleResolvers: true })
export class DecisionPair {
  @Field(() => DecisionValue, { description: 'What was decided.' }) decision!: string;
  @Field(() => DecisionValue, { description: 'What the challenger would have decided.' }) wouldDecide!: string;
  @Field(() => Int, { description: 'How often.' }) pairs!: number;
}

@ObjectType({ description: 'Applicants whom one version approves and the other does not.', simpleResolvers: true })
export class SwapSet {
  @Field(() => Int, { description: 'How many predictions.' }) pairs!: number;
  @Field(() => Int, { description: 'Of how many the outcome of the loan is known; few of those that were not approved ever have one.' }) known!: number;
  @Field(() => Int, { description: 'How many of those defaulted.' }) defaults!: number;
  @Field(() => Float, { nullable: true, description: 'Defaults ÷ known; null until one is known.' }) defaultRate!: number | null;
}

@ObjectType({ description: "The challenger's score points minus those of the version that decided.", simpleResolvers: true })
export class ScoreShift {
  @Field(() => Float, { description: 'Mean.' }) mean!: number;
  @Field(() => Float, { description: 'A tenth of the differences lie below.' }) p10!: number;
  @Field(() => Float, { description: 'Median.' }) p50!: number;
  @Field(() => Float, { description: 'A tenth of the differences lie above.' }) p90!: number;
}

@ObjectType({ description: 'Both versions against the outcomes known so far, on the same loans: the newest pair of each.', simpleResolvers: true })
export class ComparedOutcomes {
  @Field(() => Int, { description: 'Loans with a pair and a known outcome.' }) known!: number;
  @Field(() => Int, { description: 'How many of them defaulted.' }) defaults!: number;
  @Field(() => Float, { nullable: true, description: 'Area under the ROC curve of the version that decided; null until both kinds of outcome are known.' }) auc!: number | null;
  @Field(() => Float, { nullable: true, description: 'The same of the challenger.' }) challengerAuc!: number | null;
  @Field(() => Float, { nullable: true, description: 'Mean squared error of the PDs that decided; null until an outcome is known.' }) brier!: number | null;
  @Field(() => Float, { nullable: true, description: 'The same of the challenger.' }) challengerBrier!: number | null;
}

@ObjectType({ description: 'A challenger beside what decided: the same requests, scored by both.', simpleResolvers: true })
export class ChallengerComparison {
  @Field(() => Int, { description: 'Requests that both scored.' }) pairs!: number;
  @Field(() => Int, { description: 'Requests that the challenger got, but one of the two gave no score.' }) incomplete!: number;
  @Field(() => Float, { nullable: true, description: 'Share of the pairs with the same decision; null without pairs.' }) agreementRate!: number | null;
  @Field(() => [DecisionPair], { description: 'Decision against decision; what never happened is left out.' }) matrix!: DecisionPair[];
  @Field(() => SwapSet, { description: 'Declined or referred, and the challenger would have approved.' }) swapIn!: SwapSet;
  @Field(() => SwapSet, { description: 'Approved, and the challenger would have declined or referred.' }) swapOut!: SwapSet;
  @Field(() => ScoreShift, { nullable: true, description: 'How far the scores lie apart; null without pairs.' }) scoreShift!: ScoreShift | null;
  @Field(() => Float, { nullable: true, description: 'Kolmogorov–Smirnov: the largest distance between the distributions of both PDs, 0 to 1; null without pairs.' }) ks!: number | null;
  @Field(() => ComparedOutcomes, { description: 'What became of the loans so far.' }) outcomes!: ComparedOutcomes;
}
