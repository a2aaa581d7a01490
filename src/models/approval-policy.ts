import type { Act } from './lifecycle.js';
import { VOTER_ROLES, type RequiredVotes, type VoterRole } from './policy/tiers.js';

export type Verdict = 'FOR' | 'AGAINST';

export interface Vote {
  readonly userId: string;
  readonly role: VoterRole;
  readonly verdict: Verdict;
  /** The dossier the voter saw, hexadecimal. */
  readonly dossierDigest: string;
  /** Whether it was cast longer ago than the version's policy lets votes count. */
  readonly expired: boolean;
}

/** Votes still needed, by role; roles of which enough have voted are left out. */
export interface MissingVotes {
  readonly role: VoterRole;
  readonly count: number;
}

/** What a version still needs. Only votes for exactly this dossier that have not expired count, and each person counts once. */
export function missingVotes(required: RequiredVotes, dossierDigest: string, votes: readonly Vote[]): MissingVotes[] {
  const counted = new Set<string>();
  const cast = { VALIDATOR: 0, ADMIN: 0 };
  for (const vote of votes) {
    if (vote.verdict !== 'FOR' || vote.expired || vote.dossierDigest !== dossierDigest || counted.has(vote.userId)) continue;
    counted.add(vote.userId);
    cast[vote.role] += 1;
  }
  return VOTER_ROLES.map((role) => ({ role, count: required[role] - cast[role] })).filter(({ count }) => count > 0);
}

/** Acts that are votes: as what one votes, how, and the event when the vote moves the version. */
export const VOTES = {
  VALIDATE: { role: 'VALIDATOR', verdict: 'FOR', event: 'VERSION_VALIDATED' },
  INVALIDATE: { role: 'VALIDATOR', verdict: 'AGAINST', event: 'VERSION_REJECTED' },
  APPROVE: { role: 'ADMIN', verdict: 'FOR', event: 'VERSION_APPROVED' },
  REJECT: { role: 'ADMIN', verdict: 'AGAINST', event: 'VERSION_REJECTED' },
} as const satisfies Partial<Record<Act, { role: VoterRole; verdict: Verdict; event: string }>>;

export type VotingAct = keyof typeof VOTES;

/** Whether the vote just cast completes its act: a vote against does at once, a vote for when its role lacks no other. */
export function completes(act: VotingAct, missing: readonly MissingVotes[]): boolean {
  if (VOTES[act].verdict === 'AGAINST') return true;
  return act === 'APPROVE' ? missing.length === 0 : missing.every(({ role }) => role !== VOTES[act].role);
}
