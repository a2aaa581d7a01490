import { Field, ObjectType } from 'type-graphql';
import { DecimalScalar } from '../platform/index.js';

@ObjectType({ description: 'An amount of money.', simpleResolvers: true })
export class Money {
  @Field(() => DecimalScalar, { description: 'How much, in units of the currency.' }) amount!: string;
  @Field(() => String, { description: 'ISO 4217 code.' }) currency!: string;
}

/** Money, or null where no amount is known. */
export const moneyOf = <Amount extends string | null>(amount: Amount, currency: string): Amount extends null ? Money | null : Money =>
  (amount === null ? null : { amount, currency }) as Amount extends null ? Money | null : Money;
