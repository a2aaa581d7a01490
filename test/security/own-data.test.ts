import { describe, expect, it } from '@jest/globals';
import { newContext, newId, openLog, type Actor, type Context, type Database } from '../../src/platform/index.js';
import { demand, demandOwn, may, ownCustomer, permissionsOf } from '../../src/security/index.js';

const mine = newId();
const theirs = newId();

/** These rules look at nothing but the actor. */
const contextOf = (roles: string[], ownCustomerId?: string): Context => {
  const actor: Actor = { id: newId(), name: 'Kim', roles, permissions: permissionsOf(roles), ownCustomerId };
  return newContext({ actor, db: {} as Database, log: openLog('silent') });
};

const NOT_THERE = { code: 'NOT_FOUND', message: 'There is no such thing, or it is not yours to see.' };

describe('demand', () => {
  it('lets through who holds the permission', () => {
    expect(() => demand(contextOf(['PORTAL']), 'score:run')).not.toThrow();
    expect([may(contextOf(['PORTAL']), 'score:run'), may(contextOf(['AUDITOR']), 'score:run')]).toEqual([true, false]);
  });

  it('names who lacks which permission, and what it is for', () => {
    expect(() => demand(contextOf(['AUDITOR']), 'score:run')).toThrow('Kim (AUDITOR) may not do this. It needs the permission score:run: score loans');
    expect(() => demand(contextOf([]), 'self:read')).toThrow('Kim (no role) may not do this. It needs the permission self:read:');
  });
});

describe('what belongs to one customer', () => {
  it('is for that customer and for who sees the whole book', () => {
    expect(() => demandOwn(contextOf(['BORROWER'], mine), mine)).not.toThrow();
    expect(() => demandOwn(contextOf(['UNDERWRITER']), theirs)).not.toThrow();
    expect(ownCustomer(contextOf(['BORROWER'], mine))).toBe(mine);
    expect(ownCustomer(contextOf(['UNDERWRITER']))).toBeUndefined();
  });

  it('does not exist for another borrower: the same answer as for an id that names nothing', () => {
    expect(() => demandOwn(contextOf(['BORROWER'], mine), theirs)).toThrow(expect.objectContaining(NOT_THERE) as unknown as Error);
  });

  it.each([[['BORROWER']], [['BORROWER', 'AUDITOR']], [['UNDERWRITER', 'BORROWER']]])('does not exist for %j whose token names no customer', (roles) => {
    for (const id of [mine, theirs]) expect(() => demandOwn(contextOf(roles), id)).toThrow(expect.objectContaining(NOT_THERE) as unknown as Error);
    expect(ownCustomer(contextOf(roles))).toBe('00000000-0000-0000-0000-000000000000');
  });

  it('binds whoever\'s token names a customer, whatever other roles it carries', () => {
    for (const roles of [['PORTAL'], ['BORROWER', 'AUDITOR'], ['ADMIN'], []]) {
      expect(() => demandOwn(contextOf(roles, mine), theirs)).toThrow(expect.objectContaining(NOT_THERE) as unknown as Error);
      expect(ownCustomer(contextOf(roles, mine))).toBe(mine);
    }
  });
});
