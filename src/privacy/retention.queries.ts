import type { LoaderDefinition, PagedQuery, Queryable } from '../platform/index.js';

export const RETENTION_STATES = {
  ACTIVE: 'A loan is on book, an application is under way, a review is open, or the customer was recorded lately and has no loan yet.',
  RESTRICTED: 'Nothing is under way; records are kept because a clock still runs, and are hidden from who decides about loans.',
  DUE: 'Nothing asks for the records any more: the personal data is to be erased, unless a legal hold keeps it.',
  ERASING: 'The erasure was decided and is being carried out.',
  SHREDDED: 'The key is destroyed; what is left is pseudonymous.',
} as const;

export type RetentionState = keyof typeof RETENTION_STATES;

export const RECORD_KINDS = {
  APPLICATION: 'An application: from the last thing that happened to it, such as the notice of what was decided.',
  ACCOUNT: 'A loan that was on book: from its end.',
  PREDICTION: 'Predictions: from the newest one.',
  REVIEW: 'A review that is open: until it is resolved.',
  CUSTOMER: 'A customer without a loan: from when they were last recorded.',
} as const;

export type RecordKind = keyof typeof RECORD_KINDS;

export const REGIMES = {
  US_REG_B: 'United States, Regulation B (12 CFR 1002.12): 25 months, 12 for business credit.',
  EU_AI_ACT: 'European Union, Regulation 2024/1689, articles 19 and 26: six months for the logs of a high-risk system.',
  GDPR: 'European Union, Regulation 2016/679, article 22(3): a contested decision is looked at first.',
  LENDER: "The lender's own rule.",
  UNDER_WAY: 'None, and no rule changes it: what is under way is kept while it lasts. A loan while it is on book; an application for 90 days after the last act, a decline too; a customer without a loan for 90 days.',
} as const;

export type Regime = keyof typeof REGIMES;

export interface Clock {
  readonly recordKind: RecordKind;
  readonly regime: Regime;
  readonly months: number | null;
  readonly loanId: string | null;
  readonly startsAt: Date | null;
  readonly endsAt: Date | null;
}

/** How a customer stands. */
export interface Standing {
  readonly state: RetentionState;
  /** When the last clock ends; null while one has not begun. */
  readonly keptUntil: Date | null;
  readonly held: boolean;
}

export const clocksOf = (db: Queryable, customerId: string): Promise<Clock[]> =>
  db.query(
    `SELECT record_kind AS "recordKind", regime, months, loan_id AS "loanId", starts_at AS "startsAt", ends_at AS "endsAt"
     FROM retention_clocks($1) ORDER BY ends_at DESC NULLS FIRST, record_kind, regime, loan_id`,
    [customerId],
  );

export async function standingOf(db: Queryable, customerId: string): Promise<Standing> {
  const [standing] = await standingsOf(db, [customerId]);
  return standing!;
}

const standingsOf = (db: Queryable, customerIds: readonly string[]): Promise<Standing[]> =>
  db.query(
    `SELECT s.state, s.kept_until AS "keptUntil", s.held FROM unnest($1::uuid[]) WITH ORDINALITY AS c(id, n)
     CROSS JOIN LATERAL retention_state(c.id) s ORDER BY c.n`,
    [customerIds],
  );

export const standings: LoaderDefinition<string, Standing> = { load: (ctx, ids) => standingsOf(ctx.db, ids) };

/** How many customers are in each state, and how many of them a hold keeps. Reads every customer. */
export const standingCounts = (db: Queryable): Promise<{ state: RetentionState; customers: number; held: number }[]> =>
  db.query(`SELECT s.state, count(*)::int AS customers, count(*) FILTER (WHERE s.held)::int AS held FROM customers c CROSS JOIN LATERAL retention_state(c.id) s GROUP BY s.state ORDER BY s.state`);

/** Customers whose data is due and not held, in the order of their recording. */
export const DUE: PagedQuery = {
  select: 'c.id',
  from: 'customers c CROSS JOIN LATERAL retention_state(c.id) s',
  where: [`s.state = 'DUE'`, 'NOT s.held'],
  parameters: [],
  key: { sql: 'c.id', type: 'uuid' },
  id: { sql: 'c.id' },
  descending: false,
};

export interface RetentionRuleRow {
  readonly id: string;
  readonly recordKind: Exclude<RecordKind, 'REVIEW' | 'CUSTOMER'>;
  readonly regime: Exclude<Regime, 'GDPR' | 'UNDER_WAY'>;
  readonly products: readonly string[];
  readonly months: number;
  readonly inForce: boolean;
  readonly source: string;
  readonly recordedAt: Date;
}

const RULE = `r.id, r.record_kind AS "recordKind", r.regime, r.products, r.months, r.in_force AS "inForce", r.source, r.recorded_at AS "recordedAt"`;

/** The newest of each kind, regime and products. */
export const rulesNow = (db: Queryable): Promise<RetentionRuleRow[]> =>
  db.query(`SELECT DISTINCT ON (r.record_kind, r.regime, r.products) ${RULE} FROM retention_rules r ORDER BY r.record_kind, r.regime, r.products, r.recorded_at DESC, r.id DESC`);

export interface HoldRow {
  readonly customerId: string;
  readonly id: string;
  readonly reason: Buffer;
  readonly placedBy: string;
  readonly placedAt: Date;
  readonly liftedBy: string | null;
  readonly liftedAt: Date | null;
  readonly liftReason: Buffer | null;
}

const HOLD = `SELECT h.customer_id AS "customerId", h.id, h.reason, h.placed_by AS "placedBy", h.recorded_at AS "placedAt",
    e.lifted_by AS "liftedBy", e.recorded_at AS "liftedAt", e.reason AS "liftReason"
  FROM legal_holds h LEFT JOIN legal_hold_ends e ON (e.customer_id, e.hold_id) = (h.customer_id, h.id)`;

export const holdsOf = (db: Queryable, customerId: string): Promise<HoldRow[]> => db.query(`${HOLD} WHERE h.customer_id = $1 ORDER BY h.id`, [customerId]);

export async function holdById(db: Queryable, id: string): Promise<HoldRow | undefined> {
  const [hold] = await db.query<HoldRow>(`${HOLD} WHERE h.id = $1`, [id]);
  return hold;
}

export interface ErasureRow {
  readonly id: string;
  readonly customerId: string;
  readonly basis: ErasureBasis;
  readonly proposalId: string;
  readonly orderedBy: string;
}

export const ERASURE_BASES = {
  RETENTION_OVER: 'Nothing asks for the records any more.',
  REQUEST_OF_THE_PERSON: 'The person asked for it (GDPR article 17), and nothing asks for the records any more.',
} as const;

export type ErasureBasis = keyof typeof ERASURE_BASES;

const ERASURE = `SELECT e.id, e.customer_id AS "customerId", e.basis, e.proposal_id AS "proposalId", e.ordered_by AS "orderedBy" FROM erasures e`;

/** Erasures that were decided and are not done. */
export const openErasures = (db: Queryable): Promise<ErasureRow[]> => db.query(`${ERASURE} WHERE NOT EXISTS (SELECT FROM erasure_ends d WHERE d.customer_id = e.customer_id) ORDER BY e.recorded_at LIMIT 500`);

/** Who is erased, after an id, in batches. */
export async function erasedAfter(db: Queryable, after: string, most: number): Promise<string[]> {
  const rows = await db.query<{ id: string }>('SELECT customer_id AS id FROM erasures WHERE customer_id > $1 ORDER BY customer_id LIMIT $2', [after, most]);
  return rows.map(({ id }) => id);
}

/** Who was erased lately, by the clock of the database. */
export async function erasedLately(db: Queryable, seconds: number): Promise<string[]> {
  const rows = await db.query<{ id: string }>(`SELECT customer_id AS id FROM erasures WHERE recorded_at > clock_timestamp() - make_interval(secs => $1)`, [seconds]);
  return rows.map(({ id }) => id);
}

/** Who is in the blind index, after an id, in batches. */
export async function identifiedAfter(db: Queryable, after: string, most: number): Promise<string[]> {
  const rows = await db.query<{ id: string }>('SELECT DISTINCT customer_id AS id FROM customer_identifiers WHERE customer_id > $1 ORDER BY customer_id LIMIT $2', [after, most]);
  return rows.map(({ id }) => id);
}

export const forgetIdentifiers = (tx: Queryable, customerIds: readonly string[]): Promise<unknown> => tx.query('DELETE FROM customer_identifiers WHERE customer_id = ANY($1::uuid[])', [customerIds]);
