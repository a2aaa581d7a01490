import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { isRole, limitedPermissionsOf, PERMISSIONS, permissionsOf, ROLES, VOTING_ROLES, type Permission, type Role } from '../../src/security/index.js';

const roles = Object.keys(ROLES) as Role[];
const permissions = Object.keys(PERMISSIONS) as Permission[];
const held = (role: Role): readonly Permission[] => ROLES[role];

const VOTES: readonly Permission[] = ['version:validate', 'version:approve'];
/** Named, so that a new permission counts as writing until somebody says that it only reads. */
const READS = new Set<Permission>(['self:read', 'customer:read', 'customer:identity', 'customer:protected', 'prediction:read', 'prediction:detail', 'decision:read', 'model:read', 'model:fairness', 'access:read', 'customer:lookup', 'retention:read', 'audit:read', 'evidence:export', 'proposal:read']);
const writes = (permission: Permission): boolean => !READS.has(permission);

describe('the permission registry', () => {
  it('describes every permission in a sentence without its full stop', () => {
    for (const permission of permissions) {
      expect(permission).toMatch(/^[a-z]+:[a-z]+$/);
      expect(PERMISSIONS[permission]).toMatch(/^[A-Z].{10,}[^.]$/);
    }
    expect(new Set(Object.values(PERMISSIONS)).size).toBe(permissions.length);
  });

  it('has a holder for every permission, and names no other', () => {
    expect([...new Set(roles.flatMap(held))].sort()).toEqual([...permissions].sort());
  });

  it('names each permission once in a role', () => {
    for (const role of roles) expect([role, new Set(held(role)).size]).toEqual([role, held(role).length]);
  });

  it('has the roles of the product, and lets everyone see who they are', () => {
    expect(roles).toEqual(expect.arrayContaining(['PORTAL', 'UNDERWRITER', 'MODEL_OWNER', 'VALIDATOR', 'ADMIN', 'ACCESS_ADMIN', 'AUDITOR', 'RISK_MANAGER', 'BORROWER']));
    for (const role of roles) expect(held(role)).toContain('self:read');
  });

  it('keeps votes from who keeps the roles', () => {
    expect(held('ACCESS_ADMIN')).toEqual(['self:read', 'access:read', 'access:manage']);
    expect(roles.filter((role) => held(role).includes('access:manage'))).toEqual(['ACCESS_ADMIN']);
  });

  it('lets nobody both make and judge a version', () => {
    const makes: readonly Permission[] = ['model:register', 'version:submit'];
    for (const role of roles) {
      const both = makes.some((one) => held(role).includes(one)) && [...VOTES, 'version:deploy' as const].some((one) => held(role).includes(one));
      expect([role, both]).toEqual([role, false]);
    }
  });

  it('gives votes to the voting roles, one kind each', () => {
    expect(roles.filter((role) => VOTES.some((vote) => held(role).includes(vote)))).toEqual([...VOTING_ROLES]);
    for (const role of VOTING_ROLES) expect([role, VOTES.filter((vote) => held(role).includes(vote)).length]).toEqual([role, 1]);
  });

  it('lets the auditor see everything of the book and change nothing', () => {
    expect(held('AUDITOR').filter(writes)).toEqual([]);
    expect([...held('AUDITOR')].sort()).toEqual([...READS].sort());
  });

  it.each(['AUDITOR', 'RISK_MANAGER'] as const)('lets %s write nothing', (role) => {
    expect(held(role).filter(writes)).toEqual([]);
  });

  it('lets a borrower contest what was decided on them, and write nothing else', () => {
    expect(held('BORROWER').filter(writes)).toEqual(['decision:contest']);
  });

  it('lets nobody who stands for a customer decide on them', () => {
    expect(limitedPermissionsOf(roles)).toContain('decision:contest');
    for (const permission of ['decision:override', 'decision:review', 'decision:read'] as const) expect(limitedPermissionsOf(roles)).not.toContain(permission);
  });

  it('shows portals and borrowers no exact numbers, and personal data in the clear to those whose it is', () => {
    for (const role of ['PORTAL', 'BORROWER'] as const) {
      for (const permission of ['customer:protected', 'prediction:detail', 'model:read', 'model:fairness'] as const) expect(held(role)).not.toContain(permission);
    }
    expect(held('PORTAL')).not.toContain('customer:identity');
    expect(held('BORROWER')).toContain('customer:identity');
  });

  it('shows protected attributes to the auditor alone', () => {
    expect(roles.filter((role) => held(role).includes('customer:protected'))).toEqual(['AUDITOR']);
  });

  it('shows aggregates by group to those who make, judge and watch models', () => {
    expect(roles.filter((role) => held(role).includes('model:fairness'))).toEqual(['MODEL_OWNER', 'VALIDATOR', 'ADMIN', 'AUDITOR', 'RISK_MANAGER']);
  });

  it('adds up the permissions of several roles', () => {
    fc.assert(fc.property(fc.subarray(roles), (some) => {
      expect(permissionsOf(some)).toEqual(new Set(some.flatMap(held)));
    }));
  });

  it('grants nothing for names that are no roles', () => {
    const names = fc.oneof(fc.string(), fc.constantFrom('__proto__', 'constructor', 'toString', 'hasOwnProperty', 'admin', 'ADMIN ', ' ADMIN'));
    fc.assert(fc.property(fc.array(names.filter((name) => !roles.includes(name as Role))), (some) => {
      expect(some.some(isRole)).toBe(false);
      expect(permissionsOf(some).size).toBe(0);
    }));
  });
});
