import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newContext, PRESENT, type Context } from '../../../src/platform/index.js';
import { dueNotices } from '../../../src/predictions/decisions/due-notices.queries.js';
import { dutyOf } from '../../../src/predictions/decisions/duty.js';
import { loanHistories } from '../../../src/predictions/decisions/loan-history.queries.js';
import { adverseActionTasks, referralTasks, reviewTasks } from '../../../src/predictions/index.js';
import { permissionsOf, type Role } from '../../../src/security/index.js';
import { openTestApp, type TestApp } from '../../support/app.js';
import { scoreLoan } from '../../support/builders.js';
import { untilAfter } from '../../support/moments.js';
import type { TestClient } from '../../support/client.js';
import { deploySmallModel } from '../../support/small-version.js';
import { RandomHistories } from './random-histories.js';
import { act, asApplication, customerIdOf, decided, inDays, PRODUCT, refusalOf, rowIdOf, seen, utcDayIn } from './support.js';

const REVIEW = 'review { id outcome overdue dueAt requestedAt resolvedAt }';

interface Review {
  readonly id: string;
  readonly outcome: string | null;
  readonly overdue: boolean;
  readonly dueAt: string;
  readonly requestedAt: string;
}

const contest = async (client: TestClient, predictionId: string, grounds = 'My income is higher than that.'): Promise<Review> =>
  (await act<{ review: Review }>(client, 'requestReview', { predictionId, grounds }, REVIEW)).review;
const resolve = (client: TestClient, reviewId: string, changes: object = {}): Promise<{ review: Review; proposal: { id: string } | null }> =>
  act(client, 'resolveReview', { reviewId, outcome: 'UPHELD', explanation: 'We looked at your papers again.', ...changes }, `${REVIEW} proposal { id }`);

const listed = async (auditor: TestClient, filter: object): Promise<{ id: string; overdue: boolean; outcome: string | null }[]> =>
  (await auditor.ok<{ decisionReviews: { edges: { node: { id: string; overdue: boolean; outcome: string | null } }[] } }>('query ($filter: DecisionReviewFilter) { decisionReviews(first: 100, filter: $filter) { edges { node { id overdue outcome } } } }', { filter })).decisionReviews.edges.map(({ node }) => node);

const sent = (predictionId: string, days: number): object => ({ predictionId, sentAt: inDays(days), channel: 'POST' });

/** The statements behind a page of decisions. */
const pageOf = async (app: TestApp, auditor: TestClient, first: number): Promise<string[]> =>
  (await app.statementsOf(() => auditor.ok('query ($first: Int!) { predictions(first: $first) { edges { node { effectiveDecision override { decision } overrides { id } reviews { dueAt } adverseAction { sendBy principalReasons { text } } } } } }', { first }))).statements;

describe('what happens to a decision', () => {
  let app: TestApp;
  let [portal, underwriter, second, auditor]: TestClient[] = [];
  beforeAll(async () => {
    app = await openTestApp();
    [portal, underwriter, second, auditor] = await Promise.all((['portal', 'underwriter', 'secondUnderwriter', 'auditor'] as const).map((name) => app.as(name)));
    await deploySmallModel(app, PRODUCT);
  });
  afterAll(() => app.close());

  const changed = { outcome: 'CHANGED', decision: 'APPROVE', reasonCode: 'NEW_INFORMATION', expiresAt: inDays(20) };

  /** Who acts, as tasks see them. */
  const contextOf = async (subject: string, roles: readonly Role[], now = new Date()): Promise<Context> => {
    const [user] = await app.sql<{ id: string; name: string }>('SELECT id, name FROM users WHERE subject = $1', [subject]);
    const { db, log } = app.runtime;
    return newContext({ db, log, actor: { ...user!, roles, permissions: permissionsOf(roles), ownCustomerId: undefined }, now: () => now });
  };

  /** The applications that wait for an underwriter, as tasks. */
  const referrals = async (subject = 'uma', now?: Date): Promise<string[]> => (await referralTasks(await contextOf(subject, ['UNDERWRITER'], now))).map((task) => task.subject!);
  const workList = async (filter: object = {}): Promise<string[]> =>
    (await portal!.ok<{ predictions: { edges: { node: { id: string } }[] } }>('query ($filter: PredictionFilterInput) { predictions(first: 100, filter: $filter) { edges { node { id } } } }', { filter: { waiting: true, ...filter } })).predictions.edges.map(({ node }) => node.id);
  const decide = (predictionId: string, changes: object = {}): Promise<unknown> =>
    act(underwriter!, 'overrideDecision', { predictionId, decision: 'APPROVE', reasonCode: 'COMPENSATING_FACTORS', comment: 'x', expiresAt: inDays(1), ...changes });
  /** As if the override had been made, and had expired, some days ago. */
  const expire = async (id: string, recordedDays: number, expiredDays: number): Promise<unknown> =>
    app.sql(`SET session_replication_role = 'replica';
      UPDATE predictions SET created_at = now() - interval '${recordedDays + 1} days' WHERE id = '${rowIdOf(id)}';
      UPDATE decision_overrides SET recorded_at = now() - interval '${recordedDays} days', expires_at = now() - interval '${expiredDays} days' WHERE prediction_id = '${rowIdOf(id)}'`);
  const override = (predictionId: string, decision: string, reasonCode: string): Promise<unknown> => act(underwriter!, 'overrideDecision', { predictionId, decision, reasonCode, comment: 'x', expiresAt: inDays(1) });
  const waits = async (id: string): Promise<boolean> => (await adverseActionTasks(await contextOf('uma', ['UNDERWRITER']))).some(({ subject }) => subject === id);

  describe('that the customer contests', () => {
    let id: string;
    let externalId: string;
    let borrower: TestClient;
    let review: Review;
    beforeAll(async () => {
      ({ id, externalId } = await decided(portal!, 'DECLINE'));
      borrower = await app.asBorrower(externalId);
      review = await contest(borrower, id);
    });

    it('starts the clock of the policy', () => {
      expect(review).toMatchObject({ outcome: null, overdue: false });
      expect((Date.parse(review.dueAt) - Date.parse(review.requestedAt)) / 86_400_000).toBeCloseTo(30, 3);
    });

    it('keeps the grounds from the event and from who may not see personal data', async () => {
      const [leaf] = await app.leaves({ type: 'REVIEW_REQUESTED', id: rowIdOf(review.id) });
      expect(leaf).toMatchObject({ prediction: rowIdOf(id), due: review.dueAt, grounds: expect.stringMatching(/^[0-9a-f]{64}$/) });
      expect(await seen(borrower, id, 'reviews { grounds }')).toEqual({ reviews: [{ grounds: 'My income is higher than that.' }] });
      for (const field of ['grounds', 'explanation']) {
        expect((await portal!.refusal(`query ($id: ID!) { prediction(id: $id) { reviews { ${field} } } }`, { id })).message).toContain('customer:identity');
      }
    });

    it('has one open review at a time, in the database too', async () => {
      expect(await refusalOf(portal!, 'requestReview', { predictionId: id, grounds: 'Again.' })).toMatchObject({ rule: 'ONE_OPEN_REVIEW', code: 'CONFLICT' });
      await expect(asApplication(app, `INSERT INTO decision_reviews (customer_id, id, prediction_id, grounds, requested_by, due_at)
        SELECT customer_id, gen_random_uuid(), prediction_id, grounds, requested_by, due_at FROM decision_reviews WHERE id = $1`, [rowIdOf(review.id)])).rejects.toMatchObject({ code: 'AS095' });
    });

    it('is not overridden past its review', async () => {
      expect(await refusalOf(underwriter!, 'overrideDecision', { predictionId: id, decision: 'APPROVE', reasonCode: 'DATA_ERROR', comment: 'x', expiresAt: inDays(1) })).toMatchObject({ rule: 'CONTESTED_DECISION' });
    });

    it("is nobody's to contest but theirs, and nobody's to resolve but an underwriter's", async () => {
      const other = await decided(portal!, 'DECLINE');
      expect((await refusalOf(borrower, 'requestReview', { predictionId: other.id, grounds: 'Not mine.' })).code).toBe('NOT_FOUND');
      expect((await borrower.query('query ($id: ID!) { node(id: $id) { id } }', { id: (await contest(portal!, other.id)).id })).data).toEqual({ node: null });
      expect((await refusalOf(borrower, 'resolveReview', { reviewId: review.id, outcome: 'WITHDRAWN', explanation: 'x' })).code).toBe('FORBIDDEN');
      expect((await borrower.query('{ decisionReviews { edges { node { id } } } }')).errors[0]!.extensions.code).toBe('FORBIDDEN');
    });

    it('waits for the underwriters who had no part in it', async () => {
      const task = (await reviewTasks(await contextOf('uma', ['UNDERWRITER']))).find(({ subject }) => subject === review.id);
      expect(task).toMatchObject({ kind: 'DECISION_REVIEW', dueAt: new Date(review.dueAt), text: expect.stringMatching(/^Look at a contested decision/) });
      expect(await reviewTasks(await contextOf('portal', ['PORTAL']))).toEqual([]);
      expect(await reviewTasks(await contextOf('ada', ['UNDERWRITER']))).toEqual([]); // without a grant
    });

    it('is changed by a person, whose word is told to the customer', async () => {
      expect((await resolve(underwriter!, review.id, changed)).review).toMatchObject({ outcome: 'CHANGED', overdue: false });
      expect(await seen(borrower, id, 'decision effectiveDecision override { decision } reviews { outcome explanation }')).toEqual({
        decision: 'DECLINE', effectiveDecision: 'APPROVE', override: { decision: 'APPROVE' }, reviews: [{ outcome: 'CHANGED', explanation: 'We looked at your papers again.' }],
      });
      const [leaf] = await app.leaves({ type: 'REVIEW_RESOLVED', id: rowIdOf(review.id) });
      expect(leaf).toMatchObject({ outcome: 'CHANGED', prediction: rowIdOf(id), override: expect.any(String) });
    });

    it('is resolved once', async () => {
      expect(await refusalOf(second!, 'resolveReview', { reviewId: review.id, outcome: 'UPHELD', explanation: 'x' })).toMatchObject({ rule: 'REVIEWED_ONCE', code: 'CONFLICT' });
    });

    it('can be contested again: the second review is of the override, so not for who made it', async () => {
      const again = await contest(borrower, id, 'I want more.');
      expect(await refusalOf(underwriter!, 'resolveReview', { reviewId: again.id, outcome: 'UPHELD', explanation: 'x' })).toMatchObject({ rule: 'INDEPENDENT_REVIEWER', message: expect.stringContaining('Uma Underwriter overrode the decision') });
      expect((await reviewTasks(await contextOf('uma', ['UNDERWRITER']))).map(({ subject }) => subject)).not.toContain(again.id);
      expect((await reviewTasks(await contextOf('ulf', ['UNDERWRITER']))).map(({ subject }) => subject)).toContain(again.id);
      expect((await resolve(second!, again.id)).review.outcome).toBe('UPHELD');
      expect(await seen(borrower, id, 'effectiveDecision reviews { outcome }')).toEqual({ effectiveDecision: 'APPROVE', reviews: [{ outcome: 'CHANGED' }, { outcome: 'UPHELD' }] });
    });
  });

  describe('under review', () => {
    it('is resolved by nobody who asked for the review or for the prediction, in the database either', async () => {
      const { id } = await decided(underwriter!, 'DECLINE');
      const review = await contest(second!, id);
      expect((await refusalOf(second!, 'resolveReview', { reviewId: review.id, outcome: 'UPHELD', explanation: 'x' })).message).toContain('Ulf Underwriter asked for the review');
      expect((await refusalOf(underwriter!, 'resolveReview', { reviewId: review.id, outcome: 'UPHELD', explanation: 'x' })).message).toContain('Uma Underwriter asked for the prediction');
      for (const subject of ['uma', 'ulf']) {
        await expect(asApplication(app, `INSERT INTO decision_review_outcomes (customer_id, review_id, outcome, explanation, resolved_by)
          SELECT $1, $2, 'UPHELD', '\\x00', id FROM users WHERE subject = $3`, [customerIdOf(review.id), rowIdOf(review.id), subject])).rejects.toMatchObject({ code: 'AS096' });
      }
    });

    it.each([
      [{ outcome: 'CHANGED' }, 'decision: needed with the outcome CHANGED'],
      [{ outcome: 'UPHELD', decision: 'APPROVE' }, 'belong to the outcome CHANGED'],
      [{ explanation: ' ' }, 'explanation: give 1 to 4,000 characters.'],
    ])('does not take %j', async (changes, sentence) => {
      const review = await contest(portal!, (await decided(portal!, 'DECLINE')).id);
      const { code, message } = await refusalOf(underwriter!, 'resolveReview', { reviewId: review.id, outcome: 'UPHELD', explanation: 'x', ...changes });
      expect([code, message]).toEqual(['BAD_INPUT', expect.stringContaining(sentence)]);
    });

    it('above the limit is changed by two, neither of whom had a part in it', async () => {
      const { id } = await decided(portal!, 'LARGE');
      const review = await contest(second!, id);
      const { review: open, proposal } = await resolve(underwriter!, review.id, changed);
      expect(open.outcome).toBeNull();
      // Ulf may confirm what colleagues propose, but this review is one that he asked for.
      expect(await refusalOf(second!, 'confirmProposal', { proposalId: proposal!.id, comment: 'Yes.' })).toMatchObject({ rule: 'INDEPENDENT_REVIEWER' });
      const third = await app.as({ subject: 'una', name: 'Una Underwriter', roles: ['UNDERWRITER'] });
      await third.ok('{ me { id } }');
      await app.sql(`INSERT INTO role_grants (id, user_id, role, granted_by, reason) SELECT gen_random_uuid(), a.id, 'UNDERWRITER', b.id, 'test' FROM users a, users b WHERE a.subject = 'una' AND b.subject = 'alex'`);
      await act(third, 'confirmProposal', { proposalId: proposal!.id, comment: 'Yes.' });
      expect(await seen(auditor!, id, 'effectiveDecision reviews { outcome explanation resolvedBy { name } requestedBy { name } } override { secondPerson { name } }')).toEqual({
        effectiveDecision: 'APPROVE', override: { secondPerson: { name: 'Una Underwriter' } },
        reviews: [{ outcome: 'CHANGED', explanation: 'We looked at your papers again.', resolvedBy: { name: 'Uma Underwriter' }, requestedBy: { name: 'Ulf Underwriter' } }],
      });
    });

    it('by two at once is resolved by one of them', async () => {
      const review = await contest(portal!, (await decided(portal!, 'DECLINE')).id);
      const input = { reviewId: review.id, outcome: 'UPHELD', explanation: 'It stays.' };
      const answers = await Promise.all([underwriter!, second!].map((client) => client.query('mutation ($input: ResolveReviewInput!) { resolveReview(input: $input) { review { outcome } } }', { input })));
      expect(answers.map(({ errors: [error] }) => error?.extensions.code ?? 'done').sort()).toEqual(['CONFLICT', 'done']);
    });

    it('is found in lists: open ones, and those past their time', async () => {
      const late = await contest(portal!, (await decided(portal!, 'DECLINE')).id);
      await app.sql(`UPDATE decision_reviews SET recorded_at = now() - interval '40 days', due_at = now() - interval '10 days' WHERE id = $1`, [rowIdOf(late.id)]);
      expect(await listed(auditor!, { overdue: true })).toEqual([{ id: late.id, overdue: true, outcome: null }]);
      const [open, resolved, all] = await Promise.all([listed(auditor!, { open: true }), listed(auditor!, { open: false }), listed(auditor!, {})]);
      expect(open.every(({ outcome }) => outcome === null) && open.some(({ id }) => id === late.id)).toBe(true);
      expect(resolved.length).toBeGreaterThan(2);
      expect(all).toHaveLength(open.length + resolved.length);
    });
  });

  describe('that is contested and then decided anew', () => {
    let [id, newer, externalId]: string[] = [];
    let review: Review;
    beforeAll(async () => {
      ({ id, externalId } = await decided(portal!, 'DECLINE'));
      review = await contest(portal!, id!);
      ({ id: newer } = await scoreLoan(portal!, { externalId }));
    });

    const columns = 'customer_id, id, prediction_id, replaced, decision, reason_code, comment, made_by, expires_at, principal, currency, one_person_limit, policy_version, review_id';
    /** Past the services, as the application's own role. */
    const insertOverride = (prediction: string, subject: string, reviewId: string | null): Promise<unknown> =>
      asApplication(app, `INSERT INTO decision_overrides (${columns})
        SELECT $1, gen_random_uuid(), $2, 'DECLINE', 'APPROVE', 'DATA_ERROR', '\\x00', id, now() + interval '1 day', 5000, 'EUR', 25000, 1, $4 FROM users WHERE subject = $3`,
      [customerIdOf(prediction), rowIdOf(prediction), subject, reviewId && rowIdOf(reviewId)]);

    it('stays under review: nothing else changes the newer decision, nor is that contested beside it', async () => {
      expect(await refusalOf(underwriter!, 'overrideDecision', { predictionId: newer, decision: 'APPROVE', reasonCode: 'DATA_ERROR', comment: 'x', expiresAt: inDays(1) })).toMatchObject({ rule: 'CONTESTED_DECISION', message: expect.stringContaining(review.id) });
      expect(await refusalOf(portal!, 'requestReview', { predictionId: newer, grounds: 'Again.' })).toMatchObject({ rule: 'ONE_OPEN_REVIEW' });
      await expect(insertOverride(newer!, 'uma', null)).rejects.toMatchObject({ code: 'AS097' });
      await expect(asApplication(app, `INSERT INTO decision_reviews (customer_id, id, prediction_id, grounds, requested_by, due_at)
        SELECT customer_id, gen_random_uuid(), $2, grounds, requested_by, due_at FROM decision_reviews WHERE id = $1`, [rowIdOf(review.id), rowIdOf(newer!)])).rejects.toMatchObject({ code: 'AS095' });
    });

    it('is contested by its newest decision, in the database too', async () => {
      const other = await decided(portal!, 'DECLINE');
      const { id: newest } = await scoreLoan(portal!, { externalId: other.externalId });
      const borrower = await app.asBorrower(other.externalId);
      expect(await refusalOf(borrower, 'requestReview', { predictionId: other.id, grounds: 'x' })).toMatchObject({ rule: 'NEWEST_DECISION', message: expect.stringContaining(`Contest its newest decision, ${newest}:`) });
      await expect(asApplication(app, `INSERT INTO decision_reviews (customer_id, id, prediction_id, grounds, requested_by, due_at)
        SELECT $1, gen_random_uuid(), $2, '\\x00', id, now() + interval '1 day' FROM users WHERE subject = 'uma'`, [customerIdOf(other.id), rowIdOf(other.id)])).rejects.toMatchObject({ code: 'AS098' });
      expect(await contest(borrower, newest)).toMatchObject({ outcome: null });
    });

    it('is not for who asked for the newer decision, either', async () => {
      const other = await decided(portal!, 'DECLINE');
      const theirs = await contest(portal!, other.id);
      await scoreLoan(underwriter!, { externalId: other.externalId });
      const resolution = { reviewId: theirs.id, outcome: 'UPHELD', explanation: 'x' };
      expect(await refusalOf(underwriter!, 'resolveReview', resolution)).toMatchObject({ rule: 'INDEPENDENT_REVIEWER', message: expect.stringContaining('asked for the prediction') });
      expect((await reviewTasks(await contextOf('uma', ['UNDERWRITER']))).map(({ subject }) => subject)).not.toContain(theirs.id);
      expect((await resolve(second!, theirs.id)).review.outcome).toBe('UPHELD');
    });

    it('is changed where it is in force: the newest decision, with the two linked', async () => {
      expect((await resolve(underwriter!, review.id, changed)).review).toMatchObject({ outcome: 'CHANGED' });
      expect(await seen(auditor!, id!, 'effectiveDecision overrides { id } reviews { outcome override { decision active prediction { id } } }')).toEqual({
        effectiveDecision: 'DECLINE', overrides: [], reviews: [{ outcome: 'CHANGED', override: { decision: 'APPROVE', active: true, prediction: { id: newer } } }],
      });
      expect(await seen(auditor!, newer!, 'effectiveDecision override { review { id prediction { id } } } reviews { id }')).toEqual({ effectiveDecision: 'APPROVE', override: { review: { id: review.id, prediction: { id } } }, reviews: [] });
      const [[leaf], [made]] = await Promise.all([app.leaves({ type: 'REVIEW_RESOLVED', id: rowIdOf(review.id) }), app.leaves({ type: 'DECISION_OVERRIDDEN', review: rowIdOf(review.id) } as object)]);
      expect([leaf, made]).toMatchObject([{ prediction: rowIdOf(id!), override: made!['id'] }, { prediction: rowIdOf(newer!), review: rowIdOf(review.id) }]);
    });

    it('above the limit is changed by two, who are asked anew where it was decided anew meanwhile', async () => {
      const large = await decided(portal!, 'LARGE');
      const theirs = await contest(portal!, large.id);
      const { proposal: stale } = await resolve(underwriter!, theirs.id, changed);
      const { id: newest } = await scoreLoan(portal!, { externalId: large.externalId });
      expect(await refusalOf(second!, 'confirmProposal', { proposalId: stale!.id, comment: 'Yes.' })).toMatchObject({ rule: 'NEWEST_DECISION' });
      const { proposal } = await resolve(underwriter!, theirs.id, changed);
      await act(second!, 'confirmProposal', { proposalId: proposal!.id, comment: 'Yes.' });
      expect(await seen(auditor!, newest, 'effectiveDecision override { secondPerson { name } review { id outcome } }')).toEqual({ effectiveDecision: 'APPROVE', override: { secondPerson: { name: 'Ulf Underwriter' }, review: { id: theirs.id, outcome: 'CHANGED' } } });
    });

    it('is changed in the database by the review that it names, and by an underwriter without a part in it', async () => {
      const other = await decided(portal!, 'DECLINE');
      const theirs = await contest(second!, other.id);
      await expect(insertOverride(other.id, 'ulf', theirs.id)).rejects.toMatchObject({ code: 'AS096' });
      await expect(insertOverride(other.id, 'uma', review.id)).rejects.toMatchObject({ code: 'AS097' });
      const outcome = (subject: string, overrideId: string | null): Promise<unknown> => asApplication(app, `INSERT INTO decision_review_outcomes (customer_id, review_id, outcome, explanation, override_id, resolved_by)
        SELECT $1, $2, $3, '\\x00', $4, id FROM users WHERE subject = $5`, [customerIdOf(other.id), rowIdOf(theirs.id), overrideId ? 'CHANGED' : 'UPHELD', overrideId, subject]);
      await expect(outcome('ada', null)).rejects.toMatchObject({ code: 'AS012' });
      await expect(outcome('uma', rowIdOf(other.id))).rejects.toMatchObject({ code: 'AS097' });
      await outcome('uma', null);
    });
  });

  describe('that waits for a person', () => {
    it('is a task for every underwriter with a current grant, by the day on which the applicant must know, until it is decided', async () => {
      const { id } = await decided(portal!, 'REFER', { loan: { completedAt: inDays(-10) } });
      const open = await decided(portal!, 'REFER');
      const urgent = await decided(portal!, 'REFER', { loan: { completedAt: inDays(-20) } });
      const found = await referralTasks(await contextOf('uma', ['UNDERWRITER']));
      expect(found.find(({ subject }) => subject === id)).toMatchObject({
        id: `DECISION_TO_MAKE:${rowIdOf(id)}`, kind: 'DECISION_TO_MAKE', dueAt: new Date(`${utcDayIn(20)}T23:59:59.999Z`), text: `Decide an application that was referred to a person, by ${utcDayIn(20)}: overrideDecision with APPROVE or DECLINE.`,
      });
      expect(found.find(({ subject }) => subject === open.id)).toMatchObject({ dueAt: null });
      const order = found.map(({ subject }) => subject).filter((subject) => [id, open.id, urgent.id].includes(subject!));
      expect(order).toEqual([urgent.id, id, open.id]);
      expect(await referrals('ulf')).toContain(id);
      expect([await referrals('ada'), await referralTasks(await contextOf('uma', ['AUDITOR']))]).toEqual([[], []]);
      const { me } = await underwriter!.ok<{ me: { tasks: { kind: string; subject: string }[] } }>('{ me { tasks { kind subject } } }');
      expect(me.tasks).toContainEqual({ kind: 'DECISION_TO_MAKE', subject: id });
      await decide(id);
      expect(await referrals()).toEqual(expect.not.arrayContaining([id]));
      expect(await referrals()).toContain(urgent.id);
      // When the override has expired the application waits again.
      expect(await referrals('uma', new Date(inDays(2)))).toContain(id);
    });

    it('is listed as work, for portals too; what is decided, and what a person referred, by what is in force', async () => {
      const [referred, approved, declined] = [await decided(portal!, 'REFER'), await decided(portal!, 'APPROVE'), await decided(portal!, 'DECLINE')];
      await decide(approved.id, { decision: 'REFER', reasonCode: 'FRAUD_SUSPICION' });
      const ids = new Set([referred.id, approved.id, declined.id]);
      const found = async (filter?: object): Promise<string[]> => (await workList(filter)).filter((id) => ids.has(id)).sort();
      expect(await found()).toEqual([referred.id, approved.id].sort());
      expect(await found({ waiting: false })).toEqual([declined.id]);
      expect((await referrals()).filter((id) => ids.has(id)).sort()).toEqual([referred.id, approved.id].sort());
      await decide(referred.id, { decision: 'DECLINE', reasonCode: 'INCOME_NOT_VERIFIED' });
      expect(await found()).toEqual([approved.id]);
    });

    it('waits no more once the loan is decided anew, or no application any more; nor twice, while it is contested or proposed', async () => {
      const [again, closed, contested, large] = await Promise.all([decided(portal!, 'REFER'), decided(portal!, 'REFER'), decided(portal!, 'REFER'), decided(portal!, 'REFER', { loan: { currency: 'CHF' } })]);
      const ids = new Set([again, closed, contested, large].map(({ id }) => id));
      expect((await referrals()).filter((id) => ids.has(id))).toHaveLength(4);
      const { id: newer } = await scoreLoan(portal!, { externalId: again.externalId });
      await act(portal!, 'updateLoan', { externalId: closed.externalId, status: 'CLOSED' });
      await contest(portal!, contested.id);
      await decide(large.id);
      const tasks = await referrals();
      expect(tasks.filter((id) => ids.has(id))).toEqual([]);
      expect(tasks).toContain(newer);
      expect((await workList()).filter((id) => ids.has(id)).sort()).toEqual([contested.id, large.id].sort());
    });

    it('where the model was stopped: the refusal is the decision in force, and the one to override', async () => {
      const { modelId } = await deploySmallModel(app, 'stopped-loan');
      const { id, externalId } = await decided(portal!, 'APPROVE', { loan: { product: 'stopped-loan' } });
      await act(await app.as('admin'), 'suspendModel', { modelId, reason: 'test' });
      const stopped = await scoreLoan(portal!, { externalId });
      expect(stopped).toMatchObject({ status: 'REFUSED', decision: 'REFER' });
      const { loan } = await portal!.ok<{ loan: object }>('query ($externalId: String!) { loan(externalId: $externalId) { latestPrediction { id decision effectiveDecision pd } } }', { externalId });
      expect(loan).toEqual({ latestPrediction: { id: stopped.id, decision: 'REFER', effectiveDecision: 'REFER', pd: null } });
      expect((await refusalOf(underwriter!, 'overrideDecision', { predictionId: id, decision: 'DECLINE', reasonCode: 'INCOME_NOT_VERIFIED', comment: 'x', expiresAt: inDays(1) })).message).toContain(stopped.id);
      expect(await referrals()).toContain(stopped.id);
      await decide(stopped.id);
      expect(await referrals()).not.toContain(stopped.id);
    });
  });

  describe('as of a moment', () => {
    const STORY = `query ($id: ID!, $externalId: String!, $asOf: DateTime) {
      prediction(id: $id, asOf: $asOf) { ...Decided customer { displayName } deployment { validTo endReason } }
      predictions(first: 50, asOf: $asOf, filter: { waiting: true }) { totalCount edges { node { id } } }
      loan(externalId: $externalId, asOf: $asOf) { status principal { amount } daysPastDue latestPrediction { id effectiveDecision }
        predictions { totalCount edges { node { ...Decided } } } customer { riskProfile { pd warnings exposures { amount } } loans { totalCount } } } }
      fragment Decided on Prediction { id decision effectiveDecision
        override { id active expiresAt } overrides { id active decision replaced expiresAt review { outcome resolvedAt } }
        reviews { id outcome resolvedAt overdue override { id active } prediction { effectiveDecision } }
        adverseAction { required note kind sendBy sentAt principalReasons { code } counteroffers { offeredAt acceptedAt } notices { channel } } }`;

    it('it is what it was after each act, whatever came later', async () => {
      const remembered: { asOf: string; told: object }[] = [];
      const { id, externalId } = await decided(portal!, 'DECLINE', { loan: { completedAt: inDays(-1) } });
      const read = (asOf?: string): Promise<object> => auditor!.ok(STORY, { id, externalId, asOf });
      const remember = async (): Promise<void> => {
        const now = new Date();
        await untilAfter(now);
        remembered.push({ asOf: now.toISOString(), told: await read() });
      };
      let review: Review;
      const acts: (() => Promise<unknown>)[] = [
        async () => undefined,
        async () => (review = await contest(portal!, id)),
        () => resolve(underwriter!, review.id, changed),
        () => act(portal!, 'updateLoan', { externalId, principal: '30000' }),
        () => scoreLoan(portal!, { externalId }),
        () => act(underwriter!, 'updateLoan', { externalId, principal: '4000' }),
        () => scoreLoan(portal!, { externalId }),
        () => act(portal!, 'recordCounteroffer', { predictionId: id, offeredAt: inDays(0), amount: '2500', reasonCode: 'EXCESSIVE_OBLIGATIONS' }),
        () => act(portal!, 'recordCounterofferAccepted', { predictionId: id, acceptedAt: inDays(0) }),
        () => act(portal!, 'recordRepayments', { externalId, repayments: [{ periodEnd: inDays(-3), balance: '3900', daysPastDue: 31 }] }),
        () => act(portal!, 'recordRepayments', { externalId, repayments: [{ periodEnd: inDays(-3), balance: '3900', daysPastDue: 0 }] }),
        () => act(portal!, 'updateLoan', { externalId, status: 'ON_BOOK' }),
      ];
      for (const next of acts) {
        await next();
        await remember();
      }
      for (const [step, { asOf, told }] of remembered.entries()) expect([step, await read(asOf)]).toEqual([step, told]);
      expect(new Set(remembered.map(({ told }) => JSON.stringify(told))).size).toBe(acts.length);
      // What one person decided ended when the loan outgrew it, which nobody knew before.
      const [decidedBefore, outgrown] = [remembered[2]!, remembered[3]!].map(({ told }) => (told as { prediction: { override: object | null; overrides: { active: boolean }[] } }).prediction);
      expect([decidedBefore!.overrides[0]!.active, outgrown!.overrides[0]!.active]).toEqual([true, false]);
      expect(await read('2020-01-01T00:00:00Z')).toEqual({ prediction: null, predictions: { totalCount: 0, edges: [] }, loan: null });
    });
  });

  describe('that is adverse', () => {
    const ADVERSE = 'adverseAction { required note kind clockStartedAt sendBy sentAt overdue principalReasons { code text } scoreFactors { code } score { points } counteroffers { offeredAt amount { amount currency } acceptedAt } notices { channel kind sendBy } }';
    interface Adverse {
      readonly adverseAction: Record<string, unknown> & { readonly principalReasons: { code: string; text: string }[]; readonly scoreFactors: { code: string }[] };
    }
    const adverse = async (client: TestClient, id: string): Promise<Adverse['adverseAction']> => (await seen<Adverse>(client, id, ADVERSE)).adverseAction;

    it('asks for a notice with specific reasons, the clock of the application and, for the applicant, the score', async () => {
      const { id, externalId } = await decided(portal!, 'DECLINE', { loan: { completedAt: inDays(-10) } });
      const told = await adverse(await app.asBorrower(externalId), id);
      expect(told).toMatchObject({ required: true, kind: 'COMPLETED_APPLICATION', sendBy: utcDayIn(20), sentAt: null, overdue: false, score: { points: expect.any(Number) }, principalReasons: [{ code: 'AMOUNT', text: expect.stringMatching(/^Amount 5,?000/) }], scoreFactors: [{ code: 'AMOUNT' }] });
      expect(await adverse(portal!, id)).toMatchObject({ score: null, sendBy: utcDayIn(20) });
    });

    it('runs from the decline where the application was never complete, and on an account from the action', async () => {
      const { id } = await decided(portal!, 'DECLINE');
      expect(await adverse(portal!, id)).toMatchObject({ kind: 'INCOMPLETE_APPLICATION', sendBy: utcDayIn(30) });
      await app.sql(`UPDATE models SET decision_purpose = 'ACCOUNT_REVIEW' WHERE '${PRODUCT}' = ANY (products)`);
      const replica = await app.openReplica();
      const reviewed = await decided(portal!.at(replica.url), 'DECLINE', { loan: { completedAt: inDays(-10) }, score: { purpose: 'ACCOUNT_REVIEW' } });
      await replica.close();
      await app.sql(`UPDATE models SET decision_purpose = 'ORIGINATION' WHERE '${PRODUCT}' = ANY (products)`);
      expect(await adverse(portal!, reviewed.id)).toMatchObject({ kind: 'EXISTING_ACCOUNT', sendBy: utcDayIn(30) });
      expect(await refusalOf(portal!, 'recordCounteroffer', { predictionId: reviewed.id, offeredAt: inDays(0), amount: '100' })).toMatchObject({ rule: 'COUNTEROFFER_TO_APPLICATION' });
    });

    it('asks for none while the decision is another, nor once it is overridden to another', async () => {
      const approved = await decided(portal!, 'APPROVE');
      expect(await adverse(auditor!, approved.id)).toMatchObject({ required: false, kind: null, sendBy: null, overdue: false, principalReasons: [], scoreFactors: [], score: null });
      expect(await refusalOf(portal!, 'recordNoticeSent', { predictionId: approved.id, sentAt: inDays(0), channel: 'POST' })).toMatchObject({ rule: 'NOTICE_OF_ADVERSE_ACTION' });
      const { id } = await decided(portal!, 'DECLINE');
      await act(underwriter!, 'overrideDecision', { predictionId: id, decision: 'APPROVE', reasonCode: 'DATA_ERROR', comment: 'x', expiresAt: inDays(1) });
      expect(await adverse(portal!, id)).toMatchObject({ required: false });
    });

    it('by a person begins with their reason, in either language', async () => {
      const { id } = await decided(portal!, 'REFER');
      await act(underwriter!, 'overrideDecision', { predictionId: id, decision: 'DECLINE', reasonCode: 'INCOME_NOT_VERIFIED', comment: 'No payslips.', expiresAt: inDays(100) });
      const { principalReasons, kind } = await adverse(portal!, id);
      expect([kind, principalReasons[0]]).toEqual(['INCOMPLETE_APPLICATION', { code: 'INCOME_NOT_VERIFIED', text: 'Unable to verify income' }]);
      const zh = await seen<Adverse>(portal!, id, 'adverseAction { principalReasons(language: ZH) { code text } }');
      expect(zh.adverseAction.principalReasons[0]!.text).toBe('无法核实收入');
    });

    it('with a counteroffer runs 90 days from the offer, until that is accepted', async () => {
      const { id } = await decided(portal!, 'REFER');
      const offeredAt = inDays(0);
      await act(portal!, 'recordCounteroffer', { predictionId: id, offeredAt, amount: '2500.00', terms: 'Half of it, with your brother as guarantor.', reasonCode: 'EXCESSIVE_OBLIGATIONS' });
      expect(await adverse(portal!, id)).toMatchObject({ required: true, kind: 'COUNTEROFFER', clockStartedAt: offeredAt, sendBy: utcDayIn(90), counteroffers: [{ offeredAt, amount: { amount: '2500', currency: 'EUR' }, acceptedAt: null }] });
      expect(await seen(underwriter!, id, 'adverseAction { counteroffers { terms } }')).toEqual({ adverseAction: { counteroffers: [{ terms: 'Half of it, with your brother as guarantor.' }] } });
      const [leaf] = await app.leaves({ type: 'COUNTEROFFER_RECORDED' });
      expect(JSON.stringify(leaf)).not.toContain('brother');
      await act(portal!, 'recordCounterofferAccepted', { predictionId: id, acceptedAt: inDays(0) });
      expect(await adverse(portal!, id)).toMatchObject({ required: false, counteroffers: [{ acceptedAt: expect.any(String) }] });
      expect(await refusalOf(portal!, 'recordCounterofferAccepted', { predictionId: id, acceptedAt: inDays(0) })).toMatchObject({ rule: 'COUNTEROFFER_STANDS' });
    });

    it.each([
      ['recordCounteroffer', { offeredAt: inDays(0) }, 'give amount, terms or both'],
      ['recordCounteroffer', { offeredAt: inDays(0), amount: '0' }, 'amount: 0 is not an amount above zero'],
      ['recordCounteroffer', { offeredAt: '2020-01-01T00:00:00Z', amount: '1' }, 'is before the prediction of'],
      ['recordNoticeSent', { sentAt: inDays(2), channel: 'POST' }, 'is in the future'],
      ['recordNoticeSent', { sentAt: '2020-01-01T00:00:00Z', channel: 'POST' }, 'it would not count'],
    ])('%s does not take %j', async (mutation, input, sentence) => {
      const { id } = await decided(portal!, 'DECLINE');
      const { code, message } = await refusalOf(portal!, mutation, { predictionId: id, ...input });
      expect([code, message]).toEqual(['BAD_INPUT', expect.stringContaining(sentence)]);
    });

    it('waits for an underwriter when the day is near or past, until the notice is recorded', async () => {
      const { id } = await decided(portal!, 'DECLINE', { loan: { completedAt: inDays(-25) } });
      const soon = await decided(portal!, 'DECLINE');
      const waiting = async (now?: Date): Promise<Map<string | null, Date>> => new Map((await adverseActionTasks(await contextOf('uma', ['UNDERWRITER'], now))).map(({ subject, dueAt }) => [subject, dueAt]));
      const now = await waiting();
      expect(now.get(id)).toEqual(new Date(`${utcDayIn(5)}T23:59:59.999Z`));
      expect(now.has(soon.id)).toBe(false);
      expect((await waiting(new Date(inDays(24)))).has(soon.id)).toBe(true);
      await act(portal!, 'recordNoticeSent', { predictionId: id, sentAt: inDays(0), channel: 'POST' });
      expect((await waiting()).has(id)).toBe(false);
      expect(await adverse(portal!, id)).toMatchObject({ sentAt: expect.any(String), overdue: false, notices: [{ channel: 'POST', kind: 'COMPLETED_APPLICATION', sendBy: utcDayIn(5) }] });
      expect(await app.leaves({ type: 'NOTICE_SENT' })).toContainEqual(expect.objectContaining({ prediction: rowIdOf(id), due: utcDayIn(5), channel: 'POST' }));
      expect(await adverseActionTasks(await contextOf('ada', ['UNDERWRITER']))).toEqual([]); // without a grant
    });

    it("stays so when a person's decline has expired, with their reason alone where the model approves", async () => {
      const { id } = await decided(portal!, 'APPROVE');
      await override(id, 'DECLINE', 'COLLATERAL_INSUFFICIENT');
      await expire(id, 25, 18);
      expect(await seen(auditor!, id, 'effectiveDecision override { id }')).toEqual({ effectiveDecision: 'APPROVE', override: null });
      expect(await adverse(portal!, id)).toMatchObject({ required: true, sendBy: utcDayIn(5), note: expect.stringContaining('the override expired takes nothing back'), principalReasons: [{ code: 'COLLATERAL_INSUFFICIENT' }] });
      expect(await waits(id)).toBe(true);
      await act(portal!, 'recordNoticeSent', sent(id, -1));
      expect([await waits(id), await adverse(portal!, id)]).toMatchObject([false, { sentAt: expect.any(String) }]);
    });

    it('is not so again when the approval of a person has expired', async () => {
      const { id } = await decided(portal!, 'DECLINE', { loan: { completedAt: inDays(-60) } });
      expect(await waits(id)).toBe(true);
      await override(id, 'APPROVE', 'DATA_ERROR');
      await expire(id, 50, 40);
      expect(await seen(auditor!, id, 'effectiveDecision')).toEqual({ effectiveDecision: 'DECLINE' });
      expect(await adverse(portal!, id)).toMatchObject({ required: false, overdue: false, note: expect.stringContaining('no notice is due') });
      expect(await waits(id)).toBe(false);
      expect(await refusalOf(portal!, 'recordNoticeSent', sent(id, 0))).toMatchObject({ rule: 'NOTICE_OF_ADVERSE_ACTION', message: expect.stringContaining('decided last is APPROVE') });
    });

    it("is so from the day on which a person's REFER expires undecided", async () => {
      const { id } = await decided(portal!, 'DECLINE');
      await override(id, 'REFER', 'DATA_ERROR');
      await expire(id, 40, 26);
      expect(await adverse(portal!, id)).toMatchObject({ required: true, sendBy: utcDayIn(4) });
      expect(await waits(id)).toBe(true);
    });

    it('is told once for an application, however often that is scored', async () => {
      const first = await decided(portal!, 'DECLINE', { loan: { completedAt: inDays(-25) } });
      const { id } = await scoreLoan(portal!, { externalId: first.externalId });
      expect(await adverse(portal!, first.id)).toMatchObject({ required: false, note: expect.stringContaining('decided anew') });
      expect([await waits(first.id), await waits(id)]).toEqual([false, true]);
      await act(portal!, 'recordNoticeSent', sent(first.id, 0));
      expect([await waits(id), await adverse(portal!, id)]).toMatchObject([false, { required: true, sentAt: expect.any(String), notices: [{ channel: 'POST' }] }]);
    });

    it('by a counteroffer where the model approves needs a reason that can be told, and tells that alone', async () => {
      const { id } = await decided(portal!, 'APPROVE');
      const offer = { predictionId: id, offeredAt: inDays(0), amount: '500' };
      expect(await refusalOf(portal!, 'recordCounteroffer', offer)).toMatchObject({ rule: 'COUNTEROFFER_REASON', message: expect.stringMatching(/^The model approves.+ Give as reasonCode one of FRAUD_SUSPICION, /u) });
      expect(await refusalOf(portal!, 'recordCounteroffer', { ...offer, reasonCode: 'POLICY_EXCEPTION' })).toMatchObject({ rule: 'COUNTEROFFER_REASON' });
      await expect(asApplication(app, `INSERT INTO counteroffers (customer_id, id, prediction_id, offered_at, amount, currency, recorded_by) SELECT $1, gen_random_uuid(), $2, now(), 1, 'EUR', id FROM users WHERE subject = 'uma'`, [customerIdOf(id), rowIdOf(id)])).rejects.toMatchObject({ code: 'AS121' });
      await act(portal!, 'recordCounteroffer', { ...offer, reasonCode: 'COLLATERAL_INSUFFICIENT' });
      expect(await adverse(portal!, id)).toMatchObject({ kind: 'COUNTEROFFER', principalReasons: [{ code: 'COLLATERAL_INSUFFICIENT' }] });
      expect((await adverse(portal!, id)).principalReasons).toHaveLength(1);
      expect(await seen(underwriter!, id, 'adverseAction { counteroffers { reasonCode } }')).toEqual({ adverseAction: { counteroffers: [{ reasonCode: 'COLLATERAL_INSUFFICIENT' }] } });
      expect((await portal!.refusal('query ($id: ID!) { prediction(id: $id) { adverseAction { counteroffers { reasonCode } } } }', { id })).message).toContain('decision:read');
    });

    it('by a decline on the day of the offer, or of its acceptance, but after it', async () => {
      const { id } = await decided(portal!, 'REFER');
      await act(portal!, 'recordCounteroffer', { predictionId: id, offeredAt: inDays(0), amount: '500', reasonCode: 'COLLATERAL_INSUFFICIENT' });
      await act(portal!, 'recordCounterofferAccepted', { predictionId: id, acceptedAt: inDays(0) });
      expect(await adverse(portal!, id)).toMatchObject({ required: false });
      await override(id, 'DECLINE', 'INCOME_NOT_VERIFIED');
      expect(await adverse(portal!, id)).toMatchObject({ required: true, kind: 'INCOMPLETE_APPLICATION', sendBy: utcDayIn(30) });
    });

    it('is told by no notice that was sent before it, which is not recorded either', async () => {
      const { id } = await decided(portal!, 'REFER');
      await app.sql(`UPDATE predictions SET created_at = now() - interval '20 days' WHERE id = $1`, [rowIdOf(id)]);
      await override(id, 'DECLINE', 'INCOME_NOT_VERIFIED');
      expect(await refusalOf(portal!, 'recordNoticeSent', sent(id, -10))).toMatchObject({ code: 'BAD_INPUT', message: expect.stringMatching(/it would not count\. Give the time/u) });
    });

    describe('on random histories', () => {
      const beginning = new Date('2024-01-01T00:00:00Z');
      let actor: string;
      let made: RandomHistories['predictions'];
      beforeAll(async () => {
        actor = (await contextOf('uma', ['UNDERWRITER'])).actor.id;
        const histories = new RandomHistories(450, beginning.getTime(), actor);
        await app.sql(histories.statements);
        made = histories.predictions;
      });

      /** By the rule: of each loan and purpose what is due first. */
      const expectedAt = async (now: Date, by: string): Promise<{ id: string; sendBy: string }[]> => {
        const histories = await loanHistories(app.runtime.db, made.map((one) => ({ ...one, moment: PRESENT })));
        const soonest = new Map<string, { id: string; sendBy: string }>();
        for (const [index, { id, loan_id, purpose }] of made.entries()) {
          const { action } = dutyOf(histories[index]!, id, now);
          const before = soonest.get(`${loan_id} ${purpose}`);
          if (action && !action.sentAt && action.sendBy <= by && (!before || action.sendBy < before.sendBy)) soonest.set(`${loan_id} ${purpose}`, { id, sendBy: action.sendBy });
        }
        return [...soonest.values()].sort((a, b) => (a.sendBy + a.id < b.sendBy + b.id ? -1 : 1));
      };

      it.each(['2024-02-05', '2024-02-20', '2024-04-20'])('waits by the same rule as it is told by, on %s; a list that is cut says how much is missing', async (today) => {
        const now = new Date(`${today}T12:00:00Z`);
        const expected = await expectedAt(now, today);
        const { found, more, nextBy } = await dueNotices(app.runtime.db, actor, { now, declinedSince: beginning, offeredSince: beginning, by: today });
        expect(found.map(({ row, history }) => ({ id: row.id, sendBy: dutyOf(history, row.id, now).action?.sendBy }))).toEqual(expected.slice(0, 100));
        expect([more, nextBy]).toEqual([Math.max(0, expected.length - 100), expected[100]?.sendBy ?? null]);
      });

      it('waits as a hundred tasks, the most urgent, and one that says how many more there are', async () => {
        const tasks = await adverseActionTasks(await contextOf('uma', ['UNDERWRITER'], new Date('2024-02-20T12:00:00Z')));
        expect(tasks).toHaveLength(101);
        expect(tasks.map(({ dueAt }) => dueAt.getTime())).toEqual(tasks.map(({ dueAt }) => dueAt.getTime()).sort((a, b) => a - b));
        expect(tasks.at(-1)).toMatchObject({ subject: null, text: expect.stringMatching(/^Send \d+ more notices? of adverse action, the first by 2024-/u) });
      });
    });

    it('costs one statement more for a page of predictions, however many', async () => {
      await pageOf(app, auditor!, 30);
      expect(await pageOf(app, auditor!, 30)).toHaveLength((await pageOf(app, auditor!, 5)).length);
    });
  });
});
