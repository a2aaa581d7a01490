import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { columnsDigest, type PredictionColumns } from '../../src/predictions/index.js';
import { openTestApp, type TestApp } from '../support/app.js';
import { createLoan, scoreLoan, SCORE_LOAN } from '../support/builders.js';
import type { TestClient } from '../support/client.js';
import { approveSmallVersion, damageArtefact, deploy, registerSmallModel, type SmallDeployment } from '../support/small-version.js';

type Row = PredictionColumns & { readonly row_salt: Buffer };

const PRINCIPALS = [500, 1_500, 2_500, 3_500, 4_500, 6_500];
const rowId = (globalId: string): string => Buffer.from(globalId, 'base64url').toString().split(':').at(-1)!;

const DEPLOY = 'mutation ($input: DeployModelVersionInput!) { deployModelVersion(input: $input) { deployment { id role share } } }';
const END = 'mutation ($input: EndDeploymentInput!) { endDeployment(input: $input) { deployment { validTo endReason endedBy { name } } } }';
const WHOLE = `query ($id: ID!) { prediction(id: $id) { wouldDecide decision pd recordedAt challengerOf { id } modelVersion { id } deployment { role } inputs { name value }
  reasons { code text } explanation { method baselineLogit logit residual attributions { feature contribution } } replay { reproduced maxAbsDifference } problem { code }
  challengers { id status decision wouldDecide pd scorePoints requestId challengerOf { id } modelVersion { id } deployment { role } inputs { name value }
    reasons { code text } explanation { method logit residual attributions { feature contribution } } replay { reproduced maxAbsDifference } record { sha256 commitment } problem { code message } } } }`;

interface Whole {
  readonly pd: number;
  readonly recordedAt: string;
  readonly challengers: readonly (Record<string, unknown> & { id: string; pd: number | null; explanation: object | null; wouldDecide: string | null })[];
}

const policyOf = (pd: number): string => (pd < 0.4 ? 'APPROVE' : pd < 0.6 ? 'REFER' : 'DECLINE');
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const points = (pd: number): number => 600 + (50 / Math.LN2) * (Math.log(1 / 19) - Math.log(pd / (1 - pd)));

describe('challengers', () => {
  let app: TestApp;
  let portal: TestClient;
  let ada: TestClient;
  let auditor: TestClient;
  let champion: SmallDeployment;
  let first: SmallDeployment;
  let second: SmallDeployment;
  beforeAll(async () => {
    app = await openTestApp();
    [portal, ada, auditor] = await Promise.all([app.as('portal'), app.as('admin'), app.as('auditor')]);
    const model = await registerSmallModel(app, 'challenged');
    champion = await approveSmallVersion(app, model, { weight: 1 });
    first = await approveSmallVersion(app, model, { weight: 2 });
    second = await approveSmallVersion(app, model, { weight: 3 });
    for (const [index, principal] of PRINCIPALS.entries()) await createLoan(portal, `c${index}`, { loan: { product: 'challenged', principal: String(principal) } });
    await deploy(ada, champion.versionId);
  });
  afterAll(() => app.close());

  const challenge = async ({ versionId }: SmallDeployment): Promise<string> =>
    (await ada.ok<{ deployModelVersion: { deployment: { id: string } } }>(DEPLOY, { input: { versionId, role: 'CHALLENGER', reason: 'Is it better?' } })).deployModelVersion.deployment.id;
  const endAll = async (): Promise<void> => {
    for (const { id } of await app.sql<{ id: string }>(`SELECT id FROM deployments WHERE role <> 'CHAMPION' AND valid_to IS NULL`)) {
      await ada.ok(END, { input: { deploymentId: Buffer.from(`Deployment:${id}`).toString('base64url'), reason: 'Seen.' } });
    }
  };
  const whole = async (id: string): Promise<Whole> => (await auditor.ok<{ prediction: Whole }>(WHOLE, { id })).prediction;
  const rowsOf = (id: string): Promise<Row[]> => app.sql<Row>('SELECT * FROM predictions WHERE id = $1 OR shadow_of = $1 ORDER BY shadow_of NULLS FIRST, id', [rowId(id)]);

  describe('score the same request without deciding', () => {
    let id: string;
    let told: Whole;
    let rows: Row[];
    beforeAll(async () => {
      for (const version of [first, second]) await challenge(version);
      ({ id } = await scoreLoan(portal, { externalId: 'c3', requestId: 'challenged' }));
      [told, rows] = [await whole(id), await rowsOf(id)];
    });

    it('each a row of its own, linked both ways, with what it would have decided', () => {
      expect(told.challengers.map(({ modelVersion, deployment, decision, requestId, challengerOf }) => ({ modelVersion, deployment, decision, requestId, challengerOf }))).toEqual(
        [first, second].map(({ versionId }) => ({ modelVersion: { id: versionId }, deployment: { role: 'CHALLENGER' }, decision: null, requestId: null, challengerOf: { id } })));
      expect(told).toMatchObject({ wouldDecide: null, challengerOf: null, deployment: { role: 'CHAMPION' } });
      for (const { pd, wouldDecide } of told.challengers) expect(wouldDecide).toBe(pd! < 0.4 ? 'APPROVE' : pd! < 0.6 ? 'REFER' : 'DECLINE');
    });

    it('with the PD of their own version, known in closed form', () => {
      const x = Math.log(told.pd / (1 - told.pd)) + 1;
      const expected = [2, 3].map((weight) => expect.closeTo(1 / (1 + Math.exp(1 - weight * x)), 5));
      expect(told.challengers.map(({ pd }) => pd)).toEqual(expected);
    });

    it('in the same transaction, stamped by the same clock', async () => {
      const [one, ...others] = await app.sql<{ xmin: string }>('SELECT xmin::text FROM predictions WHERE id = $1 OR shadow_of = $1', [rowId(id)]);
      expect(others).toEqual([one, one]);
      expect(new Set(rows.map(({ recorded_at }) => recorded_at!.toISOString()))).toEqual(new Set([told.recordedAt]));
    });

    it('recorded without an explanation, which is computed when it is read, from the record alone, as if the version had decided', async () => {
      expect(told.challengers.map(({ explanation }) => explanation)).toEqual([expect.objectContaining({ logit: expect.any(Number) }), expect.objectContaining({ logit: expect.any(Number) })]);
      await endAll();
      await deploy(ada, first.versionId);
      const decided = await whole((await scoreLoan(portal, { externalId: 'c3' })).id);
      await deploy(ada, champion.versionId);
      const { explanation: { method, logit, residual, attributions }, reasons, inputs } = decided as unknown as { explanation: Record<string, unknown>; reasons: unknown; inputs: unknown };
      expect(told.challengers[0]).toMatchObject({ explanation: { method, logit, residual, attributions }, reasons, inputs, pd: decided.pd });
    });

    it('and are replayed to the bit', () => {
      expect(told.challengers.map(({ replay }) => replay)).toEqual([{ reproduced: true, maxAbsDifference: 0 }, { reproduced: true, maxAbsDifference: 0 }]);
    });

    it('each witnessed by a leaf of its own, the digest of whose columns covers the new ones where they are set', async () => {
      for (const row of rows) {
        const [leaf] = await app.leaves({ type: 'PREDICTION_RECORDED', id: row.id });
        expect(leaf).toMatchObject({ columns: columnsDigest(row.row_salt, row).toString('hex'), deployment: row.deployment_id, status: 'SCORED' });
        for (const [name, value] of [['shadow_of', row.shadow_of ? null : row.id], ['would_decide', row.would_decide ? null : 'APPROVE'], ['recorded_at', null]] as const) {
          expect([name, columnsDigest(row.row_salt, { ...row, [name]: value }).toString('hex')]).not.toEqual([name, leaf!['columns']]);
        }
      }
      const old = { ...rows[0]!, shadow_of: null, would_decide: null, recorded_at: null };
      const { shadow_of: _, would_decide: __, recorded_at: ___, ...before } = old;
      expect(columnsDigest(old.row_salt, old)).toEqual(columnsDigest(old.row_salt, before as unknown as PredictionColumns));
    });
  });

  it('share the idempotency of what decides: a repeated request records nothing anew', async () => {
    await challenge(first);
    const input = { externalId: 'c1', requestId: 'twice' };
    const [{ id }, again] = [await scoreLoan(portal, input), await scoreLoan(portal, input)];
    expect([again.id, (await rowsOf(id)).length]).toEqual([id, 2]);
    const many = await Promise.all(Array.from({ length: 8 }, () => scoreLoan(portal, { externalId: 'c2', requestId: 'at once' })));
    expect([new Set(many.map((one) => one.id)).size, (await rowsOf(many[0]!.id)).length]).toEqual([1, 2]);
  });

  it('are not asked about what-ifs', async () => {
    const { simulateLoan } = await portal.ok<{ simulateLoan: { prediction: { id: string } } }>(
      'mutation ($input: SimulateLoanInput!) { simulateLoan(input: $input) { prediction { id } } }',
      { input: { externalId: 'c1', purpose: 'ORIGINATION', changes: [{ path: 'loan.principal', value: 700 }] } });
    expect(await rowsOf(simulateLoan.prediction.id)).toHaveLength(1);
  });

  it('are never seen by who may not see predictions in full', async () => {
    const { id } = await scoreLoan(portal, { externalId: 'c4' });
    const [, hidden] = await rowsOf(id);
    const global = Buffer.from(`Prediction:${hidden!.customer_id}:${hidden!.id}`).toString('base64url');
    const loan = Buffer.from(`Loan:${hidden!.customer_id}:${hidden!.loan_id}`).toString('base64url');
    const LISTS = `query ($id: ID!, $loan: ID!) { prediction(id: $id) { id } node(id: $id) { id } loan(id: $loan) { latestPrediction { id } predictions(first: 50) { totalCount edges { node { id } } } customer { riskProfile { asOf } } }
      predictions(first: 200, filter: { loanId: $loan }) { totalCount edges { node { id } } } challengers: predictions(filter: { loanId: $loan, challenger: true }) { totalCount } }`;
    const borrower = await app.asBorrower('c4');
    for (const client of [portal, await app.as('underwriter'), borrower]) {
      const seen = await client.ok<Record<string, { totalCount: number; edges: { node: { id: string } }[] }> & { loan: { latestPrediction: { id: string } } }>(LISTS, { id: global, loan });
      expect(seen).toMatchObject({ prediction: null, node: null, loan: { latestPrediction: { id }, predictions: { totalCount: 1 } }, predictions: { totalCount: 1 }, challengers: { totalCount: 0 } });
      expect(JSON.stringify(seen)).not.toContain(global);
      for (const field of ['challengers { id }', 'challengerOf { id }', 'wouldDecide', 'recordedAt']) {
        expect((await client.query(`query ($id: ID!) { prediction(id: $id) { ${field} } }`, { id })).errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
      }
    }
    const all = await auditor.ok<Record<string, unknown>>(LISTS, { id: global, loan });
    expect(all).toMatchObject({ prediction: { id: global }, loan: { latestPrediction: { id } }, predictions: { totalCount: 2 }, challengers: { totalCount: 1 } });
  });

  it('that cannot be loaded, or run, do no harm: the failure is recorded beside the decision', async () => {
    await endAll();
    const model = await registerSmallModel(app, 'harmless');
    const versions = [await approveSmallVersion(app, model, { weight: 1 }), await approveSmallVersion(app, model, { weight: 5 })];
    await createLoan(portal, 'harmless', { loan: { product: 'harmless' } });
    await deploy(ada, versions[0]!.versionId);
    await challenge(versions[1]!);
    await damageArtefact(app, versions[1]!.artefact);
    const replica = await app.openReplica();
    try {
      const { scoreLoan: { prediction } } = await portal.at(replica.url).ok<{ scoreLoan: { prediction: { id: string; status: string } } }>(SCORE_LOAN, { input: { externalId: 'harmless', purpose: 'ORIGINATION' } });
      expect(prediction.status).toBe('SCORED');
      expect((await whole(prediction.id)).challengers).toMatchObject([{ status: 'FAILED', pd: null, wouldDecide: null, explanation: null, replay: null, problem: { code: 'INTERNAL' } }]);
    } finally {
      await replica.close();
    }
  });

  describe('are compared with what decided', () => {
    const COMPARISON = `query ($id: ID!, $since: DateTime, $until: DateTime) { node(id: $id) { ... on Deployment { comparison(since: $since, until: $until) { pairs incomplete agreementRate matrix { decision wouldDecide pairs }
      swapIn { pairs known defaults defaultRate } swapOut { pairs known defaults defaultRate } scoreShift { mean p10 p50 p90 } ks outcomes { known defaults auc challengerAuc brier challengerBrier } } } } }`;
    interface Told { readonly node: { readonly comparison: Record<string, unknown> & { matrix: { decision: string; wouldDecide: string; pairs: number }[] } } }
    let deployment: string;
    let until: string;
    /** [decided PD, challenger's PD, defaulted] of each loan. */
    let pairs: [number, number, boolean][];
    beforeAll(async () => {
      await endAll();
      deployment = await challenge(second);
      const scored = [];
      for (const index of PRINCIPALS.keys()) scored.push(await whole((await scoreLoan(portal, { externalId: `c${index}` })).id));
      until = new Date().toISOString();
      pairs = scored.map(({ pd, challengers }, index) => [pd, challengers[0]!.pd!, index % 2 === 1]);
      const operator = await app.as('operator');
      for (const index of PRINCIPALS.keys()) {
        const input = { externalId: `c${index}`, defaulted: index % 2 === 1 };
        await operator.ok('mutation ($input: RecordOutcomeInput!) { recordOutcome(input: $input) { __typename } }', { input });
      }
    });
    const compared = async (span: object = {}) => (await auditor.ok<Told>(COMPARISON, { id: deployment, ...span })).node.comparison;

    it('decision against decision, swap sets and score shift are those of the pairs', async () => {
      const told = await compared();
      expect(told).toMatchObject({ pairs: pairs.length, incomplete: 0 });
      expect(told['agreementRate']).toBeCloseTo(mean(pairs.map(([a, b]) => (policyOf(a) === policyOf(b) ? 1 : 0))), 12);
      for (const { decision, wouldDecide, pairs: count } of told.matrix) expect(count).toBe(pairs.filter(([a, b]) => policyOf(a) === decision && policyOf(b) === wouldDecide).length);
      expect(told.matrix.reduce((sum, cell) => sum + cell.pairs, 0)).toBe(pairs.length);
      expect(told['swapIn']).toMatchObject({ pairs: pairs.filter(([a, b]) => policyOf(a) !== 'APPROVE' && policyOf(b) === 'APPROVE').length });
      expect(told['swapOut']).toMatchObject({ pairs: pairs.filter(([a, b]) => policyOf(a) === 'APPROVE' && policyOf(b) !== 'APPROVE').length });
      const shifts = pairs.map(([a, b]) => points(b) - points(a));
      expect((told['scoreShift'] as { mean: number }).mean).toBeCloseTo(mean(shifts), 6);
    });

    it('KS, AUC, Brier and the default rates of swap sets are those of the same loans', async () => {
      const told = await compared();
      const at = (value: number, which: 0 | 1): number => mean(pairs.map((pair) => (pair[which] <= value ? 1 : 0)));
      expect(told['ks']).toBeCloseTo(Math.max(...pairs.flatMap(([a, b]) => [a, b]).map((value) => Math.abs(at(value, 0) - at(value, 1)))), 12);
      const [bad, good] = [pairs.filter(([, , defaulted]) => defaulted), pairs.filter(([, , defaulted]) => !defaulted)];
      const auc = (which: 0 | 1): number => mean(bad.flatMap((one) => good.map((other) => (one[which] > other[which] ? 1 : one[which] === other[which] ? 0.5 : 0))));
      const brier = (which: 0 | 1): number => mean(pairs.map((pair) => (pair[which] - (pair[2] ? 1 : 0)) ** 2));
      expect(told['outcomes']).toEqual({
        known: pairs.length, defaults: bad.length, auc: expect.closeTo(auc(0), 12), challengerAuc: expect.closeTo(auc(1), 12), brier: expect.closeTo(brier(0), 12), challengerBrier: expect.closeTo(brier(1), 12),
      });
      const swapped = pairs.filter(([a, b]) => policyOf(a) === 'APPROVE' && policyOf(b) !== 'APPROVE');
      expect(told['swapOut']).toMatchObject({ known: swapped.length, defaults: swapped.filter(([, , defaulted]) => defaulted).length });
    });

    it('in a span of time; of other roles there is no comparison, and without prediction:detail it is not told', async () => {
      expect(await compared({ since: until })).toMatchObject({ pairs: 0, agreementRate: null, matrix: [], scoreShift: null, ks: null, outcomes: { known: 0, auc: null } });
      expect(await compared({ until })).toMatchObject({ pairs: pairs.length });
      expect((await auditor.query(COMPARISON, { id: deployment, since: until, until })).errors).toMatchObject([{ extensions: { code: 'BAD_INPUT' } }]);
      const { model } = await auditor.ok<{ model: { liveDeployment: { comparison: null } } }>('query ($id: ID!) { model(id: $id) { liveDeployment { comparison { pairs } } } }', { id: champion.modelId });
      expect(model.liveDeployment.comparison).toBeNull();
      expect((await (await app.as('underwriter')).query(COMPARISON, { id: deployment })).errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
    });

    it("and a version's performance counts its own rows: what it decided where it did, else what it said", async () => {
      const { modelVersion } = await auditor.ok<{ modelVersion: { performance: { loans: number } } }>('query ($id: ID!) { modelVersion(id: $id) { performance { loans defaults } } }', { id: second.versionId });
      expect(modelVersion.performance).toEqual({ loans: pairs.length, defaults: 3 });
    });
  });

  it('a canary decides for its share, always the same customers, and its predictions point at it', async () => {
    await endAll();
    const { deployModelVersion: { deployment } } = await ada.ok<{ deployModelVersion: { deployment: { id: string; role: string; share: number } } }>(DEPLOY, { input: { versionId: first.versionId, role: 'CANARY', share: 0.5, reason: 'A few first.' } });
    expect(deployment).toMatchObject({ role: 'CANARY', share: 0.5 });
    const decidedBy = async (): Promise<string[]> => {
      const found = [];
      for (const index of PRINCIPALS.keys()) {
        const [row] = await rowsOf((await scoreLoan(portal, { externalId: `c${index}` })).id);
        expect(row!.version_id).toBe(rowId(row!.deployment_id === rowId(deployment.id) ? first.versionId : champion.versionId));
        found.push(row!.deployment_id!);
      }
      return found;
    };
    const once = await decidedBy();
    expect(await decidedBy()).toEqual(once);
  });

  it('a model that must refer scores, and a person decides: REFER with the cause, which the replay knows', async () => {
    await endAll();
    const restore = (await app.sql<{ source: string }>(`SELECT pg_get_functiondef('model_refer_cause(uuid, uuid)'::regprocedure) AS source`))[0]!.source;
    await app.sql(`CREATE OR REPLACE FUNCTION model_refer_cause(model uuid, version uuid) RETURNS text LANGUAGE sql STABLE AS $$ SELECT 'WAIVER_EXPIRED'::text $$`);
    const replica = await app.openReplica();
    try {
      const { scoreLoan: { prediction } } = await portal.at(replica.url).ok<{ scoreLoan: { prediction: { id: string } } }>(SCORE_LOAN, { input: { externalId: 'c0', purpose: 'ORIGINATION' } });
      expect(prediction).toMatchObject({ status: 'SCORED', decision: 'REFER', pd: expect.any(Number) });
      const { prediction: { record, replay } } = await auditor.ok<{ prediction: { record: { canonical: string }; replay: object } }>('query ($id: ID!) { prediction(id: $id) { record { canonical } replay { reproduced } } }', { id: prediction.id });
      expect(JSON.parse(record.canonical)).toMatchObject({ outputs: { decision: 'REFER', cause: 'WAIVER_EXPIRED' } });
      expect(replay).toEqual({ reproduced: true });
    } finally {
      await replica.close();
      await app.sql(restore);
    }
  });
});
