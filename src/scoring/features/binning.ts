import type { Evidence, EvidenceBin } from './evidence.js';

export interface BinningOptions {
  /** Numbers start from this many bins of equal size. Default 20. */
  readonly startBins?: number;
  /** A bin below this share of the training rows is merged with its nearest neighbour. Default 0.025. */
  readonly leastShare?: number;
  /** So is one below this share of either outcome, while more than two bins are left. Default 0.005. */
  readonly leastOutcomeShare?: number;
  /** Rows of the average default rate added to each bin, so that no weight is infinite. Default 10. */
  readonly smoothing?: number;
}

export const BINNING = { startBins: 20, leastShare: 0.025, leastOutcomeShare: 0.005, smoothing: 10 } as const satisfies Required<BinningOptions>;

/** Rows and the defaults among them. */
export interface Tally {
  readonly rows: number;
  readonly bads: number;
}

export interface BinningContext {
  /** All training rows, with both outcomes among them. */
  readonly total: Tally;
  readonly options: Required<BinningOptions>;
}

/**
 * ln((bads in the bin / all bads) ÷ (goods in the bin / all goods)), with `smoothing` rows of the average default rate
 * added to the bin: empty bins weigh 0, small ones little. Scorecards often print the opposite sign (Siddiqi 2006); here
 * higher is riskier, as the log-odds of default are.
 */
export function weightOfEvidence(bin: Tally, { total, options: { smoothing } }: BinningContext): number {
  const bads = bin.bads + (smoothing * total.bads) / total.rows;
  const goods = bin.rows - bin.bads + (smoothing * (total.rows - total.bads)) / total.rows;
  return Math.log(bads / goods) - Math.log(total.bads / (total.rows - total.bads));
}

/** A bin under construction; `parts` are what it was merged from, in order. */
interface Draft<Part> extends Tally {
  readonly parts: readonly Part[];
}

const join = <Part>(a: Draft<Part>, b: Draft<Part>): Draft<Part> => ({ rows: a.rows + b.rows, bads: a.bads + b.bads, parts: [...a.parts, ...b.parts] });

const joinAt = <Part>(drafts: readonly Draft<Part>[], i: number): Draft<Part>[] => [...drafts.slice(0, i), join(drafts[i]!, drafts[i + 1]!), ...drafts.slice(i + 2)];

const fewRows = (bin: Tally, { total, options }: BinningContext): boolean => bin.rows < options.leastShare * total.rows;

const fewOutcomes = (bin: Tally, { total, options: { leastOutcomeShare } }: BinningContext): boolean =>
  bin.bads < leastOutcomeShare * total.bads || bin.rows - bin.bads < leastOutcomeShare * (total.rows - total.bads);

/** Merges the smallest bin that is too small with the neighbour of nearest weight, until none is. */
function mergeSmall<Part>(drafts: readonly Draft<Part>[], context: BinningContext): readonly Draft<Part>[] {
  // Two bins that separate the outcomes perfectly are worth more than one that says nothing.
  const small = drafts.filter((bin) => fewRows(bin, context) || (drafts.length > 2 && fewOutcomes(bin, context))).sort((a, b) => a.rows - b.rows)[0];
  if (small === undefined || drafts.length === 1) return drafts;
  const at = drafts.indexOf(small);
  const distance = (i: number): number =>
    drafts[i] === undefined ? Infinity : Math.abs(weightOfEvidence(drafts[i], context) - weightOfEvidence(small, context));
  return mergeSmall(joinAt(drafts, distance(at - 1) <= distance(at + 1) ? at - 1 : at), context);
}

/** Pool-adjacent-violators: merges neighbours against the declared trend until the weights follow it. */
function pool<Part>(drafts: readonly Draft<Part>[], sign: 1 | -1, context: BinningContext): readonly Draft<Part>[] {
  const weights = drafts.map((bin) => sign * weightOfEvidence(bin, context));
  const violator = weights.findIndex((weight, i) => i + 1 < weights.length && weight > weights[i + 1]!);
  return violator < 0 ? drafts : pool(joinAt(drafts, violator), sign, context);
}

/** What a bin is of, by kind. */
type Extent = { kind: 'range'; from: number | null; below: number | null } | { kind: 'categories'; categories: string[] } | { kind: 'missing' };

const weighed = (extent: Extent, { rows, bads }: Tally, context: BinningContext): EvidenceBin => ({ ...extent, rows, bads, woe: weightOfEvidence({ rows, bads }, context) + 0 });

/** Σ (share of bads − share of goods) · woe over the smoothed shares; never negative. */
function toEvidence(bins: EvidenceBin[], { total, options: { smoothing } }: BinningContext): Evidence {
  const grown = 1 + (bins.length * smoothing) / total.rows;
  const goods = total.rows - total.bads;
  const iv = bins.reduce((sum, bin) => {
    const ofBads = (bin.bads + (smoothing * total.bads) / total.rows) / (total.bads * grown);
    const ofGoods = (bin.rows - bin.bads + (smoothing * goods) / total.rows) / (goods * grown);
    return sum + (ofBads - ofGoods) * bin.woe;
  }, 0);
  return { bins, iv };
}

const missingBin = (missing: Tally, context: BinningContext): EvidenceBin[] => (missing.rows === 0 ? [] : [weighed({ kind: 'missing' }, missing, context)]);

/** Ascending starts of bins of equal size; a value that fills a whole bin gets one of its own. */
function startsOf(sorted: Float64Array, bins: number): number[] {
  const ranks = Array.from({ length: bins }, (_, i) => sorted[Math.floor((i * sorted.length) / bins)]!);
  const heavy = ranks.filter((x, i) => i > 0 && x === ranks[i - 1]);
  const afterHeavy = heavy.flatMap((x) => sorted.find((y) => y > x) ?? []);
  return [...new Set([...ranks, ...afterHeavy])].sort((a, b) => a - b);
}

function draftRanges(values: Float64Array, labels: Uint8Array, bins: number): Draft<number>[] {
  const starts = startsOf(values.toSorted(), bins);
  const tallies = starts.map((start) => ({ rows: 0, bads: 0, parts: [start] }));
  values.forEach((x, i) => {
    const tally = tallies[starts.findLastIndex((start) => start <= x)]!;
    tally.rows++;
    tally.bads += labels[i]!;
  });
  return tallies;
}

/**
 * Bins numbers: starts from quantiles, merges bins that are too small, then pools neighbours against a declared trend.
 * @param values known values as they will be encoded; `labels` one each, 1 = default
 * @param missing the rows without a value that have a bin of their own
 */
export function binNumbers(values: Float64Array, labels: Uint8Array, missing: Tally, monotone: 'increasing' | 'decreasing' | undefined, context: BinningContext): Evidence {
  const whole: Draft<number>[] = [{ rows: 0, bads: 0, parts: [] }];
  const merged = mergeSmall(values.length === 0 ? whole : draftRanges(values, labels, context.options.startBins), context);
  const drafts = monotone === undefined ? merged : pool(merged, monotone === 'increasing' ? 1 : -1, context);
  const bins = drafts.map((bin, i) => weighed({ kind: 'range', from: i === 0 ? null : bin.parts[0]!, below: drafts[i + 1]?.parts[0] ?? null }, bin, context));
  return toEvidence([...bins, ...missingBin(missing, context)], context);
}

/** Categories beyond these, the rarest, stay unknown to the model. */
export const MOST_CATEGORIES = 256;

const byName = (a: string, b: string): number => (a < b ? -1 : 1);

/**
 * Bins categories: those below the least share of rows together, then neighbours in order of risk merged while too small.
 * @param tallies rows and defaults by category
 */
export function binCategories(tallies: ReadonlyMap<string, Tally>, missing: Tally, context: BinningContext): Evidence {
  const known = [...tallies].sort((a, b) => b[1].rows - a[1].rows || byName(a[0], b[0])).slice(0, MOST_CATEGORIES);
  const drafts = known.map(([category, { rows, bads }]): Draft<string> => ({ rows, bads, parts: [category] }));
  const rare = drafts.filter((bin) => fewRows(bin, context));
  const groups = [...drafts.filter((bin) => !fewRows(bin, context)), ...(rare.length > 0 ? [rare.reduce((a, b) => join(a, b))] : [])];
  const ordered = groups.sort((a, b) => weightOfEvidence(a, context) - weightOfEvidence(b, context));
  const bins = mergeSmall(ordered, context).map((bin) => weighed({ kind: 'categories', categories: bin.parts.toSorted() }, bin, context));
  return toEvidence([...bins, ...missingBin(missing, context)], context);
}
