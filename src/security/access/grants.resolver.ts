import { Arg, Args, Ctx, FieldResolver, Mutation, Query, Resolver, Root } from 'type-graphql';
import { badInput, ConnectionArgs, encodeGlobalId, expectId, fetchPage, internal, toConnection, type Connection, type Context } from '../../platform/index.js';
import { grantsOfUser, isCurrent, usersById, usersQuery } from './grants.queries.js';
import type { GrantsService } from './grants.service.js';
import { EndRoleInput, EndRolePayload, GrantRoleInput, GrantRolePayload, Me, RoleGrant, toPermissionHeld, toRoleGrant, toUser, User, UserConnection } from './grants.types.js';
import type { Proposals } from '../proposals/proposals.service.js';
import { proposalAfter } from '../proposals/proposals.resolver.js';
import { proposalsById } from '../proposals/proposals.queries.js';
import { Requires } from './requires.js';
import type { UserRow } from './users.js';

/** The user of a row that refers to one; foreign keys make sure that there is one. */
export async function userOf(ctx: Context, id: string): Promise<User> {
  const row = await ctx.loaders.of(ctx, usersById).load(id);
  if (!row) throw internal(`User ${id} is referred to but not recorded.`);
  return toUser(row);
}

async function grantsOf(ctx: Context, userId: string): Promise<RoleGrant[]> {
  return (await ctx.loaders.of(ctx, grantsOfUser).load(userId)).map(toRoleGrant);
}

@Resolver()
export class GrantsResolver {
  constructor(
    private readonly grants: GrantsService,
    private readonly proposals: Proposals,
  ) {}

  @Requires('self:read')
  @Query(() => Me, { description: 'Who you are and what you may do.' })
  me(@Ctx() { actor }: Context): Me {
    const id = encodeGlobalId({ type: 'User', id: actor.id });
    const permissions = [...actor.permissions].map(toPermissionHeld);
    return Object.assign(new Me(), { id, rowId: actor.id, name: actor.name, roles: actor.roles, permissions });
  }

  @Requires('access:read')
  @Query(() => UserConnection, { description: 'Everyone who has used the API or holds a role, in the order in which they were recorded.' })
  async users(@Ctx() ctx: Context, @Args() page: ConnectionArgs): Promise<Connection<User>> {
    return toConnection(await fetchPage<UserRow>(ctx.db, usersQuery, page), toUser);
  }

  @Requires('access:manage')
  @Mutation(() => GrantRolePayload, { description: 'Grants a role; one that votes or keeps the roles is proposed, for another ACCESS_ADMIN to confirm. Nobody grants one to themself, and who keeps the roles has no vote.' })
  async grantRole(@Ctx() ctx: Context, @Arg('input', { description: 'Who gets which role, and why.' }) input: GrantRoleInput): Promise<GrantRolePayload> {
    const granted = await this.grants.grantRole(ctx, { to: granteeOf(input), role: input.role, reason: input.reason });
    if ('grant' in granted) return { grant: toRoleGrant(granted.grant), proposal: null };
    return { grant: null, proposal: await proposalAfter(ctx, this.proposals, granted.proposalId) };
  }

  @Requires('access:manage')
  @Mutation(() => EndRolePayload, { description: 'Ends a grant, from this moment on.' })
  async endRole(@Ctx() ctx: Context, @Arg('input', { description: 'Which grant.' }) { grantId }: EndRoleInput): Promise<EndRolePayload> {
    return { grant: toRoleGrant(await this.grants.endRole(ctx, expectId(grantId, 'RoleGrant', false).id)) };
  }
}

function granteeOf({ userId, identity }: GrantRoleInput): string | { issuer: string; subject: string; name: string } {
  if ((userId == null) === (identity == null)) throw badInput('Say who gets the role: give either userId or identity.');
  if (userId != null) return expectId(userId, 'User', false).id;
  const { issuer, subject, name } = identity!;
  return { issuer, subject, name: name ?? subject };
}

@Resolver(() => User)
export class UserResolver {
  @Requires('access:read')
  @FieldResolver(() => [RoleGrant], { description: 'Every grant they have had, oldest first.' })
  grants(@Ctx() ctx: Context, @Root() { rowId }: User): Promise<RoleGrant[]> {
    return grantsOf(ctx, rowId);
  }
}

@Resolver(() => Me)
export class MeResolver {
  @FieldResolver(() => [RoleGrant], { description: 'The grants you hold now; votes need one beside the role in the token.' })
  async grants(@Ctx() ctx: Context, @Root() { rowId }: Me): Promise<RoleGrant[]> {
    const now = ctx.now();
    return (await ctx.loaders.of(ctx, grantsOfUser).load(rowId)).filter((grant) => isCurrent(grant, now)).map(toRoleGrant);
  }
}

@Resolver(() => RoleGrant)
export class RoleGrantResolver {
  @FieldResolver(() => User, { description: 'Who holds it.' })
  user(@Ctx() ctx: Context, @Root() { userId }: RoleGrant): Promise<User> {
    return userOf(ctx, userId);
  }

  @FieldResolver(() => User, { description: 'Who granted it.' })
  grantedBy(@Ctx() ctx: Context, @Root() { grantedById }: RoleGrant): Promise<User> {
    return userOf(ctx, grantedById);
  }

  @FieldResolver(() => User, { nullable: true, description: 'Who confirmed it; null for a role that one person grants.' })
  async confirmedBy(@Ctx() ctx: Context, @Root() { proposalId }: RoleGrant): Promise<User | null> {
    const proposal = proposalId === null ? undefined : await ctx.loaders.of(ctx, proposalsById).load(proposalId);
    return proposal?.decidedBy ? userOf(ctx, proposal.decidedBy) : null;
  }
}
