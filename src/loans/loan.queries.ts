import { unsealSection, type PlainRecord } from '../customers/index.js';
import { effectiveBy, fetchPage, isPresent, recordedBefore, Where, type Moment, type Page, type PageRequest, type Queryable } from '../platform/index.js';
import type { DataKey } from '../security/index.js';
import type { LoanKind, LoanStatus, RepaymentStatus } from './import/book-row.js';
import type { LoanRef } from './loan.rows.js';

/** Terms and standing of a loan from a time on; amounts as decimal text, attributes sealed, in base64. */
export interface LoanFactsRow {
  readonly id: string;
  readonly effectiveAt: string;
  readonly recordedAt: string;
  readonly recordedBy: string;
  readonly status: LoanStatus;
  readonly principal: string;
  readonly creditLimit: string | null;
  readonly annualRate: string | null;
  readonly termMonths: number | null;
  readonly completedAt: string | null;
  readonly decisionAt: string | null;
  readonly attributes: string | null;
}

/** Free attributes; empty where the customer was erased. */
export const openedAttributes = (key: DataKey | undefined, { id, attributes }: LoanFactsRow): PlainRecord =>
  key && attributes !== null ? unsealSection(key, 'loan_facts', 'attributes', id, Buffer.from(attributes, 'base64')) : {};

export interface LoanRow {
  readonly customer_id: string;
  readonly id: string;
  readonly external_id: string;
  readonly product: string;
  readonly kind: LoanKind;
  readonly currency: string;
  readonly recorded_at: Date;
  readonly facts: LoanFactsRow;
}

export interface RepaymentRow {
  readonly effective_at: Date;
  readonly recorded_at: Date;
  readonly recorded_by: string;
  readonly amount_due: string | null;
  readonly amount_paid: string | null;
  readonly balance: string | null;
  readonly days_past_due: number | null;
  readonly status: RepaymentStatus | null;
}

export interface OutcomeRow {
  readonly defaulted: boolean;
  readonly effective_at: Date;
  readonly known_at: Date;
  readonly recorded_at: Date;
  readonly recorded_by: string;
}

const FACTS = `json_build_object(
  'id', f.id, 'effectiveAt', f.effective_at, 'recordedAt', f.recorded_at, 'recordedBy', f.recorded_by, 'status', f.status, 'principal', f.principal::text,
  'creditLimit', f.credit_limit::text, 'annualRate', f.annual_rate::text, 'termMonths', f.term_months,
  'completedAt', f.completed_at, 'decisionAt', f.decision_at, 'attributes', encode(f.attributes, 'base64'))`;

/** The facts that are effective last win; of those of the same time, the ones recorded last. */
const NEWEST = 'ORDER BY f.effective_at DESC, f.recorded_at DESC, f.id DESC';

/** Which rows count, in SQL: those that were recorded before a time and true at one. */
const seenBy = (recorded: string, effective: string): string => `AND f.recorded_at < ${recorded}::timestamptz AND f.effective_at <= ${effective}::timestamptz`;

const current = (seen: string): string => `FROM loan_facts f WHERE f.customer_id = l.customer_id AND f.loan_id = l.id ${seen} ${NEWEST} LIMIT 1`;

// Facts stand in the select list, not in the joins: only the rows of a page pay for them, and counts do not.
const selectOf = (seen: string): string => `l.customer_id, l.id, l.external_id, l.product, l.kind, l.currency, l.recorded_at, (SELECT ${FACTS} ${current(seen)}) AS facts`;

/** A loan as of a moment. */
export interface LoanAt extends LoanRef {
  readonly moment: Moment;
}

/** In the order asked for; undefined where there was none, or nothing was true of it yet. */
export async function loansAt(db: Queryable, asked: readonly LoanAt[]): Promise<(LoanRow | undefined)[]> {
  const rows = await db.query<LoanRow & { place: string; facts: LoanFactsRow | null }>(
    `SELECT ${selectOf(seenBy('asked.recorded', 'asked.effective'))}, asked.place
     FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::timestamptz[]) WITH ORDINALITY AS asked (customer_id, id, recorded, effective, place)
     JOIN loans l ON l.customer_id = asked.customer_id AND l.id = asked.id AND l.recorded_at < asked.recorded`,
    [
      asked.map(({ customerId }) => customerId),
      asked.map(({ loanId }) => loanId),
      asked.map(({ moment }) => recordedBefore(moment)),
      asked.map(({ moment }) => effectiveBy(moment)),
    ],
  );
  const found = new Map(rows.filter(({ facts }) => facts !== null).map((row) => [Number(row.place), row]));
  return asked.map((_, index) => found.get(index + 1));
}

const OF_LOAN = 'WHERE f.customer_id = $1 AND f.loan_id = $2';

const SEEN = seenBy('$3', '$4');

const seenParameters = ({ customerId, loanId, moment }: LoanAt): string[] => [customerId, loanId, recordedBefore(moment), effectiveBy(moment)];

/** Everything ever recorded of a loan's terms and standing by a moment, newest first. */
export const loanFactsOf = (db: Queryable, loan: LoanAt): Promise<{ facts: LoanFactsRow }[]> =>
  db.query(`SELECT ${FACTS} AS facts FROM loan_facts f ${OF_LOAN} ${SEEN} ${NEWEST}`, seenParameters(loan));

/** What was true of a loan at a time; undefined where nothing is known that far back. */
export async function loanFactsAsOf(db: Queryable, { customerId, loanId }: LoanRef, asOf: Date): Promise<LoanFactsRow | undefined> {
  const sql = `SELECT ${FACTS} AS facts FROM loan_facts f ${OF_LOAN} AND f.effective_at <= $3 ${NEWEST} LIMIT 1`;
  const [row] = await db.query<{ facts: LoanFactsRow }>(sql, [customerId, loanId, asOf]);
  return row?.facts;
}

/** The newest periods of a loan, newest first; of a period recorded more than once, the latest recording. */
export const repaymentsOf = (db: Queryable, loan: LoanAt, most: number): Promise<RepaymentRow[]> =>
  db.query(
    `SELECT DISTINCT ON (f.effective_at) f.effective_at, f.recorded_at, f.recorded_by, f.amount_due, f.amount_paid, f.balance, f.days_past_due, f.status
     FROM repayments f ${OF_LOAN} ${SEEN} ${NEWEST} LIMIT $5::int`,
    [...seenParameters(loan), most],
  );

/** What became of a loan, as recorded last. */
export async function outcomeOf(db: Queryable, loan: LoanAt): Promise<OutcomeRow | undefined> {
  const sql = `SELECT f.defaulted, f.effective_at, f.known_at, f.recorded_at, f.recorded_by FROM outcomes f ${OF_LOAN} ${SEEN} ORDER BY f.recorded_at DESC, f.id DESC LIMIT 1`;
  const [row] = await db.query<OutcomeRow>(sql, seenParameters(loan));
  return row;
}

export interface LoanSelection {
  readonly customerId?: string | undefined;
  /** Limits a borrower's list to their own loans, whatever else it asks for. */
  readonly ownCustomerId?: string | undefined;
  readonly product?: string | null | undefined;
  readonly kind?: LoanKind | null | undefined;
  readonly status?: LoanStatus | null | undefined;
  readonly currency?: string | null | undefined;
  readonly recordedAt?: { gte?: Date | null; lt?: Date | null } | null | undefined;
  readonly moment: Moment;
}

export interface LoanOrdering {
  readonly field: 'RECORDED_AT' | 'EXTERNAL_ID';
  readonly descending: boolean;
}

// Ids are made in the order of recording, so ordering by id is ordering by time.
const LISTS = {
  RECORDED_AT: { from: 'loans l', always: [], key: { sql: 'l.id', type: 'uuid' }, id: { sql: 'l.id' } },
  EXTERNAL_ID: {
    from: 'external_ids e JOIN loans l ON l.customer_id = e.customer_id AND l.id = e.id',
    always: [`e.entity = 'LOAN'`],
    key: { sql: 'e.external_id', type: 'text' },
    id: { sql: 'e.id' },
  },
} as const;

/** A page of loans. The customer, where one is given, is the statement's first parameter. */
export function loanPage(db: Queryable, selection: LoanSelection, order: LoanOrdering, page: PageRequest): Promise<Page<LoanRow>> {
  const { always, ...list } = LISTS[order.field];
  const where = new Where()
    .add('l.customer_id = ?', selection.customerId)
    .add('l.customer_id = ?', selection.ownCustomerId)
    .add('l.product = ?', selection.product)
    .add('l.kind = ?', selection.kind)
    .add('l.currency = ?', selection.currency)
    .add('l.recorded_at >= ?', selection.recordedAt?.gte)
    .add('l.recorded_at < ?', selection.recordedAt?.lt);
  const seen = seenIn(where, selection.moment);
  const { conditions, parameters } = where.add(`(SELECT f.status ${current(seen)}) = ?`, selection.status);
  return fetchPage(db, { ...list, select: selectOf(seen), where: [...always, ...conditions], parameters, descending: order.descending }, page);
}

/** Cuts a list off at a moment, and tells which facts count then. */
function seenIn(where: Where, moment: Moment): string {
  if (isPresent(moment)) return '';
  const recorded = where.bind(recordedBefore(moment));
  const seen = seenBy(recorded, where.bind(effectiveBy(moment)));
  where.conditions.push(`l.recorded_at < ${recorded}::timestamptz`, `EXISTS (SELECT FROM loan_facts f WHERE f.customer_id = l.customer_id AND f.loan_id = l.id ${seen})`);
  return seen;
}
