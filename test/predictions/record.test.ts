import { createHash, createHmac } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ArtefactStore, LiveVersions, Routes } from '../../src/models/index.js';
import { canonicalJson, decodeGlobalId, newContext } from '../../src/platform/index.js';
import { canonicalColumns, columnsDigest, columnsInDigest, commitmentOf, Evidence, HOST, ScoringService, unsealBody, type PredictionBody, type PredictionColumns } from '../../src/predictions/index.js';
import { DICTIONARY, pack, unpack } from '../../src/predictions/record/packing.js';
import { PROJECT } from '../support/cli.js';
import { replayRange, type ReplayReport } from '../../src/evidence/index.js';
import { permissionsOf } from '../../src/security/index.js';
import { openTestApp, type TestApp } from '../support/app.js';
import { createLoan, scoreLoan, someLoans, type BookLoan } from '../support/builders.js';
import { run } from '../support/cli.js';
import type { TestClient } from '../support/client.js';
import { untilAfter } from '../support/moments.js';
import { envOf } from '../commands/support.js';
import { damageArtefact, deploySmallModel } from '../support/small-version.js';

type StoredRow = PredictionColumns & { readonly body: Buffer; readonly row_salt: Buffer };

const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const idsOf = (globalId: string): string[] => Buffer.from(globalId, 'base64url').toString().split(':').slice(1);
const FINGERPRINT = '{ text library version backend execution platform architecture node cpu }';
const REPLAY = `query ($id: ID!) { prediction(id: $id) { replay { verdict reproduced maxAbsDifference tolerance obstacle problem differences { pd logit scorePoints attributions }
  runtime recordedRuntime fingerprint ${FINGERPRINT} recordedFingerprint ${FINGERPRINT} } } }`;

const globalIdOf = ({ customer_id: customerId, id }: StoredRow): string => Buffer.from(`Prediction:${customerId}:${id}`).toString('base64url');

interface Replay {
  readonly verdict: string;
  readonly reproduced: boolean;
  readonly maxAbsDifference: number | null;
  readonly problem: string | null;
}

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

  const stopped = async (row: StoredRow, obstacle: string, problem: string): Promise<void> =>
    expect(await replayOf(globalIdOf(row))).toMatchObject({ verdict: 'NOT_REPLAYABLE', reproduced: false, maxAbsDifference: null, differences: null, tolerance: null, obstacle, problem: expect.stringContaining(problem) });

  const replay = async (...flags: string[]): Promise<{ code: number | null; stderr: string; report: ReplayReport }> => {
    const { code, stderr, stdout } = await run(['verify', '--replay', '--json', ...flags], { env: envOf(app) });
    return { code, stderr, report: stdout === '' ? (undefined as never) : (JSON.parse(stdout) as ReplayReport) };
  };

  const replayOf = async (id: string): Promise<Replay | null> => (await auditor.ok<{ prediction: { replay: Replay | null } }>(REPLAY, { id })).prediction.replay;

  /** As who could write the log, too, would forge a record: bytes and leaf fit each other. */
  async function forge(row: StoredRow, body: PredictionBody, committedAs = body.v): Promise<void> {
    const bytes = (await app.runtime.keys.keyOf(row.customer_id)).seal({ table: 'predictions', column: 'body', id: row.id }, Buffer.from(canonicalJson(body)));
    const [leaf] = await app.leaves({ type: 'PREDICTION_RECORDED', id: row.id });
    const said = { ...leaf, record: digest(bytes), commitment: commitmentOf({ ...body, v: committedAs }).toString('hex') };
    await app.sql('WITH record AS (UPDATE predictions SET body = $2 WHERE id = $1) UPDATE audit_intake SET leaf = $3 WHERE id = $1', [row.id, bytes, Buffer.from(canonicalJson(said))]);
  }

  describe('of format 1, as earlier releases wrote it', () => {
    it('is read, told with its own commitment, and replayed; one that claims the other format is not', async () => {
      const { id } = await scoreLoan(portal, { loanId: loans[1]!.id });
      const row = await stored(id);
      const body = await bodyOf(row);
      await forge(row, { ...body, v: 1 });
      const { prediction: { record } } = await auditor.ok<{ prediction: { record: { canonical: string; commitment: string } } }>('query ($id: ID!) { prediction(id: $id) { record { canonical commitment } } }', { id });
      const [leaf] = await app.leaves({ type: 'PREDICTION_RECORDED', id: row.id });
      expect([JSON.parse(record.canonical), record.commitment]).toEqual([{ ...body, v: 1 }, leaf!['commitment']]);
      // By the published rule, not by ours.
      const { inputs, outputs, explanation } = body;
      expect(leaf!['commitment']).toBe(createHmac('sha256', Buffer.from(body.r, 'base64')).update(canonicalJson({ inputs, outputs, explanation })).digest('hex'));
      expect(await replayOf(id)).toMatchObject({ verdict: 'IDENTICAL', reproduced: true });
      await forge(row, { ...body, v: 1 }, 2);
      await stopped(row, 'RECORD_CHANGED', 'does not open the commitment');
      await forge(row, body, 1);
      await stopped(row, 'RECORD_CHANGED', 'does not open the commitment');
      await forge(row, { ...body, v: 3 as 2 }, 1);
      await stopped(row, 'RECORD_CHANGED', 'has format 3; this release reads formats 1 and 2');
      await forge(row, body);
    });
  });

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
      expect(await xmin('audit_intake', `id = '${row.id}'`)).toBe(prediction);
      expect(await xmin('idempotency', `request_id = 'witnessed'`)).toBe(prediction);
    });

    it('whose record digest is that of the stored bytes', () => {
      expect(leaf['record']).toBe(digest(row.body));
      expect(told.sha256).toBe(leaf['record']);
    });

    it('whose commitment opens with the secret inside the record', async () => {
      const body = await bodyOf(row);
      expect(leaf['commitment']).toBe(commitmentOf(body).toString('hex'));
      expect(told.commitment).toBe(leaf['commitment']);
      const changed = { ...body, outputs: { ...body.outputs!, pd: body.outputs!.pd + 1e-9 } };
      expect(commitmentOf(changed).toString('hex')).not.toBe(leaf['commitment']);
      for (const part of Object.keys(body)) expect([part, commitmentOf({ ...body, [part]: part === 'v' ? 1 : part === 'r' ? Buffer.alloc(32).toString('base64') : 'forged' }).toString('hex')]).not.toEqual([part, leaf['commitment']]);
    });

    it('that is packed with the dictionary that is published, and still reads what the first release stored', async () => {
      expect(await readFile(join(PROJECT, 'docs/record-format.md'), 'utf8')).toContain(`${DICTIONARY.length} bytes with SHA-256\n\`${digest(DICTIONARY)}\``);
      const text = canonicalJson(await bodyOf(row));
      expect(pack(text).length).toBeLessThan(text.length / 2);
      expect([unpack(pack(text)), unpack(Buffer.from(text))]).toEqual([text, text]);
      expect(() => unpack(Buffer.from([9, 1]))).toThrow('Use a later release.');
    });

    it('whose columns digest is that of the clear columns, each of them', () => {
      for (const columns of [row, { ...row, request_id: '\u20ac "quoted" \\ \u0000\u2028', pd: 1e-7, score_points: 1e21, grade: null, shadow_of: row.id, recorded_at: null }]) expect(canonicalColumns(columns)).toBe(canonicalJson(columnsInDigest(columns)));
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

    it('and tells what computed, then and now', async () => {
      const { id } = await scoreLoan(portal, { loanId: loans[2]!.id });
      const fingerprint = {
        text: expect.stringContaining(`node ${process.versions.node}`), library: 'onnxruntime-node', version: expect.stringMatching(/^\d+\.\d+/), backend: 'cpu', execution: 'NATIVE',
        platform: process.platform, architecture: process.arch, node: process.versions.node, cpu: HOST.cpu,
      };
      expect(await replayOf(id)).toEqual({
        verdict: 'IDENTICAL', reproduced: true, maxAbsDifference: 0, tolerance: 0, obstacle: null, problem: null, differences: { pd: 0, logit: 0, scorePoints: 0, attributions: 0 },
        runtime: expect.stringMatching(/^onnxruntime-node /), recordedRuntime: expect.stringMatching(/^onnxruntime-node /), fingerprint, recordedFingerprint: fingerprint,
      });
    });

    it('and a body that says something else is found out, though its leaf was forged with it', async () => {
      const row = await stored((await scoreLoan(portal, { loanId: loans[3]!.id })).id);
      const body = await bodyOf(row);
      const lies: Record<string, PredictionBody> = {
        pd: { ...body, outputs: { ...body.outputs!, pd: body.outputs!.pd / 2 } },
        points: { ...body, outputs: { ...body.outputs!, points: body.outputs!.points + 1e-9 } },
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
        await forge(row, lie);
        expect([name, await replayOf(globalIdOf(row))]).toMatchObject([name, { verdict: 'DIFFERENT', reproduced: false }]);
      }
    });

    describe('on another runtime', () => {
      let row: StoredRow;
      let body: PredictionBody;
      /** Recorded as TensorFlow, in this process, computed it. */
      beforeAll(async () => {
        const versions = new LiveVersions(new ArtefactStore(), 'tensorflow');
        const { db, keys, log } = app.runtime;
        const { id } = decodeGlobalId((await portal.ok<{ me: { id: string } }>('{ me { id } }')).me.id);
        const ctx = newContext({ db, log, actor: { id, name: 'Portal', roles: ['PORTAL'], permissions: permissionsOf(['PORTAL']), ownCustomerId: undefined } });
        const scored = await new ScoringService(db, { keys, routes: new Routes(), versions }).scoreLoan(ctx, { loan: loans[7]!.id, purpose: 'ORIGINATION', modelId: undefined, asOf: undefined });
        row = await stored(Buffer.from(`Prediction:${scored.customerId}:${scored.id}`).toString('base64url'));
        body = await bodyOf(row);
        await versions.close();
      });

      it('is reproduced within 1e-6, with both runtimes told', async () => {
        const told = await replayOf(globalIdOf(row));
        expect(told).toMatchObject({ reproduced: true, tolerance: 1e-6, runtime: expect.stringMatching(/^onnxruntime-node /), recordedFingerprint: { library: 'tfjs', backend: expect.any(String), execution: expect.stringMatching(/^(NATIVE|WASM|JAVASCRIPT)$/) } });
        process.stderr.write(`TensorFlow replayed by the ONNX Runtime: ${told!.verdict}, largest difference ${told!.maxAbsDifference}\n`);
      });

      it.each([
        ['2e-6 of the PD', 'DIFFERENT', () => ({ ...body, outputs: { ...body.outputs!, pd: exact.pd + 2e-6 } })],
        ['5e-7 of the PD', 'WITHIN_TOLERANCE', () => ({ ...body, outputs: { ...body.outputs!, pd: exact.pd + 5e-7 } })],
        ['2e-6 of an attribution', 'DIFFERENT', () => ({ ...body, explanation: { ...body.explanation!, attributions: exact.attributions.map((value, index) => (index === 1 ? value + 2e-6 * Math.max(1, Math.abs(body.outputs!.logit)) : value)) } })],
        ['another decision', 'DIFFERENT', () => ({ ...body, outputs: { ...body.outputs!, decision: body.outputs!.decision === 'APPROVE' ? 'DECLINE' : 'APPROVE' } })],
      ] as const)('%s is %s', async (_, verdict, lie) => {
        await forge(row, lie());
        expect(await replayOf(globalIdOf(row))).toMatchObject({ verdict });
      });

      /** What the ONNX Runtime says of the same applicant. */
      let exact: { readonly pd: number; readonly attributions: readonly number[] };
      beforeAll(async () => {
        const again = await bodyOf(await stored((await scoreLoan(portal, { loanId: loans[7]!.id })).id));
        exact = { pd: again.outputs!.pd, attributions: again.explanation!.attributions };
      });

      it('nor on another processor, or under another Node', async () => {
        const again = await bodyOf(row);
        const onnx = { ...again, outputs: { ...again.outputs!, pd: exact.pd + 5e-7 }, runtime: (await replayOf(globalIdOf(row)) as unknown as { runtime: string }).runtime };
        for (const [host, verdict] of [[HOST, 'DIFFERENT'], [{ ...HOST, cpu: 'Another' }, 'WITHIN_TOLERANCE'], [{ ...HOST, node: '99.0.0' }, 'WITHIN_TOLERANCE']] as const) {
          await forge(row, { ...onnx, host, explanation: { ...onnx.explanation!, attributions: exact.attributions } });
          expect([host, await replayOf(globalIdOf(row))]).toMatchObject([host, { verdict }]);
        }
      });
    });

    describe('not', () => {
      it('from bytes that were changed, or moved from another prediction; they do not open, either', async () => {
        const [one, other] = [await stored((await scoreLoan(portal, { loanId: loans[4]!.id })).id), await stored((await scoreLoan(portal, { loanId: loans[4]!.id })).id)];
        const flipped = Buffer.from(one.body);
        flipped[40]! ^= 1;
        for (const bytes of [flipped, other.body, one.body.subarray(0, 20)]) {
          await app.sql('UPDATE predictions SET body = $2 WHERE id = $1', [one.id, bytes]);
          await stopped(one, 'RECORD_CHANGED', `The stored record of prediction ${one.id} does not have the digest that was logged`);
          const { extensions, message } = await auditor.refusal('query ($id: ID!) { prediction(id: $id) { inputs { value } } }', { id: globalIdOf(one) });
          expect([extensions.code, message]).toEqual(['INTERNAL', `The stored predictions.body of ${one.id} is not what was written there.`]);
        }
      });

      it('where record and leaf do not fit each other in the commitment, the artefact or the dossier, or there is no leaf', async () => {
        const row = await stored((await scoreLoan(portal, { loanId: loans[4]!.id })).id);
        const [{ leaf }] = (await app.sql<{ leaf: Buffer }>('SELECT unpacked_leaf(leaf) AS leaf FROM audit_intake WHERE id = $1', [row.id])) as [{ leaf: Buffer }];
        for (const [part, obstacle, problem] of [['commitment', 'RECORD_CHANGED', 'does not open the commitment'], ['artefact', 'VERSION_CHANGED', 'was logged with the artefact'], ['dossier', 'VERSION_CHANGED', 'of the dossier']] as const) {
          await app.sql('UPDATE audit_intake SET leaf = $2 WHERE id = $1', [row.id, Buffer.from(canonicalJson({ ...(JSON.parse(leaf.toString('utf8')) as object), [part]: '0'.repeat(64) }))]);
          await stopped(row, obstacle, problem);
        }
        await app.sql('UPDATE audit_intake SET leaf = $2 WHERE id = $1', [row.id, leaf.subarray(0, -4)]);
        await stopped(row, 'NOT_WITNESSED', `No event of the log tells of prediction ${row.id}, or none that can be read.`);
        await app.sql(`SET session_replication_role = 'replica'; DELETE FROM audit_intake WHERE id = '${row.id}'`);
        await stopped(row, 'NOT_WITNESSED', `No event of the log tells of prediction ${row.id}`);
      });

      it('beside a column that is not what was logged, of the erased too', async () => {
        const loan = await createLoan(portal, 'with another PD');
        const row = await stored((await scoreLoan(portal, { loanId: loan.id })).id);
        for (const [set, back] of [[`pd = pd / 2`, 'pd = pd * 2'], [`grade = 'Z'`, `grade = '${row.grade}'`], [`decision = 'REFER', actor_id = id`, `decision = '${row.decision}', actor_id = '${row.actor_id}'`], [`recorded_at = recorded_at + interval '1 microsecond'`, `recorded_at = date_trunc('milliseconds', recorded_at)`]]) {
          await app.sql(`UPDATE predictions SET ${set} WHERE id = $1`, [row.id]);
          await stopped(row, 'COLUMNS_CHANGED', `A column of prediction ${row.id}`);
          await app.sql(`UPDATE predictions SET ${back} WHERE id = $1`, [row.id]);
        }
        expect(await replayOf(globalIdOf(row))).toMatchObject({ verdict: 'IDENTICAL' });
        await app.runtime.keys.destroy(row.customer_id);
        await app.sql('UPDATE predictions SET pd = pd / 2 WHERE id = $1', [row.id]);
        await stopped(row, 'COLUMNS_CHANGED', `A column of prediction ${row.id}`);
      });

      it('with an artefact that was changed, by a server that has it in memory still, or that is gone', async () => {
        const { artefact } = await deploySmallModel(app, 'tampered');
        await createLoan(portal, 'tampered', { loan: { product: 'tampered' } });
        const row = await stored((await scoreLoan(portal, { externalId: 'tampered' })).id);
        expect(await replayOf(globalIdOf(row))).toMatchObject({ verdict: 'IDENTICAL' });
        await damageArtefact(app, artefact);
        await stopped(row, 'ARTEFACT_CHANGED', `The stored artefact ${artefact} does not have its digest any more.`);
        await app.sql(`SET session_replication_role = 'replica'; DELETE FROM artefacts WHERE sha256 = decode('${artefact}', 'hex')`);
        await stopped(row, 'ARTEFACT_MISSING', `The ONNX model ${artefact} of version ${row.version_id} is not stored any more.`);
      });
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
        id status pd reasons { text } inputs { value } explanation { logit } record { canonical } replay { verdict obstacle problem } customer { displayName erased identity { value } attributes { value } } loan { externalId attributes { value } } } } } }`;
      const { predictions } = await auditor.ok<{ predictions: { edges: { node: object }[] } }>(document, { filter: { loanId: loan.id } });
      expect(predictions.edges).toEqual([{ node: {
        id, status: 'SCORED', pd: expect.any(Number), reasons: [], inputs: [], explanation: null, record: null, replay: { verdict: 'NOT_REPLAYABLE', obstacle: 'ERASED', problem: 'The customer was erased: what went in cannot be read any more.' },
        customer: { displayName: 'erased', erased: true, identity: [], attributes: [] }, loan: { externalId: 'to be erased', attributes: [] },
      } }]);
      const beside = await scoreLoan(portal, { loanId: loans[6]!.id });
      const page = await auditor.ok<{ predictions: { edges: { node: { id: string; inputs: object[] } }[] } }>(document.replace('first: 5', 'first: 2'));
      expect(page.predictions.edges.map(({ node }) => [node.id, node.inputs.length > 0])).toEqual([[beside.id, true], [id, false]]);
      const { customer } = await auditor.ok<{ customer: object }>('query ($id: ID!) { customer(id: $id) { riskProfile { grade drivers { feature } warnings } } }', { id: loan.customer.id });
      expect(customer).toMatchObject({ riskProfile: { grade: expect.any(String), drivers: [] } });
    });
  });

  describe('of a range is replayed by a command', () => {
    let sound: string[];
    let since: string;
    beforeAll(async () => {
      // Somebody newer than those whose keys were destroyed here without a decision: the key store is not one of before them.
      await createLoan(portal, 'newest of all');
      since = new Date(Date.now()).toISOString();
      await untilAfter(new Date());
      sound = [];
      for (const loan of [loans[0]!, loans[8]!, loans[9]!]) sound.push((await scoreLoan(portal, { loanId: loan.id })).id);
      await untilAfter(new Date());
    });

    it('which counts verdicts and runtimes, and succeeds where all is as it was', async () => {
      const { code, stderr, report } = await replay('--from', since);
      expect([code, report]).toMatchObject([0, {
        predictions: 3, verdicts: { IDENTICAL: 3, WITHIN_TOLERANCE: 0, DIFFERENT: 0, NOT_REPLAYABLE: 0 }, erased: 0, problemCount: 0, problems: [], next: null, largest: { pd: 0, logit: 0, scorePoints: 0, attributions: 0 },
        runtimes: [{ runtime: expect.stringMatching(/^onnxruntime-node .* node .*/), verdicts: { IDENTICAL: 3 } }], replayedBy: [expect.stringMatching(/^onnxruntime-node /)],
      }]);
      expect(stderr).toMatch(/✓ Replay recorded predictions 3 predictions: 3 identical, 0 within tolerance, 0 different, 0 not replayable/);
      expect((await replay('--prediction', sound[1]!)).report).toMatchObject({ predictions: 1, verdicts: { IDENTICAL: 1 } });
    });

    it('which tells what came out otherwise, or was changed, and fails; the erased are as they should be', async () => {
      const { code, stderr, report } = await replay('--to', since);
      expect(code).toBe(1);
      expect(report.verdicts.DIFFERENT).toBeGreaterThanOrEqual(1);
      expect(report.erased).toBe(1);
      expect(new Set(report.problems.map(({ verdict, obstacle }) => obstacle ?? verdict))).toEqual(new Set(['DIFFERENT', 'RECORD_CHANGED', 'COLUMNS_CHANGED', 'NOT_WITNESSED', 'ARTEFACT_MISSING']));
      expect(report.problemCount).toBe(report.verdicts.DIFFERENT + report.verdicts.NOT_REPLAYABLE - report.erased);
      expect(report.runtimes.map(({ runtime }) => runtime.split(' ')[0])).toEqual(expect.arrayContaining(['onnxruntime-node', 'unknown:']));
      expect(stderr).toMatch(/✗ Prediction [0-9a-f-]{36} came out otherwise: (PD by|no number)/);
      expect(stderr).toMatch(/\d+ of \d+ predictions did not come out as they were recorded/);
    });

    it('of one version, in batches, as far as one lets it, and from there on', async () => {
      const versionId = (await stored(sound[0]!)).version_id!;
      const { db, keys, log } = app.runtime;
      const versions = new LiveVersions(new ArtefactStore());
      const actor = { id: versionId, name: 'Auditor', roles: ['AUDITOR'], permissions: permissionsOf(['AUDITOR']), ownCustomerId: undefined };
      const range = { versionId, from: new Date(since) };
      const stop = new AbortController();
      stop.abort();
      const ctx = newContext({ db, log, actor });
      const first = await replayRange(ctx, new Evidence(keys, versions), range, { batch: 2, signal: stop.signal });
      expect(first).toMatchObject({ predictions: 2, next: expect.any(Date) });
      const rest = await replayRange(ctx, new Evidence(keys, versions), { ...range, from: first.next! }, { batch: 2 });
      // The millisecond at which it was stopped is looked at again.
      expect(rest).toMatchObject({ predictions: 2, next: null, verdicts: { IDENTICAL: 2 } });
      await versions.close();
    });

    it.each([
      [['--from', 'yesterday'], '--from yesterday: give a day'],
      [['--from', '2025-02-01', '--to', '2025-01-01'], '--to 2025-01-01: is not after --from 2025-02-01'],
      [['--prediction', 'x'], 'is not an id'],
    ])('%j is refused', async (flags, sentence) => {
      const { code, stderr } = await replay(...flags);
      expect([code, stderr]).toEqual([1, expect.stringContaining(sentence)]);
    });

    it('is asked for with --replay alone', async () => {
      expect(await run(['verify', '--from', '2025-01-01'], { env: envOf(app) })).toMatchObject({ code: 1, stderr: expect.stringContaining('--from says what to replay: give --replay with it.') });
    });
  });
});
