import { encodeGlobalId, momentKey, perParent, PRESENT, toConnection, type Connection, type Context, type LoaderDefinition, type Moment, type NodeLoader, type PageRequest } from '../platform/index.js';
import { demand, may, noteRead, ownCustomer, type DataKey, type KeyRing } from '../security/index.js';
import type { CustomerFilter, CustomerOrder } from './customer.inputs.js';
import { customerPage, customersAt, factsOf, resolveCustomer, type CustomerAt, type CustomerName, type CustomerRow } from './customer.queries.js';
import { Customer, CustomerFact } from './customer.types.js';
import { lookedUp } from './look-up.js';
import { displayNameOf } from './masking.js';
import { OpenedFacts } from './opened-facts.js';
import { restrictedOf } from './restriction.js';

/** Reads customers as the actor of a request may see them. */
export class CustomersReader {
  /** Customers as of a moment, batched; undefined where there was none. */
  readonly at: LoaderDefinition<CustomerAt, Customer | undefined> = {
    cacheKey: ({ customerId, moment }) => `${customerId} ${momentKey(moment)}`,
    load: async (ctx, asked) => this.present(ctx, await customersAt(ctx.db, asked), (index) => asked[index]!.moment),
  };

  /** Data keys, batched; undefined where the customer was erased. */
  readonly dataKeys: LoaderDefinition<string, DataKey | undefined> = {
    load: (_ctx, customerIds) => this.keys.keysOf(customerIds),
  };

  readonly nodeLoaders: Readonly<Record<'Customer', NodeLoader>> = {
    Customer: (ctx, { id }) => this.visible(ctx, id),
  };

  constructor(private readonly keys: KeyRing) {}

  /** @returns undefined where there is no such customer, or it is not the reader's to see */
  async find(ctx: Context, name: CustomerName, moment = PRESENT): Promise<Customer | undefined> {
    const id = await resolveCustomer(ctx.db, name);
    return id === undefined ? undefined : this.visible(ctx, id, moment);
  }

  async list(ctx: Context, filter: CustomerFilter | undefined, order: CustomerOrder | undefined, request: PageRequest, moment = PRESENT): Promise<Connection<Customer>> {
    const ordering = { field: order?.field ?? 'RECORDED_AT', descending: order?.direction === 'DESC' } as const;
    const ids = await lookedUp(ctx, this.keys, filter, moment);
    const page = await customerPage(ctx.db, { ...filter, ids, customerId: ownCustomer(ctx), moment }, ordering, request);
    const customers = await this.present(ctx, page.rows.map(({ row }) => row), () => moment);
    const byId = new Map(customers.map((customer) => [customer.customerId, customer]));
    return toConnection(page, ({ id }) => byId.get(id)!);
  }

  /** Everything ever recorded of a customer, newest first. */
  async history(ctx: Context, customer: Customer): Promise<CustomerFact[]> {
    const rows = await factsOf(perParent(ctx, 1), customer);
    const key = await ctx.loaders.of(ctx, this.dataKeys).load(customer.customerId);
    return rows.map(({ facts }) => new CustomerFact(new OpenedFacts(facts, key), customer.customerId, customer.restricted));
  }

  /** Rows as customers, in order, with one key look-up. The keys, and who is restricted, are those of now: an erasure reaches into the past. */
  async present<Row extends CustomerRow | undefined>(ctx: Context, rows: readonly Row[], momentOf: (index: number) => Moment): Promise<(Customer | Extract<Row, undefined>)[]> {
    const ids = rows.flatMap((row) => (row ? [row.id] : []));
    const [keys, restricted] = await Promise.all([this.keys.keysOf(ids), restrictedOf(ctx, ids)]);
    let next = 0;
    return rows.map((row, index) => (row ? customerOf(ctx, row, keys[next++], momentOf(index), restricted.has(row.id)) : (undefined as Extract<Row, undefined>)));
  }

  private async visible(ctx: Context, customerId: string, moment = PRESENT): Promise<Customer | undefined> {
    demand(ctx, 'customer:read');
    const own = ownCustomer(ctx);
    return own === undefined || own === customerId ? ctx.loaders.of(ctx, this.at).load({ customerId, moment }) : undefined;
  }
}

function customerOf(ctx: Context, row: CustomerRow, key: DataKey | undefined, moment: Moment, restricted: boolean): Customer {
  const { external_id: externalId, synthetic } = row;
  const inTheClear = may(ctx, 'customer:identity') && !restricted;
  const head = {
    id: encodeGlobalId({ type: 'Customer', id: row.id }),
    customerId: row.id,
    moment,
    externalId,
    synthetic,
    erased: key === undefined,
    restricted,
    recordedAt: row.recorded_at,
  };
  return new Customer(head, new OpenedFacts(row.facts, key), ({ identity: { name } }) => {
    if (!key) return 'erased';
    if (inTheClear && name !== undefined) noteRead(ctx, 'IDENTITY', row.id);
    return displayNameOf({ name, externalId, synthetic }, inTheClear);
  });
}
