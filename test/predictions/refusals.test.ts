import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openEmptyTestApp, openTestApp, type TestApp } from '../support/app.js';
import { createLoan, SCORE_LOAN, scoreLoan, someLoans, type BookLoan, type ScoredPrediction } from '../support/builders.js';
import type { TestClient } from '../support/client.js';
import { damageArtefact, deploySmallModel } from '../support/small-version.js';

const count = async (app: TestApp, table: string): Promise<number> => Number((await app.sql<{ count: string }>(`SELECT count(*) FROM ${table}`))[0]!.count);

describe('what cannot be scored', () => {
  let app: TestApp;
  let portal: TestClient;
  let auditor: TestClient;
  /** A server that started when an artefact was broken already. */
  let afterwards: { readonly url: string; close(): Promise<void> } | undefined;
  beforeAll(async () => {
    app = await openTestApp();
    [portal, auditor] = await Promise.all([app.as('portal'), app.as('auditor')]);
  });
  afterAll(async () => {
    await afterwards?.close();
    await app.close();
  });

  describe('for want of a live model', () => {
    const asked = { externalId: 'exotic', requestId: 'no model' };
    let refused: ScoredPrediction;
    beforeAll(async () => {
      await createLoan(portal, 'exotic', { loan: { product: 'exotic-loan' } });
      refused = await scoreLoan(portal, asked);
    });

    it('is recorded as refused, with what to do', () => {
      expect(refused).toMatchObject({
        status: 'REFUSED', pd: null, grade: null, decision: null, scorePoints: null, reasons: [],
        problem: { code: 'NO_MODEL', message: 'No live model serves ORIGINATION of exotic-loan. Deploy an approved version of a model that declares this product and purpose.' },
      });
    });

    it('has its audit leaf like every other', async () => {
      const [leaf] = await app.leaves({ type: 'PREDICTION_RECORDED' });
      expect(leaf).toMatchObject({ status: 'REFUSED', artefact: null, dossier: null, deployment: null });
    });

    it('stays refused for the same requestId, even when a model has come since', async () => {
      await deploySmallModel(app, 'exotic-loan');
      expect((await scoreLoan(portal, { ...asked, requestId: 'a new one' })).status).toBe('SCORED');
      expect(await scoreLoan(portal, asked)).toEqual(refused);
    });

    it('names what the model that was asked for serves', async () => {
      const { models } = await auditor.ok<{ models: { edges: { node: { id: string; name: string } }[] } }>('{ models(first: 1) { edges { node { id name } } } }');
      const { problem } = await scoreLoan(portal, { externalId: 'exotic', modelId: models.edges[0]!.node.id });
      expect(problem).toEqual({ code: 'NO_MODEL', message: expect.stringMatching(/^The model "PD, retail .*" serves ORIGINATION of personal-loan, .*, not ORIGINATION of exotic-loan\. Name another, or leave modelId out\.$/) });
    });
  });

  it('because several models would serve it is recorded as refused', async () => {
    await createLoan(portal, 'ambiguous', { loan: { product: 'two-models' } });
    const { modelId } = await deploySmallModel(app, 'two-models');
    await app.sql(`UPDATE models SET products = products || '{two-models}' WHERE name LIKE 'PD, retail%'`);
    const replica = await app.openReplica();
    try {
      expect((await scoreLoan(portal.at(replica.url), { externalId: 'ambiguous' })).problem).toEqual({
        code: 'AMBIGUOUS_MODEL', message: expect.stringMatching(/^2 live models serve ORIGINATION of two-models: .+\. Name one with modelId\.$/),
      });
      expect((await scoreLoan(portal.at(replica.url), { externalId: 'ambiguous', modelId })).status).toBe('SCORED');
    } finally {
      await replica.close();
    }
  });

  it('for want of a required feature is recorded as refused, naming the feature', async () => {
    const rows = Array.from({ length: 40 }, (_, i) => ({ customer: {}, loan: { annualRate: 0.01 * i }, repayments: [] }));
    const spec = { name: 'rate', label: 'Yearly rate', source: { path: 'loan.annualRate' }, type: 'numeric', missing: { rule: 'required' }, transform: 'standardise', reasonCode: 'RATE' } as const;
    await deploySmallModel(app, 'needs-rate', { spec, rows });
    await createLoan(portal, 'without', { loan: { product: 'needs-rate' } });
    await createLoan(portal, 'with', { loan: { product: 'needs-rate', annualRate: '0.05' } });
    expect((await scoreLoan(portal, { externalId: 'with' })).status).toBe('SCORED');
    const refused = await scoreLoan(portal, { externalId: 'without', requestId: 'lacking' });
    expect(refused).toMatchObject({ status: 'REFUSED', pd: null, problem: { message: '"Yearly rate" is required, but it is missing; supply a value for feature rate.' } });
    const { prediction } = await auditor.ok<{ prediction: object }>('query ($id: ID!) { prediction(id: $id) { modelVersion { version } deployment { role } inputs { name value flags } explanation { logit } replay { reproduced } record { canonical } } }', { id: refused.id });
    expect(prediction).toMatchObject({ modelVersion: { version: 1 }, deployment: { role: 'CHAMPION' }, explanation: null, replay: null, record: { canonical: expect.stringContaining('is required') } });
    expect(prediction).toMatchObject({ inputs: [{ name: 'rate', value: null, flags: ['MISSING'] }] });
  });

  it('because the stored artefact is broken stops no server; it is recorded as failed, and told without its inside', async () => {
    const { artefact } = await deploySmallModel(app, 'broken', { weight: 1.5 }); // bytes of its own: artefacts are shared by content
    await damageArtefact(app, artefact);
    await createLoan(portal, 'unlucky', { loan: { product: 'broken' } });
    afterwards = await app.openReplica();
    const failed = await scoreLoan(portal.at(afterwards.url), { externalId: 'unlucky', requestId: 'broken' });
    expect(failed).toMatchObject({ status: 'FAILED', pd: null, decision: null, problem: { code: 'INTERNAL' } });
    expect(failed.problem!.message).not.toMatch(/Error|\.js|protobuf/);
    expect(await scoreLoan(portal, { externalId: 'unlucky', requestId: 'broken' })).toEqual(failed);
    const { prediction } = await auditor.ok<{ prediction: object }>('query ($id: ID!) { prediction(id: $id) { status inputs { name } explanation { logit } replay { reproduced } modelVersion { version } } }', { id: failed.id });
    expect(prediction).toEqual({ status: 'FAILED', inputs: [], explanation: null, replay: null, modelVersion: { version: 1 } });
  });

  it('does not stop the loans beside it', async () => {
    const [good] = (await someLoans(app, 1)) as [BookLoan];
    const { scoreLoans } = await portal.at(afterwards!.url).ok<{ scoreLoans: { results: { prediction: { status: string } | null }[] } }>(
      'mutation ($input: ScoreLoansInput!) { scoreLoans(input: $input) { results { prediction { status } } } }',
      { input: { loans: ['unlucky', good.id, 'without', 'nobody', 'with'], purpose: 'ORIGINATION', requestId: 'mixed' } });
    expect(scoreLoans.results.map(({ prediction }) => prediction?.status)).toEqual(['FAILED', 'SCORED', 'REFUSED', undefined, 'SCORED']);
  });

  it('is nothing of a customer whose key is destroyed: there is nothing left to seal a record with', async () => {
    const loan = await createLoan(portal, 'erased');
    await app.runtime.keys.destroy(Buffer.from(loan.customer.id, 'base64url').toString().split(':')[1]!);
    const before = await count(app, 'predictions');
    const { extensions, message } = await portal.refusal(SCORE_LOAN, { input: { externalId: 'erased', purpose: 'ORIGINATION', requestId: 'erased' } });
    expect([extensions.code, message]).toEqual(['NOT_FOUND', 'The personal data of this customer was erased; nothing can be scored.']);
    expect(await count(app, 'predictions')).toBe(before);
  });
});

describe('a record', () => {
  let app: TestApp;
  let portal: TestClient;
  let loan: BookLoan;
  beforeAll(async () => {
    app = await openTestApp();
    portal = await app.as('portal');
    [loan] = (await someLoans(app, 1)) as [BookLoan];
    // Who asks is known already.
    await portal.ok('{ me { name } }');
  });
  afterAll(() => app.close());

  it.each([['audit_intake'], ['predictions'], ['idempotency']])('that cannot be written whole is not written: without INSERT on %s nothing remains, and it can be tried again', async (table) => {
    const tables = ['audit_intake', 'predictions', 'idempotency'];
    const counts = (): Promise<number[]> => Promise.all(tables.map((name) => count(app, name)));
    const before = await counts();
    const input = { loanId: loan.id, requestId: `without ${table}` };
    await app.sql(`REVOKE INSERT ON ${table} FROM assay_app`);
    try {
      const { extensions, message } = await portal.refusal(SCORE_LOAN, { input: { ...input, purpose: 'ORIGINATION' } });
      expect([extensions.code, message]).toEqual(['INTERNAL', 'Something went wrong inside Assay. The log tells more under this id.']);
      expect(await counts()).toEqual(before);
    } finally {
      await app.sql(`GRANT INSERT ON ${table} TO assay_app`);
    }
    expect((await scoreLoan(portal, input)).status).toBe('SCORED');
    expect(await counts()).toEqual(before.map((rows) => rows + 1));
  });

  it.each([
    ['UPDATE predictions SET pd = 0'], ['DELETE FROM predictions'], ['TRUNCATE predictions'],
    ['UPDATE predictions_default SET pd = 0'], ['DELETE FROM audit_intake'], ['UPDATE audit_intake SET leaf = leaf'], ['UPDATE idempotency SET result = result'],
  ])('cannot be changed by the application itself: %s', async (statement) => {
    await expect(app.runtime.db.transaction((tx) => tx.query(statement))).rejects.toThrow(/permission denied/);
  });

  it('cannot be changed through any partition of its table', async () => {
    const partitions = await app.sql<{ name: string }>(`SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = 'predictions'::regclass`);
    expect(partitions.length).toBeGreaterThan(12);
    for (const { name } of partitions) {
      await expect(app.runtime.db.transaction((tx) => tx.query(`DELETE FROM ${name}`))).rejects.toThrow(/permission denied/);
    }
  });

  it('cannot be written at all by the role that reads', async () => {
    await expect(app.runtime.db.query('INSERT INTO audit_intake (id, type, leaf) VALUES (gen_random_uuid(), $1, $2)', ['x', Buffer.from('x')])).rejects.toThrow(/permission denied/);
  });
});

describe('an empty Assay', () => {
  let app: TestApp;
  beforeAll(async () => void (app = await openEmptyTestApp()));
  afterAll(() => app.close());

  it('records a loan and refuses to score it, in as many words', async () => {
    const portal = await app.as('portal');
    await createLoan(portal, 'first');
    expect((await scoreLoan(portal, { externalId: 'first' })).problem!.message).toMatch(/^No live model serves ORIGINATION of personal-loan\. Deploy /);
  });
});
