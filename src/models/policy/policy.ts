import { z } from 'zod';
import { badInput, canonicalJson, sha256 } from '../../platform/index.js';
import { FIRST_POLICY } from './first-policy.js';
import { TIERS, VOTER_ROLES, type Tier, type VoterRole } from './tiers.js';

const people = z.int().min(0).max(20);
const days = z.int().min(1).max(3_650);
const share = z.number().min(0).max(1);
const tier = z.strictObject({ votes: z.strictObject({ VALIDATOR: people, ADMIN: people }), reviewMonths: z.int().min(1).max(120) });

const policyShape = z.strictObject({
  /** By materiality: how many different people of each role vote, and after how many months a model is reviewed. */
  tiers: z.strictObject({ HIGH: tier, MEDIUM: tier, LOW: tier }),
  /** For how long a vote counts for a version that was never deployed. */
  voteDays: days,
  gates: z.strictObject({
    /** By how much the AUC may be below the champion's. */
    aucMargin: share,
    mostCalibrationError: share,
    mostPsi: z.number().min(0).max(10),
    /** Of explanations: 95 % leave less than this unexplained, in log-odds. */
    mostResidual: z.number().min(0).max(10),
    /** Approval rate of a group ÷ that of the group approved most often. */
    leastFairnessRatio: share,
    /** For one explained prediction. */
    mostMilliseconds: z.number().positive().max(60_000),
    mostBytes: z.int().positive(),
  }),
  waiverDays: days,
  /** What an overdue review of a model leads to. */
  overdueReview: z.enum(['ALERT', 'REFER']),
  overrides: z.strictObject({
    /** By currency: up to this principal one person overrides a decision. In other currencies it takes two. */
    limits: z.record(z.string().regex(/^[A-Z]{3}$/, 'must be an ISO 4217 code'), z.string().regex(/^\d{1,15}(\.\d{1,4})?$/, 'must be an amount, such as "25000"')),
    days,
  }),
  decisionReviewDays: days,
});

/** The rules of governance that can be set: data, versioned, and changed by two people. */
export type PolicyBody = z.infer<typeof policyShape>;

export interface GovernancePolicy extends PolicyBody {
  readonly version: number;
}

/** @throws BAD_INPUT naming the first place that is wrong, a vote too few included */
export function parsePolicy(jsonText: string): { body: PolicyBody; canonical: string; digest: string } {
  const parsed = policyShape.safeParse(fromJson(jsonText));
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0]!;
    throw badInput(`The policy cannot be accepted: ${path.join('.') || 'the document'}: ${message}. Start from the text of the present one.`);
  }
  const canonical = canonicalJson(parsed.data);
  return { body: parsed.data, canonical, digest: sha256(canonical).toString('hex') };
}

/** Where a policy asks for fewer votes than the first one: policies are configurable upward. */
export function votesTooFew({ tiers }: PolicyBody): { tier: Tier; role: VoterRole; least: number } | undefined {
  const places = TIERS.flatMap((name) => VOTER_ROLES.map((role) => ({ tier: name, role, least: FIRST_POLICY.tiers[name].votes[role] })));
  return places.find(({ tier: name, role, least }) => tiers[name].votes[role] < least);
}

function fromJson(jsonText: string): unknown {
  try {
    return JSON.parse(jsonText);
  } catch (error) {
    throw badInput(`The policy is not JSON: ${(error as Error).message}.`);
  }
}
