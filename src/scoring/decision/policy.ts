import { z } from 'zod';
import { badInput } from '../../base/index.js';
import type { InputFlag } from '../features/encode.js';
import { parseWith } from '../validation.js';
import { chooseThreshold, type ThresholdRule } from './threshold.js';

const gradeShape = z.strictObject({ grade: z.string().min(1).max(20), below: z.number().gt(0).max(1) });

const ascending = (grades: readonly z.infer<typeof gradeShape>[]): boolean => grades.every(({ below }, i) => i === 0 || below > grades[i - 1]!.below);

const policyShape = z
  .strictObject({
    version: z.int().min(1),
    /** A PD below this line is approved. */
    approveBelow: z.number().gt(0).max(1),
    /** A PD at or above this line is declined; between the lines a person decides. */
    declineFrom: z.number().gt(0).max(1),
    /** Bands of PD from the best; the last one reaches 1. */
    grades: z.array(gradeShape).min(1).max(50),
    /** Any of these flags, of an input or of the applicant as a whole (NOVEL), sends the loan to a person, whatever its PD. */
    referWhen: z.array(z.enum(['MISSING', 'OUT_OF_RANGE', 'UNKNOWN_CATEGORY', 'SENTINEL', 'NOVEL'])).optional(),
  })
  .refine((policy) => policy.approveBelow <= policy.declineFrom, { message: 'approveBelow may not lie above declineFrom' })
  .refine((policy) => ascending(policy.grades), { message: 'grades must be ordered by rising "below"' })
  .refine((policy) => policy.grades.at(-1)?.below === 1, { message: 'the last grade must reach "below": 1' })
  .refine((policy) => new Set(policy.grades.map(({ grade }) => grade)).size === policy.grades.length, { message: 'a grade name is used twice' });

/** NOVEL: the applicant as a whole is unlike the training rows (`noveltyOf`). */
export type ApplicantFlag = InputFlag | 'NOVEL';

export type DecisionPolicy = z.infer<typeof policyShape>;
export type Decision = 'APPROVE' | 'REFER' | 'DECLINE';
export type DecisionCause = 'PD_BELOW_APPROVAL_LINE' | 'PD_BETWEEN_LINES' | 'PD_AT_OR_ABOVE_DECLINE_LINE' | 'INPUT_FLAGGED';

/** A decision policy from untrusted JSON. @throws BAD_INPUT with a sentence. */
export const parseDecisionPolicy = (json: unknown): DecisionPolicy => parseWith(policyShape, json, 'decision policy');

function requireProbability(pd: number): void {
  if (!(pd >= 0 && pd <= 1)) throw badInput(`The PD is ${pd}; a probability lies between 0 and 1.`);
}

/** The grade whose band holds the PD. */
export function gradeOf(pd: number, { grades }: Pick<DecisionPolicy, 'grades'>): string {
  requireProbability(pd);
  return (grades.find(({ below }) => pd < below) ?? grades.at(-1)!).grade;
}

/** Applies a policy to a PD and the flags raised by its inputs and by the applicant as a whole. */
export function decide(pd: number, flags: Iterable<ApplicantFlag>, policy: DecisionPolicy): { decision: Decision; cause: DecisionCause } {
  requireProbability(pd);
  const referring = new Set<ApplicantFlag>(policy.referWhen);
  for (const flag of flags) if (referring.has(flag)) return { decision: 'REFER', cause: 'INPUT_FLAGGED' };
  if (pd < policy.approveBelow) return { decision: 'APPROVE', cause: 'PD_BELOW_APPROVAL_LINE' };
  if (pd < policy.declineFrom) return { decision: 'REFER', cause: 'PD_BETWEEN_LINES' };
  return { decision: 'DECLINE', cause: 'PD_AT_OR_ABOVE_DECLINE_LINE' };
}

/** The PD whose odds are `factor` times those of `base`. */
const atOdds = (base: number, factor: number): number => (factor === 1 ? base : (base * factor) / (1 - base + base * factor));

const BANDS = [['A', 1 / 8], ['B', 1 / 4], ['C', 1 / 2], ['D', 1], ['E', 2], ['F', 4]] as const;

/**
 * A policy around an approval line: decline from `declineOdds` times its odds, grades A to G at doublings of the odds
 * around it (fewer where the line is so near 1 that rounding makes two bands one).
 */
function policyAround(line: number, declineOdds: number, rounded: (pd: number) => number): DecisionPolicy {
  const bands = BANDS.map(([grade, factor]) => ({ grade, below: rounded(atOdds(line, factor)) }));
  const distinct = bands.filter(({ below }, i) => below < 1 && below > (bands[i - 1]?.below ?? 0));
  const approveBelow = rounded(line);
  const declineFrom = Math.max(approveBelow, rounded(atOdds(line, declineOdds)));
  return parseDecisionPolicy({ version: 1, approveBelow, declineFrom, grades: [...distinct, { grade: 'G', below: 1 }], referWhen: ['UNKNOWN_CATEGORY'] });
}

/**
 * A starting policy for a book: approve below its own default rate, decline from three times those odds,
 * grades A to G at doublings of the odds around it. A lender replaces it with one of its own.
 * @param book the default rate (0…1), or the training PDs whose mean is taken for it
 */
export function defaultDecisionPolicy(book: number | ArrayLike<number>): DecisionPolicy {
  const rate = typeof book === 'number' ? book : Array.from(book).reduce((sum, pd) => sum + pd, 0) / Math.max(1, book.length);
  requireProbability(rate);
  return policyAround(Math.min(Math.max(rate, 0.002), 0.6), 3, (pd) => Math.round(pd * 10_000) / 10_000);
}

/**
 * A policy whose approval line follows from a rule; see chooseThreshold.
 * @param labels 1 = default, 0 = good; both must occur
 * @param pds calibrated probabilities, 0…1
 * @param declineOdds odds of the decline line ÷ odds of the approval line, from 1 (nobody is referred for the PD). Default 3
 * @throws BAD_INPUT as chooseThreshold does, and on odds below 1
 */
export function policyFor(rule: ThresholdRule, labels: ArrayLike<number>, pds: ArrayLike<number>, declineOdds = 3): DecisionPolicy {
  if (!(declineOdds >= 1 && Number.isFinite(declineOdds))) throw badInput(`The decline line is at ${declineOdds} times the odds of the approval line; give a number from 1.`);
  const { threshold } = chooseThreshold(labels, pds, rule).chosen;
  return policyAround(threshold, declineOdds, (pd) => (pd === threshold ? pd : Number(pd.toPrecision(4))));
}
