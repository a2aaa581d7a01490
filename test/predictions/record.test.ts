import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { canonicalJson } from '../../src/platform/index.js';
import { canonicalColumns, columnsDigest, columnsInDigest, commitmentOf, unsealBody, type PredictionBody, type PredictionColumns } from '../../src/predictions/index.js';
import { DICTIONARY, pack, unpack } from '../../src/predictions/record/packing.js';
import { PROJECT } from '../support/cli.js';
import { openTestApp, type TestApp } from '../support/app.js';
import { createLoan, scoreLoan, someLoans, type BookLoan } from '../support/builders.js';
import type { TestClient } from '../support/client.js';
import { damageArtefact, deploySmallModel } from '../support/small-version.js';

type StoredRow = PredictionColumns & { readonly body: Buffer; readonly row_salt: Buffer };

const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const idsOf = (globalId: string): string[] => Buffer.from(globalId, 'base64url').toString().split(':').slice(1);
const REPLAY = 'query ($id: ID!) { prediction(id: $id) { replay { reproduced maxAbsDifference runtime recordedRuntime } } }';

describe('the record of a prediction', () => {
  let app: TestApp;
  let portal: TestClient;
  let auditor: TestClient;
  let loans: BookLoan[];
  beforeAll(async () => {
    app = await openTestApp();
    [portal, auditor] = await Promise.all([app.as('portal'), app.as('auditor')]);
    loans = await someLoans(app, 10);
  });
  afterAll(() => app.close());

  const stored = async (id: string): Promise<StoredRow> => (await app.sql<StoredRow>('SELECT * FROM predictions WHERE id = $1', [idsOf(id)[1]]))[0]!;
  const bodyOf = async (row: StoredRow): Promise<PredictionBody> => unsealBody(await app.runtime.keys.keyOf(row.customer_id), row.id, row.body);

  const xmin = async (table: string, condition: string): Promise<string> =>
    (await app.sql<{ xmin: string }>(`SELECT xmin::text FROM ${table} WHERE ${condition}`))[0]!.xmin;

  const replayOf = async (id: string): Promise<{ reproduced: boolean; maxAbsDifference: number } | null> =>
    (await auditor.ok<{ prediction: { replay: { reproduced: boolean; maxAbsDifference: number } | null } }>(REPLAY, { id })).prediction.replay;

  describe('is witnessed by an audit leaf', () => {
    let row: StoredRow;
    let leaf: Record<string, unknown>;
    let told: Record<'canonical' | 'sha256' | 'commitment', string>;
    beforeAll(async () => {
      const { id } = await scoreLoan(portal, { loanId: loans[0]!.id, requestId: 'witnessed' });
      row = await stored(id);
      leaf = (await app.leaves({ type: 'PREDICTION_RECORDED', id: row.id }))[0]!;
      told = (await auditor.ok<{ prediction: { record: typeof told } }>('query ($id: ID!) { prediction(id: $id) { record { canonical sha256 commitment } } }', { id })).prediction.record;
    });

    it('that was written in the same transaction', async () => {
      const prediction = await xmin('predictions', `id = '${row.id}'`);
      expect(await xmin('audit_intake', `convert_from(leaf, 'UTF8')::json ->> 'id' = '${row.id}'`)).toBe(prediction);
      expect(await xmin('idempotency', `request_id = 'witnessed'`)).toBe(prediction);
    });

    it('whose record digest is that of the stored bytes', () => {
      expect(leaf['record']).toBe(digest(row.body));
      expect(told.sha256).toBe(leaf['record']);
    });

    it('whose commitment opens with the secret inside the record', async () => {
      const body = await bodyOf(row);
      expect(leaf['commitment']).toBe(commitmentOf(Buffer.from(body.r, 'base64'), body).toString('hex'));
      expect(told.commitment).toBe(leaf['commitment']);
      const changed = { ...body, outputs: { ...body.outputs!, pd: body.outputs!.pd + 1e-9 } };
      expect(commitmentOf(Buffer.from(body.r, 'base64'), changed).toString('hex')).not.toBe(leaf['commitment']);
    });

    it('that is packed with the dictionary that is published, and still reads what the first release stored', async () => {
      expect(await readFile(join(PROJECT, 'docs/record-format.md'), 'utf8')).toContain(`${DICTIONARY.length} bytes with SHA-256\n\`${digest(DICTIONARY)}\``);
      const text = canonicalJson(await bodyOf(row));
      expect(pack(text).length).toBeLessThan(text.length / 2);
      expect([unpack(pack(text)), unpack(Buffer.from(text))]).toEqual([text, text]);
      expect(() => unpack(Buffer.from([9, 1]))).toThrow('Use a later release.');
    });

    it('whose columns digest is that of the clear columns, each of them', () => {
      for (const some of [row, { ...row, request_id: '\u20ac "quoted" \\ \u0000\u2028', pd: 1e-7, score_points: 1e21, grade: null, shadow_of: row.id, recorded_at: null }]) expect(canonicalColumns(some)).toBe(canonicalJson(columnsInDigest(some)));
      expect(leaf['columns']).toBe(columnsDigest(row.row_salt, row).toString('hex'));
      for (const [name, value] of [['pd', 0.5], ['grade', 'Z'], ['decision', null], ['actor_id', row.id], ['loan_id', row.id], ['as_of', new Date(0)], ['request_id', null]] as const) {
        expect([name, columnsDigest(row.row_salt, { ...row, [name]: value }).toString('hex')]).not.toEqual([name, leaf['columns']]);
      }
    });

    it('that says who, when, by what and nothing personal', async () => {
      const [{ sha256 }] = (await app.sql<{ sha256: string }>(`SELECT encode(sha256, 'hex') AS sha256 FROM model_version_artefacts WHERE version_id = $1 AND kind = 'ONNX'`, [row.version_id])) as [{ sha256: string }];
      expect(leaf).toMatchObject({ v: 1, id: row.id, actor: row.actor_id, time: row.created_at.toISOString(), status: 'SCORED', deployment: row.deployment_id, artefact: sha256, dossier: expect.stringMatching(/^[0-9a-f]{64}$/) });
      const text = JSON.stringify(leaf);
      for (const secret of [row.customer_id, row.loan_id, loans[0]!.externalId, loans[0]!.customer.externalId, String(row.pd)]) expect(text).not.toContain(secret);
    });

    it('and the auditor is told the body as it is stored', async () => {
      const body = await bodyOf(row);
      expect(told.canonical).toBe(canonicalJson(body));
      expect(body.outputs).toMatchObject({ pd: row.pd, grade: row.grade, decision: row.decision, points: row.score_points });
    });
  });

  it('is sealed: neither inputs nor reasons can be read in the stored bytes', async () => {
    const row = await stored((await scoreLoan(portal, { loanId: loans[1]!.id })).id);
    expect(row.body.toString('latin1')).not.toMatch(/inputs|outputs|reasons|PAID|credit/);
  });

  describe('is replayed', () => {

    it('to the bit on the same runtime, alone and in any company', async () => {
      const { scoreLoans } = await portal.ok<{ scoreLoans: { results: { prediction: { id: string } }[] } }>(
        'mutation ($input: ScoreLoansInput!) { scoreLoans(input: $input) { results { prediction { id } } } }',
        { input: { loans: loans.map(({ id }) => id), purpose: 'ORIGINATION', requestId: 'company' } });
      for (const { prediction: { id } } of scoreLoans.results) expect(await replayOf(id)).toMatchObject({ reproduced: true, maxAbsDifference: 0 });
    });

    it('from the record alone: what was recorded of the loan since does not count', async () => {
      const { id } = await scoreLoan(portal, { loanId: loans[2]!.id });
      await portal.ok('mutation ($input: UpdateLoanInput!) { updateLoan(input: $input) { loan { id } } }', { input: { id: loans[2]!.id, principal: '1' } });
      expect(await replayOf(id)).toMatchObject({ reproduced: true });
    });

    it('and a body that says something else is found out', async () => {
      const row = await stored((await scoreLoan(portal, { loanId: loans[3]!.id })).id);
      const key = await app.runtime.keys.keyOf(row.customer_id);
      const body = await bodyOf(row);
      const lies: Record<string, PredictionBody> = {
        pd: { ...body, outputs: { ...body.outputs!, pd: body.outputs!.pd / 2 } },
        decision: { ...body, outputs: { ...body.outputs!, decision: body.outputs!.decision === 'APPROVE' ? 'DECLINE' : 'APPROVE' } },
        attribution: { ...body, explanation: { ...body.explanation!, attributions: body.explanation!.attributions.map((value, index) => (index === 0 ? value + 1 : value)) } },
        omission: { ...body, explanation: { ...body.explanation!, attributions: body.explanation!.attributions.slice(1) } },
        addition: { ...body, explanation: { ...body.explanation!, attributions: [...body.explanation!.attributions, 0] } },
        residual: { ...body, explanation: { ...body.explanation!, residual: body.explanation!.residual + 1e-7 } },
        baseline: { ...body, explanation: { ...body.explanation!, baselineLogit: body.explanation!.baselineLogit + 1e-7 } },
        standardErrors: { ...body, explanation: { ...body.explanation!, standardErrors: body.explanation!.attributions.map(() => 0) } },
        method: { ...body, explanation: { ...body.explanation!, method: 'guessing' } },
        silence: { ...body, explanation: null },
      };
      for (const [name, lie] of Object.entries(lies)) {
        const bytes = key.seal({ table: 'predictions', column: 'body', id: row.id }, Buffer.from(canonicalJson(lie)));
        await app.sql('UPDATE predictions SET body = $2 WHERE id = $1', [row.id, bytes]);
        const id = Buffer.from(`Prediction:${row.customer_id}:${row.id}`).toString('base64url');
        expect([name, await replayOf(id)]).toMatchObject([name, { reproduced: false }]);
      }
    });

    it('and bytes that were changed, or moved from another prediction, do not open', async () => {
      const [one, other] = [await stored((await scoreLoan(portal, { loanId: loans[4]!.id })).id), await stored((await scoreLoan(portal, { loanId: loans[4]!.id })).id)];
      const id = Buffer.from(`Prediction:${one.customer_id}:${one.id}`).toString('base64url');
      const flipped = Buffer.from(one.body);
      flipped[40]! ^= 1;
      for (const bytes of [flipped, other.body, one.body.subarray(0, 20)]) {
        await app.sql('UPDATE predictions SET body = $2 WHERE id = $1', [one.id, bytes]);
        const { extensions, message } = await auditor.refusal(REPLAY, { id });
        expect([extensions.code, message]).toEqual(['INTERNAL', `The stored predictions.body of ${one.id} is not what was written there.`]);
      }
    });

    it('and an artefact that was changed is found out by whoever loads it next', async () => {
      const { artefact } = await deploySmallModel(app, 'tampered');
      await createLoan(portal, 'tampered', { loan: { product: 'tampered' } });
      const { id } = await scoreLoan(portal, { externalId: 'tampered' });
      expect(await replayOf(id)).toMatchObject({ reproduced: true });
      await damageArtefact(app, artefact);
      const replica = await app.openReplica();
      try {
        expect((await auditor.at(replica.url).refusal(REPLAY, { id })).message).toBe(`The stored artefact ${artefact} does not have its digest any more.`);
      } finally {
        await replica.close();
      }
    });
  });

  it('that is damaged does not spoil the page it is on', async () => {
    const [good, bad] = [await scoreLoan(portal, { loanId: loans[5]!.id }), await scoreLoan(portal, { loanId: loans[5]!.id })];
    await app.sql(`UPDATE predictions SET body = 'x' WHERE id = $1`, [idsOf(bad.id)[1]]);
    const { data, errors } = await auditor.query<{ predictions: { edges: { node: { id: string; record: object | null } }[] } }>(
      'query ($id: ID!) { predictions(first: 2, filter: { loanId: $id }) { edges { node { id record { sha256 } } } } }', { id: loans[5]!.id });
    expect(data!.predictions.edges.map(({ node }) => [node.id, node.record])).toEqual([[bad.id, null], [good.id, { sha256: expect.any(String) }]]);
    expect(errors).toHaveLength(1);
  });

  describe('of an erased customer', () => {
    it('leaves what is pseudonymous, and none of the evidence; the list still works', async () => {
      const loan = await createLoan(portal, 'to be erased');
      const { id } = await scoreLoan(portal, { loanId: loan.id });
      await app.runtime.keys.destroy(idsOf(loan.customer.id)[0]!);
      const document = `query ($filter: PredictionFilterInput) { predictions(first: 5, filter: $filter) { edges { node {
        id status pd reasons { text } inputs { value } explanation { logit } record { canonical } replay { reproduced } customer { displayName erased identity { value } attributes { value } } loan { externalId attributes { value } } } } } }`;
      const { predictions } = await auditor.ok<{ predictions: { edges: { node: object }[] } }>(document, { filter: { loanId: loan.id } });
      expect(predictions.edges).toEqual([{ node: {
        id, status: 'SCORED', pd: expect.any(Number), reasons: [], inputs: [], explanation: null, record: null, replay: null,
        customer: { displayName: 'erased', erased: true, identity: [], attributes: [] }, loan: { externalId: 'to be erased', attributes: [] },
      } }]);
      const beside = await scoreLoan(portal, { loanId: loans[6]!.id });
      const page = await auditor.ok<{ predictions: { edges: { node: { id: string; inputs: object[] } }[] } }>(document.replace('first: 5', 'first: 2'));
      expect(page.predictions.edges.map(({ node }) => [node.id, node.inputs.length > 0])).toEqual([[beside.id, true], [id, false]]);
      const { customer } = await auditor.ok<{ customer: object }>('query ($id: ID!) { customer(id: $id) { riskProfile { grade drivers { feature } warnings } } }', { id: loan.customer.id });
      expect(customer).toMatchObject({ riskProfile: { grade: expect.any(String), drivers: [] } });
    });
  });
});
