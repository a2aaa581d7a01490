import { Arg, Args, Ctx, FieldResolver, ID, Mutation, Query, Resolver, Root } from 'type-graphql';
import { ConnectionArgs, expectId, fetchPage, internal, toConnection, type Connection, type Context, type NodeLoader } from '../../platform/index.js';
import { may } from '../access/demand.js';
import { userOf } from '../access/grants.resolver.js';
import { User } from '../access/grants.types.js';
import { Requires } from '../access/requires.js';
import type { ProposalKindName } from './kinds.js';
import { proposalsById, proposalsQuery, type ProposalRow, type ProposalState } from './proposals.queries.js';
import type { Proposals } from './proposals.service.js';
import { ConfirmProposalInput, ConfirmProposalPayload, DeclineProposalInput, DeclineProposalPayload, ProposalConnection, ProposalStateEnum, ProposalType, toProposal } from './proposals.types.js';

/** The kinds that somebody may see: those they may take part in, or all for whom they are evidence. */
const visibleKinds = (ctx: Context, proposals: Proposals): ProposalKindName[] =>
  proposals.all.filter(({ permission }) => may(ctx, permission) || may(ctx, 'proposal:read')).map(({ name }) => name);

/** A proposal as it stands after an act. */
export async function proposalAfter(ctx: Context, proposals: Proposals, id: string): Promise<ProposalType> {
  const loader = ctx.loaders.of(ctx, proposalsById);
  loader.clear(id);
  const row = await loader.load(id);
  if (!row) throw internal(`Proposal ${id} was recorded but cannot be read.`);
  return toldProposal(proposals, row);
}

export const toldProposal = (proposals: Proposals, row: ProposalRow): ProposalType => toProposal(row, proposals.kindOf(row.kind).describe(row.payload));

@Resolver(() => ProposalType)
export class ProposalsResolver {
  constructor(private readonly service: Proposals) {}

  @Requires('self:read')
  @Query(() => ProposalConnection, { description: 'What takes two people, newest first: the kinds that you may take part in, or may see as evidence.' })
  async proposals(
    @Ctx() ctx: Context,
    @Args() page: ConnectionArgs,
    @Arg('state', () => ProposalStateEnum, { nullable: true, description: 'Only those in this state.' }) state?: ProposalState,
  ): Promise<Connection<ProposalType>> {
    const query = proposalsQuery(visibleKinds(ctx, this.service), { state: state ?? undefined });
    return toConnection(await fetchPage<ProposalRow>(ctx.db, query, page), (row) => toldProposal(this.service, row));
  }

  @Requires('self:read')
  @Query(() => ProposalType, { nullable: true, description: 'A proposal, by id.' })
  async proposal(@Ctx() ctx: Context, @Arg('id', () => ID, { description: 'Its id.' }) id: string): Promise<ProposalType | undefined> {
    return findProposal(ctx, this.service, expectId(id, 'Proposal', false).id);
  }

  @Requires('self:read')
  @Mutation(() => ConfirmProposalPayload, { description: 'Confirms what somebody else proposed, which does it. Needs the role that proposes such things.' })
  async confirmProposal(@Ctx() ctx: Context, @Arg('input', { description: 'Which one, and what you say to it.' }) { proposalId, comment }: ConfirmProposalInput): Promise<ConfirmProposalPayload> {
    const { id } = expectId(proposalId, 'Proposal', false);
    await this.service.confirm(ctx, id, comment);
    return { proposal: await proposalAfter(ctx, this.service, id) };
  }

  @Requires('self:read')
  @Mutation(() => DeclineProposalPayload, { description: 'Declines a proposal; who made it takes it back so.' })
  async declineProposal(@Ctx() ctx: Context, @Arg('input', { description: 'Which one, and why.' }) { proposalId, comment }: DeclineProposalInput): Promise<DeclineProposalPayload> {
    const { id } = expectId(proposalId, 'Proposal', false);
    await this.service.decline(ctx, id, comment);
    return { proposal: await proposalAfter(ctx, this.service, id) };
  }

  @FieldResolver(() => User, { description: 'Who put it forward.' })
  proposedBy(@Ctx() ctx: Context, @Root() { proposedById }: ProposalType): Promise<User> {
    return userOf(ctx, proposedById);
  }

  @FieldResolver(() => User, { nullable: true, description: 'Who confirmed or declined it.' })
  decidedBy(@Ctx() ctx: Context, @Root() { decidedById }: ProposalType): Promise<User> | null {
    return decidedById === null ? null : userOf(ctx, decidedById);
  }
}

async function findProposal(ctx: Context, proposals: Proposals, id: string): Promise<ProposalType | undefined> {
  const row = await ctx.loaders.of(ctx, proposalsById).load(id);
  return row && visibleKinds(ctx, proposals).includes(row.kind) ? toldProposal(proposals, row) : undefined;
}

/** How `node(id)` finds proposals. */
export const proposalNodeLoaders = (proposals: Proposals): Readonly<Record<string, NodeLoader>> => ({
  Proposal: (ctx, { id }) => findProposal(ctx, proposals, id),
});
