import { isRestricted, namedValues, type Customer, type CustomersReader, type NamedValue } from '../customers/index.js';
import { encodeGlobalId, expectId, momentKey, perParent, PRESENT, toConnection, type Connection, type Context, type LoaderDefinition, type Moment, type NodeLoader, type PageRequest } from '../platform/index.js';
import { demand, ownCustomer } from '../security/index.js';
import type { LoanFilter, LoanOrder } from './loan.inputs.js';
import { loanFactsOf, loanPage, loansAt, openedAttributes, outcomeOf, repaymentsOf, type LoanAt, type LoanOrdering, type LoanRow } from './loan.queries.js';
import { resolveLoan, type LoanName } from './loan.refs.js';
import type { LoanRef } from './loan.rows.js';
import { Loan, LoanFact, Outcome, Repayment } from './loan.types.js';

/** Reads loans as the actor of a request may see them. What belongs to a loan is read in one statement for a whole page. */
export class LoansReader {
  /** Loans as of a moment, batched; undefined where there was none. */
  readonly at: LoaderDefinition<LoanAt, Loan | undefined> = {
    cacheKey: ({ customerId, loanId, moment }) => `${customerId} ${loanId} ${momentKey(moment)}`,
    load: async (ctx, asked) => (await loansAt(ctx.db, asked)).map((row, index) => row && toLoan(row, asked[index]!.moment)),
  };

  readonly nodeLoaders: Readonly<Record<'Loan', NodeLoader>> = {
    Loan: async (ctx, { customerId, id }) => (customerId === undefined ? undefined : this.visible(ctx, { customerId, loanId: id })),
  };

  constructor(private readonly customers: CustomersReader) {}

  /** @returns undefined where there is no such loan, or it is not the reader's to see */
  async find(ctx: Context, name: LoanName, moment = PRESENT): Promise<Loan | undefined> {
    const ref = await resolveLoan(ctx.db, name);
    return ref && this.visible(ctx, ref, moment);
  }

  /** Loans of the whole book; for a borrower, their own. */
  async list(ctx: Context, filter: LoanFilter | undefined, order: LoanOrder | undefined, page: PageRequest, moment = PRESENT): Promise<Connection<Loan>> {
    const customerId = filter?.customerId == null ? undefined : expectId(filter.customerId, 'Customer', false).id;
    const selection = { ...filter, customerId, ownCustomerId: ownCustomer(ctx), moment };
    return toConnection(await loanPage(ctx.db, selection, orderingOf(order), page), (row) => toLoan(row, moment));
  }

  /** The loans of one customer; of many customers at once, in one statement. */
  async ofCustomer(ctx: Context, { customerId, moment }: Customer, order: LoanOrder | undefined, page: PageRequest): Promise<Connection<Loan>> {
    return toConnection(await loanPage(perParent(ctx, 1), { customerId, moment }, orderingOf(order), page), (row) => toLoan(row, moment));
  }

  /** Everything ever recorded of a loan's terms and standing, newest first. */
  async history(ctx: Context, loan: Loan): Promise<LoanFact[]> {
    const rows = await loanFactsOf(perParent(ctx, 2), loan);
    return rows.map(({ facts }) => new LoanFact(loan.customerId, loan.currency, facts));
  }

  /** Free attributes of a loan; empty where the customer was erased, or is only kept and not for this reader. */
  async attributes(ctx: Context, { customerId, facts }: Loan | LoanFact): Promise<NamedValue[]> {
    if (await isRestricted(ctx, customerId)) return [];
    const key = await ctx.loaders.of(ctx, this.customers.dataKeys).load(customerId);
    return namedValues(openedAttributes(key, facts));
  }

  /** The newest periods of a loan, newest first. */
  async repayments(ctx: Context, loan: Loan, most: number): Promise<Repayment[]> {
    const rows = await repaymentsOf(perParent(ctx, 2), loan, most);
    return rows.map((row) => new Repayment(row, loan.currency));
  }

  async outcome(ctx: Context, loan: Loan): Promise<Outcome | undefined> {
    const row = await outcomeOf(perParent(ctx, 2), loan);
    return row && new Outcome(row);
  }

  private async visible(ctx: Context, ref: LoanRef, moment = PRESENT): Promise<Loan | undefined> {
    demand(ctx, 'customer:read');
    const own = ownCustomer(ctx);
    return own === undefined || own === ref.customerId ? ctx.loaders.of(ctx, this.at).load({ ...ref, moment }) : undefined;
  }
}

const orderingOf = (order: LoanOrder | undefined): LoanOrdering => ({
  field: order?.field ?? 'RECORDED_AT',
  descending: order?.direction === 'DESC',
});

export function toLoan(row: LoanRow, moment: Moment): Loan {
  const { customer_id: customerId, id: loanId, external_id: externalId, product, kind, recorded_at: recordedAt } = row;
  const head = { id: encodeGlobalId({ type: 'Loan', customerId, id: loanId }), loanId, externalId, product, kind, recordedAt, moment };
  return new Loan(head, customerId, row.currency, row.facts);
}
