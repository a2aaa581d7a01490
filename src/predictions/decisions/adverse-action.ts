import { DAY } from '../../platform/index.js';
import type { Decision } from '../../scoring/index.js';

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
  readonly acceptedAt: Date | null;
}

/** What the rules look at. */
export interface DecisionFacts {
  readonly purpose: 'ORIGINATION' | 'ACCOUNT_REVIEW';
  /** The decision that is in force, and when it was taken. */
  readonly decision: Decision;
  readonly decidedAt: Date;
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
  return { kind, rule: CLOCKS[kind].rule, clockStartedAt: startedAt, sendBy, sentAt, overdue: sentAt === null && utcDay(now) > sendBy };
}

interface Running {
  readonly kind: AdverseActionKind;
  readonly startedAt: Date;
  /** A notice sent before this day was of something else. */
  readonly countsFrom: Date;
}

/** A counteroffer stands until it is accepted, or until a decline later than it. */
function clockOf({ purpose, decision, decidedAt, completedAt, counteroffers }: DecisionFacts): Running | undefined {
  const declined = decision === 'DECLINE';
  const offer = counteroffers.at(-1);
  const standing = offer && !(declined && utcDay(decidedAt) > utcDay(offer.acceptedAt ?? offer.offeredAt));
  if (standing && offer.acceptedAt) return undefined;
  if (standing) return { kind: 'COUNTEROFFER', startedAt: offer.offeredAt, countsFrom: declined ? earlier(decidedAt, offer.offeredAt) : offer.offeredAt };
  if (!declined) return undefined;
  if (purpose === 'ACCOUNT_REVIEW') return { kind: 'EXISTING_ACCOUNT', startedAt: decidedAt, countsFrom: decidedAt };
  if (completedAt && completedAt <= decidedAt) return { kind: 'COMPLETED_APPLICATION', startedAt: completedAt, countsFrom: decidedAt };
  return { kind: 'INCOMPLETE_APPLICATION', startedAt: decidedAt, countsFrom: decidedAt };
}

const earlier = (a: Date, b: Date): Date => (a < b ? a : b);
