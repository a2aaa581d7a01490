import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { canonicalJson } from '../../src/platform/index.js';
import { commitmentOf, unsealBody, type PredictionBody } from '../../src/predictions/index.js';
import { openTestApp, type TestApp } from '../support/app.js';
import { createLoan, scoreLoan, someLoans, type BookLoan, type ScoredPrediction } from '../support/builders.js';
import type { TestClient } from '../support/client.js';
import { deploySmallModel } from '../support/small-version.js';

interface Outcome {
  readonly pd: number;
  readonly scorePoints: number;
  readonly grade: string;
  readonly wouldDecide: string;
}

interface WhatIf extends ScoredPrediction {
  readonly purpose: string;
  readonly simulation: {
    readonly purpose: string;
    readonly baseline: Outcome & { readonly reasons: readonly { readonly text: string }[] };
    readonly steps: readonly (Outcome & { readonly path: string; readonly from: unknown; readonly to: unknown; readonly features: string[] })[];
  } | null;
}

const OUTCOME = 'pd scorePoints grade wouldDecide';
const WHAT_IF = `id status purpose pd grade scorePoints decision requestId reasons { code text feature } problem { code message }
  simulation { purpose baseline { ${OUTCOME} reasons { text } } steps { path from to features ${OUTCOME} } }`;
const SIMULATE = `mutation ($input: SimulateLoanInput!) { simulateLoan(input: $input) { prediction { ${WHAT_IF} } } }`;

const inputOf = (loan: object, changes: readonly object[], more: object = {}): object => ({ input: { purpose: 'ORIGINATION', ...loan, changes, ...more } });

const simulate = async (client: TestClient, loan: object, changes: readonly object[], more: object = {}): Promise<WhatIf> =>
  (await client.ok<{ simulateLoan: { prediction: WhatIf } }>(SIMULATE, inputOf(loan, changes, more))).simulateLoan.prediction;

const idsOf = (globalId: string): string[] => Buffer.from(globalId, 'base64url').toString().split(':').slice(1);

describe('a what-if', () => {
  let app: TestApp;
  let portal: TestClient;
  let validator: TestClient;
  let auditor: TestClient;
  let loans: BookLoan[];

  beforeAll(async () => {
    app = await openTestApp();
    [portal, validator, auditor] = await Promise.all([app.as('portal'), app.as('validator'), app.as('auditor')]);
    loans = await someLoans(app, 6);
    await deploySmallModel(app, 'small');
    for (const principal of ['1000', '2000', '4900']) await createLoan(portal, `of ${principal}`, { loan: { product: 'small', principal } });
  });
  afterAll(() => app.close());

  const exactPdOf = async (id: string): Promise<number> => (await auditor.ok<{ prediction: { pd: number } }>('query ($id: ID!) { prediction(id: $id) { pd } }', { id })).prediction.pd;
  const scoredPdOf = async (externalId: string): Promise<number> => exactPdOf((await scoreLoan(portal, { externalId })).id);
  const refusal = async (changes: readonly object[], loan: object = { externalId: 'of 1000' }) => {
    const { extensions, message } = await portal.refusal(SIMULATE, inputOf(loan, changes));
    return [extensions.code, message];
  };
  const bodyOf = async (id: string): Promise<PredictionBody> => {
    const [customerId, rowId] = idsOf(id) as [string, string];
    const [row] = await app.sql<{ body: Buffer }>('SELECT body FROM predictions WHERE id = $1', [rowId]);
    return unsealBody(await app.runtime.keys.keyOf(customerId), rowId, row!.body);
  };

  describe('gives the path of the PD', () => {
    it('from the loan as it is over each change, each equal to what such a loan scores', async () => {
      const told = await simulate(validator, { externalId: 'of 1000' }, [{ path: 'loan.principal', value: 2000 }, { path: 'principal', value: 4900 }]);
      const [one, two, four] = [await scoredPdOf('of 1000'), await scoredPdOf('of 2000'), await scoredPdOf('of 4900')];
      expect(one < two && two < four).toBe(true);
      expect(told).toMatchObject({ status: 'SCORED', purpose: 'WHAT_IF', pd: four, grade: 'B', decision: null, problem: null });
      expect(told.simulation).toEqual({
        purpose: 'ORIGINATION',
        baseline: { pd: one, scorePoints: expect.any(Number), grade: 'A', wouldDecide: 'APPROVE', reasons: [] },
        steps: [
          { path: 'loan.principal', from: 1000, to: 2000, features: ['principal'], pd: two, scorePoints: expect.any(Number), grade: 'A', wouldDecide: 'APPROVE' },
          { path: 'loan.principal', from: 2000, to: 4900, features: ['principal'], pd: four, scorePoints: told.scorePoints, grade: 'B', wouldDecide: 'DECLINE' },
        ],
      });
      expect(told.reasons.map(({ code }) => code)).toEqual(['AMOUNT']);
    });

    it('of a rich model as it comes true when the changes are made in the book', async () => {
      const loan = loans[0]!;
      const told = await simulate(validator, { loanId: loan.id }, [
        { path: 'customer.monthlyIncome', value: 900 }, { path: 'repayments[0].daysPastDue', value: 95 }, { path: 'loan.annualRate', value: 0.21 },
      ]);
      expect(told.simulation!.steps[1]!.features.length).toBeGreaterThan(1);
      expect(told.simulation!.baseline.pd).toBe(await scoredPdOf(loan.externalId));
      const [operator, [period]] = [await app.as('operator'), (await auditor.ok<{ loan: { repayments: { periodEnd: string; amountDue: { amount: string }; amountPaid: { amount: string }; balance: { amount: string }; status: string }[] } }>(
        'query ($id: ID!) { loan(id: $id) { repayments(last: 1) { periodEnd status amountDue { amount } amountPaid { amount } balance { amount } } } }', { id: loan.id })).loan.repayments];
      const { periodEnd, status, amountDue, amountPaid, balance } = period!;
      await operator.ok('mutation ($input: UpdateCustomerInput!) { updateCustomer(input: $input) { customer { id } } }', { input: { id: loan.customer.id, attributes: [{ name: 'monthlyIncome', value: 900 }] } });
      await operator.ok('mutation ($input: UpdateLoanInput!) { updateLoan(input: $input) { loan { id } } }', { input: { id: loan.id, annualRate: '0.21' } });
      await operator.ok('mutation ($input: RecordRepaymentsInput!) { recordRepayments(input: $input) { loan { id } } }', {
        input: { id: loan.id, repayments: [{ periodEnd, status, amountDue: amountDue.amount, amountPaid: amountPaid.amount, balance: balance.amount, daysPastDue: 95 }] },
      });
      expect(told.pd).toBe(await scoredPdOf(loan.externalId));
    });

    it('and leaves the book as it is', async () => {
      const before = await scoredPdOf('of 2000');
      await simulate(portal, { externalId: 'of 2000' }, [{ path: 'loan.principal', value: 4500 }]);
      expect(await scoredPdOf('of 2000')).toBe(before);
    });

    it('coarsely to who may not see predictions in full', async () => {
      const { simulation, pd } = await simulate(portal, { loanId: loans[1]!.id }, [{ path: 'customer.monthlyIncome', value: 1234 }]);
      for (const told of [simulation!.baseline, ...simulation!.steps]) expect([told.pd, told.scorePoints % 10]).toEqual([Number(told.pd.toPrecision(2)), 0]);
      expect(pd).toBe(simulation!.steps[0]!.pd);
      const { extensions } = await portal.refusal('mutation ($input: SimulateLoanInput!) { simulateLoan(input: $input) { prediction { simulation { baseline { explanation { logit } } } } } }',
        inputOf({ loanId: loans[1]!.id }, [{ path: 'customer.monthlyIncome', value: 1234 }]));
      expect(extensions.code).toBe('FORBIDDEN');
    });
  });

  describe('is recorded', () => {
    let told: WhatIf;
    beforeAll(async () => void (told = await simulate(validator, { loanId: loans[2]!.id }, [{ path: 'customer.monthlyIncome', value: 700 }, { path: 'loan.annualRate', value: 0.3 }])));

    it('sealed and committed to with its whole way, as the leaf witnesses', async () => {
      const body = await bodyOf(told.id);
      const [leaf] = await app.leaves({ type: 'PREDICTION_RECORDED', id: idsOf(told.id)[1]! });
      expect(body).toMatchObject({ outputs: { pd: told.pd, decision: null, cause: null }, simulation: { purpose: 'ORIGINATION', steps: [{ to: 700 }, { path: 'loan.annualRate', to: 0.3 }] } });
      expect(leaf!['commitment']).toBe(commitmentOf(body).toString('hex'));
      const { simulation, ...without } = body;
      for (const other of [without, { ...body, simulation: { ...simulation!, purpose: 'ACCOUNT_REVIEW' } }]) expect(commitmentOf(other).toString('hex')).not.toBe(leaf!['commitment']);
    });

    it('with attributions before and after, which sum up', async () => {
      const explained = 'baselineLogit logit residual attributions { contribution }';
      const { prediction } = await auditor.ok<{ prediction: { explanation: Explained; simulation: { baseline: { explanation: Explained } } } }>(
        `query ($id: ID!) { prediction(id: $id) { explanation { ${explained} } simulation { baseline { explanation { ${explained} } } } } }`, { id: told.id });
      for (const { baselineLogit, logit, residual, attributions } of [prediction.explanation, prediction.simulation.baseline.explanation]) {
        expect(attributions.reduce((sum, { contribution }) => sum + contribution, baselineLogit + residual)).toBeCloseTo(logit, 6);
      }
    });

    it('and replayed to the bit, every state of it; a lie about any is found out', async () => {
      const replay = async (): Promise<{ reproduced: boolean; maxAbsDifference: number }> =>
        (await auditor.ok<{ prediction: { replay: { reproduced: boolean; maxAbsDifference: number } } }>('query ($id: ID!) { prediction(id: $id) { replay { reproduced maxAbsDifference } } }', { id: told.id })).prediction.replay;
      expect(await replay()).toEqual({ reproduced: true, maxAbsDifference: 0 });
      const body = await bodyOf(told.id);
      const { steps, baseline } = body.simulation!;
      const [customerId, id] = idsOf(told.id) as [string, string];
      const key = await app.runtime.keys.keyOf(customerId);
      for (const [lie, simulation] of Object.entries({
        step: { ...body.simulation!, steps: [{ ...steps[0]!, outputs: { ...steps[0]!.outputs, pd: 0.5 } }, steps[1]!] },
        baseline: { ...body.simulation!, baseline: { ...baseline, outputs: { ...baseline.outputs, grade: 'Z' } } },
        omission: { ...body.simulation!, steps: [steps[0]!] },
      })) {
        await app.sql('UPDATE predictions SET body = $2 WHERE id = $1', [id, key.seal({ table: 'predictions', column: 'body', id }, Buffer.from(canonicalJson({ ...body, simulation })))]);
        expect([lie, (await replay()).reproduced]).toEqual([lie, false]);
      }
    });

    it('and counts nowhere as a decision', async () => {
      const loan = loans[3]!;
      const { id } = await scoreLoan(portal, { loanId: loan.id });
      const whatIf = await simulate(validator, { loanId: loan.id }, [{ path: 'customer.monthlyIncome', value: 100 }]);
      const pd = await exactPdOf(id);
      const seen = await auditor.ok<{ loan: { latestPrediction: { id: string } }; customer: { riskProfile: { pd: number } }; deciding: Listed; all: Listed }>(
        `query ($loan: ID!, $customer: ID!) { loan(id: $loan) { latestPrediction { id } } customer(id: $customer) { riskProfile { pd } }
          all: predictions(filter: { loanId: $loan, purpose: WHAT_IF }) { edges { node { id } } }
          deciding: predictions(filter: { loanId: $loan, purpose: ORIGINATION }) { edges { node { id } } } }`, { loan: loan.id, customer: loan.customer.id });
      expect(seen).toEqual({ loan: { latestPrediction: { id } }, customer: { riskProfile: { pd } }, deciding: { edges: [{ node: { id } }] }, all: { edges: [{ node: { id: whatIf.id } }] } });
      for (const decision of ['APPROVE', 'REFER', 'DECLINE']) {
        const { predictions } = await auditor.ok<{ predictions: Listed }>('query ($filter: PredictionFilterInput) { predictions(first: 200, filter: $filter) { edges { node { id } } } }', { filter: { decision } });
        expect(predictions.edges.map(({ node }) => node.id)).not.toContain(whatIf.id);
      }
      expect(await portal.ok('query ($id: ID!) { prediction(id: $id) { id } }', { id: whatIf.id })).toEqual({ prediction: null });
    });
  });

  describe('with a requestId', () => {
    it('is done once; another body, or scoring, under it is a conflict', async () => {
      const changes = [{ path: 'loan.principal', value: 3000 }];
      const first = await simulate(portal, { externalId: 'of 1000' }, changes, { requestId: 'twice' });
      expect(await simulate(portal, { externalId: 'of 1000' }, changes, { requestId: 'twice' })).toEqual(first);
      expect((await portal.refusal(SIMULATE, inputOf({ externalId: 'of 1000' }, [{ path: 'loan.principal', value: 3001 }], { requestId: 'twice' }))).extensions.code).toBe('CONFLICT');
      await expect(scoreLoan(portal, { externalId: 'of 1000', requestId: 'twice' })).rejects.toThrow('CONFLICT');
    });
  });

  describe('is refused, and nothing is recorded,', () => {
    it.each([
      ['a field that no feature reads', [{ path: 'loan.princpal', value: 1 }], 'changes[0]: the model does not look at "loan.princpal", so changing it changes nothing. Did you mean "loan.principal"? It reads loan.principal.'],
      ['a protected attribute', [{ path: 'customer.sex', value: 'female' }], 'changes[0]: the model does not look at "customer.sex", so changing it changes nothing. It reads loan.principal.'],
      ['what is fixed', [{ path: 'loan.currency', value: 'USD' }], 'changes[0]: loan.currency is fixed for the life of a loan; record another loan and score that.'],
      ['no change', [{ path: 'loan.principal', value: 7 }, { path: 'principal', value: 7 }], 'changes[1]: loan.principal is 7 already; give another value, or leave this change out.'],
      ['a wrong type', [{ path: 'loan.principal', value: 'much' }], 'changes[0] (loan.principal): "Amount" must be a number, but it is the text "much"; correct the value of feature principal.'],
      ['an absurd number', [{ path: 'loan.principal', value: 1e39 }], 'changes[0] (loan.principal): "Amount" must be a finite number of at most 1e30, but it is the number 1e+39; correct the value of feature principal.'],
    ])('for %s', async (_, changes, message) => {
      const count = 'SELECT count(*) FROM predictions';
      const before = await app.sql(count);
      expect(await refusal(changes)).toEqual(['BAD_INPUT', message]);
      expect(await app.sql(count)).toEqual(before);
    });

    it('for a computed feature, telling what it is computed from, and for a period that the loan has not', async () => {
      const loan = { loanId: loans[4]!.id };
      const [code, message] = await refusal([{ path: 'repayments[0].balanc', value: 1 }], loan);
      expect([code, message]).toEqual(['BAD_INPUT', expect.stringMatching(/Did you mean "repayments\[0\]\.balance"\? It reads customer\./)]);
      expect(await refusal([{ path: 'repayments[23].balance', value: 1 }], loan)).toEqual(['BAD_INPUT', expect.stringMatching(/does not look at "repayments\[23\]\.balance"|there is no period 23\.$/)]);
      const [, computed] = await refusal([{ path: 'utilisation', value: 1 }], loan);
      expect(computed).toMatch(/^changes\[0\]: the feature "utilisation" is computed; change what it is computed from: repayments\[0\]\.balance, loan\./);
    });

    it('without changes, or with more than twenty', async () => {
      expect((await refusal([]))[1]).toContain('changes: name at least one.');
      expect((await refusal(Array.from({ length: 21 }, (_, index) => ({ path: 'loan.principal', value: index }))))[1]).toContain('changes: at most 20.');
    });

    it('for a loan that does not exist', async () => {
      expect(await refusal([{ path: 'loan.principal', value: 1 }], { externalId: 'nowhere' })).toEqual(['NOT_FOUND', 'There is no loan "nowhere". Pass a loan\'s id or its externalId.']);
    });
  });

  it('of a loan that no model serves is recorded as refused, like an act of scoring', async () => {
    await createLoan(portal, 'unserved', { loan: { product: 'unserved' } });
    expect(await simulate(portal, { externalId: 'unserved' }, [{ path: 'loan.principal', value: 1 }])).toMatchObject({ status: 'REFUSED', purpose: 'WHAT_IF', pd: null, simulation: null, problem: { code: 'NO_MODEL' } });
  });
});

interface Explained {
  readonly baselineLogit: number;
  readonly logit: number;
  readonly residual: number;
  readonly attributions: readonly { readonly contribution: number }[];
}

interface Listed {
  readonly edges: readonly { readonly node: { readonly id: string } }[];
}
