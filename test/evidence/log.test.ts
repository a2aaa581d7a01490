import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  canonical, keysIn, leafHash, parseCheckpoint, parseKey, parseNote, parseProof, parseReceipt, readBundle, rootOfHashes, verifyConsistency, verifyInclusion, verifyNote, verifyPrediction, type PredictionBundle,
} from '../../src/audit/index.js';
import { canonicalJson, decodeGlobalId, newContext, newId } from '../../src/platform/index.js';
import { noteRead, recordReads } from '../../src/security/index.js';
import * as fc from 'fast-check';
import { newFolder, PROJECT, run } from '../support/cli.js';
import { openTestApp, type TestApp } from '../support/app.js';
import { scoreLoan, someLoans } from '../support/builders.js';
import type { TestClient } from '../support/client.js';

interface Proof {
  readonly leafIndex: number;
  readonly treeSize: number;
  readonly leaf: string;
  readonly path: readonly string[];
  readonly checkpoint: string;
  readonly tlogProof: string;
}

const PROOF = 'proof { leafIndex treeSize leaf path checkpoint tlogProof }';
const CHECKPOINT = '{ auditCheckpoint { origin size root note verifierKey } }';

interface Checkpoint {
  readonly auditCheckpoint: { origin: string; size: number; root: string; note: string; verifierKey: string };
}

const events = (first: number): string => `{ auditEvents(first: ${first}, filter: { types: [VERSION_DEPLOYED, VOTE_CAST, ROLE_GRANTED] }) { edges { node { id type recordedAt actorId subjectId leafIndex ${PROOF} receipt { signature } } } } }`;

const get = (client: TestClient, path: string): Promise<Response> => client.send(`/log/${path}`);

const rowIds = (ids: readonly string[]): string[] => ids.map((id) => decodeGlobalId(id).id);

/** Milliseconds, as a client sees them. */
const median = async (client: TestClient, document: string): Promise<number> => {
  const times: number[] = [];
  for (let n = 0; n < 25; n += 1) {
    const start = performance.now();
    await client.ok(document);
    times.push(performance.now() - start);
  }
  return times.sort((a, b) => a - b)[12]!;
};

describe('the transparency log, as its readers see it', () => {
  let app: TestApp;
  let portal: TestClient;
  let auditor: TestClient;
  let prediction: string;
  let promised: string;
  beforeAll(async () => {
    app = await openTestApp();
    [portal, auditor] = await Promise.all([app.as('portal'), app.as('auditor')]);
    const [loan] = await someLoans(app, 1);
    prediction = (await scoreLoan(portal, { loanId: loan!.id })).id;
    // The borrower's portal keeps it before the log has integrated anything.
    promised = (await portal.ok<{ prediction: { receipt: { note: string } } }>('query ($id: ID!) { prediction(id: $id) { receipt { note signature } } }', { id: prediction })).prediction.receipt.note;
  });
  afterAll(() => app.close());

  async function proofOfPrediction(): Promise<Proof> {
    for (const end = Date.now() + 10_000; Date.now() < end; ) {
      const { prediction: { proof } } = await auditor.ok<{ prediction: { proof: Proof | null } }>(`query ($id: ID!) { prediction(id: $id) { ${PROOF} } }`, { id: prediction });
      if (proof) return proof;
    }
    throw new Error('The prediction was not integrated.');
  }

  it('a prediction is integrated within a second, and its proof verifies with the key alone', async () => {
    const { tlogProof, leaf, leafIndex, treeSize } = await proofOfPrediction();
    const [{ late }] = await app.sql<{ late: number }>(
      `SELECT extract(epoch FROM h.recorded_at - i.recorded_at)::float8 AS late FROM audit_intake i JOIN log_entries e ON e.intake_id = i.id
       JOIN LATERAL (SELECT recorded_at FROM log_heads WHERE epoch = e.epoch AND size > e.index ORDER BY size LIMIT 1) h ON true WHERE i.id = $1`, [JSON.parse(leaf).id]) as [{ late: number }];
    expect(late).toBeLessThan(5);
    const { auditCheckpoint: { verifierKey } } = await auditor.ok<Checkpoint>(CHECKPOINT);
    const { index, path, checkpoint } = parseProof(tlogProof);
    const note = parseNote(checkpoint);
    expect(verifyNote(note, [parseKey(verifierKey)])).toHaveLength(1);
    const { size, root } = parseCheckpoint(note.text);
    expect([index, size, verifyInclusion({ index, size, leaf: leafHash(Buffer.from(leaf)), path, root })]).toEqual([leafIndex, treeSize, true]);
    expect(JSON.parse(leaf)).toMatchObject({ type: 'PREDICTION_RECORDED', status: 'SCORED' });
  });

  it('its receipt names the very leaf that was integrated', async () => {
    const { leaf } = await proofOfPrediction();
    const { auditCheckpoint: { verifierKey } } = await auditor.ok<Checkpoint>(CHECKPOINT);
    const note = parseNote(promised);
    expect(verifyNote(note, [parseKey(verifierKey)])).toHaveLength(1);
    expect(parseReceipt(note.text).leaf).toEqual(leafHash(Buffer.from(leaf)));
  });

  it('two checkpoints are consistent', async () => {
    const { auditCheckpoint: now } = await auditor.ok<Checkpoint>(CHECKPOINT);
    const { consistencyProof: { path } } = await auditor.ok<{ consistencyProof: { path: string[] } }>('query ($to: Float!) { consistencyProof(from: 2, to: $to) { from to path } }', { to: now.size });
    const entries = await auditor.ok<{ auditEvents: { edges: { node: { leaf: string; leafIndex: number } }[] } }>('{ auditEvents(last: 200) { edges { node { leaf leafIndex } } } }');
    const first = entries.auditEvents.edges.map(({ node }) => node).filter(({ leafIndex }) => leafIndex < 2).sort((a, b) => a.leafIndex - b.leafIndex);
    expect(first).toHaveLength(2);
    const fromRoot = rootOfHashes(first.map(({ leaf }) => leafHash(Buffer.from(leaf))));
    expect(verifyConsistency({ from: 2, to: now.size, fromRoot, toRoot: Buffer.from(now.root, 'base64'), path: path.map((hash) => Buffer.from(hash, 'base64')) })).toBe(true);
  });

  it('an auditor lists events, with proof and receipt, in as many statements for many as for one', async () => {
    const one = await app.statementsOf(() => auditor.ok(events(1)));
    const many = await app.statementsOf(() => auditor.ok<{ auditEvents: { edges: { node: { type: string; proof: Proof } }[] } }>(events(20)));
    const { edges } = many.result.auditEvents;
    expect(new Set(edges.map(({ node }) => node.type))).toEqual(new Set(['VERSION_DEPLOYED', 'VOTE_CAST', 'ROLE_GRANTED']));
    expect(edges.every(({ node }) => node.proof.leafIndex < node.proof.treeSize)).toBe(true);
    expect(one.statements.some((sql) => sql.includes('i.id = ANY('))).toBe(true);
    expect(many.statements.length).toBeLessThanOrEqual(one.statements.length + 2);
  });

  describe('over HTTP, as C2SP tlog-tiles lays it out', () => {
    it('checkpoint, key and hashes are open to all, and fit each other', async () => {
      const [note, key, keys] = await Promise.all(['checkpoint', 'key', 'keys'].map(async (path) => (await get(app.anonymous(), path)).text()));
      expect(keys).toBe(key);
      const checkpoint = parseNote(note!);
      expect(verifyNote(checkpoint, [parseKey(key!)])).toHaveLength(1);
      const { size, root } = parseCheckpoint(checkpoint.text);
      const tile = await get(app.anonymous(), `tile/0/000.p/${size}`);
      expect([tile.status, tile.headers.get('content-type'), tile.headers.get('cache-control')]).toEqual([200, 'application/octet-stream', 'public, max-age=31536000, immutable']);
      const hashes = Buffer.from(await tile.arrayBuffer());
      expect(rootOfHashes(Array.from({ length: size }, (_, index) => hashes.subarray(index * 32, index * 32 + 32)))).toEqual(Buffer.from(root));
    });

    it('entries are for who may read events', async () => {
      const path = 'tile/entries/000.p/3';
      expect([(await get(app.anonymous(), path)).status, (await get(portal, path)).status]).toEqual([401, 403]);
      const bundle = Buffer.from(await (await get(auditor, path)).arrayBuffer());
      const first = bundle.subarray(2, 2 + bundle.readUInt16BE(0));
      const tile = Buffer.from(await (await get(app.anonymous(), 'tile/0/000.p/3')).arrayBuffer());
      expect(tile.subarray(0, 32)).toEqual(leafHash(first));
    });

    it.each(['', 'tile/0/000', 'tile/0/001.p/1', 'tile/64/000', 'tile/0/0', 'tile/0/000.p/0', 'tile/1/000.p/1', 'nothing'])('there is nothing at /log/%s', async (path) => {
      expect((await get(app.anonymous(), path)).status).toBe(404);
    });
  });

  describe('a prediction with all that proves it', () => {
    let bundle: PredictionBundle;
    let key: string;
    let folder: string;
    beforeAll(async () => {
      folder = await newFolder('assay-bundle-');
      await proofOfPrediction();
      const file = join(folder, 'bundle.json');
      const { code, stderr } = await run(['export', '--prediction', prediction, '--out', file, '--url', app.url], { env: { ASSAY_TOKEN: auditor.token! } });
      if (code !== 0) throw new Error(stderr);
      bundle = readBundle(await readFile(file, 'utf8'));
      key = (await (await app.anonymous().send('/log/key')).text()).trim();
    });
    afterAll(() => rm(folder, { recursive: true, force: true }));

    it('is proven by a command, with the key alone', async () => {
      const { code, stderr } = await run(['verify', '--offline', join(folder, 'bundle.json'), '--key', key], { env: { ASSAY_HOME: join(folder, 'nowhere') } });
      expect([code, stderr.split('\n').filter((line) => line.startsWith('✓')).length]).toEqual([0, 7]);
      expect(stderr).toMatch(/✓ All that the record holds \(explanation, host, inputs, outputs, problem, reasons, roles, runtime\) is what was logged: PD 0\.\d+/);
    });

    const changed = (part: keyof PredictionBundle, change: (text: string) => string): PredictionBundle => ({ ...bundle, [part]: change(bundle[part] as string) });
    it.each<[string, () => PredictionBundle, RegExp]>([
      ['another leaf', () => changed('leaf', (leaf) => leaf.replace('SCORED', 'FAILED')), /The leaf is not entry \d+ of the log/],
      ['another index', () => changed('proof', (proof) => proof.replace(/index \d+/, 'index 0')), /The leaf is not entry 0 of the log/],
      ['another root', () => changed('proof', (proof) => proof.replace(/\n(\d+)\n[^\n]+\n\n—/, (_, size: string) => `\n${size}\n${Buffer.alloc(32).toString('base64')}\n\n—`)), /does not fit the text/],
      ['another record', () => changed('record', (record) => `AAAA${record.slice(4)}`), /The stored record is not the one in the leaf/],
      ['another salt', () => changed('rowSalt', (salt) => `AAAA${salt.slice(4)}`), /A column of the row was changed/],
      ['another PD in the record', () => changed('body', (body) => body.replace(/"pd":0\.\d+/, '"pd":0.9')), /does not open the commitment/],
      ['another explanation', () => changed('body', (body) => body.replace(/"baselineLogit":-?\d/, '"baselineLogit":7')), /does not open the commitment/],
      ['another secret', () => changed('body', (body) => body.replace(/"r":"..../, '"r":"AAAA')), /does not open the commitment/],
      ['another reason', () => changed('body', (body) => body.replace(/"text":"[^"]/, '"text":"No: ')), /does not open the commitment/],
      ['another role', () => changed('body', (body) => body.replace('"roles":["PORTAL"]', '"roles":["ADMIN"]')), /does not open the commitment/],
      ['another runtime', () => changed('body', (body) => body.replace('"runtime":"', '"runtime":"not ')), /does not open the commitment/],
      ['a problem', () => changed('body', (body) => body.replace('"problem":null', '"problem":{"code":"NO_MODEL","message":"None."}')), /does not open the commitment/],
      ['another host', () => changed('body', (body) => body.replace('"node":"', '"node":"9')), /does not open the commitment/],
      ['more in the record', () => changed('body', (body) => body.replace(/\}$/, ',"z":1}')), /does not open the commitment/],
      ['a record that claims format 1', () => changed('body', (body) => body.replace(/"v":2\}$/, '"v":1}')), /does not open the commitment/],
      ['a record that claims format 3', () => changed('body', (body) => body.replace(/"v":2\}$/, '"v":3}')), /reads formats 1 and 2. Use a later one/],
      ['two PDs in the record', () => changed('body', (body) => body.replace('"outputs":', '"outputs":{"pd":0.99},"outputs":')), /The body of the record is not canonical JSON/],
      ['another receipt', () => changed('receipt', (receipt) => receipt.replace('2026', '2025')), /does not fit the text/],
    ])('with %s is refused', (_, forge, sentence) => {
      expect(() => verifyPrediction(forge(), [key])).toThrow(sentence);
    });

    it('is refused whichever column is another', () => {
      const columns = Object.keys(bundle.columns);
      expect(columns.length).toBeGreaterThanOrEqual(18);
      const caught = columns.filter((name) => {
        try {
          return verifyPrediction({ ...bundle, columns: { ...bundle.columns, [name]: 'forged' } }, [key]) === undefined;
        } catch {
          return true;
        }
      });
      expect(caught).toEqual(columns);
    });

    it('is refused without the key of the log, and without the witnesses that are asked for', async () => {
      const foreign = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW';
      expect(() => verifyPrediction(bundle, [foreign])).toThrow(/The checkpoint of .* is not signed by a key that you trust/);
      expect(() => verifyPrediction(bundle, [key], 1)).toThrow('has 0 signatures of witnesses that you trust, not 1');
      const file = join(folder, 'changed.json');
      await writeFile(file, JSON.stringify(changed('record', () => 'AAAA')));
      expect(await run(['verify', '--offline', file, '--key', key])).toMatchObject({ code: 1, stderr: expect.stringContaining('changed.json: The stored record is not the one in the leaf') });
      expect(await run(['verify', '--offline', file])).toMatchObject({ code: 1, stderr: expect.stringContaining('--key: give the keys of the log') });
    });

    it('needs nothing but node:crypto, and a whole export nothing but Node', async () => {
      const [imported, files] = await importedBy('verify');
      expect([imported, files.length <= 12]).toEqual([['node:crypto'], true]);
      expect((await importedBy('folder'))[0]).toEqual(['node:crypto', 'node:fs', 'node:fs/promises', 'node:path', 'node:readline']);
    });

    it('is proven by Node alone, with the files that the documentation names and no library, none of which signs', async () => {
      const [, files] = await importedBy('main');
      const documented = /cp --parents (.+?) ~\/verifier/s.exec(await readFile(join(PROJECT, 'docs/verify-alone.md'), 'utf8'))![1]!.split(/[\s\\]+/).flatMap(expanded);
      const root = fileURLToPath(new URL('../../src/audit', import.meta.url));
      expect(documented.sort()).toEqual(files.map((file) => relative(root, file)).sort());
      const alone = join(folder, 'alone');
      for (const name of documented) await cp(join(root, name), join(alone, name));
      await writeFile(join(alone, 'package.json'), '{"type":"module"}');
      const texts = await Promise.all(files.map((file) => readFile(file, 'utf8')));
      expect(texts.join('').match(/\bsign\(|createPrivateKey|generateKeyPair|writeFile|fetch\(/g)).toBeNull();
      expect(texts.join('').split('\n').length).toBeLessThan(1_200);
      const node = (...args: string[]): Promise<{ code: number; out: string }> => new Promise((done) => {
        execFile(process.execPath, [join(alone, 'offline/main.js'), ...args], { cwd: alone, env: {} }, (error, stdout, stderr) => done({ code: error ? Number(error.code) : 0, out: stdout + stderr }));
      });
      const file = join(folder, 'bundle.json');
      await writeFile(join(folder, 'keys.txt'), `${key}\n${key}\n`);
      const [good, other, bare] = await Promise.all([node(file, '--key', join(folder, 'keys.txt')), node(file, '--key', 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW'), node(file)]);
      expect([good.code, good.out.split('\n').filter((line) => line.startsWith('✓')).length]).toEqual([0, 7]);
      expect([other.code, other.out]).toEqual([1, expect.stringMatching(/^✗ The checkpoint of .* is not signed by a key that you trust/)]);
      expect([bare.code, bare.out]).toEqual([1, expect.stringContaining('Usage: node main.js')]);
    });

    it('that was recorded in format 1 is proven as before, and what nothing proves of it is said', async () => {
      const [old, its] = await Promise.all(['json', 'key'].map((ending) => readFile(join(PROJECT, `test/fixtures/evidence/prediction-format-1.${ending}`), 'utf8'))) as [string, string];
      const told = (text: string): string[] => verifyPrediction(readBundle(text), keysIn(its)).map(({ proven, says }) => `${proven ? '✓' : '!'} ${says}`);
      const last = told(old).slice(-3);
      expect(last).toEqual([expect.stringMatching(/^✓ Inputs, outputs and explanation .* PD 0\.1123/), '! The record is of format 1, in which nothing proves host, problem, reasons, roles, runtime: they may have been changed', expect.stringMatching(/^✓ The receipt/)]);
      expect(told(old.replace('approved applicants typically', 'forged')).filter((line) => line.startsWith('!'))).toHaveLength(1);
      expect(() => told(old.replace(/(\\"v\\":)1(\}"\n\})/, '$12$2'))).toThrow('does not open the commitment');
    });

    it('without what went in and came out is not said to be erased', () => {
      const check = verifyPrediction({ ...bundle, body: null }, [key]).find(({ proven }) => !proven);
      expect(check!.says).toContain('is not in this bundle. It is not proven here whether the customer was erased');
    });

    it.each<[string, (text: string) => string, RegExp]>([
      ['no JSON', () => 'nothing', /^The bundle is not JSON/],
      ['null', () => 'null', /^The bundle is not a JSON object/],
      ['a column twice', (text) => text.replace('"columns": {', '"columns": { "pd": 0.5,'), /^The bundle has the member "pd" twice/],
      ['a number beyond all', (text) => text.replace('"job_id": null', '"job_id": 1e999'), /^A number is larger than numbers can be/],
      ['columns without end', (text) => text.replace('"job_id": null', `"job_id": ${'['.repeat(50_000)}${']'.repeat(50_000)}`), /^It is nested deeper than 100 times/],
      ['columns in a list', (text) => text.replace(/"columns": \{[^}]*\}/, '"columns": []'), /^The bundle lacks columns/],
      ['no leaf', (text) => text.replace(/"leaf": ".*"/, '"leaf": "null"'), /^The leaf is not a JSON object/],
      ['an empty record', (text) => text.replace(/"body": ".*"/, '"body": "{}"'), /^The secret r of the record is not 32 bytes/],
      ['null as record', (text) => text.replace(/"body": ".*"/, '"body": "null"'), /^The body of the record is not a JSON object/],
      ['a salt that is written otherwise', (text) => text.replace('"rowSalt": "', '"rowSalt": " '), /^The salt of the row is not base64/],
    ])('with %s is refused in a sentence', (_, forge, sentence) => {
      const message = ((): string => {
        try {
          return String(verifyPrediction(readBundle(forge(JSON.stringify(bundle, null, 2))), [key]).length);
        } catch (error) {
          return (error as Error).message;
        }
      })();
      expect(message).toMatch(sentence);
    });

    it('writes canonical JSON as the library does', () => {
      fc.assert(fc.property(fc.jsonValue(), (value) => canonical(value) === canonicalJson(value)));
    });
  });

  describe('tells what was read that not everybody may see', () => {
    const PERSONAL = 'query ($first: Int!) { customers(first: $first) { edges { node { id displayName identity { value } protectedAttributes { value } history { identity { value } } } } } }';
    const INPUTS = 'query ($id: ID!) { prediction(id: $id) { inputs { value } record { sha256 } } }';
    type Read = Record<string, unknown> & { reads: Record<string, string[]> };
    const reads = async (): Promise<Read[]> => (await app.leaves({ type: 'PERSONAL_DATA_READ' })) as Read[];
    const since = async (work: () => Promise<unknown>): Promise<Read[]> => {
      const before = (await reads()).length;
      await work();
      return (await reads()).slice(before);
    };
    it('in one event for a request, each customer once, and predictions apart', async () => {
      const { customers } = await auditor.ok<{ customers: { edges: { node: { id: string } }[] } }>('{ customers(first: 3) { edges { node { id } } } }');
      const ids = rowIds(customers.edges.map(({ node }) => node.id)).sort();
      const told = await since(() => auditor.ok(PERSONAL, { first: 3 }));
      expect(told).toEqual([expect.objectContaining({ type: 'PERSONAL_DATA_READ', part: 1, parts: 1, reads: { IDENTITY: expect.any(Array), PROTECTED: expect.any(Array) } })]);
      expect([told[0]!.reads['IDENTITY']!.sort(), told[0]!.reads['PROTECTED']!.sort()]).toEqual([ids, ids]);
      expect(await since(() => auditor.ok(INPUTS, { id: prediction }))).toMatchObject([{ reads: { PREDICTION: rowIds([prediction]) } }]);
    });

    it('not of what is masked, nor of who reads what is theirs, nor of what was refused', async () => {
      const [loan] = await someLoans(app, 1);
      const borrower = await app.asBorrower(loan!.customer.externalId);
      expect(await since(() => portal.ok('{ customers(first: 3) { edges { node { displayName attributes { value } } } } }'))).toEqual([]);
      expect(await since(() => borrower.ok('{ customers(first: 3) { edges { node { displayName identity { value } } } } }'))).toEqual([]);
      expect(await since(() => portal.query(PERSONAL, { first: 3 }))).toEqual([]);
    });

    it('before the answer: what cannot be recorded is not told', async () => {
      await app.sql('REVOKE INSERT ON audit_intake FROM assay_app');
      try {
        const { data, errors } = await auditor.query(PERSONAL, { first: 1 });
        expect([data ?? null, errors[0]!.message]).toEqual([null, 'What was read could not be recorded, so it is not told. Ask again.']);
        await auditor.ok('{ customers(first: 1) { edges { node { externalId } } } }');
      } finally {
        await app.sql('GRANT INSERT ON audit_intake TO assay_app');
      }
    });

    it('in as many events as it takes, in one statement, none of them too large', async () => {
      const { db, log } = app.runtime;
      const ctx = newContext({ db, log, actor: { id: rowIds([prediction])[0]!, name: 'Reader', roles: [], permissions: new Set(), ownCustomerId: undefined } });
      for (let n = 0; n < 2_500; n += 1) noteRead(ctx, n % 2 === 0 ? 'IDENTITY' : 'PROTECTED', newId());
      const told = await since(() => recordReads(ctx));
      expect(told.map(({ part, parts, reads: { IDENTITY, PROTECTED }, id }) => [part, parts, (IDENTITY?.length ?? 0) + (PROTECTED?.length ?? 0), id])).toEqual([[1, 3, 1_000, ctx.traceId], [2, 3, 1_000, ctx.traceId], [3, 3, 500, ctx.traceId]]);
      expect(Math.max(...told.map((leaf) => JSON.stringify(leaf).length))).toBeLessThan(65_535);
      expect(await since(() => recordReads(ctx))).toEqual([]);
    });

    it('and of artefacts that are fetched', async () => {
      const { modelVersions } = await auditor.ok<{ modelVersions: { edges: { node: { artefacts: { sha256: string }[] } }[] } }>('{ modelVersions(first: 1) { edges { node { artefacts { sha256 } } } } }');
      const [{ sha256 }] = modelVersions.edges[0]!.node.artefacts as [{ sha256: string }];
      const bytes = (await (await auditor.send(`/artifacts/${sha256}`)).arrayBuffer()).byteLength;
      expect(await app.leaves({ type: 'ARTEFACT_READ', id: sha256 })).toMatchObject([{ sha256, bytes }]);
    });

    it('at a cost', async () => {
      const [masked, clear] = [await median(portal, '{ customers(first: 20) { edges { node { displayName } } } }'), await median(auditor, '{ customers(first: 20) { edges { node { displayName } } } }')];
      process.stderr.write(`20 customers masked ${masked.toFixed(1)} ms, in the clear and recorded ${clear.toFixed(1)} ms\n`);
    });
  });

  it('is read by auditors alone, but for what proves it', async () => {
    expect((await portal.refusal('{ auditEvents { edges { node { id } } } }')).extensions.code).toBe('FORBIDDEN');
    expect((await portal.refusal(`query ($id: ID!) { prediction(id: $id) { ${PROOF} } }`, { id: prediction })).extensions.code).toBe('FORBIDDEN');
    await portal.ok(CHECKPOINT);
  });
});

/** What a file of the offline verifier imports that is not ours, it and by what it imports; and which files of ours that are. */
const importedBy = async (name: string): Promise<[imported: string[], files: string[]]> => {
  const [seen, imported] = [new Set<string>(), new Set<string>()];
  const follow = async (path: string): Promise<void> => {
    if (seen.has(path)) return;
    seen.add(path);
    for (const [, target] of (await readFile(path, 'utf8')).matchAll(/(?:from|import) '([^']+)'/g)) {
      if (target!.startsWith('.')) await follow(resolve(dirname(path), target!));
      else imported.add(target!);
    }
  };
  await follow(fileURLToPath(new URL(`../../src/audit/offline/${name}.js`, import.meta.url)));
  return [[...imported].sort(), [...seen]];
};

/** As a shell expands braces. */
const expanded = (word: string): string[] => {
  const [, before, inside, after] = /^(.*)\{(.*)\}(.*)$/.exec(word) ?? [];
  return inside === undefined ? [word] : inside.split(',').map((one) => `${before}${one}${after}`);
};
