import { recordEvent } from '../audit/index.js';
import { badInput, PRESENT, type Context, type Transaction } from '../platform/index.js';
import { demand, type KeyRing } from '../security/index.js';
import type { CreateCustomerInput, UpdateCustomerInput } from './customer.inputs.js';
import { customersAt, factsAsOf, requireCustomer } from './customer.queries.js';
import { insertCustomers, insertFacts, type CustomerFacts } from './customer.rows.js';
import type { Customer } from './customer.types.js';
import type { CustomersReader } from './customers.reader.js';
import { changed } from './named-values.js';
import { OpenedFacts } from './opened-facts.js';
import { checkedExternalId, effectiveTime, lockThing, repeatable } from './recording.js';

/** Records who borrows and what is known of them. Nothing is overwritten: an update is a later fact. */
export class CustomersService {
  constructor(
    private readonly keys: KeyRing,
    private readonly reader: CustomersReader,
  ) {}

  /** @throws CONFLICT when the external id is taken */
  async create(ctx: Context, input: CreateCustomerInput): Promise<Customer> {
    demand(ctx, 'customer:write');
    const { synthetic } = input;
    const externalId = checkedExternalId(input.externalId);
    return this.recorded(ctx, (tx) =>
      repeatable(tx, ctx, this.keys, 'createCustomer', input, async () => {
        const facts = factsAfter(undefined, input, effectiveTime(ctx, input.effectiveAt, 'effectiveAt'));
        const [customer] = await insertCustomers(tx, ctx.actor.id, this.keys, [{ externalId, synthetic, ...facts }]);
        await witness(tx, ctx, 'CUSTOMER_RECORDED', customer!.id);
        return customer!.id;
      }),
    );
  }

  /**
   * Appends facts that carry over whatever the input does not name from the facts as of `effectiveAt`.
   * @throws NOT_FOUND for an unknown or erased customer; BAD_INPUT for a time before anything was known
   */
  async update(ctx: Context, input: UpdateCustomerInput): Promise<Customer> {
    demand(ctx, 'customer:write');
    return this.recorded(ctx, (tx) =>
      repeatable(tx, ctx, this.keys, 'updateCustomer', input, async () => {
        const id = await requireCustomer(tx, input);
        await lockThing(tx, 'customer', id);
        await this.append(tx, ctx, id, input, effectiveTime(ctx, input.effectiveAt, 'effectiveAt'));
        await witness(tx, ctx, 'CUSTOMER_UPDATED', id);
        return id;
      }),
    );
  }

  private async append(tx: Transaction, ctx: Context, id: string, input: UpdateCustomerInput, effectiveAt: Date): Promise<void> {
    const key = await this.keys.keyOf(id);
    const sealed = await factsAsOf(tx, id, effectiveAt);
    if (!sealed) throw badInput(`effectiveAt: nothing is known of the customer as of ${effectiveAt.toISOString()}. Pass a time at or after their first facts.`);
    await insertFacts(tx, ctx.actor.id, this.keys, [{ customer: { id, key }, facts: factsAfter(new OpenedFacts(sealed, key), input, effectiveAt) }]);
  }

  /** Does the work and reads the customer back where it is certain to be found. */
  private async recorded(ctx: Context, work: (tx: Transaction) => Promise<string>): Promise<Customer> {
    const [row] = await ctx.db.transaction(async (tx) => customersAt(tx, [{ customerId: await work(tx), moment: PRESENT }]));
    const [customer] = await this.reader.present(ctx, [row!], () => PRESENT);
    ctx.loaders.of(ctx, this.reader.at).clear(customer!).prime(customer!, customer);
    return customer!;
  }
}

const witness = (tx: Transaction, ctx: Context, type: 'CUSTOMER_RECORDED' | 'CUSTOMER_UPDATED', id: string): Promise<void> =>
  recordEvent(tx, { type, id, actor: ctx.actor.id, time: ctx.now(), payload: { customer: id } });

type Sections = Pick<UpdateCustomerInput, 'identity' | 'attributes' | 'protectedAttributes'>;

const factsAfter = (before: OpenedFacts | undefined, input: Sections, effectiveAt: Date): CustomerFacts => ({
  effectiveAt,
  identity: changed(before?.identity ?? {}, input.identity, 'identity'),
  attributes: changed(before?.section('attributes') ?? {}, input.attributes, 'attributes'),
  protected: changed(before?.section('protected') ?? {}, input.protectedAttributes, 'protectedAttributes'),
});
