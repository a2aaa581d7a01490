import { Arg, Args, Ctx, FieldResolver, ID, Int, Mutation, Query, Resolver, Root } from 'type-graphql';
import { Attribute, Customer, type CustomersReader, type NamedValue } from '../customers/index.js';
import { badInput, ConnectionArgs, internal, MomentArgs, momentOf, type Connection, type Context } from '../platform/index.js';
import { Requires } from '../security/index.js';
import { MOST_PERIODS } from './gathered.js';
import { ImportLoansInput } from './import.inputs.js';
import { ImportLoansPayload } from './import.types.js';
import { CreateLoanInput, LoanFilter, LoanOrder, RecordOutcomeInput, RecordRepaymentsInput, UpdateLoanInput } from './loan.inputs.js';
import { CreateLoanPayload, RecordOutcomePayload, RecordRepaymentsPayload, UpdateLoanPayload } from './loan.payloads.js';
import { Loan, LoanConnection, LoanFact, Outcome, Repayment } from './loan.types.js';
import type { LoansReader } from './loans.reader.js';
import type { LoansService } from './loans.service.js';

@Resolver()
export class LoansResolver {
  constructor(
    private readonly reader: LoansReader,
    private readonly service: LoansService,
  ) {}

  @Requires('customer:read')
  @Query(() => Loan, { nullable: true, description: 'A loan, by id or by external id; null where there is none, or was none then, or it is not yours to see.' })
  async loan(
    @Ctx() ctx: Context,
    @Args() moment: MomentArgs,
    @Arg('id', () => ID, { nullable: true, description: 'Its global id; or give `externalId`.' }) id?: string,
    @Arg('externalId', () => String, { nullable: true, description: 'Your own id of it; or give `id`.' }) externalId?: string,
  ): Promise<Loan | undefined> {
    return this.reader.find(ctx, { id, externalId }, await momentOf(ctx, moment));
  }

  @Requires('customer:read')
  @Query(() => LoanConnection, { description: 'Loans, in the order in which they were recorded unless asked otherwise.' })
  async loans(
    @Ctx() ctx: Context,
    @Args() page: ConnectionArgs,
    @Args() moment: MomentArgs,
    @Arg('filter', () => LoanFilter, { nullable: true, description: 'Which loans; all, unless given.' }) filter?: LoanFilter,
    @Arg('orderBy', () => LoanOrder, { nullable: true, description: 'In which order.' }) orderBy?: LoanOrder,
  ): Promise<Connection<Loan>> {
    return this.reader.list(ctx, filter, orderBy, page, await momentOf(ctx, moment));
  }

  @Requires('loan:write')
  @Mutation(() => CreateLoanPayload, { description: 'Records a new loan of a recorded customer.' })
  async createLoan(@Ctx() ctx: Context, @Arg('input', { description: 'The loan.' }) input: CreateLoanInput): Promise<CreateLoanPayload> {
    return { loan: await this.service.create(ctx, input) };
  }

  @Requires('loan:write')
  @Mutation(() => UpdateLoanPayload, { description: 'Records what has become true of a loan. Earlier facts stay in the history.' })
  async updateLoan(@Ctx() ctx: Context, @Arg('input', { description: 'The change.' }) input: UpdateLoanInput): Promise<UpdateLoanPayload> {
    return { loan: await this.service.update(ctx, input) };
  }

  @Requires('loan:write')
  @Mutation(() => RecordRepaymentsPayload, { description: 'Records periods of a loan, or corrects recorded ones.' })
  async recordRepayments(
    @Ctx() ctx: Context,
    @Arg('input', { description: 'The periods.' }) input: RecordRepaymentsInput,
  ): Promise<RecordRepaymentsPayload> {
    return { loan: await this.service.recordRepayments(ctx, input) };
  }

  @Requires('outcome:write')
  @Mutation(() => RecordOutcomePayload, { description: 'Records what became of a loan, or corrects it.' })
  async recordOutcome(@Ctx() ctx: Context, @Arg('input', { description: 'The outcome.' }) input: RecordOutcomeInput): Promise<RecordOutcomePayload> {
    return { loan: await this.service.recordOutcome(ctx, input) };
  }

  @Requires('book:import')
  @Mutation(() => ImportLoansPayload, { description: 'Imports up to 1,000 customers with loans, their history and outcomes, in one transaction.' })
  importLoans(@Ctx() ctx: Context, @Arg('input', { description: 'The rows, and what to do about bad ones.' }) input: ImportLoansInput): Promise<ImportLoansPayload> {
    return this.service.importLoans(ctx, input);
  }
}

const MOST_REPAYMENTS = 120;

@Resolver(() => Loan)
export class LoanResolver {
  constructor(
    private readonly reader: LoansReader,
    private readonly customers: CustomersReader,
  ) {}

  @FieldResolver(() => Customer, { description: 'Who borrows.' })
  async customer(@Ctx() ctx: Context, @Root() { customerId, loanId, moment }: Loan): Promise<Customer> {
    const customer = await ctx.loaders.of(ctx, this.customers.at).load({ customerId, moment });
    if (customer) return customer;
    if (moment.effectiveAt) throw badInput(`effectiveAt: nothing was true of the loan's customer as of ${moment.effectiveAt.toISOString()}. Give a later time, or leave customer out.`);
    throw internal(`Loan ${loanId} is recorded, but not its customer ${customerId}.`);
  }

  @FieldResolver(() => [Attribute], { description: 'Free attributes of the loan, by name: what models may use.' })
  attributes(@Ctx() ctx: Context, @Root() loan: Loan): Promise<NamedValue[]> {
    return this.reader.attributes(ctx, loan);
  }

  @FieldResolver(() => [LoanFact], { description: 'Everything ever recorded of its terms and standing, latest effective first, with both times.' })
  history(@Ctx() ctx: Context, @Root() loan: Loan): Promise<LoanFact[]> {
    return this.reader.history(ctx, loan);
  }

  @FieldResolver(() => [Repayment], { description: 'Its newest periods, newest first; corrected ones as corrected.' })
  repayments(
    @Ctx() ctx: Context,
    @Root() loan: Loan,
    @Arg('last', () => Int, { defaultValue: MOST_PERIODS, description: `How many, at most ${MOST_REPAYMENTS}.` }) last: number,
  ): Promise<Repayment[]> {
    if (last < 0 || last > MOST_REPAYMENTS) throw badInput(`last: ask for 0 to ${MOST_REPAYMENTS} periods, not ${last}.`);
    return this.reader.repayments(ctx, loan, last);
  }

  @FieldResolver(() => Int, { nullable: true, description: 'How many days late it was at the end of its newest period.' })
  async daysPastDue(@Ctx() ctx: Context, @Root() loan: Loan): Promise<number | null> {
    const [newest] = await this.reader.repayments(ctx, loan, 1);
    return newest?.daysPastDue ?? null;
  }

  @FieldResolver(() => Outcome, { nullable: true, description: 'What became of it, as recorded last; null while that is not known.' })
  outcome(@Ctx() ctx: Context, @Root() loan: Loan): Promise<Outcome | undefined> {
    return this.reader.outcome(ctx, loan);
  }
}

@Resolver(() => LoanFact)
export class LoanFactResolver {
  constructor(private readonly reader: LoansReader) {}

  @FieldResolver(() => [Attribute], { description: 'Free attributes of the loan then, by name.' })
  attributes(@Ctx() ctx: Context, @Root() fact: LoanFact): Promise<NamedValue[]> {
    return this.reader.attributes(ctx, fact);
  }
}

@Resolver(() => Customer)
export class CustomerLoansResolver {
  constructor(private readonly reader: LoansReader) {}

  @FieldResolver(() => LoanConnection, { description: 'What the customer borrows, in the order in which it was recorded unless asked otherwise.' })
  loans(
    @Ctx() ctx: Context,
    @Root() customer: Customer,
    @Args() page: ConnectionArgs,
    @Arg('orderBy', () => LoanOrder, { nullable: true, description: 'In which order.' }) orderBy?: LoanOrder,
  ): Promise<Connection<Loan>> {
    return this.reader.ofCustomer(ctx, customer, orderBy, page);
  }
}
