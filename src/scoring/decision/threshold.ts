import { z } from 'zod';
import { stepsOfPds, type Steps } from '../metrics/steps.js';
import { parseWith } from '../validation.js';

const ruleShape = z.union(
  [
    /** Cost of a missed default ÷ cost of a refused good. */
    z.strictObject({ costRatio: z.number().min(0.01).max(10_000) }),
    /** Share of the applicants to approve. */
    z.strictObject({ approvalRate: z.number().gt(0).max(1) }),
  ],
  { error: 'give either costRatio (0.01 to 10,000) or approvalRate (above 0, up to 1)' },
);

export type ThresholdRule = z.infer<typeof ruleShape>;

/** A threshold rule from untrusted JSON. @throws BAD_INPUT with a sentence. */
export const parseThresholdRule = (json: unknown): ThresholdRule => parseWith(ruleShape, json, 'threshold rule');

/** What a threshold would have done to known loans. */
export interface ThresholdOutcome {
  /** A PD below it is approved. */
  readonly threshold: number;
  readonly approvalRate: number;
  /** Default rate of the approved; null when nobody is. */
  readonly approvedDefaultRate: number | null;
}

export interface CostedThreshold extends ThresholdOutcome {
  /** Cost per loan, in units of one refused good. */
  readonly cost: number;
}

export type ThresholdChoice =
  | { readonly rule: { readonly costRatio: number }; readonly chosen: CostedThreshold; readonly empirical: CostedThreshold }
  | { readonly rule: { readonly approvalRate: number }; readonly chosen: ThresholdOutcome };

/** The number of fewest decimals between two PDs: readable in a policy; without one between them the upper PD itself. */
function shortestBetween(below: number, above: number): number {
  for (let decimals = 1; decimals <= 15; decimals++) {
    const rounded = Number(((below + above) / 2).toFixed(decimals));
    if (rounded > below && rounded < above) return rounded;
  }
  return above;
}

/** The threshold that approves the steps from `step` on: those of lower PD. */
function thresholdAbove({ scores }: Steps, step: number): number {
  const above = scores[step - 1] ?? 1;
  const below = scores[step] ?? 0;
  return shortestBetween(below, above);
}

/** Goods and bads with a PD at or above the threshold are refused. */
function refusedAt({ scores, bads, goods }: Steps, threshold: number): { goods: number; bads: number } {
  const refused = { goods: 0, bads: 0 };
  for (let step = 0; step < scores.length && scores[step]! >= threshold; step++) {
    refused.goods += goods[step]!;
    refused.bads += bads[step]!;
  }
  return refused;
}

function outcomeAt(steps: Steps, threshold: number): ThresholdOutcome {
  const refused = refusedAt(steps, threshold);
  const rows = steps.bad + steps.good;
  const approved = rows - refused.goods - refused.bads;
  return { threshold, approvalRate: approved / rows, approvedDefaultRate: approved === 0 ? null : (steps.bad - refused.bads) / approved };
}

function costedAt(steps: Steps, threshold: number, costRatio: number): CostedThreshold {
  const refused = refusedAt(steps, threshold);
  return { ...outcomeAt(steps, threshold), cost: (refused.goods + costRatio * (steps.bad - refused.bads)) / (steps.bad + steps.good) };
}

/** The cut of least cost on these rows; of several as cheap the one that approves most. */
function cheapestCut({ bads, goods, bad }: Steps, costRatio: number): number {
  let cost = costRatio * bad;
  let best = { cost, step: 0 };
  for (let step = 0; step < bads.length; step++) {
    cost += goods[step]! - costRatio * bads[step]!;
    if (cost < best.cost) best = { cost, step: step + 1 };
  }
  return best.step;
}

/** The cut whose share of approved rows is nearest the wanted one and above zero; of two as near the one that approves more. */
function cutOfShare({ bads, goods, bad, good }: Steps, share: number): number {
  const rows = bad + good;
  let [refused, best, distance] = [0, 0, 1 - share];
  for (let step = 0; step + 1 < bads.length; step++) {
    refused += bads[step]! + goods[step]!;
    const off = Math.abs(1 - refused / rows - share);
    if (off < distance) [best, distance] = [step + 1, off];
  }
  return best;
}

/**
 * Where to draw the line between approval and refusal.
 *
 * By cost ratio the choice is Bayes' threshold for calibrated PDs, 1 / (1 + costRatio) (Elkan 2001): a loan is refused when
 * PD · costRatio > 1 − PD. The cheapest cut on these very rows is told beside it; it is fitted to them and so not chosen.
 * By approval rate it is the cut whose share of PDs below it is nearest the target; tied PDs are decided alike.
 * @param labels 1 = default, 0 = good; both must occur
 * @param pds calibrated probabilities, 0…1
 * @throws BAD_INPUT as evaluate does, and on a rule out of range
 */
export function chooseThreshold(labels: ArrayLike<number>, pds: ArrayLike<number>, rule: ThresholdRule): ThresholdChoice {
  const checked = parseThresholdRule(rule);
  const steps = stepsOfPds(labels, pds);
  if ('approvalRate' in checked) return { rule: checked, chosen: outcomeAt(steps, thresholdAbove(steps, cutOfShare(steps, checked.approvalRate))) };
  const { costRatio } = checked;
  return { rule: checked, chosen: costedAt(steps, 1 / (1 + costRatio), costRatio), empirical: costedAt(steps, thresholdAbove(steps, cheapestCut(steps, costRatio)), costRatio) };
}
