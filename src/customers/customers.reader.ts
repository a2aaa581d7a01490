import { encodeGlobalId, inOrder, perParent, toConnection, type Connection, type Context, type LoaderDefinition, type NodeLoader, type PageRequest } from '../platform/index.js';
import { demand, may, ownCustomer, type DataKey, type KeyRing } from '../security/index.js';
import type { CustomerFilter, CustomerOrder } from './customer.inputs.js';
import { customerPage, customersById, factsOf, resolveCustomer, restrictedAmong, type CustomerName, type CustomerRow } from './customer.queries.js';
import { Customer, CustomerFact } from './customer.types.js';
import { lookedUp } from './look-up.js';
import { displayNameOf } from './masking.js';
import { OpenedFacts } from './opened-facts.js';

/** Reads customers as the actor of a request may see them. */
export class CustomersReader {
  /** Customers by row id, batched; undefined where there is none. */
  readonly byId: LoaderDefinition<string, Customer | undefined> = {
    load: async (ctx, ids) => inOrder(ids, await this.present(ctx, await customersById(ctx.db, ids)), ({ customerId }) => customerId),
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
  async find(ctx: Context, name: CustomerName): Promise<Customer | undefined> {
    const id = await resolveCustomer(ctx.db, name);
    return id === undefined ? undefined : this.visible(ctx, id);
  }

  async list(ctx: Context, filter: CustomerFilter | undefined, order: CustomerOrder | undefined, request: PageRequest): Promise<Connection<Customer>> {
    const ordering = { field: order?.field ?? 'RECORDED_AT', descending: order?.direction === 'DESC' } as const;
    const ids = await lookedUp(ctx, this.keys, filter);
    const page = await customerPage(ctx.db, { ...filter, ids, customerId: ownCustomer(ctx) }, ordering, request);
    const customers = await this.present(ctx, page.rows.map(({ row }) => row));
    const byId = new Map(customers.map((customer) => [customer.customerId, customer]));
    return toConnection(page, ({ id }) => byId.get(id)!);
  }

  /** Everything ever recorded of a customer, newest first. */
  async history(ctx: Context, { customerId, restricted }: Customer): Promise<CustomerFact[]> {
    const rows = await factsOf(perParent(ctx, 1), customerId);
    const key = await ctx.loaders.of(ctx, this.dataKeys).load(customerId);
    return rows.map(({ facts }) => new CustomerFact(new OpenedFacts(facts, key), restricted));
  }

  /** Rows as customers, in order, with one key look-up. */
  async present(ctx: Context, rows: readonly CustomerRow[]): Promise<Customer[]> {
    const ids = rows.map(({ id }) => id);
    const [keys, restricted] = await Promise.all([this.keys.keysOf(ids), this.restricted(ctx, ids)]);
    return rows.map((row, index) => customerOf(ctx, row, keys[index], restricted.has(row.id)));
  }

  /** Whose personal data is kept, but not for this reader's work: who sees it in the clear, and neither answers for it nor is the customer. */
  private async restricted(ctx: Context, ids: readonly string[]): Promise<Set<string>> {
    const works = may(ctx, 'customer:identity') && !may(ctx, 'retention:read') && ctx.actor.ownCustomerId === undefined;
    return works && ids.length > 0 ? restrictedAmong(ctx.db, ids) : new Set();
  }

  private async visible(ctx: Context, id: string): Promise<Customer | undefined> {
    demand(ctx, 'customer:read');
    const own = ownCustomer(ctx);
    return own === undefined || own === id ? ctx.loaders.of(ctx, this.byId).load(id) : undefined;
  }
}

function customerOf(ctx: Context, row: CustomerRow, key: DataKey | undefined, restricted: boolean): Customer {
  const { external_id: externalId, synthetic } = row;
  const inTheClear = may(ctx, 'customer:identity') && !restricted;
  const head = {
    id: encodeGlobalId({ type: 'Customer', id: row.id }),
    customerId: row.id,
    externalId,
    synthetic,
    erased: key === undefined,
    restricted,
    recordedAt: row.recorded_at,
  };
  return new Customer(head, new OpenedFacts(row.facts, key), ({ identity: { name } }) =>
    key ? displayNameOf({ name, externalId, synthetic }, inTheClear) : 'erased',
  );
}
