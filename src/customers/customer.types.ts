import { Ctx, Field, ObjectType } from 'type-graphql';
import { AttributeValue, connectionType, Node, type Context, type Moment } from '../platform/index.js';
import { Privileged, Requires, User, userOf } from '../security/index.js';
import { namedValues, type NamedValue } from './named-values.js';
import type { OpenedFacts } from './opened-facts.js';
import type { PlainValue } from './sections.js';

@ObjectType({ description: 'A name and what is recorded under it.', simpleResolvers: true })
export class Attribute implements NamedValue {
  @Field(() => String, { description: 'Its name, unique in its list.' }) name!: string;
  @Field(() => AttributeValue, { nullable: true, description: 'What is recorded.' }) value!: PlainValue;
}

/** The facts of a customer as fields; sections are unsealed only when they are asked for. */
@ObjectType({ simpleResolvers: true })
abstract class FactFields {
  constructor(
    readonly facts: OpenedFacts,
    /** The row's id of whom they are about. */
    readonly customerId: string,
    /** Whether personal data is kept, but not for this reader. */
    readonly restricted: boolean,
  ) {}

  @Field(() => Date, { description: 'From when the attributes, identity and protected attributes here hold.' })
  get effectiveAt(): Date {
    return this.facts.effectiveAt;
  }

  @Field(() => [Attribute], { description: 'Free attributes, by name: what models may use. Empty where the customer was erased; for who works with personal data, where it is only kept (retention), too.' })
  get attributes(): NamedValue[] {
    return this.restricted ? [] : namedValues(this.facts.section('attributes'));
  }

  @Privileged('IDENTITY', ({ customerId }: FactFields) => customerId)
  @Requires('customer:identity')
  @Field(() => [Attribute], { description: 'Personal data: name, date of birth, e-mail address and the like. Empty where the customer was erased, and where it is only kept (retention), unless you may see retention.' })
  get identity(): NamedValue[] {
    return this.restricted ? [] : namedValues(this.facts.section('identity'));
  }

  @Privileged('PROTECTED', ({ customerId }: FactFields) => customerId)
  @Requires('customer:protected')
  @Field(() => [Attribute], { description: 'Protected attributes: never a model input, kept to check for fairness.' })
  get protectedAttributes(): NamedValue[] {
    return this.restricted ? [] : namedValues(this.facts.section('protected'));
  }
}

@ObjectType({ description: 'What was true of a customer from a time on, as it was known when it was recorded.', simpleResolvers: true })
export class CustomerFact extends FactFields {
  @Field(() => Date, { description: 'When this was recorded.' })
  get recordedAt(): Date {
    return this.facts.recordedAt;
  }

  @Requires('prediction:detail')
  @Field(() => User, { description: 'Who recorded this.' })
  recordedBy(@Ctx() ctx: Context): Promise<User> {
    return userOf(ctx, this.facts.recordedBy);
  }
}

/** What a customer is, beside the facts that change. */
export interface CustomerHead {
  readonly id: string;
  /** The row's id, for the resolvers of fields in this and later rooms. */
  readonly customerId: string;
  /** As of when the customer is told, and so all that hangs on it. */
  readonly moment: Moment;
  readonly externalId: string;
  readonly synthetic: boolean;
  readonly erased: boolean;
  /** Whether the personal data is kept, but not for this reader. */
  readonly restricted: boolean;
  readonly recordedAt: Date;
}

@ObjectType({ implements: Node, description: 'Who borrows.', simpleResolvers: true })
export class Customer extends FactFields implements CustomerHead {
  readonly id!: string;
  readonly moment!: Moment;

  @Field(() => String, { description: "The caller's own id of this customer." }) readonly externalId!: string;
  @Field(() => Boolean, { description: 'Whether this is an invented person, in a generated book.' }) readonly synthetic!: boolean;
  @Field(() => Boolean, { description: 'Whether the personal data was destroyed. What is left is pseudonymous.' }) readonly erased!: boolean;
  @Field(() => Date, { description: 'When the customer was first recorded.' }) readonly recordedAt!: Date;

  @Field(() => String, { description: 'What to call them on a screen; masked, like "M… S…", unless you may see personal data.' })
  get displayName(): string {
    return this.nameOf(this.facts);
  }

  constructor(head: CustomerHead, facts: OpenedFacts, private readonly nameOf: (facts: OpenedFacts) => string) {
    super(facts, head.customerId, head.restricted);
    Object.assign(this, head);
  }
}

export const CustomerConnection = connectionType(Customer, 'Customer', 'customers');

@ObjectType({ description: 'A customer, as just recorded.', simpleResolvers: true })
export class CreateCustomerPayload {
  @Field(() => Customer, { description: 'The new customer.' }) customer!: Customer;
}

@ObjectType({ description: 'A customer, as just updated.', simpleResolvers: true })
export class UpdateCustomerPayload {
  @Field(() => Customer, { description: 'The customer with the facts that hold now.' }) customer!: Customer;
}
