import { actedBefore, clockAt, fetchPage, groupedInOrder, inOrder, isPresent, momentKey, Where, type Context, type LoaderDefinition, type Moment, type Page, type PageRequest, shared, type Queryable } from '../../platform/index.js';
import { may, ownCustomer } from '../../security/index.js';
import type { PredictionRef } from '../record/recorder.js';
import { DECIDES, waitsForPerson } from './deciding.js';
import { COLUMNS, type PredictionColumns, type PredictionStatus, type Purpose } from '../record/row.js';

export type PredictionRow = PredictionColumns;

export interface PredictionFilter {
  readonly customerId?: string | undefined;
  readonly loan?: PredictionRefOfLoan | undefined;
  readonly modelId?: string | undefined;
  readonly versionId?: string | undefined;
  readonly decision?: string | undefined;
  readonly grade?: string | undefined;
  readonly status?: PredictionStatus | undefined;
  readonly purpose?: Purpose | undefined;
  readonly jobId?: string | undefined;
  /** Only what challengers said, or only the rest. */
  readonly challenger?: boolean | undefined;
  /** Only applications that wait at present for a person to decide them, or only the rest. */
  readonly waiting?: boolean | undefined;
  readonly createdAt?: { readonly gte?: Date | undefined; readonly lt?: Date | undefined } | undefined;
  /** The history as it stood: what was recorded by then. */
  readonly moment: Moment;
}

interface PredictionRefOfLoan {
  readonly customerId: string;
  readonly loanId: string;
}

/** A prediction of a loan, or one by its id, as of a moment. */
export type PredictionAt<Ref = PredictionRef> = Ref & { readonly moment: Moment };

/** When a prediction was recorded, in SQL; records of earlier releases have the time of the server that scored alone. */
export const RECORDED = 'coalesce(p.recorded_at, p.created_at)';

const SELECT = COLUMNS.map((name) => `p.${name}`).join(', ');

function whereOf(ctx: Context, filter: PredictionFilter): Where {
  const where = new Where()
    // The loan comes first: its ids are what differs between the loans of one page.
    .add('p.customer_id = ?', filter.loan?.customerId)
    .add('p.loan_id = ?', filter.loan?.loanId)
    .add('p.customer_id = ?', filter.customerId)
    .add('p.customer_id = ?', ownCustomer(ctx))
    .add('p.model_id = ?', filter.modelId)
    .add('p.version_id = ?', filter.versionId)
    .add('p.decision = ?', filter.decision)
    .add('p.grade = ?', filter.grade)
    .add('p.status = ?', filter.status)
    .add('p.purpose = ?', filter.purpose)
    .add('p.job_id = ?', filter.jobId)
    // The id holds the time, so partitions and the index on id do the work; created_at decides at the edges.
    .add(`p.id >= uuid_v7_floor(greatest(?::timestamptz, 'epoch')) AND p.created_at >= ?`, filter.createdAt?.gte)
    .add('p.created_at < ?', filter.createdAt?.lt);
  const { moment } = filter;
  // Ids are in the order of recording: those of much later need not be looked at. A day is more than clocks are apart.
  if (!isPresent(moment)) where.add(`${RECORDED} < ?::timestamptz AND p.id < uuid_v7_floor(?::timestamptz + interval '1 day')`, actedBefore(moment));
  if (filter.waiting !== undefined) where.conditions.push(`(${waitsForPerson(where.bind(clockAt(ctx, moment).toISOString()), where.bind(actedBefore(moment)))}) = ${filter.waiting}`);
  if (filter.challenger !== undefined) where.conditions.push(`p.shadow_of IS ${filter.challenger ? 'NOT NULL' : 'NULL'}`);
  if (!may(ctx, 'prediction:detail')) where.conditions.push(`p.purpose <> 'WHAT_IF' AND p.shadow_of IS NULL`);
  return where;
}

/** A page of the prediction history, newest first unless asked otherwise. */
export function predictionPage(ctx: Context, filter: PredictionFilter, page: PageRequest, ascending = false, db: Queryable = ctx.db): Promise<Page<PredictionRow>> {
  const { conditions, parameters } = whereOf(ctx, filter);
  return fetchPage<PredictionRow>(
    db,
    { select: SELECT, from: 'predictions p', where: conditions, parameters, key: { sql: 'p.id', type: 'uuid' }, id: { sql: 'p.id' }, descending: !ascending },
    page,
  );
}

const refKey = ({ customerId, id }: PredictionRef): string => `${customerId} ${id}`;

const predictionsByIds = shared(async (db, refs: readonly PredictionRef[]) => {
  const rows = await db.query<PredictionRow>(
    `SELECT ${SELECT} FROM predictions p WHERE (p.customer_id, p.id) IN (SELECT * FROM unnest($1::uuid[], $2::uuid[]))`,
    [refs.map(({ customerId }) => customerId), refs.map(({ id }) => id)],
  );
  return inOrder(refs.map(refKey), rows, (row) => refKey({ customerId: row.customer_id, id: row.id }));
});

export const predictionById: LoaderDefinition<PredictionRef, PredictionRow | undefined> = { cacheKey: refKey, load: (ctx, refs) => predictionsByIds(ctx.db, refs) };

/** The newest decision of each loan, by a model or because none may decide: what a portal shows. */
export const latestPredictionOfLoan: LoaderDefinition<PredictionAt<PredictionRefOfLoan>, PredictionRow | undefined> = {
  cacheKey: ({ customerId, loanId, moment }) => `${customerId} ${loanId} ${momentKey(moment)}`,
  async load(ctx, loans) {
    const rows = await ctx.db.query<PredictionRow & { place: string }>(
      `SELECT ${SELECT}, asked.place FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[]) WITH ORDINALITY AS asked (customer_id, loan_id, before, place)
       CROSS JOIN LATERAL (
         SELECT * FROM predictions p
         WHERE p.customer_id = asked.customer_id AND p.loan_id = asked.loan_id AND ${DECIDES} AND ${RECORDED} < asked.before
         ORDER BY p.id DESC LIMIT 1) p`,
      [loans.map(({ customerId }) => customerId), loans.map(({ loanId }) => loanId), loans.map(({ moment }) => actedBefore(moment))],
    );
    const found = new Map(rows.map((row) => [Number(row.place), row]));
    return loans.map((_, index) => found.get(index + 1));
  },
};

/** What challengers said of the same request, oldest deployment first. */
export const challengersOfPrediction: LoaderDefinition<PredictionRef, PredictionRow[]> = {
  cacheKey: refKey,
  async load(ctx, refs) {
    const rows = await ctx.db.query<PredictionRow>(
      `SELECT ${SELECT} FROM predictions p
       WHERE (p.customer_id, p.shadow_of) IN (SELECT * FROM unnest($1::uuid[], $2::uuid[])) ORDER BY p.id`,
      [refs.map(({ customerId }) => customerId), refs.map(({ id }) => id)],
    );
    return groupedInOrder(refs.map(refKey), rows, (row) => refKey({ customerId: row.customer_id, id: row.shadow_of! }));
  },
};

/** What a prediction's leaf binds beside its clear columns. */
export interface StoredBytes {
  readonly body: Buffer;
  readonly salt: Buffer;
  /** False where a time is not one that was written, which are of whole milliseconds: a Date would hide it. */
  readonly exact: boolean;
}

const EXACT = ['as_of', 'created_at', 'recorded_at'].map((name) => `coalesce(date_trunc('milliseconds', ${name}) = ${name}, true)`).join(' AND ');

/** The sealed bodies, read only where a field inside them is asked for. */
export const predictionBytes: LoaderDefinition<PredictionRef, StoredBytes | undefined> = {
  cacheKey: refKey,
  async load(ctx, refs) {
    const rows = await ctx.db.query<StoredBytes & { customer_id: string; id: string }>(
      `SELECT customer_id, id, body, row_salt AS salt, ${EXACT} AS exact FROM predictions WHERE (customer_id, id) IN (SELECT * FROM unnest($1::uuid[], $2::uuid[]))`,
      [refs.map(({ customerId }) => customerId), refs.map(({ id }) => id)],
    );
    return inOrder(refs.map(refKey), rows, (row) => refKey({ customerId: row.customer_id, id: row.id }));
  },
};
