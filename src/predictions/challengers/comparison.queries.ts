import type { Queryable } from '../../platform/index.js';

/** Which pairs are compared: those of one challenger's deployment, recorded in a span. */
export interface ComparedSpan {
  readonly deploymentId: string;
  readonly versionId: string;
  readonly since: Date | undefined;
  readonly until: Date | undefined;
}

const parametersOf = ({ deploymentId, versionId, since, until }: ComparedSpan): unknown[] => [versionId, deploymentId, since ?? null, until ?? null];

/** What the challenger said, $1 its version and $2 its deployment, in [$3, $4). The id holds the time, so partitions and the index do the work. */
const SAID = `
  p.version_id = $1 AND p.deployment_id = $2 AND p.shadow_of IS NOT NULL
  AND ($3::timestamptz IS NULL OR p.id >= uuid_v7_floor(greatest($3::timestamptz, 'epoch')) AND p.created_at >= $3)
  AND ($4::timestamptz IS NULL OR p.created_at < $4)`;

/** Each scored pair: who decided (d), and the challenger (c) beside it. */
const PAIRS = `
  SELECT p.customer_id, p.loan_id, d.id, d.decision, p.would_decide, d.pd AS d_pd, p.pd AS c_pd, p.score_points - d.score_points AS shift
  FROM predictions p JOIN predictions d ON d.customer_id = p.customer_id AND d.id = p.shadow_of
  WHERE ${SAID} AND p.status = 'SCORED' AND d.status = 'SCORED'`;

/** Each with the outcome of its loan that was recorded last. */
const OUTCOME = `
  LEFT JOIN LATERAL (
    SELECT defaulted FROM outcomes o WHERE o.customer_id = pairs.customer_id AND o.loan_id = pairs.loan_id
    ORDER BY recorded_at DESC, id DESC LIMIT 1) o ON true`;

export interface PairCount {
  readonly decision: string;
  readonly would_decide: string;
  readonly pairs: number;
  readonly known: number;
  readonly defaults: number;
}

export interface PairSummary {
  readonly said: number;
  readonly cells: readonly PairCount[];
  readonly shift: { readonly mean: number; readonly p10: number; readonly p50: number; readonly p90: number } | null;
  /** Largest distance between the distributions of both PDs; null without pairs. */
  readonly ks: number | null;
}

const SUMMARY = `
  WITH pairs AS MATERIALIZED (${PAIRS}),
  cells AS (
    SELECT decision, would_decide, count(*) AS pairs, count(o.defaulted) AS known, count(*) FILTER (WHERE o.defaulted) AS defaults
    FROM pairs ${OUTCOME} GROUP BY 1, 2),
  steps AS (
    SELECT sum(decided) OVER (ORDER BY pd) - sum(1 - decided) OVER (ORDER BY pd) AS apart
    FROM (SELECT d_pd AS pd, 1 AS decided FROM pairs UNION ALL SELECT c_pd, 0 FROM pairs) both_pds)
  SELECT
    (SELECT count(*)::int FROM predictions p WHERE ${SAID}) AS said,
    (SELECT coalesce(json_agg(cells ORDER BY decision, would_decide), '[]') FROM cells) AS cells,
    (SELECT CASE WHEN count(*) > 0 THEN json_build_object('mean', avg(shift), 'p10', percentile_cont(0.1) WITHIN GROUP (ORDER BY shift),
       'p50', percentile_cont(0.5) WITHIN GROUP (ORDER BY shift), 'p90', percentile_cont(0.9) WITHIN GROUP (ORDER BY shift)) END FROM pairs) AS shift,
    (SELECT max(abs(apart))::float8 / (SELECT nullif(count(*), 0) FROM pairs) FROM steps) AS ks`;

/** Counts of what was decided against what would have been, with the outcomes known since; how far the scores lie apart. */
export async function pairSummary(db: Queryable, span: ComparedSpan): Promise<PairSummary> {
  const [row] = await db.query<PairSummary>(SUMMARY, parametersOf(span));
  return row!;
}

export interface OutcomeSummary {
  readonly known: number;
  readonly defaults: number;
  /** Null until both kinds of outcome are known. */
  readonly auc: number | null;
  readonly challengerAuc: number | null;
  readonly brier: number | null;
  readonly challengerBrier: number | null;
}

/** AUC = (R − n₁(n₁+1)/2) / (n₁·n₀), R the sum of the defaults' ranks, ties sharing their mean rank (Mann–Whitney). */
const auc = (rank: string): string => `(sum(${rank}) FILTER (WHERE bad = 1) - defaults * (defaults + 1) / 2.0) / nullif(defaults * (known - defaults), 0)`;

const meanRank = (pd: string): string => `rank() OVER (ORDER BY ${pd}) + (count(*) OVER (PARTITION BY ${pd}) - 1) / 2.0`;

const OUTCOMES = `
  WITH pairs AS (SELECT DISTINCT ON (customer_id, loan_id) * FROM (${PAIRS}) every ORDER BY customer_id, loan_id, id DESC),
  known AS (
    SELECT d_pd, c_pd, o.defaulted::int AS bad FROM pairs ${OUTCOME} WHERE o.defaulted IS NOT NULL),
  ranked AS (
    SELECT *, ${meanRank('d_pd')} AS d_rank, ${meanRank('c_pd')} AS c_rank, count(*) OVER () AS known, sum(bad) OVER () AS defaults FROM known)
  SELECT known::int, defaults::int, (${auc('d_rank')})::float8 AS auc, (${auc('c_rank')})::float8 AS "challengerAuc",
    avg((d_pd - bad) ^ 2) AS brier, avg((c_pd - bad) ^ 2) AS "challengerBrier"
  FROM ranked GROUP BY known, defaults`;

/** Both PDs against the outcomes known since, on the same loans: the newest pair of each. */
export async function outcomeSummary(db: Queryable, span: ComparedSpan): Promise<OutcomeSummary> {
  const [row] = await db.query<OutcomeSummary>(OUTCOMES, parametersOf(span));
  return row ?? { known: 0, defaults: 0, auc: null, challengerAuc: null, brier: null, challengerBrier: null };
}
