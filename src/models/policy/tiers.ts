export const TIERS = ['HIGH', 'MEDIUM', 'LOW'] as const;

/** Materiality: exposure × purpose. */
export type Tier = (typeof TIERS)[number];

export const VOTER_ROLES = ['VALIDATOR', 'ADMIN'] as const;

export type VoterRole = (typeof VOTER_ROLES)[number];

/** How many different people of each role must vote for a version. */
export type RequiredVotes = Readonly<Record<VoterRole, number>>;

/** What a version needs, as its row has it; null until it is submitted. */
export const requiredOf = ({ requiredValidators, requiredAdmins }: { readonly requiredValidators: number | null; readonly requiredAdmins: number | null }): RequiredVotes | null =>
  requiredValidators === null || requiredAdmins === null ? null : { VALIDATOR: requiredValidators, ADMIN: requiredAdmins };
