import { Arg, Args, Ctx, FieldResolver, Mutation, Query, Resolver, Root } from 'type-graphql';
import { Customer, CustomerConnection, requireCustomer, type CustomersReader } from '../customers/index.js';
import { badInput, ConnectionArgs, encodeGlobalId, expectId, fetchPage, notFound, PRESENT, toConnection, type Connection, type Context } from '../platform/index.js';
import { proposalAfter, Requires, userOf, type Proposals } from '../security/index.js';
import type { HoldService } from './hold.service.js';
import {
  ChangeRetentionInput, ChangeRetentionPayload, EraseCustomerInput, EraseCustomerPayload, LegalHold, LiftLegalHoldInput, LiftLegalHoldPayload, PlaceLegalHoldInput, PlaceLegalHoldPayload, Retention, RetentionClock,
  RetentionCount, RetentionRule,
} from './privacy.types.js';
import { clocksOf, DUE, ERASURE_BASES, holdById, holdsOf, rulesNow, standingCounts, standings, type HoldRow } from './retention.queries.js';

@Resolver(() => Customer)
export class CustomerRetentionResolver {
  @Requires('retention:read')
  @FieldResolver(() => Retention, { description: 'How the records of the customer stand: what keeps them, and until when. As of now, whatever moment the customer is told of: clocks run, and rules and holds are in force, at present.' })
  async retention(@Ctx() ctx: Context, @Root() { customerId }: Customer): Promise<Retention> {
    return Object.assign(new Retention(), await ctx.loaders.of(ctx, standings).load(customerId), { customerId });
  }
}

@Resolver(() => Retention)
export class RetentionResolver {
  constructor(private readonly holds: HoldService) {}

  @FieldResolver(() => [RetentionClock], { description: 'Every reason to keep records, the last to end first.' })
  async clocks(@Ctx() ctx: Context, @Root() { customerId }: Retention): Promise<RetentionClock[]> {
    const clocks = await clocksOf(ctx.db, customerId);
    return clocks.map((clock) => Object.assign(new RetentionClock(), clock, { loanId: clock.loanId && encodeGlobalId({ type: 'Loan', customerId, id: clock.loanId }) }));
  }

  @FieldResolver(() => [LegalHold], { description: 'Legal holds, those that were lifted too.' })
  async legalHolds(@Ctx() ctx: Context, @Root() { customerId }: Retention): Promise<LegalHold[]> {
    return Promise.all((await holdsOf(ctx.db, customerId)).map((hold) => told(ctx, this.holds, hold)));
  }
}

/** Retention, legal holds and erasure. */
@Resolver()
export class PrivacyResolver {
  constructor(
    private readonly customers: CustomersReader,
    private readonly holds: HoldService,
    private readonly proposals: Proposals,
  ) {}

  @Requires('retention:read')
  @Query(() => [RetentionRule], { description: 'How long records are kept, by kind and regime.' })
  retentionRules(@Ctx() ctx: Context): Promise<RetentionRule[]> {
    return rulesNow(ctx.db);
  }

  @Requires('retention:read')
  @Query(() => [RetentionCount], { description: 'How many customers are in which state. Looks at all of them, so it takes a while.' })
  retentionSummary(@Ctx() ctx: Context): Promise<RetentionCount[]> {
    return standingCounts(ctx.db);
  }

  @Requires('retention:read')
  @Query(() => CustomerConnection, { description: 'Customers whose personal data is due for erasure and not held, in the order of their recording.' })
  async dueForErasure(@Ctx() ctx: Context, @Args() page: ConnectionArgs): Promise<Connection<Customer>> {
    const found = await fetchPage<{ id: string }>(ctx.db, DUE, page);
    const loader = ctx.loaders.of(ctx, this.customers.at);
    const customers = new Map(await Promise.all(found.rows.map(async ({ row: { id } }) => [id, (await loader.load({ customerId: id, moment: PRESENT }))!] as const)));
    return toConnection(found, ({ id }) => customers.get(id)!);
  }

  @Requires('hold:place')
  @Mutation(() => PlaceLegalHoldPayload, { description: 'Keeps the records of a customer, whatever the clocks say. Needs the role PRIVACY_OFFICER, granted.' })
  async placeLegalHold(@Ctx() ctx: Context, @Arg('input', { description: 'Whose, and why.' }) { customerId, reason }: PlaceLegalHoldInput): Promise<PlaceLegalHoldPayload> {
    const id = await this.holds.place(ctx, await requireCustomer(ctx.db, { id: customerId }, NAMED), reason);
    return { hold: await this.holdAfter(ctx, id) };
  }

  @Requires('hold:place')
  @Mutation(() => LiftLegalHoldPayload, { description: 'Ends a legal hold.' })
  async liftLegalHold(@Ctx() ctx: Context, @Arg('input', { description: 'Which one, and why.' }) { holdId, reason }: LiftLegalHoldInput): Promise<LiftLegalHoldPayload> {
    const { id } = expectId(holdId, 'LegalHold', false);
    await this.holds.lift(ctx, id, reason);
    return { hold: await this.holdAfter(ctx, id) };
  }

  @Requires('customer:erase')
  @Mutation(() => EraseCustomerPayload, {
    description:
      'Proposes that the personal data of a customer is destroyed. When another PRIVACY_OFFICER confirms it, the key under which the data is sealed is destroyed: here, in the history, in backups of the database. Ids, PD, grade, decision, amounts and dates stay, pseudonymous, and so do all proofs. Not reached are what was exported before, keyed digests in backups until the index key is rotated, and rows of applicants, without name or id, in reference sets of model versions: see docs/personal-data.md.',
  })
  async eraseCustomer(@Ctx() ctx: Context, @Arg('input', { description: 'Whose, and on what basis.' }) { customerId, basis }: EraseCustomerInput): Promise<EraseCustomerPayload> {
    const subject = await requireCustomer(ctx.db, { id: customerId }, NAMED);
    const id = await this.proposals.propose(ctx, 'ERASE_CUSTOMER', { subject, payload: { basis }, reason: ERASURE_BASES[basis] });
    return { proposal: await proposalAfter(ctx, this.proposals, id) };
  }

  @Requires('retention:change')
  @Mutation(() => ChangeRetentionPayload, { description: 'Proposes another retention rule; it holds when another PRIVACY_OFFICER confirms it.' })
  async changeRetention(@Ctx() ctx: Context, @Arg('input', { description: 'The rule.' }) { source, ...input }: ChangeRetentionInput): Promise<ChangeRetentionPayload> {
    const { recordKind, regime } = input;
    const products = [...new Set(input.products ?? [])].sort();
    const rules = await rulesNow(ctx.db);
    const before = rules.find((rule) => rule.recordKind === recordKind && rule.regime === regime) ?? rules.find((rule) => rule.recordKind === recordKind);
    if (!before || regime === 'GDPR' || regime === 'UNDER_WAY') throw badInput('recordKind, regime: rules are of APPLICATION, ACCOUNT or PREDICTION under US_REG_B, EU_AI_ACT or LENDER. An open review is always kept, and so is what is under way.');
    if (recordKind === 'PREDICTION' && products.length > 0) throw badInput('products: predictions are kept alike for all products. Leave it out.');
    const payload = { recordKind, regime, products, months: input.months, inForce: input.inForce };
    const id = await this.proposals.propose(ctx, 'CHANGE_RETENTION', { subject: before.id, payload, reason: source });
    return { proposal: await proposalAfter(ctx, this.proposals, id) };
  }

  private async holdAfter(ctx: Context, id: string): Promise<LegalHold> {
    // Read where it is certain to be found: the reader's server may be behind.
    const hold = await ctx.db.transaction((tx) => holdById(tx, id));
    if (!hold) throw notFound('There is no such legal hold.');
    return told(ctx, this.holds, hold);
  }
}

const NAMED = { id: 'customerId', externalId: 'externalId' };

async function told(ctx: Context, holds: HoldService, hold: HoldRow): Promise<LegalHold> {
  const { id, customerId, placedBy, placedAt, liftedBy, liftedAt } = hold;
  return {
    id: encodeGlobalId({ type: 'LegalHold', id }),
    customerId,
    placedBy: userOf(ctx, placedBy),
    placedAt,
    liftedBy: liftedBy === null ? null : userOf(ctx, liftedBy),
    liftedAt,
    ...(await holds.reasons(hold)),
  };
}
