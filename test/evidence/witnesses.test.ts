import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openApp, type App } from '../../src/app.js';
import { formatKey, parseCheckpoint, parseKey, parseNote, readBundle, rootOfHashes, verifyNote, verifyPrediction } from '../../src/audit/index.js';
import { DevelopmentIssuer } from '../../src/security/index.js';
import { envOf } from '../commands/support.js';
import { openTestApp, type TestApp } from '../support/app.js';
import { scoreLoan, someLoans } from '../support/builders.js';
import { newFolder, run } from '../support/cli.js';
import { TestClient } from '../support/client.js';
import { startWitness, type RunningWitness } from '../support/witnesses.js';

const CHECKPOINT = '{ auditCheckpoint { size note witnesses { witness at } witnessedAt witnessed { size note witnessedAt witnesses { witness } witnessed { size } } } }';

interface Checkpoint {
  readonly size: number;
  readonly note: string;
  readonly witnesses: readonly { witness: string; at: string }[];
  readonly witnessedAt: string | null;
  readonly witnessed: Checkpoint | null;
}

const STATE = `{ auditLogState { signs refusal quorum doubts { witness says proven checkpoint } witnesses { name verifierKey url state problem cosignedSize cosignedAt } epochs { epoch origin verifierKey reason predecessor kept openedAt } } }`;

/** Asks again and again, for 20 s at most. */
async function until<T>(what: string, ask: () => Promise<T | undefined>, why: () => string = () => ''): Promise<T> {
  for (const end = Date.now() + 20_000; Date.now() < end; await new Promise((resolve) => setTimeout(resolve, 100))) {
    const found = await ask();
    if (found !== undefined) return found;
  }
  throw new Error(`Not in 20 s: ${what} ${why()}`);
}

describe('a server with witnesses', () => {
  let app: TestApp;
  let folder: string;
  let witnesses: RunningWitness[];
  let server: App;
  let auditor: TestClient;
  let key: string;
  let prediction: string;
  beforeAll(async () => {
    [app, folder] = await Promise.all([openTestApp(), newFolder('assay-witnessed-')]);
    key = (await (await app.anonymous().send('/log/key')).text()).trim();
    witnesses = await Promise.all(['w1', 'w2'].map((name) => startWitness(folder, name, [key])));
    const { runtime } = app;
    const issuer = await DevelopmentIssuer.open(runtime.config);
    // The third is down for good.
    const config = { ...runtime.config, witnesses: [...witnesses.map(({ entry }) => entry), `${DOWN} http://127.0.0.1:65000`], witnessQuorum: 2 };
    server = await openApp({ ...runtime, config }, { host: '127.0.0.1', port: 0, issuers: [issuer.issuer] });
    const [portal, { token }] = await Promise.all([app.as('portal'), app.as('auditor')]);
    auditor = new TestClient(server.url, token);
    const [loan] = await someLoans(app, 1);
    prediction = (await scoreLoan(portal, { loanId: loan!.id })).id;
  }, 60_000);
  afterAll(async () => {
    await server.close();
    await app.close();
    await Promise.all(witnesses.map((witness) => witness.stop()));
    await rm(folder, { recursive: true, force: true });
  });

  const DOWN = 'remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2';
  const signersOf = (note: string): string[] => verifyNote(parseNote(note), [key, ...witnesses.map((witness) => formatKey(witness.key))].map(parseKey)).map(({ key: { name } }) => name);

  /** Once the prediction is covered by a witnessed checkpoint. */
  async function witnessedBundle(): Promise<string> {
    return until('the prediction is witnessed', async () => {
      const { prediction: { bundle } } = await auditor.ok<{ prediction: { bundle: string | null } }>('query ($id: ID!) { prediction(id: $id) { bundle } }', { id: prediction });
      return bundle !== null && bundle.includes('witness.example/w1') && bundle.includes('witness.example/w2') ? bundle : undefined;
    });
  }

  it('has each prediction witnessed within 10 s, and proves it offline with the witnesses that one asks for', async () => {
    const bundle = await witnessedBundle();
    const [{ late }] = await app.sql<{ late: number }>(
      `SELECT extract(epoch FROM max(s.recorded_at) - min(i.recorded_at))::float8 AS late FROM audit_intake i JOIN log_entries e ON e.intake_id = i.id
       JOIN LATERAL (SELECT size FROM log_signatures WHERE epoch = e.epoch AND size > e.index AND octet_length(signature) = 72 GROUP BY size HAVING count(*) >= 2 ORDER BY size LIMIT 1) w ON true
       JOIN log_signatures s ON s.epoch = e.epoch AND s.size = w.size WHERE i.id = $1`, [(JSON.parse((JSON.parse(bundle) as { leaf: string }).leaf) as { id: string }).id]) as [{ late: number }];
    process.stderr.write(`witnessed ${late.toFixed(1)} s after it was acknowledged\n`);
    expect(late).toBeLessThan(10);
    const keys = [key, ...witnesses.map((witness) => formatKey(witness.key))];
    expect(verifyPrediction(readBundle(bundle), keys, 2)[0]).toMatchObject({ says: expect.stringMatching(/and witness\.example\/w[12], witness\.example\/w[12] that they saw it grow/) });
    expect(() => verifyPrediction(readBundle(bundle), [...keys, DOWN], 3)).toThrow('has 2 signatures of witnesses that you trust, not 3');
    const file = join(folder, 'bundle.json');
    await writeFile(file, bundle);
    expect(await run(['verify', '--offline', file, ...keys.flatMap((one) => ['--key', one]), '--witnesses', '2'])).toMatchObject({ code: 0 });
  });

  it('publishes the newest witnessed checkpoint, and shows the newest beside it', async () => {
    const { auditCheckpoint: { witnessed, ...newest } } = await auditor.ok<{ auditCheckpoint: Checkpoint }>(CHECKPOINT);
    expect(newest.size).toBeGreaterThanOrEqual(witnessed!.size);
    expect(witnessed!.witnesses.map(({ witness }) => witness).sort()).toEqual(['witness.example/w1', 'witness.example/w2']);
    expect(Date.parse(witnessed!.witnessedAt!)).toBeGreaterThan(Date.now() - 60_000);
    expect(witnessed!.witnessed!.size).toBe(witnessed!.size);
    expect(signersOf(witnessed!.note)).toHaveLength(3);
    const published = await (await auditor.send('/log/checkpoint')).text();
    expect(signersOf(published)).toHaveLength(3);
    expect(signersOf(await (await auditor.send('/log/checkpoint/newest')).text()).length).toBeGreaterThanOrEqual(1);
  });

  it('tells an auditor what becomes of each witness', async () => {
    const { auditLogState: state } = await auditor.ok<{ auditLogState: Record<string, unknown> }>(STATE);
    expect(state).toMatchObject({
      signs: true, refusal: null, quorum: 2, doubts: [],
      witnesses: [...witnesses.map((witness) => ({ name: witness.key.name, verifierKey: formatKey(witness.key), state: 'COSIGNED', problem: null, cosignedSize: expect.any(Number), cosignedAt: expect.any(String) })), { name: 'remora.n621.de', state: 'UNREACHABLE', problem: expect.stringContaining('ECONNREFUSED'), cosignedSize: null, cosignedAt: null }],
      epochs: [{ epoch: 1, verifierKey: key, kept: null, predecessor: null }],
    });
    const portal = await app.as('portal');
    expect((await portal.refusal(STATE)).extensions.code).toBe('FORBIDDEN');
    const env = { ...envOf(app), WITNESSES: witnesses.map(({ entry }) => entry).join(','), WITNESS_QUORUM: '2' };
    const { code, stderr } = await run(['log', 'status'], { env });
    expect([code, stderr]).toEqual([0, expect.stringMatching(/✓ localhost\/assay signs\.[^]*2 of 2 witnesses make a checkpoint a witnessed one:\n {4}witness\.example\/w1 at http:\S+: cosigned \d+ entries/)]);
    const dead = await run(['log', 'status'], { env: { ...env, WITNESSES: `${env.WITNESSES},${DOWN} http://127.0.0.1:65000` } });
    expect(dead.stderr).toMatch(/✗ remora\.n621\.de at http:\S+: never cosigned; .*ECONNREFUSED/);
    expect(await run(['verify'], { env })).toMatchObject({ code: 0, stderr: expect.stringMatching(/\d+ signatures; 3 checkpoints from elsewhere fit[^]*✓ The checkpoint that witness\.example\/w1 cosigned last fits/) });
  });

  it('that goes back says so where one looks, stays ready, and goes on in a new epoch while it runs', async () => {
    // As a restore does it: the last entries are gone, with all that tells of them.
    const [{ size }] = await app.sql<{ size: string }>('SELECT max(size) - 1 AS size FROM log_heads') as [{ size: string }];
    await app.sql(`WITH entries AS (DELETE FROM log_entries WHERE index >= (SELECT max(size) FROM log_heads WHERE size <= ${size}) RETURNING intake_id), heads AS (DELETE FROM log_heads WHERE size > ${size}), signatures AS (DELETE FROM log_signatures WHERE size > ${size})
      DELETE FROM audit_intake WHERE id IN (SELECT intake_id FROM entries)`);
    await until('it refuses', async () => (await (await auditor.send('/readyz')).text()).includes('refuses') || undefined);
    const ready = await auditor.send('/readyz');
    expect([ready.status, await ready.json()]).toEqual([200, { status: 'ready', log: 'refuses to sign', why: expect.stringMatching(/Nothing is signed until/) }]);
    const refused = await auditor.send('/log/checkpoint');
    expect([refused.status, await refused.text()]).toEqual([503, expect.stringContaining('Nothing is signed until')]);
    expect((await auditor.send('/log/key')).status).toBe(200);
    const { auditLogState } = await auditor.ok<{ auditLogState: { signs: boolean; refusal: string } }>(STATE);
    expect(auditLogState).toMatchObject({ signs: false, refusal: expect.stringContaining('Nothing is signed until') });
    const env = { ...envOf(app), WITNESSES: witnesses.map(({ entry }) => entry).join(','), WITNESS_QUORUM: '2' };
    expect(await run(['log', 'status'], { env })).toMatchObject({ code: 1, stderr: expect.stringContaining('✗ localhost/assay signs nothing.') });
    // Acts go on, and are promised.
    const portal = await app.as('portal');
    const [loan] = await someLoans(app, 1);
    const { id } = await scoreLoan(portal, { loanId: loan!.id });
    const { prediction: { receipt, proof } } = await auditor.query<{ prediction: { receipt: { note: string }; proof: null } }>('query ($id: ID!) { prediction(id: $id) { receipt { note } } }', { id }).then(({ data }) => ({ prediction: { ...data!.prediction, proof: null } }));
    expect([receipt.note, proof]).toEqual([expect.stringContaining('assay-receipt/v1'), null]);
    expect(await run(['log', 'new-epoch', '--reason', 'Restored.'], { env })).toMatchObject({ code: 0, stderr: expect.stringContaining('✓ Epoch 2 is open, under the name localhost/assay/epoch-2.') });
    let told: unknown;
    await until('the prediction is in the new epoch', async () => {
      const answer = await auditor.query<{ prediction: { proof: unknown } | null }>('query ($id: ID!) { prediction(id: $id) { proof { treeSize } } }', { id });
      told = answer.errors;
      return answer.data?.prediction?.proof ?? undefined;
    }, () => JSON.stringify(told));
    const { auditCheckpoint } = await auditor.ok<{ auditCheckpoint: { origin: string } }>('{ auditCheckpoint { origin } }');
    expect([auditCheckpoint.origin, (await (await auditor.send('/readyz')).json())]).toEqual(['localhost/assay/epoch-2', { status: 'ready' }]);
    // What stands of the first epoch is read as before, under its own name.
    const [closing, oldKey] = await Promise.all(['checkpoint', 'key'].map(async (path) => (await auditor.send(`/log/epoch-1/${path}`)).text()));
    const { size: kept, root } = parseCheckpoint(parseNote(closing!).text);
    expect([oldKey!.trim(), signersOf(closing!).length]).toEqual([key, 3]);
    const hashes = Buffer.from(await (await auditor.send(`/log/epoch-1/tile/0/000.p/${kept}`)).arrayBuffer());
    expect(rootOfHashes(Array.from({ length: kept }, (_, index) => hashes.subarray(index * 32, index * 32 + 32)))).toEqual(Buffer.from(root));
    expect((await auditor.send('/log/epoch-3/key')).status).toBe(404);
    await auditor.ok('query ($to: Float!) { consistencyProof(from: 1, to: $to, epoch: 1) { path } }', { to: kept });
    const { auditEvents: { edges: [opening] } } = await auditor.ok<{ auditEvents: { edges: { node: { leaf: string; leafIndex: number } }[] } }>('{ auditEvents(first: 1, filter: { types: [EPOCH_OPENED] }) { edges { node { leaf leafIndex } } } }');
    const { kept: standing } = JSON.parse(opening!.node.leaf) as { kept: number };
    expect([standing >= kept, (await auditor.send(`/log/epoch-1/tile/0/000.p/${standing + 1}`)).status]).toEqual([true, 404]);
    expect([opening!.node.leafIndex, JSON.parse(opening!.node.leaf)]).toEqual([0, expect.objectContaining({ type: 'EPOCH_OPENED', epoch: 2 })]);
  });
});
