import type { PolicyBody } from './policy.js';

/**
 * The policy that an installation begins with, as its migration writes it: released, it is never edited. What it asks of
 * voters no later one may undercut.
 */
export const FIRST_POLICY: PolicyBody = {
  tiers: {
    HIGH: { votes: { VALIDATOR: 1, ADMIN: 2 }, reviewMonths: 12 },
    MEDIUM: { votes: { VALIDATOR: 1, ADMIN: 1 }, reviewMonths: 18 },
    LOW: { votes: { VALIDATOR: 0, ADMIN: 1 }, reviewMonths: 24 },
  },
  voteDays: 90,
  gates: { aucMargin: 0.01, mostCalibrationError: 0.05, mostPsi: 0.25, mostResidual: 0.05, leastFairnessRatio: 0.8, mostMilliseconds: 50, mostBytes: 64 * 1024 * 1024 },
  waiverDays: 180,
  overdueReview: 'ALERT',
  overrides: { limits: { EUR: '25000', USD: '25000', GBP: '20000', CNY: '200000', TWD: '800000' }, days: 180 },
  decisionReviewDays: 30,
};
