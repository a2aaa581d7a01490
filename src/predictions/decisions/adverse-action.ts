import { DAY } from '../../platform/index.js';
import { earlier, type Action } from './actions.js';

/** What a notice is of, which decides when its clock starts and how long it runs (12 CFR 1002.9(a)(1)). */
export type AdverseActionKind = 'COMPLETED_APPLICATION' | 'INCOMPLETE_APPLICATION' | 'EXISTING_ACCOUNT' | 'COUNTEROFFER';

interface Clock {
  readonly days: number;
  /** The rule, and what the clock runs from. */
  readonly rule: string;
}

export const CLOCKS: Readonly<Record<AdverseActionKind, Clock>> = {
  COMPLETED_APPLICATION: { days: 30, rule: '12 CFR 1002.9(a)(1)(i): within 30 days of receiving the completed application.' },
  INCOMPLETE_APPLICATION: { days: 30, rule: '12 CFR 1002.9(a)(1)(ii): within 30 days of taking adverse action on an incomplete application.' },
  EXISTING_ACCOUNT: { days: 30, rule: '12 CFR 1002.9(a)(1)(iii): within 30 days of taking adverse action on an existing account.' },
  COUNTEROFFER: { days: 90, rule: '12 CFR 1002.9(a)(1)(iv): within 90 days of notifying the applicant of a counteroffer that is not accepted.' },
};

export interface Counteroffered {
  readonly offeredAt: Date;
  readonly recordedAt: Date;
  readonly acceptedAt: Date | null;
  readonly acceptanceRecordedAt: Date | null;
}

/** What the rules look at. */
export interface DecisionFacts {
  readonly purpose: 'ORIGINATION' | 'ACCOUNT_REVIEW';
  /** What was decided: about the application, whichever prediction it was by, or in one review of an account. Oldest first, never empty. */
  readonly actions: readonly Omit<Action, 'by'>[];
  /** When the application was complete; null where it is not. */
  readonly completedAt: Date | null;
  /** Oldest first. */
  readonly counteroffers: readonly Counteroffered[];
  /** When notices were sent. */
  readonly notices: readonly Date[];
}

export interface AdverseAction {
  readonly kind: AdverseActionKind;
  readonly rule: string;
  readonly clockStartedAt: Date;
  /** The last calendar day, yyyy-mm-dd, UTC. */
  readonly sendBy: string;
  /** A notice sent before this day was of something else. */
  readonly countsFrom: Date;
  /** When the first notice of this action was sent. */
  readonly sentAt: Date | null;
  readonly overdue: boolean;
}


/** The calendar day in UTC, yyyy-mm-dd. */
export const utcDay = (at: Date): string => at.toISOString().slice(0, 10);

/**
 * The last day of a span that starts at a moment: its UTC day is day 0, the next one day 1; every day counts, weekends and
 * holidays too.
 */
export const lastDay = (start: Date, days: number): string => utcDay(new Date(Date.parse(utcDay(start)) + days * DAY));

/** The notice that the rules ask for; undefined where they ask for none. */
export function adverseActionOf(facts: DecisionFacts, now: Date): AdverseAction | undefined {
  const clock = clockOf(facts);
  if (!clock) return undefined;
  const { kind, startedAt, countsFrom } = clock;
  const sendBy = lastDay(startedAt, CLOCKS[kind].days);
  const sentAt = facts.notices.filter((at) => utcDay(at) >= utcDay(countsFrom)).reduce<Date | null>((first, at) => (first && first <= at ? first : at), null);
  return { kind, rule: CLOCKS[kind].rule, clockStartedAt: startedAt, sendBy, countsFrom, sentAt, overdue: sentAt === null && utcDay(now) > sendBy };
}

interface Running {
  readonly kind: AdverseActionKind;
  readonly startedAt: Date;
  readonly countsFrom: Date;
}

/** A counteroffer stands until it is accepted, or until a decline later than it. */
function clockOf({ purpose, actions, completedAt, counteroffers }: DecisionFacts): Running | undefined {
  const offer = counteroffers.at(-1);
  const standing = offer && !actions.some((action) => action.decision === 'DECLINE' && follows(action, offer));
  const declined = firstDecline(actions, counteroffers);
  if (standing && offer.acceptedAt) return undefined;
  if (standing) return { kind: 'COUNTEROFFER', startedAt: offer.offeredAt, countsFrom: declined ? earlier(declined.at, offer.offeredAt) : offer.offeredAt };
  if (!declined) return undefined;
  const { at } = declined;
  if (purpose === 'ACCOUNT_REVIEW') return { kind: 'EXISTING_ACCOUNT', startedAt: at, countsFrom: at };
  if (completedAt && completedAt <= at) return { kind: 'COMPLETED_APPLICATION', startedAt: completedAt, countsFrom: at };
  return { kind: 'INCOMPLETE_APPLICATION', startedAt: at, countsFrom: at };
}

/**
 * The first of the declines that nothing else has come between, if a decline is what counts now: it started the clock, and
 * scoring once more starts no new one.
 */
function firstDecline(actions: DecisionFacts['actions'], counteroffers: readonly Counteroffered[]): Omit<Action, 'by'> | undefined {
  const newest = actions.at(-1)!;
  const unbroken = actions.slice(actions.findLastIndex(({ decision }) => decision !== 'DECLINE') + 1);
  const between = counteroffers.filter((offer) => follows(newest, offer));
  return unbroken.find((action) => between.every((offer) => follows(action, offer)));
}

/**
 * Whether an action came after a counteroffer, or after its acceptance. People record what they told on another day, and
 * often without the hour, so days decide; within one day, the order in which both were recorded.
 */
function follows({ at, recordedAt }: Omit<Action, 'by'>, offer: Counteroffered): boolean {
  const [day, offered] = [utcDay(at), utcDay(offer.acceptedAt ?? offer.offeredAt)];
  return day > offered || (day === offered && recordedAt > (offer.acceptanceRecordedAt ?? offer.recordedAt));
}
