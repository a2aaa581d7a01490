import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { newId, type Context, type Logger, type Queryable } from '../../src/platform/index.js';
import { LiveVersions, lockShared, readUnderLock, resumeKinds, Routes, StopService } from '../../src/models/index.js';
import { Proposals, type ProposalKind } from '../../src/security/index.js';
import { choose, type LiveModel } from '../../src/models/routes.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';
import { asSuperuser } from '../support/postgres.js';
import { Bank, records, smallVersion, type SmallVersion } from './support.js';

let database: TestDatabase;
let bank: Bank;
let small: SmallVersion;
let olga: Context;
let adam: Context;

beforeAll(async () => {
  database = await openTestDatabase();
  bank = await Bank.open(database);
  small = await smallVersion();
  olga = await bank.person('Olga', ['MODEL_OWNER']);
  adam = await bank.person('Adam', ['ADMIN']);
});
afterAll(() => database.close());

const reason = 'It is better.';
const deploymentsOf = (modelId: string) =>
  database.db.query<{ versionId: string; from: string; to: string | null }>(
    'SELECT version_id AS "versionId", valid_from::text AS "from", valid_to::text AS "to" FROM deployments WHERE model_id = $1 ORDER BY valid_from',
    [modelId],
  );
const epochOf = (modelId: string): Promise<string> => database.db.transaction(async (tx) => (await readUnderLock(tx, modelId)).epoch);

/** Until some transaction waits for a model's lock. */
async function waitUntilBlocked(): Promise<void> {
  for (;;) {
    const waiting = await database.db.query(`SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted`);
    if (waiting.length > 0) return;
  }
}

describe('deploying', () => {
  let modelId: string;
  let first: string;
  let second: string;
  beforeEach(async () => {
    modelId = await bank.newModel(olga, 'LOW', { decisionPurpose: `purpose ${newId()}` });
    first = await bank.approved(olga, adam, modelId, small);
    second = await bank.approved(olga, adam, modelId, small);
  });

  it('makes a version the champion, counts the change, and is an event', async () => {
    const id = await bank.deployments.deploy(adam, { versionId: first, role: 'CHAMPION', reason });
    expect(await deploymentsOf(modelId)).toMatchObject([{ versionId: first, to: null }]);
    expect(await epochOf(modelId)).toBe('1');
    expect(await bank.leaves({ id })).toMatchObject([{ type: 'VERSION_DEPLOYED', version: first, deployment: id, role: 'CHAMPION', actor: adam.actor.id }]);
  });

  it('ends the previous champion at the very instant the next begins', async () => {
    await bank.deployments.deploy(adam, { versionId: first, role: 'CHAMPION', reason });
    await bank.deployments.deploy(adam, { versionId: second, role: 'CHAMPION', reason });
    const [before, after] = await deploymentsOf(modelId);
    expect([before!.versionId, before!.to, after!.to]).toEqual([first, after!.from, null]);
    expect(await epochOf(modelId)).toBe('2');
  });

  it('of many at once leaves one champion and no gap', async () => {
    const versions = [first, second, first, second, first];
    await Promise.allSettled(versions.map((versionId) => bank.deployments.deploy(adam, { versionId, role: 'CHAMPION', reason })));
    const periods = await deploymentsOf(modelId);
    expect(periods.filter(({ to }) => to === null)).toHaveLength(1);
    periods.slice(1).forEach(({ from }, index) => expect(periods[index]!.to).toBe(from));
    expect(await epochOf(modelId)).toBe(String(periods.length));
  });

  it('goes back to an earlier version in one call', async () => {
    for (const versionId of [first, second, first]) await bank.deployments.deploy(adam, { versionId, role: 'CHAMPION', reason });
    expect((await deploymentsOf(modelId)).map(({ versionId }) => versionId)).toEqual([first, second, first]);
  });

  it('refuses the champion of today, versions without approval, and an empty reason', async () => {
    await bank.deployments.deploy(adam, { versionId: first, role: 'CHAMPION', reason });
    const draft = await bank.newVersion(olga, modelId, small);
    const deploy = (versionId: string, why = reason) => bank.deployments.deploy(adam, { versionId, role: 'CHAMPION', reason: why });
    await expect(deploy(first)).rejects.toThrow('is the champion of its model already');
    await expect(deploy(draft)).rejects.toThrow('only while it is APPROVED; this one is DRAFT');
    await expect(deploy(second, ' ')).rejects.toThrow('say why');
    expect(await epochOf(modelId)).toBe('1');
  });

  it('refuses who may not, and records it', async () => {
    await expect(bank.deployments.deploy(olga, { versionId: first, role: 'CHAMPION', reason })).rejects.toMatchObject({ code: 'FORBIDDEN' });
    expect((await bank.leaves({ id: first })).at(-1)).toMatchObject({ type: 'ACT_REFUSED', act: 'DEPLOY', actor: olga.actor.id, code: 'FORBIDDEN' });
  });

  it('repeated under one requestId deploys once', async () => {
    const request = { versionId: first, role: 'CHAMPION' as const, reason, requestId: newId() };
    expect(await bank.deployments.deploy(adam, request)).toBe(await bank.deployments.deploy(adam, request));
    expect(await deploymentsOf(modelId)).toHaveLength(1);
  });

  it('waits for predictions that are being recorded, so none is stamped with a version that is no longer live', async () => {
    await bank.deployments.deploy(adam, { versionId: first, role: 'CHAMPION', reason });
    let swap: Promise<string> | undefined;
    await database.db.transaction(async (tx) => {
      await lockShared(tx, modelId);
      const { epoch } = await readUnderLock(tx, modelId);
      swap = bank.deployments.deploy(adam, { versionId: second, role: 'CHAMPION', reason });
      await waitUntilBlocked();
      expect((await readUnderLock(tx, modelId)).epoch).toBe(epoch);
    });
    await swap;
    expect(await epochOf(modelId)).toBe('2');
  });

  it('of two champions at one time is refused by the database itself', async () => {
    await bank.deployments.deploy(adam, { versionId: first, role: 'CHAMPION', reason });
    const inserting = database.db.transaction((tx) =>
      tx.query(
        `INSERT INTO deployments (id, model_id, version_id, role, valid_from, by_user, reason) VALUES ($1, $2, $3, 'CHAMPION', now(), $4, 'x')`,
        [newId(), modelId, second, adam.actor.id],
      ),
    );
    await expect(inserting).rejects.toMatchObject({ code: '23P01', constraint: 'one_champion' });
  });
});

const liveModel = (changes: Partial<LiveModel>): LiveModel => ({
  modelId: 'm1', modelName: 'Cards', horizonMonths: 12, products: ['credit-card'], decisionPurpose: 'credit', epoch: '1', challengers: [], canary: null, stopped: null,
  champion: { deploymentId: 'd', versionId: 'v', version: 1, dossierDigest: '', artefactDigest: '', refer: null }, ...changes,
});
const request = { product: 'credit-card', purpose: 'credit' };
const choosing = (models: LiveModel[], modelId?: string) => () => choose(models, { ...request, modelId });

describe('routing', () => {
  it('finds the one model that serves the product and the purpose', () => {
    const cards = liveModel({});
    expect(choose([liveModel({ modelId: 'm2', products: ['mortgage'] }), cards, liveModel({ modelId: 'm3', decisionPurpose: 'limit' })], request)).toBe(cards);
  });

  it('says NO_MODEL, and what is missing', () => {
    expect(choosing([])).toThrow('No live model serves credit of credit-card. Deploy an approved version');
    expect(choosing([liveModel({})], 'm9')).toThrow('The named model has no live version');
    expect(choosing([liveModel({ products: ['mortgage'] })], 'm1')).toThrow('"Cards" serves credit of mortgage, not credit of credit-card');
  });

  it('says AMBIGUOUS_MODEL, naming them, unless one is named', () => {
    const two = [liveModel({}), liveModel({ modelId: 'm2', modelName: 'Cards 2' })];
    expect(() => choose(two, request)).toThrow(expect.objectContaining({ code: 'AMBIGUOUS_MODEL', message: expect.stringContaining('"Cards", "Cards 2"') }));
    expect(choose(two, { ...request, modelId: 'm2' })).toBe(two[1]);
  });

  it('follows a deployment at once here, and within a second on other replicas', async () => {
    let now = 0;
    const replica = new Routes(() => now);
    const purpose = newId();
    const modelId = await bank.newModel(olga, 'LOW', { decisionPurpose: purpose });
    const versionId = await bank.approved(olga, adam, modelId, small);
    const asked = { product: 'credit-card', purpose, customerId: newId() };
    await expect(bank.routes.routeFor(database.db, asked)).rejects.toMatchObject({ code: 'NO_MODEL' });
    await expect(replica.routeFor(database.db, asked)).rejects.toMatchObject({ code: 'NO_MODEL' });
    const deploymentId = await bank.deployments.deploy(adam, { versionId, role: 'CHAMPION', reason });
    const found = { modelId, epoch: '1', deciding: { versionId, deploymentId, version: 1, artefactDigest: small.artefacts.onnx.sha256 } };
    expect(await bank.routes.routeFor(database.db, asked)).toMatchObject(found);
    now = 999;
    await expect(replica.routeFor(database.db, asked)).rejects.toMatchObject({ code: 'NO_MODEL' });
    now = 1000;
    expect(await replica.routeFor(database.db, asked)).toMatchObject(found);
  });
});

/** A version whose model can be loaded when it is registered, and not any more once somebody changed the stored bytes. */
async function brokenVersion(modelId: string, weight: number, { deployed = false } = {}): Promise<string> {
  const version = await smallVersion({ weight });
  const id = await bank.approved(olga, adam, modelId, version);
  if (deployed) await bank.deployments.deploy(adam, { versionId: id, role: 'CHAMPION', reason });
  await asSuperuser(database.name, async (client) => {
    await client.query('ALTER TABLE artefacts DROP CONSTRAINT IF EXISTS artefacts_check');
    await client.query(`UPDATE artefacts SET bytes = set_byte(bytes, 60, (get_byte(bytes, 60) + 1) % 256) WHERE sha256 = decode($1, 'hex')`, [version.artefacts.onnx.sha256]);
  });
  return id;
}

/** What a pool asked the database for. */
const asking = (queries: string[]): Queryable => ({ query: (sql, parameters) => (queries.push(sql), database.db.query(sql, parameters)) });

describe('the warm pool', () => {
  it('has what is deployed in memory before the first request, and keeps it whatever else is looked at', async () => {
    const modelId = await bank.newModel(olga, 'LOW', { decisionPurpose: newId() });
    const [champion, one, two] = [await bank.approved(olga, adam, modelId, small), await bank.newVersion(olga, modelId, small), await bank.newVersion(olga, modelId, small)];
    await bank.deployments.deploy(adam, { versionId: champion, role: 'CHAMPION', reason });
    const pool = new LiveVersions(bank.store, 'onnx', 1);
    await pool.warm(database.db, adam.log);
    const queries: string[] = [];
    const loaded = await pool.load(asking(queries), champion);
    expect([loaded.versionId, queries]).toEqual([champion, []]);
    for (const id of [one, two]) await pool.load(database.db, id);
    expect(await pool.load(asking(queries), champion)).toBe(loaded);
    await pool.load(asking(queries), one);
    expect(queries.length).toBeGreaterThan(0);
    await pool.close();
  });

  it('has a newly deployed version too, in the process that deployed it', async () => {
    const modelId = await bank.newModel(olga, 'LOW', { decisionPurpose: newId() });
    const versionId = await bank.approved(olga, adam, modelId, small);
    await bank.deployments.deploy(adam, { versionId, role: 'CHAMPION', reason });
    const queries: string[] = [];
    await bank.live.load(asking(queries), versionId);
    expect(queries).toEqual([]);
  });

  it('refuses a version that cannot be loaded: what is live stays live', async () => {
    const modelId = await bank.newModel(olga, 'LOW', { decisionPurpose: newId() });
    const versionId = await bank.approved(olga, adam, modelId, small);
    await bank.deployments.deploy(adam, { versionId, role: 'CHAMPION', reason });
    const broken = await brokenVersion(modelId, 2);
    await expect(bank.deployments.deploy(adam, { versionId: broken, role: 'CHAMPION', reason })).rejects.toMatchObject({
      code: 'REFUSED', message: expect.stringMatching(/^Version 2 cannot be loaded \(The stored artefact [0-9a-f]{64} does not have its digest any more\.\), so it cannot serve; what is live stays live\./),
    });
    expect(await deploymentsOf(modelId)).toMatchObject([{ versionId, to: null }]);
  });

  it('refuses to resume a model with one that cannot be loaded any more; a new proposal does without it', async () => {
    const alma = await bank.person('Alma', ['ADMIN']);
    const modelId = await bank.newModel(olga, 'LOW', { decisionPurpose: newId() });
    const broken = await brokenVersion(modelId, 4, { deployed: true });
    await bank.stop.suspendModel(adam, modelId, reason);
    // Here it is in memory since it was deployed; where the proposal is confirmed it is not.
    const parts = { routes: bank.routes, versions: new LiveVersions(bank.store) };
    const proposals = new Proposals(resumeKinds(parts) as readonly ProposalKind[]);
    const propose = (payload: object): Promise<string> => proposals.propose(adam, 'RESUME_MODEL', { subject: modelId, payload, reason });
    const proposal = await propose(await bank.stop.resumption(adam, modelId));
    await expect(proposals.confirm(alma, proposal, 'Seen.')).rejects.toMatchObject({ code: 'REFUSED', message: expect.stringContaining('Version 1 cannot be loaded'), rule: { name: 'LOADABLE' } });
    expect((await deploymentsOf(modelId)).filter(({ to }) => to === null)).toEqual([]);
    expect((await bank.leaves({ id: proposal })).at(-1)).toMatchObject({ type: 'ACT_REFUSED', act: 'CONFIRM_RESUME_MODEL', rule: 'LOADABLE' });
    await proposals.confirm(alma, await propose(await new StopService(parts).resumption(adam, modelId)), 'Seen.');
    expect(await deploymentsOf(modelId)).toMatchObject([{ versionId: broken, to: expect.any(String) }]);
    await parts.versions.close();
  });

  it('starts without a version that broke while it was deployed, and says so in the log', async () => {
    const modelId = await bank.newModel(olga, 'LOW', { decisionPurpose: newId() });
    const broken = await brokenVersion(modelId, 3, { deployed: true });
    const errors: object[] = [];
    const infos: object[] = [];
    const log = { error: (said: object) => errors.push(said), info: (said: object) => infos.push(said) } as unknown as Logger;
    const pool = new LiveVersions(bank.store);
    await pool.warm(database.db, log);
    expect(errors).toEqual([{ versionId: broken, err: expect.objectContaining({ code: 'INTERNAL' }) }]);
    expect(infos).toEqual([{ versions: expect.any(Number), broken: 1, milliseconds: expect.any(Number) }]);
    await expect(pool.load(database.db, broken)).rejects.toMatchObject({ code: 'INTERNAL' });
    await pool.close();
  });
});

describe('the runtime', () => {
  it('is the configured one: a version that it cannot load is not loaded by another', async () => {
    const versionId = await bank.newVersion(olga, await bank.newModel(olga), small);
    const live = new LiveVersions(bank.store, 'tensorflow');
    await expect(live.load(database.db, versionId)).rejects.toMatchObject({ code: 'BAD_INPUT', message: 'This version has no LayersModel, so that TensorFlow cannot run it; use the runtime onnx.' });
    await live.close();
  });
});

describe('live versions', () => {
  it('are loaded once for all who ask, ready to score', async () => {
    const versionId = await bank.newVersion(olga, await bank.newModel(olga), small);
    const live = new LiveVersions(bank.store);
    const [one, two] = await Promise.all([live.load(database.db, versionId), live.load(database.db, versionId)]);
    expect(one).toBe(two);
    const { dossierDigest, artefactDigest, referenceDigest, schema, scorer } = one;
    expect([dossierDigest, artefactDigest, referenceDigest]).toEqual([(await bank.version(versionId)).digest, small.dossier.artefacts['onnx'], small.dossier.artefacts['referenceSet']]);
    const { probability } = await scorer.run(new Float32Array([0]), 1);
    expect([schema.width, probability[0]]).toEqual([1, expect.closeTo(1 / (1 + Math.E), 6)]);
    await live.close();
  });

  it('keep the latest used and let go of the others', async () => {
    const modelId = await bank.newModel(olga);
    const ids = [await bank.newVersion(olga, modelId, small), await bank.newVersion(olga, modelId, small), await bank.newVersion(olga, modelId, small)];
    const live = new LiveVersions(bank.store, 'onnx', 2);
    const [a, b] = [await live.load(database.db, ids[0]!), await live.load(database.db, ids[1]!)];
    expect(await live.load(database.db, ids[0]!)).toBe(a);
    await live.load(database.db, ids[2]!);
    expect(await live.load(database.db, ids[0]!)).toBe(a);
    expect(await live.load(database.db, ids[1]!)).not.toBe(b);
    expect((await a.scorer.run(new Float32Array(records.length), records.length)).probability).toHaveLength(records.length);
    await live.close();
  });

  it('that fail to load are tried again by the next who asks', async () => {
    const versionId = await bank.newVersion(olga, await bank.newModel(olga), small);
    const live = new LiveVersions(bank.store);
    const broken = { query: () => Promise.reject(new Error('connection lost')) };
    await expect(live.load(broken, versionId)).rejects.toThrow('connection lost');
    expect((await live.load(database.db, versionId)).versionId).toBe(versionId);
    await live.close();
  });
});
