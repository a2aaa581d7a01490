import { effectiveTime, lockThing, repeatable, requireCustomer } from '../customers/index.js';
import { badInput, type Context, type Transaction } from '../platform/index.js';
import { demand, type KeyRing } from '../security/index.js';
import { importRows } from './import/index.js';
import type { ImportLoansInput } from './import.inputs.js';
import { bookRows } from './import.rows.js';
import type { ImportLoansPayload } from './import.types.js';
import { checkedOutcome, checkedRepayments } from './loan.checks.js';
import { factsAfter, newLoan } from './loan.facts.js';
import type { CreateLoanInput, RecordOutcomeInput, RecordRepaymentsInput, UpdateLoanInput } from './loan.inputs.js';
import { loanFactsAsOf, loansByRef } from './loan.queries.js';
import { requireLoan } from './loan.refs.js';
import { insertLoanFacts, insertLoans, insertOutcomes, insertRepayments, type LoanRef } from './loan.rows.js';
import type { Loan } from './loan.types.js';
import { toLoan, type LoansReader } from './loans.reader.js';

const ON_ERROR = { REJECT_ALL: 'reject-all', SKIP: 'skip' } as const;
const ON_REPEATED = { REJECT: 'reject', REUSE: 'reuse' } as const;
const CUSTOMER_FIELDS = { id: 'customerId', externalId: 'customerExternalId' };

/** Records what is borrowed and how it goes. Nothing is overwritten: an update or a correction is a later row. */
export class LoansService {
  constructor(
    private readonly keys: KeyRing,
    private readonly reader: LoansReader,
  ) {}

  /** @throws NOT_FOUND for an unknown or erased customer; CONFLICT when the external id is taken */
  async create(ctx: Context, input: CreateLoanInput): Promise<Loan> {
    return this.recorded(ctx, 'createLoan', input, async (tx) => {
      const loan = newLoan(ctx, input);
      const customerId = await requireCustomer(tx, { id: input.customerId, externalId: input.customerExternalId }, CUSTOMER_FIELDS);
      const customer = { id: customerId, key: await this.keys.keyOf(customerId) };
      const [loanId] = await insertLoans(tx, [{ customer, loan }]);
      return { customerId, loanId: loanId! };
    });
  }

  /**
   * Appends facts that carry over whatever the input does not name from the facts as of `effectiveAt`.
   * @throws BAD_INPUT for a time before anything was known of the loan
   */
  async update(ctx: Context, input: UpdateLoanInput): Promise<Loan> {
    return this.recorded(ctx, 'updateLoan', input, async (tx) => {
      const ref = await requireLoan(tx, input);
      await lockThing(tx, 'loan', ref.loanId);
      const effectiveAt = effectiveTime(ctx, input.effectiveAt, 'effectiveAt');
      const before = await loanFactsAsOf(tx, ref, effectiveAt);
      if (!before) throw badInput(`effectiveAt: nothing is known of the loan as of ${effectiveAt.toISOString()}. Pass a time at or after its first facts.`);
      const customer = { id: ref.customerId, key: await this.keys.keyOf(ref.customerId) };
      await insertLoanFacts(tx, [{ customer, loanId: ref.loanId, facts: factsAfter(ctx, customer.key, before, input, effectiveAt) }]);
      return ref;
    });
  }

  /** A period that ended when a recorded one did corrects it. */
  async recordRepayments(ctx: Context, input: RecordRepaymentsInput): Promise<Loan> {
    return this.recorded(ctx, 'recordRepayments', input, async (tx) => {
      const repayments = checkedRepayments(ctx, input.repayments);
      const { customerId, loanId } = await requireLoan(tx, input);
      await insertRepayments(tx, repayments.map((repayment) => ({ customerId, loanId, repayment })));
      return { customerId, loanId };
    });
  }

  /** A later outcome of the same loan corrects an earlier one. */
  async recordOutcome(ctx: Context, input: RecordOutcomeInput): Promise<Loan> {
    return this.recorded(ctx, 'recordOutcome', input, async (tx) => {
      const ref = await requireLoan(tx, input);
      const facts = await loanFactsAsOf(tx, ref, ctx.now());
      const decidedAt = facts?.decisionAt == null ? undefined : new Date(facts.decisionAt);
      await insertOutcomes(tx, [{ ...ref, outcome: checkedOutcome(ctx, input, decidedAt) }]);
      return ref;
    });
  }

  /** Imports rows together, all of them, all but the bad ones, or none; on the way a file goes. */
  async importLoans(ctx: Context, input: ImportLoansInput): Promise<ImportLoansPayload> {
    demand(ctx, 'book:import');
    const { name, synthetic } = input;
    const how = { name, synthetic, onError: ON_ERROR[input.onError], onRepeatedCustomer: ON_REPEATED[input.onRepeatedCustomer] };
    const { rejections, ...counts } = await ctx.db.transaction((tx) =>
      repeatable(tx, ctx, 'importLoans', input, () => importRows(tx, ctx, this.keys, { ...how, rows: bookRows(input.rows, ctx.now()) })),
    );
    return { ...counts, rejected: rejections.map(({ line, reason }) => ({ row: line, reason })) };
  }

  /** Does the work of a mutation in one transaction, and reads the loan back where it is certain to be found. */
  private async recorded(
    ctx: Context,
    operation: string,
    input: { readonly requestId?: string | null },
    work: (tx: Transaction) => Promise<LoanRef>,
  ): Promise<Loan> {
    demand(ctx, 'loan:write');
    const [row] = await ctx.db.transaction(async (tx) => loansByRef(tx, [await repeatable(tx, ctx, operation, input, () => work(tx))]));
    const loan = toLoan(row!);
    ctx.loaders.of(ctx, this.reader.byRef).clear(loan).prime(loan, loan);
    return loan;
  }
}
