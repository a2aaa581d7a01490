import { Field, Float, ObjectType, registerEnumType } from 'type-graphql';
import { Money } from '../../loans/index.js';

export enum Direction {
  INCREASES_RISK = 'INCREASES_RISK',
  REDUCES_RISK = 'REDUCES_RISK',
}
registerEnumType(Direction, {
  name: 'DriverDirection',
  description: 'Which way a driver pushes.',
  valuesConfig: {
    INCREASES_RISK: { description: 'Toward default.' },
    REDUCES_RISK: { description: 'Away from default.' },
  },
});

export enum Strength {
  STRONG = 'STRONG',
  MODERATE = 'MODERATE',
  WEAK = 'WEAK',
}
registerEnumType(Strength, {
  name: 'DriverStrength',
  description: 'How much of what moved the score a driver accounts for.',
  valuesConfig: {
    STRONG: { description: 'A quarter or more.' },
    MODERATE: { description: 'A tenth or more.' },
    WEAK: { description: 'Less than a tenth.' },
  },
});

@ObjectType({ description: 'A feature that moved the score.', simpleResolvers: true })
export class RiskDriver {
  @Field(() => String, { description: "The feature's name." }) feature!: string;
  @Field(() => String, { description: 'The feature in plain language.' }) label!: string;
  @Field(() => Direction, { description: 'Which way it pushes.' }) direction!: Direction;
  @Field(() => Strength, { description: 'How much.' }) strength!: Strength;
}

@ObjectType({ description: 'What a portal shows of a customer: the worst of the newest predictions of their loans, and what they owe.', simpleResolvers: true })
export class RiskProfile {
  @Field(() => String, { nullable: true, description: 'Band of PD; null until a loan is scored.' }) grade!: string | null;
  @Field(() => Float, { nullable: true, description: 'PD; two significant digits unless you may see predictions in full.' }) pd!: number | null;
  @Field(() => Float, { nullable: true, description: 'Score points; to the nearest 10 unless you may see predictions in full.' }) scorePoints!: number | null;
  @Field(() => [Money], { description: 'What is owed on the book, for each currency.' }) exposures!: Money[];
  @Field(() => [Money], { nullable: true, description: 'PD × loss given default × exposure, for each currency; null until a loss given default is configured.' }) expectedLosses!: Money[] | null;
  @Field(() => Date, { nullable: true, description: 'When the prediction was made.' }) asOf!: Date | null;
  @Field(() => [String], { description: 'What to know before relying on this.' }) warnings!: string[];
}
