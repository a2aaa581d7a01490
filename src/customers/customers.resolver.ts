import { Arg, Args, Ctx, FieldResolver, ID, Mutation, Query, Resolver, Root } from 'type-graphql';
import { ConnectionArgs, MomentArgs, momentOf, type Connection, type Context } from '../platform/index.js';
import { Requires } from '../security/index.js';
import { CreateCustomerInput, CustomerFilter, CustomerOrder, UpdateCustomerInput } from './customer.inputs.js';
import { CreateCustomerPayload, Customer, CustomerConnection, CustomerFact, UpdateCustomerPayload } from './customer.types.js';
import type { CustomersReader } from './customers.reader.js';
import type { CustomersService } from './customers.service.js';

@Resolver(() => Customer)
export class CustomersResolver {
  constructor(
    private readonly reader: CustomersReader,
    private readonly service: CustomersService,
  ) {}

  @Requires('customer:read')
  @Query(() => Customer, { nullable: true, description: 'A customer, by id or by external id; null where there is none, or was none then, or it is not yours to see.' })
  async customer(
    @Ctx() ctx: Context,
    @Args() moment: MomentArgs,
    @Arg('id', () => ID, { nullable: true, description: 'Its global id; or give `externalId`.' }) id?: string,
    @Arg('externalId', () => String, { nullable: true, description: 'Your own id of it; or give `id`.' }) externalId?: string,
  ): Promise<Customer | undefined> {
    return this.reader.find(ctx, { id, externalId }, await momentOf(ctx, moment));
  }

  @Requires('customer:read')
  @Query(() => CustomerConnection, { description: 'Customers, in the order in which they were recorded unless asked otherwise.' })
  async customers(
    @Ctx() ctx: Context,
    @Args() page: ConnectionArgs,
    @Args() moment: MomentArgs,
    @Arg('filter', () => CustomerFilter, { nullable: true, description: 'Which customers; all, unless given.' }) filter?: CustomerFilter,
    @Arg('orderBy', () => CustomerOrder, { nullable: true, description: 'In which order.' }) orderBy?: CustomerOrder,
  ): Promise<Connection<Customer>> {
    return this.reader.list(ctx, filter, orderBy, page, await momentOf(ctx, moment));
  }

  @Requires('customer:write')
  @Mutation(() => CreateCustomerPayload, { description: 'Records a new customer.' })
  async createCustomer(@Ctx() ctx: Context, @Arg('input', { description: 'The customer.' }) input: CreateCustomerInput): Promise<CreateCustomerPayload> {
    return { customer: await this.service.create(ctx, input) };
  }

  @Requires('customer:write')
  @Mutation(() => UpdateCustomerPayload, { description: 'Records what has become true of a customer. Earlier facts stay in the history.' })
  async updateCustomer(@Ctx() ctx: Context, @Arg('input', { description: 'The change.' }) input: UpdateCustomerInput): Promise<UpdateCustomerPayload> {
    return { customer: await this.service.update(ctx, input) };
  }

  @FieldResolver(() => [CustomerFact], { description: 'Everything ever recorded of the customer, latest effective first, with both times.' })
  history(@Ctx() ctx: Context, @Root() customer: Customer): Promise<CustomerFact[]> {
    return this.reader.history(ctx, customer);
  }
}
