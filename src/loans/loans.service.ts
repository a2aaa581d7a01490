import { recordEvent } from '../audit/index.js';
import { effectiveTime, lockThing, repeatable, requireCustomer } from '../customers/index.js';
import { badInput, PRESENT, type Context, type Transaction } from '../platform/index.js';
import { demand, type KeyRing, type Permission } from '../security/index.js';
import { importRows } from './import/index.js';
import type { ImportLoansInput } from './import.inputs.js';
import { bookRows } from './import.rows.js';
import type { ImportLoansPayload } from './import.types.js';
import { checkedOutcome, checkedRepayments } from './loan.checks.js';
import { factsAfter, newLoan } from './loan.facts.js';
import type { CreateLoanInput, RecordOutcomeInput, RecordRepaymentsInput, UpdateLoanInput } from './loan.inputs.js';
import { loanFactsAsOf, loansAt } from './loan.queries.js';
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
    return this.recorded(ctx, 'loan:write', 'createLoan', input, async (tx) => {
      const loan = newLoan(ctx, input);
      const customerId = await requireCustomer(tx, { id: input.customerId, externalId: input.customerExternalId }, CUSTOMER_FIELDS);
      const customer = { id: customerId, key: await this.keys.keyOf(customerId) };
      const [loanId] = await insertLoans(tx, ctx.actor.id, [{ customer, loan }]);
      const ref = { customerId, loanId: loanId! };
      await recordEvent(tx, { type: 'LOAN_RECORDED', ...actOn(ctx, ref.loanId), payload: pseudonymsOf(ref) });
      return ref;
    });
  }

  /**
   * Appends facts that carry over whatever the input does not name from the facts as of `effectiveAt`.
   * @throws BAD_INPUT for a time before anything was known of the loan
   */
  async update(ctx: Context, input: UpdateLoanInput): Promise<Loan> {
    return this.recorded(ctx, 'loan:write', 'updateLoan', input, async (tx) => {
      const ref = await requireLoan(tx, input);
      await lockThing(tx, 'loan', ref.loanId);
      const effectiveAt = effectiveTime(ctx, input.effectiveAt, 'effectiveAt');
      const before = await loanFactsAsOf(tx, ref, effectiveAt);
      if (!before) throw badInput(`effectiveAt: nothing is known of the loan as of ${effectiveAt.toISOString()}. Pass a time at or after its first facts.`);
      const customer = { id: ref.customerId, key: await this.keys.keyOf(ref.customerId) };
      await insertLoanFacts(tx, ctx.actor.id, [{ customer, loanId: ref.loanId, facts: factsAfter(ctx, customer.key, before, input, effectiveAt) }]);
      await recordEvent(tx, { type: 'LOAN_UPDATED', ...actOn(ctx, ref.loanId), payload: pseudonymsOf(ref) });
      return ref;
    });
  }

  /** A period that ended when a recorded one did corrects it. */
  async recordRepayments(ctx: Context, input: RecordRepaymentsInput): Promise<Loan> {
    return this.recorded(ctx, 'loan:write', 'recordRepayments', input, async (tx) => {
      const repayments = checkedRepayments(ctx, input.repayments);
      const ref = await requireLoan(tx, input);
      await insertRepayments(tx, ctx.actor.id, repayments.map((repayment) => ({ ...ref, repayment })));
      const payload = { ...pseudonymsOf(ref), count: repayments.length };
      await recordEvent(tx, { type: 'REPAYMENTS_RECORDED', ...actOn(ctx, ref.loanId), payload });
      return ref;
    });
  }

  /** A later outcome of the same loan corrects an earlier one. */
  async recordOutcome(ctx: Context, input: RecordOutcomeInput): Promise<Loan> {
    return this.recorded(ctx, 'outcome:write', 'recordOutcome', input, async (tx) => {
      const ref = await requireLoan(tx, input);
      const facts = await loanFactsAsOf(tx, ref, ctx.now());
      const decidedAt = facts?.decisionAt == null ? undefined : new Date(facts.decisionAt);
      const [outcome] = await insertOutcomes(tx, ctx.actor.id, [{ ...ref, outcome: checkedOutcome(ctx, input, decidedAt) }]);
      const payload = { ...pseudonymsOf(ref), outcome: outcome! };
      await recordEvent(tx, { type: 'OUTCOME_RECORDED', ...actOn(ctx, ref.loanId), payload });
      return ref;
    });
  }

  /** Imports rows together, all of them, all but the bad ones, or none; on the way a file goes. */
  async importLoans(ctx: Context, input: ImportLoansInput): Promise<ImportLoansPayload> {
    demand(ctx, 'book:import');
    const { name, synthetic } = input;
    const how = { name, synthetic, onError: ON_ERROR[input.onError], onRepeatedCustomer: ON_REPEATED[input.onRepeatedCustomer] };
    let told: ReadonlyMap<number, string> = new Map();
    // Reasons quote what was handed in, which is about people: they are told once and not kept.
    const { rejections, ...counts } = await ctx.db.transaction((tx) =>
      repeatable(tx, ctx, this.keys, 'importLoans', input, async () => {
        const { rejections: all, ...imported } = await importRows(tx, ctx, this.keys, { ...how, rows: bookRows(input.rows, ctx.now()) });
        told = new Map(all.map(({ line, reason }) => [line, reason]));
        return { ...imported, rejections: all.map(({ line }) => ({ line })) };
      }),
    );
    return { ...counts, rejected: rejections.map(({ line }) => ({ row: line, reason: told.get(line) ?? TOLD_BEFORE })) };
  }

  /** Does the work of a mutation in one transaction, and reads the loan back where it is certain to be found. */
  private async recorded(
    ctx: Context,
    permission: Permission,
    operation: string,
    input: { readonly requestId?: string | null },
    work: (tx: Transaction) => Promise<LoanRef>,
  ): Promise<Loan> {
    demand(ctx, permission);
    const [row] = await ctx.db.transaction(async (tx) =>
      loansAt(tx, [{ ...(await repeatable(tx, ctx, this.keys, operation, input, () => work(tx))), moment: PRESENT }]),
    );
    const loan = toLoan(row!, PRESENT);
    ctx.loaders.of(ctx, this.reader.at).clear(loan).prime(loan, loan);
    return loan;
  }
}

const TOLD_BEFORE = 'Why was told when the request was first answered; it is not kept, since it may quote personal data.';

/** What every event of a loan says beside its payload. */
const actOn = (ctx: Context, id: string) => ({ id, actor: ctx.actor.id, time: ctx.now() });

const pseudonymsOf = ({ customerId, loanId }: LoanRef) => ({ customer: customerId, loan: loanId });
