import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { openTestApp, type TestApp } from '../support/app.js';
import { createLoan, PREDICTION, SCORE_LOAN, scoreLoan, someLoans, type BookLoan, type ScoredPrediction } from '../support/builders.js';
import type { TestClient } from '../support/client.js';

const SCORE_LOANS = `mutation ($input: ScoreLoansInput!) { scoreLoans(input: $input) { total job { id } results { loan prediction { ${PREDICTION} } error { code message } } } }`;

interface ManyScored {
  readonly scoreLoans: { readonly total: number; readonly job: null; readonly results: { loan: string; prediction: ScoredPrediction | null; error: { code: string; message: string } | null }[] };
}

const score = (client: TestClient, input: object) => client.refusal(SCORE_LOAN, { input: { purpose: 'ORIGINATION', ...input } });

describe('scoring', () => {
  let app: TestApp;
  let portal: TestClient;
  let auditor: TestClient;
  let loans: BookLoan[];
  let next = 0;
  let loan: BookLoan;

  beforeAll(async () => {
    app = await openTestApp();
    [portal, auditor] = await Promise.all([app.as('portal'), app.as('auditor')]);
    loans = await someLoans(app, 40);
  });
  beforeEach(() => void (loan = loans[next++]!));
  afterAll(() => app.close());

  const recordedOf = async ({ id }: BookLoan): Promise<ScoredPrediction[]> => {
    const { predictions } = await auditor.ok<{ predictions: { edges: { node: ScoredPrediction }[] } }>(
      `query ($id: ID!) { predictions(first: 200, filter: { loanId: $id }) { edges { node { ${PREDICTION} } } } }`, { id });
    return predictions.edges.map(({ node }) => node);
  };

  const balancesOf = async (id: string): Promise<unknown> => {
    const { prediction } = await auditor.ok<{ prediction: Evidence }>(EVIDENCE, { id });
    return prediction.inputs.find(({ name }) => name === 'balance' || name.endsWith('.balance'))?.value;
  };

  const scoreMany = async (ids: readonly string[], requestId: string): Promise<ManyScored['scoreLoans']> =>
    (await portal.ok<ManyScored>(SCORE_LOANS, { input: { loans: ids, purpose: 'ORIGINATION', requestId } })).scoreLoans;

  describe('a loan', () => {
    it('gives a PD, points, a grade, a decision and reasons, and is recorded with all that is behind them', async () => {
      const told = await scoreLoan(portal, { loanId: loan.id, requestId: 'happy' });
      expect(told).toMatchObject({ status: 'SCORED', requestId: 'happy', problem: null, decision: expect.stringMatching(/^(APPROVE|REFER|DECLINE)$/), grade: expect.stringMatching(/^[A-Z]+$/) });
      const { prediction } = await auditor.ok<{ prediction: Evidence }>(EVIDENCE, { id: told.id });
      expect(prediction.scorePoints).toBeCloseTo(600 - (50 / Math.LN2) * (logOdds(prediction.pd) - Math.log(1 / 19)), 6);
      expect(prediction.explanation.logit).toBeCloseTo(logOdds(prediction.pd), 4);
      expect(prediction).toMatchObject({
        purpose: 'ORIGINATION', actor: { name: 'Loan-officer portal' }, loan: { id: loan.id }, customer: { id: loan.customer.id },
        modelVersion: { version: 1, approvals: [{ role: 'VALIDATOR' }, { role: 'ADMIN' }, { role: 'ADMIN' }] }, deployment: { role: 'CHAMPION', validTo: null, by: { name: 'Ada Admin' } },
        replay: { reproduced: true, maxAbsDifference: 0 },
      });
      expect(prediction.inputs.length).toBe(prediction.explanation.attributions.length);
      expect(prediction.inputs.every(({ label, source }) => label && source)).toBe(true);
    });

    it('is explained by attributions that sum up to its log-odds', async () => {
      const { id } = await scoreLoan(portal, { loanId: loan.id });
      const { prediction: { explanation: e } } = await auditor.ok<{ prediction: Evidence }>(EVIDENCE, { id });
      const sum = e.attributions.reduce((total, { contribution }) => total + contribution, e.baselineLogit + e.residual);
      // Baseline, attributions and residual are recorded to 1e-7.
      expect(sum).toBeCloseTo(e.logit, 6);
      const largest = Math.max(...e.attributions.map(({ contribution }) => Math.abs(contribution)));
      expect(Math.abs(e.residual)).toBeLessThan(0.05 * largest + 1e-3);
    });

    it('has its principal reasons in the order of their weight, from features that push toward default', async () => {
      const { id, reasons } = await scoreLoan(portal, { loanId: loan.id });
      const { prediction: { explanation } } = await auditor.ok<{ prediction: Evidence }>(EVIDENCE, { id });
      const weight = new Map(explanation.attributions.map(({ feature, contribution }) => [feature, contribution]));
      const weights = reasons.map(({ feature }) => weight.get(feature)!);
      expect(reasons.length).toBeLessThanOrEqual(4);
      expect(weights.every((contribution) => contribution > 0)).toBe(true);
      expect(weights).toEqual([...weights].sort((a, b) => b - a));
    });

    it('is found by its id or by its external id, not by both and not by neither', async () => {
      const [byId, byExternalId] = [await scoreLoan(portal, { loanId: loan.id }), await scoreLoan(portal, { externalId: loan.externalId })];
      expect(byExternalId).toEqual({ ...byId, id: byExternalId.id, asOf: byExternalId.asOf });
      for (const input of [{}, { loanId: loan.id, externalId: loan.externalId }]) {
        expect((await score(portal, input)).message).toBe('Name the loan: give either loanId or externalId.');
      }
    });

    it('that is not recorded leaves an audit event without its name, and no prediction', async () => {
      const [before] = await app.sql<{ count: string }>('SELECT count(*) FROM predictions');
      const { message, extensions } = await score(portal, { externalId: 'no such loan' });
      expect([extensions.code, message]).toEqual(['NOT_FOUND', 'There is no loan "no such loan". Pass a loan\'s id or its externalId.']);
      const events = await app.leaves({ type: 'SCORING_UNRESOLVED' });
      expect(events).toEqual([expect.objectContaining({ code: 'NOT_FOUND', request: expect.stringMatching(/^[0-9a-f]{64}$/) })]);
      expect(JSON.stringify(events)).not.toContain('no such loan');
      expect(await app.sql('SELECT count(*) FROM predictions')).toEqual([before]);
      expect(await app.sql(`SELECT * FROM idempotency WHERE operation = 'scoreLoan' AND request_id = 'no such loan'`)).toEqual([]);
    });
  });

  describe('a repeated requestId', () => {
    it('with the same body gives the same prediction, and records no second one', async () => {
      const first = await scoreLoan(portal, { loanId: loan.id, requestId: 'twice' });
      expect(await scoreLoan(portal, { loanId: loan.id, requestId: 'twice' })).toEqual(first);
      expect(await scoreLoan(portal, { externalId: loan.externalId, requestId: 'twice' })).toEqual(first);
      expect(await recordedOf(loan)).toHaveLength(1);
    });

    it('with another body is a conflict', async () => {
      await scoreLoan(portal, { loanId: loan.id, requestId: 'reused' });
      for (const change of [{ loanId: loans[0]!.id }, { purpose: 'ACCOUNT_REVIEW' }, { asOf: '2024-01-01T00:00:00Z' }, { asOfDecision: true }]) {
        const { message, extensions } = await score(portal, { loanId: loan.id, requestId: 'reused', ...change });
        expect([extensions.code, message]).toEqual(['CONFLICT', 'The requestId "reused" was used before with another body. Repeat the same body to get the same result, or use a new requestId.']);
      }
      expect(await recordedOf(loan)).toHaveLength(1);
    });

    it('fifty times at once, at two servers, gives one prediction; with another body always a conflict', async () => {
      const STORMS = 6;
      const replica = await app.openReplica();
      const ids = new Set<string>();
      let conflicts = 0;
      try {
        for (let storm = 0; storm < STORMS; storm += 1) {
          const input = { loanId: loan.id, requestId: `storm ${storm}` };
          const told = await Promise.all(Array.from({ length: 50 }, (_, index) => scoreLoan(index % 2 ? portal : portal.at(replica.url), input)));
          for (const { id } of told) ids.add(id);
          const { extensions } = await score(portal.at(replica.url), { ...input, asOfDecision: true });
          conflicts += extensions.code === 'CONFLICT' ? 1 : 0;
        }
      } finally {
        await replica.close();
      }
      const rows = await recordedOf(loan);
      process.stderr.write(`requestId: 50 calls at once × ${STORMS}, at two servers: ${rows.length} rows; the same id with another body: ${conflicts} conflicts of ${STORMS}\n`);
      expect([ids.size, rows.length, conflicts]).toEqual([STORMS, STORMS, STORMS]);
      const witnessed = new Set((await app.leaves({ type: 'PREDICTION_RECORDED' })).map(({ id }) => id));
      expect([...ids].filter((id) => !witnessed.has(rowIdOf({ id })))).toEqual([]);
    });

    it('fifty times at once with two bodies gives one prediction, and conflicts', async () => {
      const answers = await Promise.all(Array.from({ length: 50 }, (_, index) =>
        portal.query<{ scoreLoan: { prediction: { id: string } } }>(SCORE_LOAN, { input: { loanId: loan.id, requestId: 'two bodies', purpose: 'ORIGINATION', ...(index % 2 && { asOfDecision: true }) } })));
      const codes = answers.flatMap(({ errors }) => errors.map(({ extensions }) => extensions.code));
      expect(codes).toEqual(Array.from({ length: 25 }, () => 'CONFLICT'));
      expect(await recordedOf(loan)).toHaveLength(1);
    });

    it('of somebody else is another request', async () => {
      const theirs = await scoreLoan(await app.as('underwriter'), { loanId: loan.id, requestId: 'mine' });
      const mine = await scoreLoan(portal, { loanId: loan.id, requestId: 'mine' });
      expect(mine.id).not.toBe(theirs.id);
      expect(await recordedOf(loan)).toHaveLength(2);
    });

    it('is not needed: without one each call is an act of its own', async () => {
      await scoreLoan(portal, { loanId: loan.id });
      await scoreLoan(portal, { loanId: loan.id });
      expect(await recordedOf(loan)).toHaveLength(2);
    });
  });

  describe('as of a time', () => {

    it('looks at what was true by then: later repayments do not count', async () => {
      await createLoan(portal, 'as-of', { customer: { effectiveAt: '2024-01-01T00:00:00Z' }, loan: { effectiveAt: '2024-01-01T00:00:00Z' } });
      const repayments = [1, 2, 3].map((month) => ({ periodEnd: `2024-0${month + 1}-01T00:00:00Z`, balance: String(5000 - 1000 * month), status: 'PAID_IN_FULL' }));
      await portal.ok('mutation ($input: RecordRepaymentsInput!) { recordRepayments(input: $input) { loan { id } } }', { input: { externalId: 'as-of', repayments } });
      const then = await scoreLoan(portal, { externalId: 'as-of', asOf: '2024-03-01T00:00:00Z' });
      expect([then.asOf, await balancesOf(then.id)]).toEqual(['2024-03-01T00:00:00.000Z', [3000, 4000, null, null, null, null]]);
      const now = await scoreLoan(portal, { externalId: 'as-of' });
      expect(await balancesOf(now.id)).toEqual([2000, 3000, 4000, null, null, null]);
    });

    it('before the loan was known is recorded as refused', async () => {
      const refused = await scoreLoan(portal, { externalId: 'as-of', asOf: '2023-12-31T00:00:00Z' });
      expect(refused).toMatchObject({ status: 'REFUSED', pd: null, problem: { code: 'REFUSED', message: 'Nothing was true of the loan yet as of 2023-12-31T00:00:00.000Z. Give a later asOf, or leave it out.' } });
    });

    it('of its decision is that time', async () => {
      const { loan: { decisionAt } } = await auditor.ok<{ loan: { decisionAt: string } }>('query ($id: ID!) { loan(id: $id) { decisionAt } }', { id: loan.id });
      expect((await scoreLoan(portal, { loanId: loan.id, asOfDecision: true })).asOf).toBe(decisionAt);
    });

    it('of its decision is recorded as refused where it was never decided', async () => {
      expect(await scoreLoan(portal, { externalId: 'as-of', asOfDecision: true })).toMatchObject({
        status: 'REFUSED', problem: { message: 'The loan was never decided, so it cannot be scored as of its decision. Record its decisionAt, or leave asOfDecision out.' },
      });
    });

    it('that has not come is refused, and so are two times', async () => {
      expect((await score(portal, { loanId: loan.id, asOf: '2999-01-01T00:00:00Z' })).message).toBe('asOf 2999-01-01T00:00:00.000Z lies in the future. Leave it out to score as of now.');
      expect((await score(portal, { loanId: loan.id, asOf: '2024-01-01T00:00:00Z', asOfDecision: true })).message).toBe('Give asOf or asOfDecision, not both.');
      expect(await recordedOf(loan)).toEqual([]);
    });
  });

  it('for a simulation is another operation', async () => {
    expect(await score(portal, { loanId: loan.id, purpose: 'WHAT_IF' })).toMatchObject({ extensions: { code: 'BAD_INPUT' }, message: expect.stringContaining('"WHAT_IF" does not exist in "DecisionPurpose"') });
    expect(await recordedOf(loan)).toEqual([]);
  });

  describe('many loans', () => {

    it('keeps their order, and puts what is wrong with one beside the others', async () => {
      const asked = [loans[3]!.externalId, 'nobody', loans[1]!.id, loans[3]!.externalId, loans[2]!.externalId];
      const { total, results, job } = await scoreMany(asked, 'order');
      expect([total, job, results.map(({ loan: named }) => named)]).toEqual([5, null, asked]);
      expect(results.map(({ prediction, error }) => prediction?.status ?? error?.code)).toEqual(['SCORED', 'NOT_FOUND', 'SCORED', 'SCORED', 'SCORED']);
      expect(results[1]!.error!.message).toBe('There is no loan "nobody". Pass a loan\'s id or its externalId.');
      expect(results[3]!.prediction).toMatchObject({ pd: results[0]!.prediction!.pd, grade: results[0]!.prediction!.grade });
    });

    it('gives the PDs that each loan has alone', async () => {
      const some = loans.slice(0, 8);
      const { results } = await scoreMany(some.map(({ id }) => id), 'alone');
      const alone = await Promise.all(some.map(({ id }) => scoreLoan(portal, { loanId: id })));
      expect(results.map(({ prediction }) => prediction!.pd)).toEqual(alone.map(({ pd }) => pd));
    });

    it('scores nothing twice when it is repeated', async () => {
      const ids = [loan.id, loans[1]!.id];
      const first = await scoreMany(ids, 'batch');
      expect(await scoreMany(ids, 'batch')).toEqual(first);
      expect(await recordedOf(loan)).toHaveLength(1);
    });

    it.each([
      ['a longer list', (ids: string[]) => [...ids, ids[0]!]],
      ['a shorter list', (ids: string[]) => ids.slice(1)],
      ['the same list in another order', (ids: string[]) => [...ids].reverse()],
      ['a list so long that it would be a job', (ids: string[]) => Array.from({ length: 1_001 }, () => ids[0]!)],
    ])('under a requestId that stood for others, %s is a conflict and scores nothing', async (what, change) => {
      const ids = loans.slice(10, 13).map(({ id }) => id);
      const requestId = `bound to its list, ${what}`;
      const first = await scoreMany(ids, requestId);
      const before = await app.sql('SELECT count(*) FROM predictions');
      const { extensions } = await portal.refusal(SCORE_LOANS, { input: { loans: change(ids), purpose: 'ORIGINATION', requestId } });
      expect(extensions.code).toBe('CONFLICT');
      expect((await portal.refusal(SCORE_LOAN, { input: { loanId: ids[0], purpose: 'ORIGINATION', requestId } })).extensions.code).toBe('CONFLICT');
      expect(await app.sql('SELECT count(*) FROM predictions')).toEqual(before);
      expect(await scoreMany(ids, requestId)).toEqual(first);
    });

    it('are at least one', async () => {
      expect((await portal.refusal(SCORE_LOANS, { input: { loans: [], purpose: 'ORIGINATION', requestId: 'none' } })).message).toContain('loans: name at least one.');
    });
  });
});

const logOdds = (p: number): number => Math.log(p / (1 - p));

const rowIdOf = ({ id }: { id: string }): string => Buffer.from(id, 'base64url').toString().split(':')[2]!;

interface Evidence {
  readonly pd: number;
  readonly scorePoints: number;
  readonly inputs: { readonly name: string; readonly label: string; readonly source: string; readonly value: unknown }[];
  readonly explanation: { readonly baselineLogit: number; readonly logit: number; readonly residual: number; readonly attributions: { readonly feature: string; readonly contribution: number }[] };
}

const EVIDENCE = `query Evidence($id: ID!) { prediction(id: $id) { pd scorePoints purpose actor { name } loan { id } customer { id }
  inputs { name label source value flags } explanation { baselineLogit logit residual attributions { feature contribution } }
  modelVersion { version approvals { role } } deployment { role validTo by { name } } replay { reproduced maxAbsDifference } } }`;
