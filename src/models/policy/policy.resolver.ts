import { Arg, Args, Ctx, FieldResolver, Mutation, Query, Resolver, Root } from 'type-graphql';
import { ConnectionArgs, fetchPage, toConnection, type Connection, type Context } from '../../platform/index.js';
import { proposalAfter, proposalsById, ProposalType, Requires, toldProposal, type Proposals } from '../../security/index.js';
import { currentPolicyRow, policiesQuery, type PolicyRow } from './policy.queries.js';
import { proposePolicy } from './policy.service.js';
import { GovernancePolicyConnection, GovernancePolicyType, ProposeGovernancePolicyInput, ProposeGovernancePolicyPayload, toGovernancePolicy } from './policy.types.js';

@Resolver(() => GovernancePolicyType)
export class PolicyResolver {
  constructor(private readonly proposals: Proposals) {}

  @Requires('model:read')
  @Query(() => GovernancePolicyType, { description: 'The governance policy in force.' })
  async governancePolicy(@Ctx() ctx: Context): Promise<GovernancePolicyType> {
    return toGovernancePolicy(await currentPolicyRow(ctx.db));
  }

  @Requires('model:read')
  @Query(() => GovernancePolicyConnection, { description: 'All governance policies there have been, newest first.' })
  async governancePolicies(@Ctx() ctx: Context, @Args() page: ConnectionArgs): Promise<Connection<GovernancePolicyType>> {
    return toConnection(await fetchPage<PolicyRow>(ctx.db, policiesQuery, page), toGovernancePolicy);
  }

  @Requires('policy:change', 'PROPOSE_CHANGE_POLICY')
  @Mutation(() => ProposeGovernancePolicyPayload, { description: 'Proposes another governance policy, for another ADMIN to confirm. None asks for fewer votes than the first, or loosens votes, waivers and gates beyond their limits; the text of the proposal tells what changes, value by value.' })
  async proposeGovernancePolicy(@Ctx() ctx: Context, @Arg('input', { description: 'The policy, and why.' }) input: ProposeGovernancePolicyInput): Promise<ProposeGovernancePolicyPayload> {
    return { proposal: await proposalAfter(ctx, this.proposals, await proposePolicy(this.proposals, ctx, input)) };
  }

  @FieldResolver(() => ProposalType, { nullable: true, description: 'Who proposed and who confirmed it; null for the first.' })
  async proposal(@Ctx() ctx: Context, @Root() { proposalId }: GovernancePolicyType): Promise<ProposalType | null> {
    const row = proposalId === null ? undefined : await ctx.loaders.of(ctx, proposalsById).load(proposalId);
    return row ? toldProposal(this.proposals, row) : null;
  }
}
