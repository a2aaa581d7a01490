import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { newId, type Context, type Queryable } from '../../src/platform/index.js';
import { StopService, type DeploymentRole, type LiveVersions } from '../../src/models/index.js';
import { liveVersions } from '../../src/models/model.queries.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';
import { asSuperuser } from '../support/postgres.js';
import { Bank, smallVersion, type SmallVersion } from './support.js';

let database: TestDatabase;
let bank: Bank;
let small: SmallVersion;
let olga: Context;
let adam: Context;
let alma: Context;
let vera: Context;

beforeAll(async () => {
  database = await openTestDatabase();
  bank = await Bank.open(database);
  small = await smallVersion();
  olga = await bank.person('Olga', ['MODEL_OWNER']);
  [adam, alma] = [await bank.person('Adam', ['ADMIN']), await bank.person('Alma', ['ADMIN'])];
  vera = await bank.person('Vera', ['VALIDATOR']);
});
afterAll(() => database.close());

const reason = 'It is time.';
const newModel = (): Promise<string> => bank.newModel(olga, 'LOW', { decisionPurpose: newId() });
const approved = (modelId: string): Promise<string> => bank.approved(olga, adam, modelId, small);
const deploy = (versionId: string, role: DeploymentRole = 'CHAMPION', share?: number): Promise<string> => bank.deployments.deploy(adam, { versionId, role, reason, ...(share !== undefined && { share }) });

const inAWeek = (): Date => new Date(Date.now() + 7 * 86_400_000);
const raiseHigh = (about: { versionId: string } | { modelId: string }): Promise<string> =>
  bank.findings.raise(vera, { about, title: 'It drifts', text: 'The inputs are not what they were.', severity: 'HIGH', ownerId: olga.actor.id, dueAt: inAWeek(), evidence: [] });
const close = async (findingId: string): Promise<void> => {
  await bank.findings.resolve(olga, { findingId, outcome: 'REMEDIED', text: 'Mended.', evidence: [] });
  await bank.findings.accept(vera, { findingId, comment: 'Seen.' });
};

interface Period {
  readonly id: string;
  readonly versionId: string;
  readonly role: DeploymentRole;
  readonly share: number | null;
  readonly from: string;
  readonly to: string | null;
  readonly why: string | null;
}

const periodsOf = (modelId: string): Promise<Period[]> =>
  database.db.query<Period>(
    `SELECT id, version_id AS "versionId", role, share::float8 AS share, valid_from::text AS "from", valid_to::text AS "to", end_reason AS why
     FROM deployments WHERE model_id = $1 ORDER BY valid_from, id`,
    [modelId],
  );
const openOf = async (modelId: string): Promise<string[]> => (await periodsOf(modelId)).filter(({ to }) => to === null).map(({ role, versionId }) => `${role} ${versionId}`).sort();
const rule = (name: string) => expect.objectContaining({ rule: expect.objectContaining({ name }) });
/** The latest acts on a model, oldest first. */
const eventsOf = async (modelId: string, count: number): Promise<unknown[]> => {
  const rows = await database.db.query<{ leaf: Buffer }>(`SELECT leaf FROM audit_intake WHERE type <> 'ROW_WRITTEN' ORDER BY id`);
  const leaves = rows.map(({ leaf }) => JSON.parse(leaf.toString('utf8')) as Record<string, unknown>);
  return leaves.filter((leaf) => leaf['model'] === modelId).map((leaf) => leaf['type']).slice(-count);
};

describe('the customers of a canary', () => {
  it('stay the same when its model is stopped and resumed, and those of a smaller share when it is widened', async () => {
    const purpose = newId();
    const modelId = await bank.newModel(olga, 'LOW', { decisionPurpose: purpose });
    await deploy(await approved(modelId));
    const version = await approved(modelId);
    const customers = Array.from({ length: 60 }, () => newId());
    const decidedBy = async (): Promise<Set<string>> => {
      bank.routes.forget();
      const routes = await Promise.all(customers.map((customerId) => bank.routes.routeFor(database.db, { product: 'credit-card', purpose, customerId })));
      return new Set(customers.filter((_, i) => routes[i]!.deciding?.versionId === version));
    };
    const first = await deploy(version, 'CANARY', 0.3);
    const before = await decidedBy();
    await bank.stop.suspendModel(adam, modelId, reason);
    await bank.resume(modelId, null, [adam, alma]);
    expect(await decidedBy()).toEqual(before);
    const resumed = (await periodsOf(modelId)).find(({ role, to }) => role === 'CANARY' && to === null);
    expect(resumed!.id).not.toBe(first);
    await bank.deployments.end(adam, resumed!.id, reason);
    await deploy(version, 'CANARY', 0.6);
    const wider = await decidedBy();
    expect([...before].filter((customer) => !wider.has(customer))).toEqual([]);
    expect(wider.size).toBeGreaterThan(before.size);
  });
});

describe('beside a champion', () => {
  let modelId: string;
  let [first, second, third, fourth]: string[] = [];
  beforeEach(async () => {
    modelId = await newModel();
    [first, second, third, fourth] = await Promise.all(Array.from({ length: 4 }, () => approved(modelId)));
    await deploy(first!);
  });

  it('stand several challengers and one canary', async () => {
    for (const versionId of [second!, third!]) await deploy(versionId, 'CHALLENGER');
    await deploy(fourth!, 'CANARY', 0.05);
    expect(await openOf(modelId)).toEqual([`CANARY ${fourth}`, `CHALLENGER ${second}`, `CHALLENGER ${third}`, `CHAMPION ${first}`].sort());
    const another = await approved(modelId);
    await expect(deploy(another, 'CANARY', 0.1)).rejects.toEqual(rule('ONE_CANARY'));
    await expect(deploy(second!, 'CANARY', 0.1)).rejects.toEqual(rule('ONE_ROLE'));
    await expect(deploy(first!, 'CHALLENGER')).rejects.toEqual(rule('ONE_ROLE'));
  });

  it('a canary has a share, and only a canary', async () => {
    for (const share of [0, 1, 1.5, -0.1, 0.00001, 0.12345, Number.NaN]) await expect(deploy(second!, 'CANARY', share)).rejects.toMatchObject({ code: 'BAD_INPUT', message: expect.stringContaining('from 0.0001 to 0.9999') });
    await expect(deploy(second!, 'CANARY')).rejects.toMatchObject({ code: 'BAD_INPUT' });
    await expect(deploy(second!, 'CHALLENGER', 0.5)).rejects.toMatchObject({ code: 'BAD_INPUT', message: 'share: leave it out for a CHALLENGER; only a CANARY decides for a share.' });
  });

  it('nothing stands without one', async () => {
    const versionId = await approved(await newModel());
    await expect(deploy(versionId, 'CHALLENGER')).rejects.toEqual(rule('CHAMPION_FIRST'));
    await expect(deploy(versionId, 'CANARY', 0.5)).rejects.toEqual(rule('CHAMPION_FIRST'));
  });

  it('a promoted challenger ends as one at the instant at which it becomes champion', async () => {
    const challenger = await deploy(second!, 'CHALLENGER');
    await deploy(second!);
    const periods = await periodsOf(modelId);
    const at = periods.at(-1)!.from;
    expect(periods.map(({ role, to }) => [role, to])).toEqual([['CHAMPION', at], ['CHALLENGER', at], ['CHAMPION', null]]);
    expect((await bank.leaves({ id: challenger })).map(({ type, cause }) => [type, cause])).toEqual([['VERSION_DEPLOYED', undefined], ['DEPLOYMENT_ENDED', 'PROMOTED']]);
  });

  it('a challenger and a canary end by themselves, a champion does not, and nothing ends twice', async () => {
    const ids = [await deploy(second!, 'CHALLENGER'), await deploy(third!, 'CANARY', 0.5)];
    for (const id of ids) await bank.deployments.end(adam, id, 'Seen enough.');
    expect(await openOf(modelId)).toEqual([`CHAMPION ${first}`]);
    expect((await periodsOf(modelId)).map(({ why }) => why)).toEqual([null, 'Seen enough.', 'Seen enough.']);
    await expect(bank.deployments.end(adam, ids[0]!, reason)).rejects.toEqual(rule('ENDS_STAND'));
    const [champion] = await periodsOf(modelId);
    await expect(bank.deployments.end(adam, champion!.id, reason)).rejects.toMatchObject({ rule: { name: 'NO_GAP', remedy: 'Deploy another version, roll the model back, or stop it with suspendModel.' } });
    await expect(bank.deployments.end(olga, ids[0]!, reason)).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });

  it('a retired version ends whatever it did; the champion is not retired', async () => {
    await deploy(second!, 'CHALLENGER');
    await bank.deployments.retire(adam, second!, 'Out of date.');
    expect([await openOf(modelId), (await bank.version(second!)).state]).toEqual([[`CHAMPION ${first}`], 'RETIRED']);
    await expect(bank.deployments.retire(adam, first!, reason)).rejects.toEqual(rule('NO_GAP'));
    await expect(deploy(second!)).rejects.toEqual(rule('LIFECYCLE'));
    await bank.stop.suspendModel(adam, modelId, reason);
    await bank.deployments.retire(adam, first!, reason);
    expect((await bank.version(first!)).state).toBe('RETIRED');
  });
});

describe('roll-back', () => {
  it('leads to the latest earlier champion of another version that is still approved, in one call, and back again', async () => {
    const modelId = await newModel();
    const [first, second, third] = await Promise.all(Array.from({ length: 3 }, () => approved(modelId)));
    await deploy(first!);
    await expect(bank.deployments.rollBack(adam, { modelId, reason })).rejects.toMatchObject({ rule: { name: 'EARLIER_CHAMPION', remedy: 'Deploy an approved version, or stop the model with suspendModel.', who: 'ADMIN' } });
    for (const versionId of [second!, third!]) await deploy(versionId);
    await bank.deployments.retire(adam, second!, reason);
    const back = await bank.deployments.rollBack(adam, { modelId, reason });
    expect(await openOf(modelId)).toEqual([`CHAMPION ${first}`]);
    expect((await bank.leaves({ id: back })).at(-1)).toMatchObject({ type: 'MODEL_ROLLED_BACK', from: third, to: first, deployment: back });
    await bank.deployments.rollBack(adam, { modelId, reason });
    expect(await openOf(modelId)).toEqual([`CHAMPION ${third}`]);
  });

  it('repeated under one requestId happens once', async () => {
    const modelId = await newModel();
    for (const versionId of [await approved(modelId), await approved(modelId)]) await deploy(versionId);
    const request = { modelId, reason, requestId: newId() };
    expect(await bank.deployments.rollBack(adam, request)).toBe(await bank.deployments.rollBack(adam, request));
    expect(await periodsOf(modelId)).toHaveLength(3);
  });

  it('of a model that is not there, or of which nothing decides, is refused', async () => {
    await expect(bank.deployments.rollBack(adam, { modelId: newId(), reason })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(bank.deployments.rollBack(adam, { modelId: await newModel(), reason })).rejects.toEqual(rule('EARLIER_CHAMPION'));
  });
});

describe('a suspended model', () => {
  let modelId: string;
  let [first, second, third]: string[] = [];
  beforeEach(async () => {
    modelId = await newModel();
    first = await approved(modelId);
    second = await approved(modelId);
    third = await approved(modelId);
    await deploy(first!);
    await deploy(second!, 'CHALLENGER');
    await deploy(third!, 'CANARY', 0.25);
    await bank.stop.suspendModel(adam, modelId, 'It is wrong.');
  });

  it('has nothing live, deploys nothing, and is not suspended again', async () => {
    expect(await openOf(modelId)).toEqual([]);
    await expect(deploy(first!)).rejects.toEqual(rule('NOT_SUSPENDED'));
    await expect(bank.stop.suspendModel(adam, modelId, reason)).rejects.toEqual(rule('SUSPENDED_ONCE'));
    await expect(bank.deployments.rollBack(adam, { modelId, reason })).rejects.toEqual(rule('EARLIER_CHAMPION'));
    const asked = { product: 'credit-card', purpose: await purposeOf(modelId), customerId: newId() };
    expect(await bank.routes.routeFor(database.db, asked)).toMatchObject({ deciding: null, stopped: 'MODEL_SUSPENDED', challengers: [] });
  });

  it('resumes by two people with what it had, each as it was', async () => {
    await bank.resume(modelId, null, [adam, alma]);
    expect(await openOf(modelId)).toEqual([`CANARY ${third}`, `CHALLENGER ${second}`, `CHAMPION ${first}`]);
    expect((await periodsOf(modelId)).filter(({ role, to }) => role === 'CANARY' && to === null)).toMatchObject([{ share: 0.25 }]);
    const [ended, deployed] = ['DEPLOYMENT_ENDED', 'VERSION_DEPLOYED'];
    expect(await eventsOf(modelId, 8)).toEqual([ended, ended, ended, 'MODEL_SUSPENDED', deployed, deployed, deployed, 'MODEL_RESUMED']);
  });

  it('resumes with what the proposal names: where that cannot be deployed any more nothing stands in, and a new proposal says what can', async () => {
    const { proposals } = bank.keepers;
    const stale = await bank.proposeResumption(adam, modelId);
    expect(await textOf(stale)).toBe('The suspended model decides again, with version 1 as CHAMPION, version 2 as CHALLENGER, version 3 as CANARY for 25 % of the customers.');
    await bank.deployments.retire(adam, third!, reason);
    await expect(proposals.confirm(alma, stale, 'Seen.')).rejects.toMatchObject({ code: 'CONFLICT', message: expect.stringContaining('Version 3 cannot be deployed any more as CANARY'), rule: { name: 'RESUMED_AS_SAID', remedy: expect.stringContaining('propose resumeModel again') } });
    expect(await openOf(modelId)).toEqual([]);
    await bank.resume(modelId, null, [adam, alma]);
    expect(await openOf(modelId)).toEqual([`CHALLENGER ${second}`, `CHAMPION ${first}`]);
    await deploy(second!);
    await bank.stop.suspendModel(adam, modelId, reason);
    const named = await bank.proposeResumption(adam, modelId);
    await bank.stop.suspendVersion(adam, second!, 'This one too.');
    await expect(proposals.confirm(alma, named, 'Seen.')).rejects.toEqual(rule('RESUMED_AS_SAID'));
    const empty = await bank.proposeResumption(alma, modelId);
    expect(await textOf(empty)).toContain('Nothing decides until an ADMIN deploys a version');
    await proposals.confirm(adam, empty, 'Seen.');
    expect(await openOf(modelId)).toEqual([]);
    await deploy(first!);
    expect(await openOf(modelId)).toEqual([`CHAMPION ${first}`]);
  });

  it('resumes without a champion where the suspension ended none, whoever was champion before', async () => {
    await bank.resume(modelId, null, [adam, alma]);
    await bank.stop.suspendVersion(adam, first!, reason);
    await bank.resume(modelId, first!, [adam, alma]);
    expect(await openOf(modelId)).toEqual([`CANARY ${third}`, `CHALLENGER ${second}`]);
    await bank.stop.suspendModel(adam, modelId, reason);
    await bank.resume(modelId, null, [adam, alma]);
    expect(await openOf(modelId)).toEqual([]);
  });

  it('resumes by nothing but what its proposal says of this suspension', async () => {
    const { suspension, begins } = await bank.stop.resumption(adam, modelId);
    for (const forged of [undefined, [{ ...begins![0]!, id: second! }], begins!.slice(1), [{ ...begins![0]! }, { ...begins![2]!, share: 0.9 }]]) {
      await expect(bank.proposeResumption(adam, modelId, { suspension, ...(forged && { begins: forged }) })).rejects.toEqual(rule('RESUMED_AS_SAID'));
    }
  });

  it('does not resume by one person, by a proposal for an earlier suspension, or by who is no ADMIN', async () => {
    const { proposals } = bank.keepers;
    await expect(bank.resume(modelId, null, [adam, adam])).rejects.toEqual(rule('SECOND_PERSON'));
    await expect(proposals.propose(olga, 'RESUME_MODEL', { subject: modelId, payload: { suspension: null }, reason })).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await expect(proposals.propose(adam, 'RESUME_MODEL', { subject: modelId, payload: { suspension: newId() }, reason })).rejects.toEqual(rule('SUSPENDED_ONCE'));
    const [open] = await database.db.query<{ id: string }>(`SELECT p.id FROM proposals p WHERE subject = $1 AND NOT EXISTS (SELECT FROM proposal_decisions d WHERE d.proposal_id = p.id)`, [modelId]);
    const stale = newId();
    await run([`INSERT INTO proposals (id, kind, subject, payload, proposed_by, reason, expires_at) SELECT $1, kind, subject, payload, proposed_by, reason, expires_at FROM proposals WHERE id = $2`, stale, open!.id]);
    await proposals.confirm(alma, open!.id, 'Seen.');
    await bank.stop.suspendModel(adam, modelId, reason);
    await expect(proposals.confirm(alma, stale, 'The old one.')).rejects.toEqual(rule('SUSPENDED_ONCE'));
    expect(await openOf(modelId)).toEqual([]);
  });
});

const textOf = async (proposalId: string): Promise<string> => {
  const [row] = await database.db.query<{ payload: object }>('SELECT payload FROM proposals WHERE id = $1', [proposalId]);
  return bank.keepers.proposals.kindOf('RESUME_MODEL').describe(row!.payload);
};

const purposeOf = async (modelId: string): Promise<string> => (await database.db.query<{ purpose: string }>('SELECT decision_purpose AS purpose FROM models WHERE id = $1', [modelId]))[0]!.purpose;

describe('a suspended version', () => {
  it('that decided gives way to the champion before it at the same instant, which gives up what else it did', async () => {
    const modelId = await newModel();
    const [first, second] = [await approved(modelId), await approved(modelId)];
    await deploy(first);
    await deploy(second);
    await deploy(first, 'CHALLENGER');
    await bank.stop.suspendVersion(adam, second, 'It drifts.');
    const periods = await periodsOf(modelId);
    const at = periods.at(-1)!.from;
    expect(periods.map(({ versionId, role, to }) => [versionId, role, to])).toEqual([[first, 'CHAMPION', periods[1]!.from], [second, 'CHAMPION', at], [first, 'CHALLENGER', at], [first, 'CHAMPION', null]]);
    expect([await bank.version(second), (await bank.leaves({ version: second })).at(-1)]).toMatchObject([{ state: 'SUSPENDED' }, { type: 'VERSION_SUSPENDED', fallback: periods.at(-1)!.id }]);
    await expect(deploy(second)).rejects.toEqual(rule('LIFECYCLE'));
  });

  it('leaves the decision to a person where there was no champion before it', async () => {
    const modelId = await newModel();
    const versionId = await approved(modelId);
    await deploy(versionId);
    await bank.stop.suspendVersion(adam, versionId, reason);
    const asked = { product: 'credit-card', purpose: await purposeOf(modelId), customerId: newId() };
    expect(await bank.routes.routeFor(database.db, asked)).toMatchObject({ deciding: null, stopped: 'VERSION_SUSPENDED' });
    await bank.resume(modelId, versionId, [adam, alma]);
    expect([(await bank.version(versionId)).state, await openOf(modelId)]).toEqual(['APPROVED', []]);
    await deploy(versionId);
    expect(await bank.routes.routeFor(database.db, asked)).toMatchObject({ deciding: { versionId }, stopped: null });
  });

  it('that did nothing, or was a challenger, changes no champion', async () => {
    const modelId = await newModel();
    const [first, second] = [await approved(modelId), await approved(modelId)];
    await deploy(first);
    await deploy(second, 'CHALLENGER');
    await bank.stop.suspendVersion(adam, second, reason);
    expect(await openOf(modelId)).toEqual([`CHAMPION ${first}`]);
    await expect(bank.stop.suspendVersion(adam, second, reason)).rejects.toEqual(rule('SUSPENDED_ONCE'));
    await expect(bank.resume(modelId, second, [adam, adam])).rejects.toEqual(rule('SECOND_PERSON'));
    expect((await bank.version(second)).state).toBe('SUSPENDED');
  });
});

/** The versions as they are loaded here, but for some: those hang, or fail. */
const loading = (hanging: readonly string[], failing: readonly string[] = []): LiveVersions =>
  ({
    load: (db: Queryable, id: string) => (hanging.includes(id) ? new Promise(() => undefined) : failing.includes(id) ? Promise.reject(new Error('No such file.')) : bank.live.load(db, id)),
    warm: () => new Promise(() => undefined),
  }) as unknown as LiveVersions;

const stopWith = (live: LiveVersions): StopService => new StopService({ routes: bank.routes, versions: live }, 200);

describe('a stop that needs a fallback', () => {
  let modelId: string;
  let versions: string[];
  beforeEach(async () => {
    modelId = await newModel();
    versions = await Promise.all(Array.from({ length: 5 }, () => approved(modelId)));
    for (const versionId of versions) await deploy(versionId);
  });

  it('waits for none that hangs: the next one takes over, and the answer says why not the latest', async () => {
    const [, , second, latest, deciding] = versions;
    const { passedOver } = await stopWith(loading([latest!])).suspendVersion(adam, deciding!, 'At once.');
    expect(passedOver).toEqual([{ versionId: latest, reason: 'It was not loaded in time.' }]);
    expect(await openOf(modelId)).toEqual([`CHAMPION ${second}`]);
  });

  it('deploys nothing that was not loaded, however many cannot be: a person decides, and the answer says so', async () => {
    const [first, ...others] = versions;
    const start = performance.now();
    const { passedOver } = await stopWith(loading([first!], others)).suspendVersion(adam, others.at(-1)!, 'At once.');
    expect(performance.now() - start).toBeLessThan(5_000);
    expect(passedOver.map(({ reason: why }) => why)).toEqual([...Array<string>(3).fill('It cannot be loaded (No such file.).'), 'It was not loaded in time.']);
    expect(await openOf(modelId)).toEqual([]);
    const asked = { product: 'credit-card', purpose: await purposeOf(modelId), customerId: newId() };
    expect(await bank.routes.routeFor(database.db, asked)).toMatchObject({ deciding: null, stopped: 'VERSION_SUSPENDED' });
  });
});

describe('a HIGH finding that was raised after the approval', () => {
  it('keeps the version from being deployed to decide, rolled back to, fallen back to and resumed with, until it is closed', async () => {
    const modelId = await newModel();
    const [first, second] = [await approved(modelId), await approved(modelId)];
    for (const versionId of [first, second]) await deploy(versionId);
    const finding = await raiseHigh({ versionId: first });
    const refusal = { code: 'REFUSED', message: expect.stringContaining('Version 1 cannot be deployed to decide while HIGH findings are open on it or its model: “It drifts”'), rule: { name: 'NO_HIGH_FINDING', remedy: expect.stringContaining('acceptResolution'), who: expect.any(String) } };
    await expect(deploy(first)).rejects.toMatchObject(refusal);
    await expect(deploy(first, 'CANARY', 0.1)).rejects.toMatchObject(refusal);
    await expect(bank.deployments.rollBack(adam, { modelId, reason })).rejects.toMatchObject(refusal);
    const insertion = (role: string): [string, ...unknown[]] => [`INSERT INTO deployments (id, model_id, version_id, role, share, valid_from, by_user, reason) VALUES ($1, $2, $3, '${role}', 0.1, clock_timestamp(), $4, 'x')`, newId(), modelId, first, adam.actor.id];
    await expect(run(insertion('CANARY'))).rejects.toMatchObject({ code: 'AS061' });
    await bank.deployments.end(adam, await deploy(first, 'CHALLENGER'), reason);
    expect(await bank.stop.suspendVersion(adam, second, reason)).toMatchObject({ passedOver: [{ versionId: first, reason: 'A HIGH finding is open on it or its model.' }] });
    expect(await openOf(modelId)).toEqual([]);
    await close(finding);
    await deploy(first);
    await bank.stop.suspendModel(adam, modelId, reason);
    const proposal = await bank.proposeResumption(adam, modelId);
    await raiseHigh({ modelId });
    await expect(bank.keepers.proposals.confirm(alma, proposal, 'Seen.')).rejects.toEqual(rule('RESUMED_AS_SAID'));
    await bank.resume(modelId, null, [adam, alma]);
    expect(await openOf(modelId)).toEqual([]);
  });
});

async function attempt(kind: string, modelId: string, versionId: string): Promise<unknown> {
  switch (kind) {
    case 'champion': return deploy(versionId);
    case 'challenger': return deploy(versionId, 'CHALLENGER');
    case 'canary': return deploy(versionId, 'CANARY', 0.5);
    case 'end': return bank.deployments.end(adam, (await periodsOf(modelId)).find((one) => one.to === null && one.versionId === versionId)?.id ?? newId(), reason);
    case 'back': return bank.deployments.rollBack(adam, { modelId, reason });
    case 'stop': return bank.stop.suspendModel(adam, modelId, reason);
    case 'resume': return bank.resume(modelId, null, [adam, alma]);
    case 'stopVersion': return bank.stop.suspendVersion(adam, versionId, reason);
    default: return bank.resume(modelId, versionId, [alma, adam]);
  }
}

async function requireSound(modelId: string): Promise<void> {
  const periods = await periodsOf(modelId);
  const champions = periods.filter(({ role }) => role === 'CHAMPION');
  const stops = await database.db.query<{ from: string }>('SELECT valid_from::text AS "from" FROM suspensions WHERE model_id = $1', [modelId]);
  champions.forEach(({ to }, index) => {
    const next = champions[index + 1];
    expect(to === (next?.from ?? null) || stops.some(({ from }) => from === to)).toBe(true);
  });
  expect(periods.filter(({ role, to }) => role === 'CANARY' && to === null).length).toBeLessThanOrEqual(1);
  const open = periods.filter(({ to }) => to === null);
  expect(new Set(open.map(({ versionId }) => versionId)).size).toBe(open.length);
  // Every boundary, a microsecond before it and a microsecond after.
  const [wrong] = await database.db.query<{ count: number }>(
    `WITH instants AS (SELECT DISTINCT at + step AS at FROM deployments d CROSS JOIN LATERAL (VALUES (d.valid_from), (d.valid_to)) bounds(at)
       CROSS JOIN (VALUES (interval '0'), (interval '1 microsecond'), (interval '-1 microsecond')) steps(step) WHERE d.model_id = $1 AND at IS NOT NULL)
     SELECT count(*)::int AS count FROM instants i
     WHERE (SELECT count(*) FROM deployments d WHERE d.model_id = $1 AND d.role = 'CHAMPION' AND tstzrange(d.valid_from, d.valid_to) @> i.at) > 1`,
    [modelId],
  );
  expect(wrong!.count).toBe(0);
}

/** From an instant of the database's clock, in microseconds, on: who decided, or nobody. */
interface Since {
  readonly at: bigint;
  readonly versionId: string | null;
}

/** What is expected of `Model.liveVersion(at:)`: kept act by act, and never read from the deployments of the past. */
class Timeline {
  readonly entries: Since[] = [];

  constructor(readonly modelId: string) {}

  /** Notes what an act that was done has made of it. What a champion and a stop lead to is known; the others tell it by what stands open. */
  async note(kind: string, versionId: string): Promise<void> {
    const before = this.entries.at(-1)?.versionId ?? null;
    if (['challenger', 'canary', 'end', 'resumeVersion'].includes(kind)) return;
    const [open] = await openChampions(this.modelId);
    const now = kind === 'champion' ? versionId : kind === 'stop' ? null : (open?.versionId ?? null);
    if (now === before) return;
    const at = now === null ? await lastStop(this.modelId) : open!.at;
    this.entries.push({ at: BigInt(at), versionId: now });
  }

  expectedAt = (microseconds: bigint): string | null => this.entries.findLast(({ at }) => at <= microseconds)?.versionId ?? null;

  /** Asks as the query does, which knows milliseconds: at every boundary, one before and one after, and before the first. */
  async requireTold(): Promise<void> {
    const boundaries = this.entries.map(({ at }) => Number(at / 1000n));
    const instants = [(boundaries[0] ?? Date.now()) - 3_600_000, ...boundaries.flatMap((at) => [at - 1, at, at + 1])].map((at) => new Date(at));
    const told = await liveVersions.load(adam, instants.map((at) => ({ modelId: this.modelId, at })));
    const timesAndVersions = (idAt: (at: Date, place: number) => string | null): unknown[] => instants.map((at, place) => [at.toISOString(), idAt(at, place)]);
    expect(timesAndVersions((_, place) => told[place]?.id ?? null)).toEqual(timesAndVersions((at) => this.expectedAt(BigInt(at.getTime()) * 1000n)));
    const [now] = await liveVersions.load(adam, [{ modelId: this.modelId, at: undefined }]);
    expect(now?.id ?? null).toBe(this.entries.at(-1)?.versionId ?? null);
  }
}

const microseconds = (column: string): string => `(extract(epoch FROM ${column}) * 1000000)::bigint::text AS at`;
const openChampions = (modelId: string): Promise<{ versionId: string; at: string }[]> =>
  database.db.query(`SELECT version_id AS "versionId", ${microseconds('valid_from')} FROM deployments WHERE model_id = $1 AND role = 'CHAMPION' AND valid_to IS NULL`, [modelId]);
const lastStop = async (modelId: string): Promise<string> =>
  (await database.db.query<{ at: string }>(`SELECT ${microseconds('valid_from')} FROM suspensions WHERE model_id = $1 ORDER BY valid_from DESC LIMIT 1`, [modelId]))[0]!.at;

describe('whatever is done in whatever order', () => {
  const VERSIONS = 3;
  const actOf = fc.record({ kind: fc.constantFrom('champion', 'champion', 'challenger', 'canary', 'end', 'back', 'stop', 'resume', 'stopVersion', 'resumeVersion'), version: fc.nat(VERSIONS - 1) });

  it('a model has one champion without gaps but where it is stopped, a canary at most, and each version one role; who was live when is exact', async () => {
    let refusals = 0;
    let done = 0;
    let boundaries = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(actOf, { minLength: 4, maxLength: 10 }), async (acts) => {
        const modelId = await newModel();
        const timeline = new Timeline(modelId);
        const versions = await Promise.all(Array.from({ length: VERSIONS }, () => approved(modelId)));
        // Something decides first: a sequence without a champion would have no boundary to ask about.
        for (const { kind, version } of [{ kind: 'champion', version: 0 }, ...acts]) {
          const outcome = await attempt(kind, modelId, versions[version]!).then(() => true, (error: { rule?: object; code?: string }) => {
            expect(error.rule ?? error.code).toEqual(error.rule ?? 'NOT_FOUND');
            return false;
          });
          if (outcome) {
            done += 1;
            await timeline.note(kind, versions[version]!);
          } else refusals += 1;
        }
        await requireSound(modelId);
        await timeline.requireTold();
        boundaries += timeline.entries.length;
      }),
      { numRuns: 12 },
    );
    expect(done).toBeGreaterThan(refusals / 4);
    expect(boundaries).toBeGreaterThanOrEqual(12);
  }, 120_000);
});

/** Statements in one transaction, as the application. */
const run = (...statements: [sql: string, ...parameters: unknown[]][]): Promise<void> =>
  database.db.transaction(async (tx) => {
    for (const [sql, ...parameters] of statements) await tx.query(sql, parameters);
  });

describe('plain SQL with the role of the application cannot', () => {
  let modelId: string;
  let [first, second, third]: string[] = [];
  beforeAll(async () => {
    modelId = await newModel();
    [first, second, third] = await Promise.all(Array.from({ length: 3 }, () => approved(modelId)));
    await deploy(first!);
  });
  const insert = (versionId: string, role = 'CHAMPION', at = 'clock_timestamp()', share = 'NULL', to = 'NULL'): [string, ...unknown[]] => [
    `INSERT INTO deployments (id, model_id, version_id, role, share, valid_from, valid_to, by_user, reason) VALUES ($1, $2, $3, '${role}', ${share}, ${at}, ${to}, $4, 'x')`,
    newId(), modelId, versionId, adam.actor.id,
  ];
  const end = (versionId: string, at = 'now()'): [string, ...unknown[]] => [`UPDATE deployments SET valid_to = ${at} WHERE model_id = $1 AND version_id = $2 AND valid_to IS NULL`, modelId, versionId];
  const suspend = (versionId: string | null = null, model = modelId): [string, ...unknown[]] => [
    `INSERT INTO suspensions (id, model_id, version_id, valid_from, by_user, reason) VALUES ($1, $2, $3, now(), $4, 'x')`, newId(), model, versionId, adam.actor.id,
  ];

  it('deploy what is not approved', async () => {
    const draft = await bank.newVersion(olga, modelId, small);
    await expect(run(insert(draft))).rejects.toMatchObject({ code: 'AS004' });
  });

  it('have a second champion, a second canary, or one version in two roles', async () => {
    await expect(run(insert(second!))).rejects.toMatchObject({ constraint: 'one_champion' });
    await expect(run(insert(second!, 'CANARY', undefined, '0.1'), insert(third!, 'CANARY', undefined, '0.1'))).rejects.toMatchObject({ constraint: 'one_canary' });
    await expect(run(insert(first!, 'CHALLENGER'))).rejects.toMatchObject({ constraint: 'one_role' });
  });

  it('leave a gap: end the champion with no other in its place, or with one that begins later', async () => {
    await expect(run(end(first!))).rejects.toMatchObject({ code: 'AS081' });
    await expect(run(end(first!), [`SELECT pg_sleep(0.002)`], insert(second!))).rejects.toMatchObject({ code: 'AS081' });
    // Champions that begin and end at one instant, each the successor of the other.
    const passing = [insert(second!, 'CHAMPION', 'now()'), end(second!), insert(third!, 'CHAMPION', 'now()'), end(third!)];
    await expect(run(end(first!), ...passing)).rejects.toMatchObject({ code: '23514', constraint: 'deployments_last' });
    expect(await openOf(modelId)).toEqual([`CHAMPION ${first}`]);
  });

  it('write another past or future: begin or end earlier than now, or later', async () => {
    for (const at of [`now() - interval '1 minute'`, `now() + interval '1 minute'`]) {
      await expect(run(insert(second!, 'CHALLENGER', at))).rejects.toMatchObject({ code: 'AS084' });
      await expect(run(end(first!, at))).rejects.toMatchObject({ code: 'AS084' });
    }
    await expect(run(insert(second!, 'CHALLENGER', 'now()', 'NULL', 'now()'))).rejects.toMatchObject({ code: 'AS084' });
  });

  it('move ends, take them back, or take deployments and suspensions away', async () => {
    const id = await deploy(second!, 'CHALLENGER');
    await bank.deployments.end(adam, id, reason);
    for (const value of ['clock_timestamp()', 'NULL', 'valid_to']) await expect(run([`UPDATE deployments SET valid_to = ${value} WHERE id = $1`, id])).rejects.toMatchObject({ code: 'AS007' });
    for (const statement of [`DELETE FROM deployments WHERE id = $1`, `UPDATE deployments SET valid_from = now() WHERE id = $1`, `UPDATE deployments SET role = 'CHAMPION' WHERE id = $1`, `DELETE FROM suspensions WHERE id = $1`]) {
      await expect(run([statement, id])).rejects.toMatchObject({ code: '42501' });
    }
  });

  it('take a live version out of APPROVED, or suspend something and leave it live', async () => {
    await expect(run([`UPDATE model_versions SET state = 'RETIRED' WHERE id = $1`, first])).rejects.toMatchObject({ code: 'AS085' });
    await expect(run(suspend())).rejects.toMatchObject({ code: 'AS082' });
    await expect(run(suspend(first))).rejects.toMatchObject({ code: 'AS082' });
  });

  it('deploy what is suspended, or lift a suspension alone, by whatever proposal', async () => {
    const other = await newModel();
    const versionId = await approved(other);
    await deploy(versionId);
    const suspension = await bank.stop.suspendModel(adam, other, reason);
    const lift = (proposal: string): [string, ...unknown[]] => ['UPDATE suspensions SET valid_to = clock_timestamp(), lifted_by = $2, proposal_id = $3 WHERE id = $1', suspension, alma.actor.id, proposal];
    await expect(run([`INSERT INTO deployments (id, model_id, version_id, role, valid_from, by_user, reason) VALUES ($1, $2, $3, 'CHAMPION', now(), $4, 'x')`, newId(), other, versionId, adam.actor.id])).rejects.toMatchObject({ code: 'AS082' });
    await expect(run([`UPDATE suspensions SET valid_to = clock_timestamp() WHERE id = $1`, suspension])).rejects.toMatchObject({ code: expect.stringMatching('AS083|23514') });
    await expect(run(lift(newId()))).rejects.toMatchObject({ code: 'AS083' });
    const proposal = await bank.proposeResumption(adam, other);
    await expect(run(lift(proposal))).rejects.toMatchObject({ code: 'AS083' });
    await expect(run([`INSERT INTO proposal_decisions (proposal_id, decided_by, verdict, comment) VALUES ($1, $2, 'CONFIRMED', 'x')`, proposal, adam.actor.id], lift(proposal))).rejects.toMatchObject({ code: 'AS008' });
    await bank.stop.suspendVersion(adam, versionId, reason);
    await expect(run([`UPDATE model_versions SET state = 'APPROVED' WHERE id = $1`, versionId])).rejects.toMatchObject({ code: 'AS083' });
    expect(await openOf(other)).toEqual([]);
  });

  it('stand another table in for the one a rule looks at', async () => {
    const other = await newModel();
    const versionId = await approved(other);
    await bank.stop.suspendModel(adam, other, reason);
    const temporary: [string] = ['CREATE TEMPORARY TABLE suspensions (model_id uuid, version_id uuid, valid_from timestamptz, valid_to timestamptz) ON COMMIT DROP'];
    const insertion: [string, ...unknown[]] = [`INSERT INTO deployments (id, model_id, version_id, role, valid_from, by_user, reason) VALUES ($1, $2, $3, 'CHAMPION', now(), $4, 'x')`, newId(), other, versionId, adam.actor.id];
    await expect(run(temporary, insertion)).rejects.toMatchObject({ code: expect.stringMatching('AS082|42501') });
  });
});

describe('why a live version must refer', () => {
  it('is asked of the database, for what decides', async () => {
    const modelId = await newModel();
    const versionId = await approved(modelId);
    await deploy(versionId);
    await asSuperuser(database.name, (client) => client.query(`CREATE OR REPLACE FUNCTION model_refer_cause(model uuid, version uuid) RETURNS text LANGUAGE sql STABLE AS $$ SELECT CASE WHEN model = '${modelId}' AND version = '${versionId}' THEN 'REVIEW_OVERDUE' END $$`));
    bank.routes.forget();
    expect(await bank.routes.routeFor(database.db, { product: 'credit-card', purpose: await purposeOf(modelId), customerId: newId() })).toMatchObject({ deciding: { versionId }, refer: 'REVIEW_OVERDUE' });
  });
});
