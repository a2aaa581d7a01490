import { afresh, encodeGlobalId, type Context } from '../platform/index.js';
import { largestOf, PREDICTION_COLUMNS, type Differences, type Evidence, type Obstacle, type PredictionRow, type Replayed, type Verdict } from '../predictions/index.js';

/** Which scored predictions are replayed: all, unless told otherwise. */
export interface ReplayRange {
  /** Made at this time or later. */
  readonly from?: Date | undefined;
  /** Made before this time. */
  readonly to?: Date | undefined;
  readonly versionId?: string | undefined;
  readonly prediction?: { readonly customerId: string; readonly id: string } | undefined;
}

/** What became of those that were recorded on one runtime. */
export interface RuntimeCounts {
  readonly runtime: string;
  readonly verdicts: Readonly<Record<Verdict, number>>;
  /** Largest differences among them. */
  readonly largest: Differences;
}

/** A prediction that did not come out, and why; not one whose customer was erased. */
export interface ReplayProblem {
  readonly id: string;
  readonly verdict: Verdict;
  readonly obstacle: Obstacle | null;
  readonly says: string;
}

export interface ReplayReport {
  readonly predictions: number;
  readonly verdicts: Readonly<Record<Verdict, number>>;
  readonly erased: number;
  readonly runtimes: readonly RuntimeCounts[];
  /** What replayed them. */
  readonly replayedBy: readonly string[];
  readonly largest: Differences;
  /** The first of them. */
  readonly problems: readonly ReplayProblem[];
  readonly problemCount: number;
  /** Where to go on: the time from which on predictions were not looked at. Null where all were. */
  readonly next: Date | null;
}

export interface ReplayOptions {
  readonly progress?: (done: number, of: number) => void;
  /** Ends it between two batches. */
  readonly signal?: AbortSignal | undefined;
  /** How many are read and replayed at once: memory stays flat, whatever the range. */
  readonly batch?: number;
}

const BATCH = 500;

/** Told at most: after that, more of the same says nothing new. */
const MOST_TOLD = 100;

const SELECT = PREDICTION_COLUMNS.map((name) => `p.${name}`).join(', ');

/**
 * Replays the scored predictions of a range, in the order of their making. Those of one version are computed together,
 * and a version stays loaded from batch to batch.
 */
export async function replayRange(ctx: Context, evidence: Evidence, range: ReplayRange, { progress, signal, batch = BATCH }: ReplayOptions = {}): Promise<ReplayReport> {
  const where = whereOf(range, ctx.now());
  const [total] = await ctx.db.query<{ count: string }>(`SELECT count(*) FROM predictions p WHERE ${where.sql}`, where.parameters);
  const tally = new Tally();
  for (let after: string | undefined; ; ) {
    const rows = await pageAfter(ctx, where, after, batch);
    const last = rows.at(-1);
    if (!last) return tally.report(null);
    const replayed = await evidence.replayAll(afresh(ctx), rows);
    for (const [index, row] of rows.entries()) tally.add(row, replayed[index]!);
    progress?.(tally.count, Number(total!.count));
    if (signal?.aborted && rows.length === batch) return tally.report(timeOf(last.id));
    after = last.id;
  }
}

interface Conditions {
  readonly sql: string;
  readonly parameters: readonly unknown[];
}

/** What is made while it runs is not waited for. */
function whereOf({ from, to, versionId, prediction }: ReplayRange, now: Date): Conditions {
  const parameters: unknown[] = [to ?? now, from ?? new Date(0)];
  const conditions = [`p.status = 'SCORED'`, 'p.id < uuid_v7_floor($1::timestamptz)', 'p.id >= uuid_v7_floor($2::timestamptz)'];
  if (versionId !== undefined) conditions.push(`p.version_id = $${parameters.push(versionId)}`);
  if (prediction) conditions.push(`p.customer_id = $${parameters.push(prediction.customerId)}`, `p.id = $${parameters.push(prediction.id)}`);
  return { sql: conditions.join(' AND '), parameters };
}

function pageAfter({ db }: Context, { sql, parameters }: Conditions, after: string | undefined, most: number): Promise<PredictionRow[]> {
  const beyond = after === undefined ? '' : ` AND p.id > $${parameters.length + 1}`;
  return db.query<PredictionRow>(`SELECT ${SELECT} FROM predictions p WHERE ${sql}${beyond} ORDER BY p.id LIMIT ${most}`, after === undefined ? parameters : [...parameters, after]);
}

/** The millisecond in an id; predictions of the same one are looked at again. */
const timeOf = (id: string): Date => new Date(Number.parseInt(id.replace('-', '').slice(0, 12), 16));

const noVerdicts = (): Record<Verdict, number> => ({ IDENTICAL: 0, WITHIN_TOLERANCE: 0, DIFFERENT: 0, NOT_REPLAYABLE: 0 });
const NOTHING: Differences = { pd: 0, logit: 0, scorePoints: 0, attributions: 0 };

const larger = (a: Differences, b: Differences): Differences => ({
  pd: Math.max(a.pd, b.pd), logit: Math.max(a.logit, b.logit), scorePoints: Math.max(a.scorePoints, b.scorePoints), attributions: Math.max(a.attributions, b.attributions),
});

/** Counts by verdict and by runtime: as many as there are runtimes, not predictions. */
class Tally {
  count = 0;
  private erased = 0;
  private problemCount = 0;
  private readonly problems: ReplayProblem[] = [];
  private readonly replayedBy = new Set<string>();
  private readonly runtimes = new Map<string, { verdicts: Record<Verdict, number>; largest: Differences }>();

  add(row: PredictionRow, replayed: Replayed): void {
    this.count += 1;
    const runtime = replayed.recorded.text || 'unknown: the record does not open';
    const counts = this.runtimes.get(runtime) ?? { verdicts: noVerdicts(), largest: NOTHING };
    this.runtimes.set(runtime, counts);
    counts.verdicts[replayed.verdict] += 1;
    if ('differences' in replayed) {
      this.replayedBy.add(replayed.replaying.text);
      counts.largest = larger(counts.largest, replayed.differences);
    }
    this.tell(row, replayed);
  }

  report(next: Date | null): ReplayReport {
    const runtimes = [...this.runtimes].map(([runtime, { verdicts: of, largest }]): RuntimeCounts => ({ runtime, verdicts: of, largest })).sort((a, b) => (a.runtime < b.runtime ? -1 : 1));
    const verdicts = noVerdicts();
    for (const counts of runtimes) for (const [verdict, count] of Object.entries(counts.verdicts)) verdicts[verdict as Verdict] += count;
    const { count: predictions, erased, problems, problemCount } = this;
    return { predictions, verdicts, erased, runtimes, replayedBy: [...this.replayedBy], largest: runtimes.map(({ largest }) => largest).reduce(larger, NOTHING), problems, problemCount, next };
  }

  private tell({ customer_id: customerId, id: rowId }: PredictionRow, replayed: Replayed): void {
    const stopped = 'obstacle' in replayed ? replayed : undefined;
    if (stopped?.obstacle === 'ERASED') this.erased += 1;
    if (stopped ? stopped.obstacle === 'ERASED' : replayed.verdict !== 'DIFFERENT') return;
    this.problemCount += 1;
    if (this.problems.length >= MOST_TOLD) return;
    const id = encodeGlobalId({ type: 'Prediction', customerId, id: rowId });
    this.problems.push({ id, verdict: replayed.verdict, obstacle: stopped?.obstacle ?? null, says: stopped?.problem ?? differenceOf(rowId, replayed) });
  }
}

function differenceOf(id: string, replayed: Replayed): string {
  if (!('differences' in replayed)) return '';
  const { pd, logit, scorePoints, attributions } = replayed.differences;
  const numbers = largestOf(replayed.differences) + scorePoints > 0 ? `PD by ${pd}, log-odds by ${logit}, attributions by ${attributions}, score points by ${scorePoints}, where ${replayed.tolerance} is allowed` : 'no number, but grade, decision or method';
  return `Prediction ${id} came out otherwise: ${numbers}. Recorded on ${replayed.recorded.text}, replayed on ${replayed.replaying.text}.`;
}
