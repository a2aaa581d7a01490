import { ArrayMaxSize, Length } from 'class-validator';
import { Field, ID, InputType, registerEnumType } from 'type-graphql';
import { AttributeValue, DateTimeRange, OrderDirection } from '../platform/index.js';
import type { PlainValue } from './sections.js';

const MOST_VALUES = 500;
const tooMany = { message: `$property: at most ${MOST_VALUES} are kept.` };
const requestIdLength = { message: 'requestId: give 1 to 200 characters.' };

@InputType({ description: 'An attribute to record.' })
export class AttributeInput {
  @Field(() => String, { description: 'Its name: 1 to 100 characters.' }) name!: string;
  @Field(() => AttributeValue, { nullable: true, description: 'Its value; null takes the attribute away.' }) value?: PlainValue;
}

@InputType({ description: 'A piece of personal data to record.' })
export class IdentityValueInput {
  @Field(() => String, { description: 'Its name, such as `name`, `birthDate` or `email`.' }) name!: string;
  @Field(() => String, { nullable: true, description: 'Its value; null takes it away.' }) value?: string | null;
}

@InputType({ description: 'What is known of a customer, in three sections kept apart.' })
abstract class CustomerSectionsInput {
  @ArrayMaxSize(MOST_VALUES, tooMany)
  @Field(() => [IdentityValueInput], { nullable: true, description: 'Personal data. `name` is what screens show.' })
  identity?: IdentityValueInput[] | null;

  @ArrayMaxSize(MOST_VALUES, tooMany)
  @Field(() => [AttributeInput], { nullable: true, description: 'Free attributes: what models may use.' })
  attributes?: AttributeInput[] | null;

  @ArrayMaxSize(MOST_VALUES, tooMany)
  @Field(() => [AttributeInput], { nullable: true, description: 'Protected attributes: never a model input.' })
  protectedAttributes?: AttributeInput[] | null;

  @Field(() => Date, { nullable: true, description: 'From when this is true; now, unless given. Not in the future.' })
  effectiveAt?: Date | null;

  @Length(1, 200, requestIdLength)
  @Field(() => String, { nullable: true, description: 'Makes the request safe to repeat: the same id and body are done once.' })
  requestId?: string | null;
}

@InputType({ description: 'A new customer.' })
export class CreateCustomerInput extends CustomerSectionsInput {
  @Field(() => String, { description: 'Your own id of the customer, 1 to 200 characters; unique among customers.' })
  externalId!: string;

  @Field(() => Boolean, { defaultValue: false, description: 'Whether this is an invented person.' })
  synthetic!: boolean;
}

@InputType({ description: 'A change to what is known of a customer. What is not named stays as it was at `effectiveAt`.' })
export class UpdateCustomerInput extends CustomerSectionsInput {
  @Field(() => ID, { nullable: true, description: 'The customer, by id; or give `externalId`.' }) id?: string | null;
  @Field(() => String, { nullable: true, description: 'The customer, by your own id; or give `id`.' }) externalId?: string | null;
}

@InputType({ description: 'Which customers a list holds; conditions hold together.' })
export class CustomerFilter {
  @Field(() => String, { nullable: true, description: 'Only the customer of this external id.' }) externalId?: string | null;
  @Field(() => String, {
    nullable: true,
    description: 'Only customers with this national id, the value `nationalId` of their personal data. Letters and digits count, capital or not: "12.345.678-z" finds "12345678Z". Needs customer:lookup; the look-up is an audit event.',
  })
  nationalId?: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'Only customers with this e-mail address, the value `email` of their personal data. Capitals do not count. Needs customer:lookup; the look-up is an audit event.',
  })
  email?: string | null;

  @Field(() => Boolean, { nullable: true, description: 'Only invented customers, or only real ones.' }) synthetic?: boolean | null;
  @Field(() => DateTimeRange, { nullable: true, description: 'Only customers first recorded in this span.' }) recordedAt?: DateTimeRange | null;
}

export const CustomerOrderField = { RECORDED_AT: 'RECORDED_AT', EXTERNAL_ID: 'EXTERNAL_ID' } as const;
export type CustomerOrderField = keyof typeof CustomerOrderField;

registerEnumType(CustomerOrderField, {
  name: 'CustomerOrderField',
  description: 'What customers can be ordered by.',
  valuesConfig: {
    RECORDED_AT: { description: 'The order in which they were recorded.' },
    EXTERNAL_ID: { description: "The caller's own id, as text." },
  },
});

@InputType({ description: 'The order of a list of customers.' })
export class CustomerOrder {
  @Field(() => CustomerOrderField, { description: 'What to order by.' }) field!: CustomerOrderField;
  @Field(() => OrderDirection, { defaultValue: OrderDirection.ASC, description: 'Which way.' }) direction!: OrderDirection;
}
