import { Field, InputType, registerEnumType } from 'type-graphql';

@InputType({ description: 'A span of time; either end may be left open.' })
export class DateTimeRange {
  @Field(() => Date, { nullable: true, description: 'At this time or later.' }) gte?: Date | null;
  @Field(() => Date, { nullable: true, description: 'Before this time.' }) lt?: Date | null;
}

export const OrderDirection = { ASC: 'ASC', DESC: 'DESC' } as const;
export type OrderDirection = keyof typeof OrderDirection;

registerEnumType(OrderDirection, {
  name: 'OrderDirection',
  description: 'Which way a list runs.',
  valuesConfig: {
    ASC: { description: 'Smallest, earliest or first in the alphabet first.' },
    DESC: { description: 'Largest, latest or last in the alphabet first.' },
  },
});
