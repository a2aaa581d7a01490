import { recordEvent } from '../../audit/index.js';
import { effectiveTime } from '../../customers/index.js';
import { badInput, decimalText, newId, PRESENT, type Context, type Transaction } from '../../platform/index.js';
import type { Decision } from '../../scoring/index.js';
import { refusedBy, type KeyRing } from '../../security/index.js';
import type { PredictionRef } from '../record/recorder.js';
import { acted } from './acts.js';
import { utcDay, type AdverseAction } from './adverse-action.js';
import { lockDecided, worthOf, type Decided } from './decided.js';
import { AcceptanceEntity, CounterofferEntity, NoticeEntity, type NoticeChannel } from './decision.entities.js';
import { dutyOf, noticeFor } from './duty.js';
import { loanHistories } from './loan-history.queries.js';
import type { CounterofferRow, LoanHistory } from './loan-history.rows.js';
import { codesFor, leadsTo, type OverrideReasonCode } from './reason-codes.js';
import { digestOf, sealText } from './sealed.js';

interface OfPrediction {
  readonly prediction: PredictionRef;
  readonly requestId?: string | null;
}

export interface NewCounteroffer extends OfPrediction {
  readonly offeredAt: Date;
  readonly amount?: string | null;
  readonly terms?: string | null;
  /** Why; needed where the model approves. */
  readonly reasonCode?: OverrideReasonCode | null;
}

export interface Acceptance extends OfPrediction {
  readonly acceptedAt: Date;
}

export interface SentNotice extends OfPrediction {
  readonly sentAt: Date;
  readonly channel: NoticeChannel;
}

const TELLERS = 'PORTAL or UNDERWRITER';

/** What the applicant was offered instead and told; which notices are due when is `adverse-action.ts`. */
export class NoticeService {
  constructor(private readonly keys: KeyRing) {}

  /** The clock of 90 days starts when the offer was made known. */
  recordCounteroffer(ctx: Context, offer: NewCounteroffer): Promise<string> {
    return this.acting(ctx, 'recordCounteroffer', 'RECORD_COUNTEROFFER', offer, async (tx, decided) => {
      const offeredAt = sinceDecision(ctx, decided, offer.offeredAt, 'offeredAt');
      if (decided.row.purpose !== 'ORIGINATION') throw answersApplication();
      const reasonCode = tellableReason(decided, offer.reasonCode ?? null);
      const { currency } = await worthOf(tx, decided);
      const { customerId, id: predictionId } = decided.ref;
      const id = newId();
      const terms = await this.sealedTerms(customerId, id, offer);
      await tx.manager.insert(CounterofferEntity, { customerId, id, predictionId, offeredAt, amount: amountOf(offer.amount), currency, terms, reasonCode, recordedBy: ctx.actor.id });
      const payload = { customer: customerId, prediction: predictionId, offered: offeredAt.toISOString(), reason: reasonCode, terms: terms && digestOf(terms) };
      await recordEvent(tx, { type: 'COUNTEROFFER_RECORDED', id, actor: ctx.actor.id, time: ctx.now(), payload });
      return id;
    });
  }

  /** The newest counteroffer was expressly accepted, or the credit used: no notice is due for it. */
  recordAcceptance(ctx: Context, acceptance: Acceptance): Promise<string> {
    return this.acting(ctx, 'recordCounterofferAccepted', 'ACCEPT_COUNTEROFFER', acceptance, async (tx, decided) => {
      const offer = standingOffer(await historyOf(tx, decided), decided, ctx.now());
      const acceptedAt = effectiveTime(ctx, acceptance.acceptedAt, 'acceptedAt');
      if (utcDay(acceptedAt) < utcDay(offer.offeredAt)) throw badInput(`acceptedAt: ${acceptedAt.toISOString()} is before the offer of ${offer.offeredAt.toISOString()}.`);
      const { customerId, id: prediction } = decided.ref;
      await tx.manager.insert(AcceptanceEntity, { customerId, counterofferId: offer.id, acceptedAt, recordedBy: ctx.actor.id });
      const payload = { customer: customerId, prediction, accepted: acceptedAt.toISOString() };
      await recordEvent(tx, { type: 'COUNTEROFFER_ACCEPTED', id: offer.id, actor: ctx.actor.id, time: ctx.now(), payload });
      return offer.id;
    });
  }

  /** @throws REFUSED where the rules ask for no notice; BAD_INPUT for one that was sent too early to be of what was decided */
  recordNotice(ctx: Context, notice: SentNotice): Promise<string> {
    return this.acting(ctx, 'recordNoticeSent', 'RECORD_NOTICE', notice, async (tx, decided) => {
      const sentAt = effectiveTime(ctx, notice.sentAt, 'sentAt');
      const { action, decision } = noticeFor(await historyOf(tx, decided), decided.row.id, ctx.now());
      if (!action) throw nothingToTell(decision);
      requireCounting(sentAt, action);
      const { kind, sendBy } = action;
      const { customerId, id: predictionId } = decided.ref;
      const id = newId();
      await tx.manager.insert(NoticeEntity, { customerId, id, predictionId, kind, sendBy, sentAt, channel: notice.channel, recordedBy: ctx.actor.id });
      const payload = { customer: customerId, prediction: predictionId, kind, due: sendBy, sent: sentAt.toISOString(), channel: notice.channel };
      await recordEvent(tx, { type: 'NOTICE_SENT', id, actor: ctx.actor.id, time: ctx.now(), payload });
      return id;
    });
  }

  private acting(ctx: Context, operation: string, name: string, input: OfPrediction, work: (tx: Transaction, decided: Decided) => Promise<string>): Promise<string> {
    const { prediction } = input;
    return acted(ctx, { name, subject: prediction.id, permission: 'decision:notify' }, { operation, keys: this.keys, input }, async (tx) => work(tx, await lockDecided(tx, ctx, prediction)));
  }

  private async sealedTerms(customerId: string, id: string, { terms, amount }: NewCounteroffer): Promise<Buffer | null> {
    if (terms == null && amount == null) throw badInput('Say what is offered: give amount, terms or both.');
    return terms == null ? null : sealText(await this.keys.keyOf(customerId), { table: 'counteroffers', column: 'terms', id }, terms);
  }
}

/** @throws BAD_INPUT for a time to come, and for one before the decision that it follows */
function sinceDecision(ctx: Context, { row }: Decided, time: Date, where: string): Date {
  const at = effectiveTime(ctx, time, where);
  if (utcDay(at) >= utcDay(row.created_at)) return at;
  throw badInput(`${where}: ${at.toISOString()} is before the prediction of ${row.created_at.toISOString()}. Name the prediction that this follows.`);
}

function amountOf(amount: string | null | undefined): string | null {
  if (amount == null) return null;
  const text = decimalText(amount, 'amount');
  if (!text.startsWith('-') && text !== '0') return text;
  throw badInput(`amount: ${text} is not an amount above zero.`);
}

async function historyOf(tx: Transaction, { row }: Decided): Promise<LoanHistory> {
  const [history] = await loanHistories(tx, [{ ...row, moment: PRESENT }]);
  return history!;
}

/** The reason that is told of a counteroffer. Where the model approves, its weak points were no reason, so somebody has to give one. */
function tellableReason({ row }: Decided, code: OverrideReasonCode | null): OverrideReasonCode | null {
  if (code === null ? row.decision !== 'APPROVE' : leadsTo(code, 'DECLINE')) return code;
  throw refusedBy('COUNTEROFFER_REASON', {
    says: code === null ? 'The model approves, so the reason for other terms is known only to who offers them.' : `${code} cannot be told to an applicant.`,
    remedy: `Give as reasonCode one of ${codesFor('DECLINE').join(', ')}.`,
    who: TELLERS,
  });
}

/** @throws BAD_INPUT for a notice of something earlier: recorded, it would seem to tell what nobody has told */
function requireCounting(sentAt: Date, { countsFrom, kind }: AdverseAction): void {
  if (utcDay(sentAt) >= utcDay(countsFrom)) return;
  throw badInput(`sentAt: ${sentAt.toISOString()} is before ${countsFrom.toISOString()}, when the action (${kind}) was taken that a notice is due of; it would not count. Give the time at which the notice of this action was sent.`);
}

/** Of an application, whichever prediction it was recorded on. */
function standingOffer(history: LoanHistory, { row }: Decided, now: Date): CounterofferRow {
  const offer = dutyOf(history, row.id, now).counteroffers.at(-1);
  if (offer && offer.acceptedAt === null) return offer;
  throw refusedBy('COUNTEROFFER_STANDS', {
    says: offer ? `The counteroffer was accepted on ${offer.acceptedAt!.toISOString()} already.` : 'No counteroffer is recorded.',
    remedy: 'Record the counteroffer first, with recordCounteroffer.',
    who: TELLERS,
    code: 'CONFLICT',
  });
}

const answersApplication = (): Error =>
  refusedBy('COUNTEROFFER_TO_APPLICATION', { says: 'The prediction reviews an account; a counteroffer answers an application.', remedy: 'Score the application for ORIGINATION and name that prediction.', who: TELLERS });

const nothingToTell = (decision: Decision): Error =>
  refusedBy('NOTICE_OF_ADVERSE_ACTION', {
    says: `What was decided last is ${decision}, and no counteroffer stands: there is no adverse action to give notice of.`,
    remedy: 'Record the notice of the prediction that was declined.',
    who: TELLERS,
  });
