import { z } from 'zod';

const counts = {
  /** Training rows in the bin, and how many of them defaulted. */
  rows: z.int().min(0),
  bads: z.int().min(0),
  /** ln(share of the bads in this bin ÷ share of the goods in it), smoothed: above 0 is riskier than the average applicant. */
  woe: z.number(),
};

const binShape = z.discriminatedUnion('kind', [
  /** from ≤ value < below; null is open. */
  z.strictObject({ kind: z.literal('range'), from: z.number().nullable(), below: z.number().nullable(), ...counts }),
  /** Any of these categories; of a boolean "true" or "false". */
  z.strictObject({ kind: z.literal('categories'), categories: z.array(z.string()).min(1), ...counts }),
  /** No value, or a sentinel. */
  z.strictObject({ kind: z.literal('missing'), ...counts }),
]);

/** The weight-of-evidence bins of one value (one period): what a scorecard is printed from. */
export const evidenceShape = z.strictObject({
  bins: z.array(binShape).min(1).max(400),
  /** Information value Σ (share of bads − share of goods) · woe; below 0.02 useless, from 0.3 strong, above 0.5 suspicious (Siddiqi 2006). */
  iv: z.number(),
});

export type EvidenceBin = z.infer<typeof binShape>;
export type Evidence = z.infer<typeof evidenceShape>;

/** What a value outside every bin weighs: nothing is known of it, so the average. */
const NEUTRAL = 0;

/** Weight of a number within the bounds. */
export const weightOfNumber = ({ bins }: Evidence, x: number): number =>
  bins.find((bin) => bin.kind === 'range' && (bin.below === null || x < bin.below))?.woe ?? NEUTRAL;

/** Weight of a category; undefined when training has not seen it. */
export const weightOfCategory = ({ bins }: Evidence, category: string): number | undefined =>
  bins.find((bin) => bin.kind === 'categories' && bin.categories.includes(category))?.woe;

/** Weight of "missing"; neutral when training has not seen it. */
export const weightOfMissing = ({ bins }: Evidence): number => bins.find(({ kind }) => kind === 'missing')?.woe ?? NEUTRAL;

type RangeBin = Extract<EvidenceBin, { kind: 'range' }>;

/** What contradicts in bins written by hand: gaps, overlaps, categories twice, a trend against the declared one. */
export function evidenceProblem({ bins }: Evidence, numeric: boolean, monotone?: 'increasing' | 'decreasing'): string | undefined {
  const ranges = bins.filter((bin): bin is RangeBin => bin.kind === 'range');
  const categories = bins.flatMap((bin) => (bin.kind === 'categories' ? bin.categories : []));
  if (numeric ? categories.length > 0 : ranges.length > 0) return 'has bins of another type than its values';
  if (new Set(categories).size < categories.length) return 'has a category in two bins';
  if (bins.filter(({ kind }) => kind === 'missing').length > 1) return 'has two bins for missing values';
  if (ranges.some((bin, i) => bin.from !== (ranges[i - 1]?.below ?? null) || (bin.below === null) !== (i === ranges.length - 1))) return 'has bins with gaps between them';
  if (ranges.some(({ from, below }) => from !== null && below !== null && from >= below)) return 'has bins that do not rise';
  const sign = monotone === 'decreasing' ? -1 : 1;
  if (monotone !== undefined && ranges.some(({ woe }, i) => i > 0 && sign * woe < sign * ranges[i - 1]!.woe)) return `has bins whose risk is not ${monotone}`;
  return undefined;
}
