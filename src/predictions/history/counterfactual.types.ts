import { Field, Float, ObjectType, registerEnumType } from 'type-graphql';
import { AttributeValue } from '../../platform/index.js';
import type { GatheredValue } from '../../scoring/index.js';

export enum ChangeDirection {
  HIGHER = 'HIGHER',
  LOWER = 'LOWER',
  OTHER = 'OTHER',
}
registerEnumType(ChangeDirection, {
  name: 'ChangeDirection',
  description: 'Which way a value would have to change.',
  valuesConfig: {
    HIGHER: { description: 'To a larger number.' },
    LOWER: { description: 'To a smaller number.' },
    OTHER: { description: 'To another value, or from a missing one.' },
  },
});

@ObjectType({ description: 'A value that would have to be another one.', simpleResolvers: true })
export class CounterfactualChange {
  @Field(() => String, { description: "The feature's name." }) feature!: string;
  @Field(() => String, { description: 'The feature in plain language.' }) label!: string;
  @Field(() => AttributeValue, { nullable: true, description: 'What it was; of a sequence in its newest period.' }) from!: GatheredValue;
  @Field(() => AttributeValue, { nullable: true, description: 'What it would have to be. A number is told to those who may see predictions in full: it lies on the very line where the decision turns.' }) to!: GatheredValue;
  @Field(() => ChangeDirection, { description: 'Which way.' }) direction!: ChangeDirection;
}

@ObjectType({ description: 'The fewest and smallest plausible changes that would bring the PD below the approval line.', simpleResolvers: true })
export class PredictionCounterfactual {
  @Field(() => Boolean, { description: 'Whether there are such changes.' }) found!: boolean;
  @Field(() => String, { nullable: true, description: 'Why there are none: already below the line, no mutable feature, or none within bounds.' }) reason!: string | null;
  @Field(() => [CounterfactualChange], { description: 'The changes, at most three; empty where none were found.' }) changes!: CounterfactualChange[];
  @Field(() => Float, { description: 'The PD with the changes; where none were found, the lowest that was reached. Two significant digits, unless you may see predictions in full.' }) pd!: number;
  @Field(() => String, { nullable: true, description: 'The whole as a sentence; null unless you may see predictions in full.' }) text!: string | null;
}
