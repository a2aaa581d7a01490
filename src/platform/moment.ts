import { setTimeout as pause } from 'node:timers/promises';
import { AssayError, badInput } from '../base/index.js';
import type { Context } from './context.js';
import type { Database } from './database.js';

/** What of the book is read: what had been recorded by a moment, and what of it was true by one. Empty: the present. */
export interface Moment {
  /** Only what had been recorded by the end of this millisecond: the API tells milliseconds. */
  readonly asOf?: Date | undefined;
  /** Only what was true by then. */
  readonly effectiveAt?: Date | undefined;
}

export const PRESENT: Moment = {};

/** Tells moments apart where things are remembered by them. */
export const momentKey = ({ asOf, effectiveAt }: Moment): string => `${asOf?.getTime() ?? ''}/${effectiveAt?.getTime() ?? ''}`;

export const isPresent = ({ asOf, effectiveAt }: Moment): boolean => asOf === undefined && effectiveAt === undefined;

/** For SQL: what is shown was recorded before this. */
export const recordedBefore = ({ asOf }: Moment): string => asOf ? endOf(asOf).toISOString() : 'infinity';

/** For SQL: what is shown was true at this time. */
export const effectiveBy = ({ effectiveAt }: Moment): string => effectiveAt?.toISOString() ?? 'infinity';

/** For SQL: an act, such as a prediction, is true from when it is recorded; so both bounds are one. */
export const actedBefore = (moment: Moment): string => recordedBefore({ asOf: boundOf(moment) });

/** The clock of a moment: what had expired by then. */
export const clockAt = (ctx: Context, moment: Moment): Date => boundOf(moment) ?? ctx.now();

const endOf = (millisecond: Date): Date => new Date(millisecond.getTime() + 1);

const boundOf = ({ asOf, effectiveAt }: Moment): Date | undefined => (asOf && effectiveAt ? new Date(Math.min(asOf.getTime(), effectiveAt.getTime())) : (asOf ?? effectiveAt));

/** What a caller may ask a moment by. */
export interface AskedMoment {
  readonly asOf?: Date | null | undefined;
  readonly effectiveAt?: Date | null | undefined;
}

/**
 * A moment that a caller asks for, once no transaction can change any more what is told of it.
 * @throws BAD_INPUT for a moment that is still to come; UNAVAILABLE while a transaction from before it is not done
 */
export async function momentOf(ctx: Context, { asOf, effectiveAt }: AskedMoment): Promise<Moment> {
  if (asOf) await settled(ctx, asOf, 'asOf');
  if (effectiveAt && effectiveAt > ctx.now()) throw toCome('effectiveAt', effectiveAt, 'what will be true is not known');
  return { asOf: asOf ?? undefined, effectiveAt: effectiveAt ?? undefined };
}

const toCome = (name: string, at: Date, why: string): Error => badInput(`${name}: ${at.toISOString()} is still to come; ${why}. Leave it out for now, or give an earlier moment.`);

/** So long a server process may take from hearing BEGIN to saying so in pg_stat_activity. */
const MARGIN_MILLISECONDS = 200;

/** So long it is waited for transactions that are running; beyond, the caller is told. */
const PATIENCE_MILLISECONDS = 600;

const POLL_MILLISECONDS = 20;

/**
 * What is recorded bears the time at which its transaction began, or a later one. So once every transaction that is
 * running began after a moment, nothing that is recorded yet to come can be of it. Seen as the application's role,
 * which sees its own sessions, all that record anything. A millisecond off, since predictions bear whole ones.
 */
const HORIZON = `
  SELECT clock_timestamp() AS now, min(xact_start) AS oldest, pg_current_wal_lsn()::text AS written, coalesce(bool_or(state = 'disabled'), false) AS hidden,
    least(min(xact_start) - interval '1 millisecond', statement_timestamp() - interval '${MARGIN_MILLISECONDS} milliseconds') AS settled
  FROM pg_stat_activity WHERE datname = current_database() AND usename = current_user AND pid <> pg_backend_pid()`;

interface Horizon {
  readonly now: Date;
  /** Whether a session does not tell when its transaction began. */
  readonly hidden: boolean;
  /** When the oldest transaction that is running began. */
  readonly oldest: Date | null;
  /** Before this nothing is recorded any more. */
  readonly settled: Date;
  /** How far a replica must be to show all of it. */
  readonly written: string;
}

/** How far each database is known to be settled: that never goes back, so moments long past cost nothing. */
const known = new WeakMap<Database, number>();

/**
 * Waits until no transaction can record anything at a moment any more, and who reads sees all that was.
 * @throws BAD_INPUT for a moment that is still to come; UNAVAILABLE where it takes too long
 */
export async function settled({ db }: Context, at: Date, name: string): Promise<void> {
  const until = performance.now() + PATIENCE_MILLISECONDS;
  while ((known.get(db) ?? -Infinity) <= at.getTime()) {
    const horizon = await db.transaction(async (tx) => (await tx.query<Horizon>(HORIZON))[0]!);
    if (at > horizon.now) throw toCome(name, at, 'what will be recorded is not known');
    if (horizon.hidden) throw unseen(name, at);
    const shown = await isShown(db, horizon);
    if (shown) known.set(db, horizon.settled.getTime());
    if (shown && horizon.settled > at) return;
    if (performance.now() > until) throw unsettled(name, at, horizon, shown);
    await pause(POLL_MILLISECONDS);
  }
}

/** Whether who reads is not behind who records. */
async function isShown(db: Database, { written }: Horizon): Promise<boolean> {
  const [row] = await db.query<{ behind: boolean | null }>('SELECT pg_is_in_recovery() AND pg_last_wal_replay_lsn() < $1::pg_lsn AS behind', [written]);
  return row?.behind !== true;
}

/** Without it a transaction of before the moment could be running, and would be taken for none. */
const unseen = (name: string, at: Date): Error =>
  new AssayError('UNAVAILABLE', `${name}: ${at.toISOString()} cannot be told of: track_activities is off in the database, so that it cannot be seen what is still recording. Switch it on for the role of the application, and start the servers anew.`);

function unsettled(name: string, at: Date, { oldest }: Horizon, shown: boolean): Error {
  const running = oldest ? `a transaction that began at ${oldest.toISOString()} is still recording, and may add to what was known then` : 'the database has not come so far';
  const why = shown ? running : 'the replica that is read has not heard of all that was recorded by then';
  return new AssayError('UNAVAILABLE', `${name}: ${at.toISOString()} is too close: ${why}. Ask again in a moment, or give an earlier one.`);
}
