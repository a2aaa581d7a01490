import { IsIn, Length } from 'class-validator';
import { Field, ID, InputType, ObjectType, registerEnumType } from 'type-graphql';
import { connectionType, encodeGlobalId, Node } from '../../platform/index.js';
import { ProposalType } from '../proposals/proposals.types.js';
import type { GrantRow } from './grants.queries.js';
import { PERMISSIONS, ROLES, type Permission, type Role } from './permissions.js';
import type { UserRow } from './users.js';

const names = <Name extends string>(registry: Record<Name, unknown>): { [N in Name]: N } =>
  Object.fromEntries(Object.keys(registry).map((name) => [name, name])) as { [N in Name]: N };

export const RoleEnum = names(ROLES);

registerEnumType(RoleEnum, {
  name: 'Role',
  description: 'A set of permissions that a person or service holds.',
  valuesConfig: {
    PORTAL: { description: 'A portal: reads profiles, records loans and scores them; personal data is masked.' },
    UNDERWRITER: { description: 'Scores, sees personal data, overrides decisions and reviews contested ones.' },
    OPERATOR: { description: 'Imports books.' },
    MODEL_OWNER: { description: 'Registers and submits model versions.' },
    VALIDATOR: { description: 'Gives an independent verdict on submitted versions.' },
    ADMIN: { description: 'Approves, rejects and deploys versions.' },
    ACCESS_ADMIN: { description: 'Keeps users and roles; has no vote.' },
    AUDITOR: { description: 'Reads everything, changes nothing.' },
    PRIVACY_OFFICER: { description: 'Answers for personal data: retention, legal holds, erasure by two.' },
    RISK_MANAGER: { description: 'Reads the whole book and its predictions.' },
    BORROWER: { description: 'Sees their own data only.' },
  },
});

@ObjectType({ implements: Node, description: 'A person or service that acts, as an identity provider names it.', simpleResolvers: true })
export class User extends Node {
  @Field(() => String, { description: 'The name the identity provider gave.' }) name!: string;
  rowId!: string;
}

@ObjectType({ implements: Node, description: 'A period in which a person holds a role. Voting needs one, beside the role in the token.', simpleResolvers: true })
export class RoleGrant extends Node {
  @Field(() => RoleEnum, { description: 'The role held.' }) role!: Role;
  @Field(() => String, { description: 'Why it was granted.' }) reason!: string;
  @Field(() => Date, { description: 'From when it holds.' }) validFrom!: Date;
  @Field(() => Date, { nullable: true, description: 'Until when it held; null while it lasts.' }) validTo!: Date | null;
  userId!: string;
  grantedById!: string;
  proposalId!: string | null;
}

@ObjectType({ description: 'A permission, by name, and what it allows.', simpleResolvers: true })
export class PermissionHeld {
  @Field(() => String, { description: 'Its name, as errors mention it.' }) name!: string;
  @Field(() => String, { description: 'What its holder may do.' }) allows!: string;
}

@ObjectType({ description: 'Who you are and what you may do.', simpleResolvers: true })
export class Me {
  @Field(() => ID, { description: 'Your id as a User.' }) id!: string;
  @Field(() => String, { description: 'Your name.' }) name!: string;
  @Field(() => [String], { description: 'The roles that your token carries.' }) roles!: readonly string[];
  @Field(() => [PermissionHeld], { description: 'What those roles allow.' }) permissions!: PermissionHeld[];
  rowId!: string;
}

export const UserConnection = connectionType(User, 'User', 'users');

@InputType({ description: 'A person or service, as an identity provider names it in a token.' })
export class IdentityInput {
  @Length(1, 200, { message: 'issuer: give 1 to 200 characters, as the token\'s "iss".' })
  @Field(() => String, { description: 'The identity provider: the "iss" of its tokens.' })
  issuer!: string;

  @Length(1, 200, { message: 'subject: give 1 to 200 characters, as the token\'s "sub".' })
  @Field(() => String, { description: 'The person at that provider: the "sub" of their tokens.' })
  subject!: string;

  @Length(1, 200, { message: 'name: give 1 to 200 characters.' })
  @Field(() => String, { nullable: true, description: 'What to call them until their first token; default the subject.' })
  name?: string;
}

@InputType({ description: 'A role to grant, to a known user or to an identity that has not been seen yet.' })
export class GrantRoleInput {
  @Field(() => ID, { nullable: true, description: 'Who gets it, by id; or give `identity`.' }) userId?: string;
  @Field(() => IdentityInput, { nullable: true, description: 'Who gets it, by issuer and subject; or give `userId`.' }) identity?: IdentityInput;

  @IsIn(Object.keys(ROLES), { message: 'role: there is no such role.' })
  @Field(() => RoleEnum, { description: 'The role.' })
  role!: Role;

  @Length(1, 2000, { message: 'reason: say why, in 1 to 2,000 characters.' })
  @Field(() => String, { description: 'Why they get it.' })
  reason!: string;
}

@InputType({ description: 'A grant to end.' })
export class EndRoleInput {
  @Field(() => ID, { description: 'The grant.' }) grantId!: string;
}

@ObjectType({ description: 'What `grantRole` did.', simpleResolvers: true })
export class GrantRolePayload {
  @Field(() => RoleGrant, { nullable: true, description: 'The grant, now current; null for a role that two people grant.' }) grant!: RoleGrant | null;
  @Field(() => ProposalType, { nullable: true, description: 'What another ACCESS_ADMIN confirms, for a role that votes or keeps the roles.' }) proposal!: ProposalType | null;
}

@ObjectType({ description: 'What `endRole` did.', simpleResolvers: true })
export class EndRolePayload {
  @Field(() => RoleGrant, { description: 'The grant, now ended.' }) grant!: RoleGrant;
}

export const toUser = ({ id, name }: UserRow): User => Object.assign(new User(), { id: encodeGlobalId({ type: 'User', id }), rowId: id, name });

export const toRoleGrant = (row: GrantRow): RoleGrant =>
  Object.assign(new RoleGrant(), {
    id: encodeGlobalId({ type: 'RoleGrant', id: row.id }),
    role: row.role as Role,
    reason: row.reason,
    validFrom: row.validFrom,
    validTo: row.validTo,
    userId: row.userId,
    grantedById: row.grantedBy,
    proposalId: row.proposalId,
  });

export const toPermissionHeld = (name: string): PermissionHeld => ({ name, allows: PERMISSIONS[name as Permission] });
