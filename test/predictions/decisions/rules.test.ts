import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { actionsOn } from '../../../src/predictions/decisions/actions.js';
import { adverseActionOf, CLOCKS, lastDay, utcDay, type DecisionFacts } from '../../../src/predictions/decisions/adverse-action.js';
import { dutyOf, noticeFor } from '../../../src/predictions/decisions/duty.js';
import type { CounterofferRow, DecisionOfLoan } from '../../../src/predictions/decisions/loan-history.rows.js';
import { activeOverride, effectiveOf } from '../../../src/predictions/decisions/effective.js';
import { onePersonLimit, takesTwo } from '../../../src/predictions/decisions/limits.js';
import { ratesOf } from '../../../src/predictions/decisions/override.rates.js';
import { keyFactors, principalReasons } from '../../../src/predictions/decisions/principal-reasons.js';
import { codesFor, leadsTo, OVERRIDE_REASONS, statementOf, type OverrideReasonCode } from '../../../src/predictions/decisions/reason-codes.js';

const at = (text: string): Date => new Date(text);
const DECISIONS = ['APPROVE', 'REFER', 'DECLINE'] as const;
type Decision = (typeof DECISIONS)[number];

/** What was decided, and when it was recorded where that was at another hour. */
const act = (decision: Decision, time: string, recorded = time) => ({ decision, at: at(time), recordedAt: at(recorded) });
const offer = (offered: string, accepted: string | null = null) => ({
  offeredAt: at(offered), recordedAt: at(offered), acceptedAt: accepted === null ? null : at(accepted), acceptanceRecordedAt: accepted === null ? null : at(accepted),
});

describe('the last day of a span', () => {
  it.each([
    ['2026-01-31T09:00:00Z', 30, '2026-03-02'],
    ['2024-01-31T09:00:00Z', 30, '2024-03-01'], // a leap year
    ['2026-06-01T00:00:00Z', 90, '2026-08-30'],
    ['2025-12-15T12:00:00Z', 30, '2026-01-14'],
    ['2026-02-10T23:59:59.999Z', 30, '2026-03-12'],
    ['2026-02-10T23:30:00-05:00', 30, '2026-03-13'], // the 11th already in UTC
  ])('that starts %s and runs %i days is %s', (start, days, last) => {
    expect(lastDay(at(start), days)).toBe(last);
  });

  it('is as many UTC days later as the span has, whatever the hour', () => {
    fc.assert(fc.property(fc.date({ min: at('2000-01-01T00:00:00Z'), max: at('2100-01-01T00:00:00Z'), noInvalidDate: true }), fc.integer({ min: 0, max: 400 }), (start, days) => {
      expect((Date.parse(lastDay(start, days)) - Date.parse(utcDay(start))) / 86_400_000).toBe(days);
    }));
  });
});

describe('adverse action', () => {
  const declined: DecisionFacts = { purpose: 'ORIGINATION', actions: [act('DECLINE', '2026-02-10T15:00:00Z')], completedAt: at('2026-02-01T08:00:00Z'), counteroffers: [], notices: [] };
  const of = (changes: Partial<DecisionFacts>, now = '2026-02-20T00:00:00Z') => adverseActionOf({ ...declined, ...changes }, at(now));

  it('on a completed application is told within 30 days of its completion, not of the decline', () => {
    expect(of({})).toEqual({ kind: 'COMPLETED_APPLICATION', rule: CLOCKS.COMPLETED_APPLICATION.rule, clockStartedAt: at('2026-02-01T08:00:00Z'), countsFrom: at('2026-02-10T15:00:00Z'), sendBy: '2026-03-03', sentAt: null, overdue: false });
  });

  it.each([['never completed', null], ['completed only after the decline', at('2026-02-11T00:00:00Z')]])('on an application %s is told within 30 days of the decline', (_, completedAt) => {
    expect(of({ completedAt })).toMatchObject({ kind: 'INCOMPLETE_APPLICATION', clockStartedAt: at('2026-02-10T15:00:00Z'), sendBy: '2026-03-12' });
  });

  it('on an existing account is told within 30 days of the action, whatever was completed', () => {
    expect(of({ purpose: 'ACCOUNT_REVIEW' })).toMatchObject({ kind: 'EXISTING_ACCOUNT', sendBy: '2026-03-12' });
  });

  it.each(DECISIONS)('after a counteroffer to %s that is not accepted is told within 90 days of the offer', (decision) => {
    expect(of({ actions: [act(decision, '2026-02-10T15:00:00Z')], counteroffers: [offer('2026-02-15T10:00:00Z')] })).toMatchObject({ kind: 'COUNTEROFFER', clockStartedAt: at('2026-02-15T10:00:00Z'), sendBy: '2026-05-16' });
  });

  it('counts from the newest counteroffer', () => {
    expect(of({ counteroffers: [offer('2026-02-15T10:00:00Z'), offer('2026-03-01T10:00:00Z')] })).toMatchObject({ sendBy: '2026-05-30' });
  });

  it('is none once a counteroffer is accepted, until the lender declines after all', () => {
    const counteroffers = [offer('2026-02-15T10:00:00Z', '2026-02-20T10:00:00Z')];
    expect(of({ counteroffers })).toBeUndefined();
    expect(of({ counteroffers, actions: [...declined.actions, act('DECLINE', '2026-02-25T10:00:00Z')] })).toMatchObject({ kind: 'COMPLETED_APPLICATION' });
  });

  it('by a decline later than the counteroffer runs on the clock of the application', () => {
    expect(of({ counteroffers: [offer('2026-02-09T10:00:00Z')] })).toMatchObject({ kind: 'COMPLETED_APPLICATION', sendBy: '2026-03-03' });
  });

  it('within one day of an offer, or of its acceptance, is by the order in which both were recorded', () => {
    const late = { actions: [act('REFER', '2026-02-10T09:00:00Z'), act('DECLINE', '2026-02-10T17:00:00Z')] };
    expect(of({ ...late, counteroffers: [offer('2026-02-10T10:00:00Z')] })).toMatchObject({ kind: 'COMPLETED_APPLICATION', countsFrom: at('2026-02-10T17:00:00Z') });
    expect(of({ ...late, counteroffers: [offer('2026-02-10T09:30:00Z', '2026-02-10T10:00:00Z')] })).toMatchObject({ kind: 'COMPLETED_APPLICATION' });
    // Told without the hour, and recorded after the decline that it answers.
    expect(of({ counteroffers: [{ ...offer('2026-02-10T00:00:00Z'), recordedAt: at('2026-02-10T18:00:00Z') }] })).toMatchObject({ kind: 'COUNTEROFFER' });
    // Recorded days later: it was made before the decline all the same.
    expect(of({ counteroffers: [{ ...offer('2026-02-09T00:00:00Z'), recordedAt: at('2026-02-12T00:00:00Z') }] })).toMatchObject({ kind: 'COMPLETED_APPLICATION' });
  });

  it('runs from the first decline since anything else was decided or offered, and a notice since then counts', () => {
    const again = { completedAt: null, actions: [act('DECLINE', '2026-01-01T00:00:00Z'), act('REFER', '2026-01-05T00:00:00Z'), act('DECLINE', '2026-01-10T00:00:00Z'), act('DECLINE', '2026-01-20T00:00:00Z')] };
    expect(of({ ...again, notices: [at('2026-01-02T00:00:00Z')] })).toMatchObject({ clockStartedAt: at('2026-01-10T00:00:00Z'), sendBy: '2026-02-09', sentAt: null });
    expect(of({ ...again, notices: [at('2026-01-12T00:00:00Z')] })).toMatchObject({ sentAt: at('2026-01-12T00:00:00Z') });
    expect(of({ ...again, counteroffers: [offer('2026-01-15T00:00:00Z')] })).toMatchObject({ kind: 'INCOMPLETE_APPLICATION', clockStartedAt: at('2026-01-20T00:00:00Z') });
  });

  it.each(['APPROVE', 'REFER'] as const)('is none while the decision in force is %s and nothing was offered', (decision) => {
    expect(of({ actions: [act(decision, '2026-02-10T15:00:00Z')] })).toBeUndefined();
  });

  it('is overdue from the day after the last one, unless a notice was sent', () => {
    expect(of({}, '2026-03-03T23:59:59Z')).toMatchObject({ overdue: false });
    expect(of({}, '2026-03-04T00:00:00Z')).toMatchObject({ overdue: true });
    expect(of({ notices: [at('2026-03-01T00:00:00Z')] }, '2026-03-04T00:00:00Z')).toMatchObject({ overdue: false, sentAt: at('2026-03-01T00:00:00Z') });
  });

  it('is not told by a notice of an earlier action; one sent on the day itself counts at any hour', () => {
    expect(of({ notices: [at('2026-02-09T00:00:00Z')] })).toMatchObject({ sentAt: null });
    expect(of({ notices: [at('2026-02-12T00:00:00Z'), at('2026-02-10T00:00:00Z')] })).toMatchObject({ sentAt: at('2026-02-10T00:00:00Z') });
  });

  it('asks for a notice exactly where the decline is in force or an offer stands', () => {
    const time = fc.integer({ min: 0, max: 200 }).map((day) => new Date(Date.UTC(2026, 0, 1 + day)));
    const facts = fc.record({ purpose: fc.constantFrom('ORIGINATION' as const, 'ACCOUNT_REVIEW' as const), decision: fc.constantFrom(...DECISIONS), when: time, completedAt: fc.option(time), offered: fc.boolean() });
    fc.assert(fc.property(facts, ({ offered, decision, when, ...rest }) => {
      const counteroffers = offered ? [offer(when.toISOString())] : [];
      const actions = [act(decision, when.toISOString())];
      expect(adverseActionOf({ ...rest, actions, counteroffers, notices: [] }, at('2026-12-31T00:00:00Z')) !== undefined).toBe(decision === 'DECLINE' || offered);
    }));
  });
});

describe('the decision in force', () => {
  const own = { decision: 'DECLINE', decidedAt: at('2026-01-01T00:00:00Z') } as const;
  const override = (decision: 'APPROVE' | 'REFER', recorded: string, expires: string) => ({ decision, recordedAt: at(recorded), expiresAt: at(expires) });
  const first = override('APPROVE', '2026-01-02T00:00:00Z', '2026-06-01T00:00:00Z');
  const second = override('REFER', '2026-01-03T00:00:00Z', '2026-02-01T00:00:00Z');

  it("is the model's own while there is no override, and since it was made", () => {
    expect(effectiveOf(own, [], at('2026-01-05T00:00:00Z'))).toEqual({ decision: 'DECLINE', since: own.decidedAt, override: undefined });
  });

  it('is that of the newest override while it lasts; afterwards the model\'s own, not that of an older override', () => {
    expect(effectiveOf(own, [first, second], at('2026-01-05T00:00:00Z'))).toEqual({ decision: 'REFER', since: second.recordedAt, override: second });
    expect(effectiveOf(own, [first, second], at('2026-02-01T00:00:00Z'))).toMatchObject({ decision: 'DECLINE', override: undefined });
    expect(activeOverride([first], at('2026-05-31T23:59:59Z'))).toBe(first);
  });
});

describe('reasons for an override', () => {
  const codes = Object.keys(OVERRIDE_REASONS) as OverrideReasonCode[];

  it('each lead to some decision, and each decision has some', () => {
    for (const code of codes) expect(DECISIONS.some((decision) => leadsTo(code, decision))).toBe(true);
    for (const decision of DECISIONS) expect(codesFor(decision).length).toBeGreaterThan(1);
  });

  it('lead to a decline exactly where the applicant can be told them, in both languages', () => {
    for (const code of codes) {
      for (const language of ['en', 'zh'] as const) expect([code, statementOf(code, language) !== undefined]).toEqual([code, leadsTo(code, 'DECLINE')]);
    }
  });

  it('never tell an applicant of a score, a model or the lender\'s own standards', () => {
    for (const code of codes) expect(statementOf(code, 'en')?.text ?? '').not.toMatch(/score|model|polic|standard/iu);
  });
});

describe('principal reasons', () => {
  it('do not tell that fraud is suspected', () => {
    const [told] = principalReasons({ decision: 'APPROVE', reasons: [] }, ['FRAUD_SUSPICION'], 'en');
    expect(told).toEqual({ code: 'INFORMATION_NOT_VERIFIED', text: 'Unable to verify information given in the application' });
  });

  const reasons = ['A', 'B', 'C', 'D'].map((code) => ({ code, text: `${code}.`, feature: code.toLowerCase() }));

  it("are the model's own, without what else is known of them", () => {
    expect(principalReasons({ decision: 'DECLINE', reasons }, [], 'en')).toEqual(reasons.map(({ code, text }) => ({ code, text })));
  });

  it('begin with that of the person who declined, and are four at most', () => {
    expect(principalReasons({ decision: 'REFER', reasons }, ['INCOME_NOT_VERIFIED'], 'en').map(({ code }) => code)).toEqual(['INCOME_NOT_VERIFIED', 'A', 'B', 'C']);
  });

  it('are that of the person alone where the model would have approved', () => {
    expect(principalReasons({ decision: 'APPROVE', reasons }, ['COLLATERAL_INSUFFICIENT'], 'zh')).toEqual([{ code: 'COLLATERAL_INSUFFICIENT', text: '抵押物的价值或类型不足' }]);
  });
});

type Parts = Partial<Pick<DecisionOfLoan, 'purpose' | 'overrides' | 'counteroffers' | 'notices'>>;
const decision = (id: string, decided: Decision, time: string, parts: Parts = {}): DecisionOfLoan =>
  ({ id, purpose: 'ORIGINATION', decision: decided, createdAt: at(time), recordedAt: at(time), overrides: [], counteroffers: [], notices: [], ...parts });
const by = (decided: Decision, recorded: string, expires: string, reasonCode: OverrideReasonCode = 'FRAUD_SUSPICION') => ({ decision: decided, reasonCode, recordedAt: at(recorded), expiresAt: at(expires) });
const sent = (time: string) => ({ id: time, kind: 'INCOMPLETE_APPLICATION', sendBy: '2026-01-31', sentAt: at(time), channel: 'POST' }) as const;
const offered = (id: string, time: string, reasonCode: OverrideReasonCode | null): CounterofferRow => ({ ...offer(time), customerId: 'c', id: time, predictionId: id, amount: '1', currency: 'EUR', terms: null, reasonCode });
const duty = (decisions: DecisionOfLoan[], id: string, now = '2026-06-01T00:00:00Z') => dutyOf({ decisions, completedAt: null }, id, at(now));

describe('who answers for a notice', () => {
  it("a person's decline, after it has expired too, with their reason alone where the model approves", () => {
    const { action, note, reasons } = duty([decision('a', 'APPROVE', '2026-01-01T00:00:00Z', { overrides: [by('DECLINE', '2026-01-20T00:00:00Z', '2026-01-27T00:00:00Z')] })], 'a');
    expect(action).toMatchObject({ clockStartedAt: at('2026-01-20T00:00:00Z'), overdue: true });
    expect([note, reasons]).toEqual([expect.stringContaining('expired'), { predictionId: 'a', decision: 'APPROVE', codes: ['FRAUD_SUSPICION'] }]);
  });

  it("nobody, where a person approved and that expired", () => {
    const { action, note } = duty([decision('a', 'DECLINE', '2026-01-01T00:00:00Z', { overrides: [by('APPROVE', '2026-01-02T00:00:00Z', '2026-01-03T00:00:00Z')] })], 'a');
    expect([action, note]).toEqual([undefined, expect.stringContaining('no notice is due')]);
  });

  it("the model's decline from when a person's REFER expires, and not before", () => {
    const put = [decision('a', 'DECLINE', '2026-01-01T00:00:00Z', { overrides: [by('REFER', '2026-01-02T00:00:00Z', '2026-03-01T00:00:00Z')] })];
    expect(duty(put, 'a', '2026-02-28T00:00:00Z').action).toBeUndefined();
    expect(duty(put, 'a', '2026-03-01T00:00:00Z')).toMatchObject({ action: { clockStartedAt: at('2026-03-01T00:00:00Z'), sendBy: '2026-03-31', overdue: false }, reasons: { codes: [] } });
    expect(actionsOn({ ...put[0]!, overrides: [...put[0]!.overrides, by('APPROVE', '2026-02-01T00:00:00Z', '2026-02-02T00:00:00Z')] }, at('2026-06-01T00:00:00Z')).map((one) => one.decision)).toEqual(['DECLINE', 'REFER', 'APPROVE']);
  });

  it('the newest decision on an application, whatever an earlier one was', () => {
    const corrected = [decision('a', 'DECLINE', '2026-01-01T00:00:00Z'), decision('b', 'APPROVE', '2026-01-02T00:00:00Z')];
    expect(duty(corrected, 'a')).toMatchObject({ action: undefined, note: expect.stringContaining('decided anew') });
    expect(duty(corrected, 'b')).toMatchObject({ action: undefined, note: null });
  });

  it('the newest of several declines of an application, by the day of the first and with a notice recorded on any', () => {
    const thrice = ['a', 'b', 'c'].map((id, index) => decision(id, 'DECLINE', `2026-01-0${index + 1}T00:00:00Z`));
    expect(thrice.map(({ id }) => duty(thrice, id).action?.sendBy)).toEqual([undefined, undefined, '2026-01-31']);
    expect(duty([{ ...thrice[0]!, notices: [sent('2026-01-01T12:00:00Z')] }, ...thrice.slice(1)], 'c')).toMatchObject({ action: { sentAt: at('2026-01-01T12:00:00Z') }, notices: [expect.anything()] });
    expect(noticeFor({ decisions: thrice, completedAt: null }, 'a', at('2026-06-01T00:00:00Z')).action).toMatchObject({ sendBy: '2026-01-31' });
  });

  it('each review of an account for itself: a later one undoes nothing, a notice tells of those in a row that were done by then', () => {
    const review = (id: string, decided: Decision, time: string, parts: Parts = {}) => decision(id, decided, time, { purpose: 'ACCOUNT_REVIEW', ...parts });
    const reviews = [
      decision('o', 'DECLINE', '2025-12-01T00:00:00Z'),
      review('a', 'DECLINE', '2026-01-01T00:00:00Z'), review('b', 'APPROVE', '2026-02-01T00:00:00Z'),
      review('c', 'DECLINE', '2026-03-01T00:00:00Z'), review('d', 'DECLINE', '2026-03-01T09:00:00Z', { notices: [sent('2026-03-02T00:00:00Z')] }), review('e', 'DECLINE', '2026-04-01T00:00:00Z'),
    ];
    const told = Object.fromEntries(reviews.map(({ id }) => [id, duty(reviews, id).action && [duty(reviews, id).action!.sendBy, duty(reviews, id).action!.sentAt !== null]]));
    expect(told).toEqual({ o: ['2025-12-31', false], a: ['2026-01-31', false], b: undefined, c: ['2026-03-31', true], d: ['2026-03-31', true], e: ['2026-05-01', false] });
  });

  it('a counteroffer with its reason first, and those of the decision that it answers', () => {
    const approved = decision('a', 'APPROVE', '2026-01-01T00:00:00Z', { counteroffers: [offered('a', '2026-01-02T00:00:00Z', 'COLLATERAL_INSUFFICIENT')] });
    expect(duty([approved], 'a')).toMatchObject({ action: { kind: 'COUNTEROFFER' }, reasons: { decision: 'APPROVE', codes: ['COLLATERAL_INSUFFICIENT'] } });
    const declined = decision('a', 'DECLINE', '2026-01-01T00:00:00Z', { counteroffers: [offered('a', '2026-01-02T00:00:00Z', null)] });
    expect(duty([declined, decision('b', 'APPROVE', '2026-01-03T00:00:00Z')], 'b')).toMatchObject({ action: { kind: 'COUNTEROFFER' }, reasons: { predictionId: 'a', decision: 'DECLINE', codes: [] } });
  });
});

const ranked = (...codes: string[]) => codes.map((code) => ({ code, text: code }));

describe('key factors of a score', () => {
  it('are four', () => {
    expect(keyFactors(ranked('A', 'B', 'C', 'D', 'E')).map(({ code }) => code)).toEqual(['A', 'B', 'C', 'D']);
  });

  it('are five where enquiries are one that did not come among the four', () => {
    expect(keyFactors(ranked('A', 'B', 'C', 'D', 'E', 'INQUIRIES')).map(({ code }) => code)).toEqual(['A', 'B', 'C', 'D', 'INQUIRIES']);
    expect(keyFactors(ranked('A', 'INQUIRIES', 'C', 'D', 'E')).map(({ code }) => code)).toEqual(['A', 'INQUIRIES', 'C', 'D']);
  });
});

describe('the limit for one person', () => {
  const policy = { version: 1, overrides: { limits: { EUR: '25000', JPY: '0' }, days: 180 } };

  it.each([['25000', 'EUR', false], ['25000.0001', 'EUR', true], ['0', 'JPY', false], ['1', 'JPY', true], ['0.01', 'CHF', true], ['1', 'constructor', true]])('takes two for %s %s: %s', (principal, currency, two) => {
    expect(takesTwo(principal, onePersonLimit(policy, currency))).toBe(two);
  });
});

describe('override rates', () => {
  const own = { referred: false } as const;

  it('count what the version decided itself once, by what it became and why', () => {
    expect(ratesOf([
      { ...own, decision: null, code: null, count: 90 },
      { ...own, decision: 'APPROVE', code: 'DATA_ERROR', count: 3 }, { ...own, decision: 'REFER', code: 'DATA_ERROR', count: 2 },
      { ...own, decision: 'APPROVE', code: 'COMPENSATING_FACTORS', count: 4 }, { ...own, decision: 'DECLINE', code: 'FRAUD_SUSPICION', count: 1 },
    ])).toEqual({
      decisions: 100, decided: 100, overridden: 10, rate: 0.1, toApprove: 7, toDecline: 1, toRefer: 2,
      byReason: [{ code: 'DATA_ERROR', count: 5 }, { code: 'COMPENSATING_FACTORS', count: 4 }, { code: 'FRAUD_SUSPICION', count: 1 }],
      referred: 0, referredApproved: 0, referredDeclined: 0,
    });
    expect(ratesOf([])).toMatchObject({ decisions: 0, rate: null, byReason: [] });
  });

  it('do not take the deciding of referrals for disagreement', () => {
    expect(ratesOf([
      { ...own, decision: null, code: null, count: 69 }, { ...own, decision: 'APPROVE', code: 'DATA_ERROR', count: 1 },
      { referred: true, decision: 'APPROVE', code: 'COMPENSATING_FACTORS', count: 20 }, { referred: true, decision: 'DECLINE', code: 'INCOME_NOT_VERIFIED', count: 8 },
      { referred: true, decision: null, code: null, count: 2 },
    ])).toEqual({
      decisions: 100, decided: 70, overridden: 1, rate: 1 / 70, toApprove: 1, toDecline: 0, toRefer: 0, byReason: [{ code: 'DATA_ERROR', count: 1 }],
      referred: 30, referredApproved: 20, referredDeclined: 8,
    });
    expect(ratesOf([{ referred: true, decision: 'APPROVE', code: 'DATA_ERROR', count: 3 }])).toMatchObject({ decisions: 3, decided: 0, rate: null });
  });
});
