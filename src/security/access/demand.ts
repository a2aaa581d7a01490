import { notFound, type AssayError, type Context } from '../../platform/index.js';
import { refusedBy } from '../rules.js';
import { PERMISSIONS, rolesWith, type Permission } from './permissions.js';

/** @throws FORBIDDEN, naming the permission that is missing */
export function demand(ctx: Context, permission: Permission): void {
  if (!may(ctx, permission)) throw lacking(ctx, permission);
}

/** The error of who lacks a permission. */
export const lacking = (ctx: Context, permission: Permission): AssayError =>
  refusedBy('PERMISSION', {
    says: `${ctx.actor.name} (${ctx.actor.roles.join(', ') || 'no role'}) may not do this. It needs the permission ${permission}: ${PERMISSIONS[permission].toLowerCase()}.`,
    remedy: `Roles that have it: ${rolesWith(permission).join(', ')}.`,
    who: rolesWith(permission).join(', '),
    code: 'FORBIDDEN',
  });

export const may = (ctx: Context, permission: Permission): boolean => ctx.actor.permissions.has(permission);

/**
 * A borrower sees their own data only; another customer's things do not exist for them.
 * @throws NOT_FOUND, the same as for an id that names nothing
 */
export function demandOwn(ctx: Context, customerId: string): void {
  const { ownCustomerId, roles } = ctx.actor;
  if (ownCustomerId !== undefined ? ownCustomerId === customerId : !isOnlyBorrower(roles)) return;
  throw notFound('There is no such thing, or it is not yours to see.');
}

/** The customer to whom a list must be limited; undefined for those who may see the whole book. */
export function ownCustomer(ctx: Context): string | undefined {
  if (ctx.actor.ownCustomerId !== undefined) return ctx.actor.ownCustomerId;
  return isOnlyBorrower(ctx.actor.roles) ? NOBODY : undefined;
}

/** A borrower whose token names no customer sees nothing. */
const NOBODY = '00000000-0000-0000-0000-000000000000';

const isOnlyBorrower = (roles: readonly string[]): boolean => roles.includes('BORROWER');
