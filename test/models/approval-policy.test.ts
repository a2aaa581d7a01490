import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { FIRST_POLICY, missingVotes, TIERS, type Tier, type Vote } from '../../src/models/index.js';
import { completes } from '../../src/models/approval-policy.js';

const vote = (userId: string, role: Vote['role'], changes: Partial<Vote> = {}): Vote => ({ userId, role, verdict: 'FOR', dossierDigest: 'd1', expired: false, ...changes });
const required = (tier: Tier) => FIRST_POLICY.tiers[tier].votes;

describe('the votes a version still needs', () => {
  it('are a validator and two admins for HIGH, one admin for MEDIUM beside the validator, one admin for LOW', () => {
    expect(missingVotes(required('HIGH'), 'd1', [])).toEqual([{ role: 'VALIDATOR', count: 1 }, { role: 'ADMIN', count: 2 }]);
    expect(missingVotes(required('MEDIUM'), 'd1', [])).toEqual([{ role: 'VALIDATOR', count: 1 }, { role: 'ADMIN', count: 1 }]);
    expect(missingVotes(required('LOW'), 'd1', [])).toEqual([{ role: 'ADMIN', count: 1 }]);
  });

  it('grow fewer with every vote', () => {
    const votes = [vote('ann', 'VALIDATOR'), vote('bob', 'ADMIN')];
    expect(missingVotes(required('HIGH'), 'd1', votes)).toEqual([{ role: 'ADMIN', count: 1 }]);
    expect(missingVotes(required('HIGH'), 'd1', [...votes, vote('cid', 'ADMIN')])).toEqual([]);
  });

  it.each([
    ['another dossier', vote('ann', 'ADMIN', { dossierDigest: 'd2' })],
    ['a vote against', vote('ann', 'ADMIN', { verdict: 'AGAINST' })],
    ['a vote that has expired', vote('ann', 'ADMIN', { expired: true })],
  ])('do not count %s', (_, cast) => {
    expect(missingVotes(required('LOW'), 'd1', [cast])).toEqual([{ role: 'ADMIN', count: 1 }]);
  });

  it('count each person once', () => {
    expect(missingVotes(required('HIGH'), 'd1', [vote('ann', 'ADMIN'), vote('ann', 'ADMIN'), vote('ann', 'VALIDATOR')])).toEqual([{ role: 'VALIDATOR', count: 1 }, { role: 'ADMIN', count: 1 }]);
  });

  it('are complete only with as many different people as the tier asks for', () => {
    const anyVote = fc.record({
      userId: fc.constantFrom('ann', 'bob', 'cid'),
      role: fc.constantFrom('VALIDATOR', 'ADMIN'),
      verdict: fc.constantFrom('FOR', 'AGAINST'),
      dossierDigest: fc.constantFrom('d1', 'd2'),
      expired: fc.boolean(),
    }) as fc.Arbitrary<Vote>;
    fc.assert(
      fc.property(fc.constantFrom(...TIERS), fc.array(anyVote, { maxLength: 12 }), (tier, votes) => {
        const people = new Set(votes.filter(({ verdict, dossierDigest, expired }) => verdict === 'FOR' && dossierDigest === 'd1' && !expired).map(({ userId }) => userId));
        const needed = required(tier).ADMIN + required(tier).VALIDATOR;
        if (missingVotes(required(tier), 'd1', votes).length === 0) expect(people.size).toBeGreaterThanOrEqual(needed);
      }),
    );
  });
});

describe('a vote', () => {
  it('against rejects at once', () => {
    expect(completes('REJECT', [{ role: 'ADMIN', count: 2 }])).toBe(true);
    expect(completes('INVALIDATE', [{ role: 'ADMIN', count: 2 }])).toBe(true);
  });

  it('of a validator validates though admins are missing; of an admin approves only when nobody is', () => {
    expect(completes('VALIDATE', [{ role: 'ADMIN', count: 2 }])).toBe(true);
    expect(completes('APPROVE', [{ role: 'ADMIN', count: 1 }])).toBe(false);
    expect(completes('APPROVE', [])).toBe(true);
  });
});
