import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { decodeGlobalId, newId, type Context } from '../../src/platform/index.js';
import { WAIVABLE } from '../../src/models/gates/gates.js';
import { GATE_NAMES } from '../../src/models/gates/types.js';
import { evidenceTaskSources } from '../../src/models/index.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';
import { asSuperuser } from '../support/postgres.js';
import { Bank, evaluateGates, smallVersion, type SmallVersion } from './support.js';

let database: TestDatabase;
let bank: Bank;
let small: SmallVersion;
let [olga, adam, alma, vera]: Context[] = [];

beforeAll(async () => {
  database = await openTestDatabase();
  bank = await Bank.open(database);
  small = await smallVersion();
  olga = await bank.person('Olga', ['MODEL_OWNER', 'VALIDATOR', 'ADMIN']);
  adam = await bank.person('Adam', ['ADMIN']);
  alma = await bank.person('Alma', ['ADMIN']);
  vera = await bank.person('Vera', ['VALIDATOR']);
});
afterAll(() => database.close());

/** Plain SQL with the application's role: what somebody can do who holds its password. */
const run = (sql: string, ...parameters: unknown[]): Promise<unknown[]> => database.db.transaction((tx) => tx.query(sql, parameters));
const codeOf = (work: Promise<unknown>): Promise<string> => work.then(() => 'done', (error: { code: string }) => error.code);
const approve = (versionId: string): Promise<unknown[]> => run(`UPDATE model_versions SET state = 'APPROVED' WHERE id = $1`, versionId);
const future = (days: number): Date => new Date(Date.now() + days * 86_400_000);

/** Submitted, with the one vote that it needs. */
async function voted(): Promise<{ modelId: string; versionId: string; dossierDigest: string }> {
  const version = await bank.submitted(olga!, 'LOW', small);
  await run(
    `INSERT INTO model_version_votes (id, version_id, user_id, role, verdict, dossier_digest, comment) SELECT $1, id, $3, 'ADMIN', 'FOR', dossier_digest, 'x' FROM model_versions WHERE id = $2`,
    newId(), version.versionId, adam!.actor.id,
  );
  return version;
}

interface Forged {
  readonly by?: readonly [Context, Context];
  readonly gate?: string;
  readonly payloadGate?: string;
  readonly days?: number;
}

/** A waiver with a proposal that these two people made, by plain SQL. */
async function waive(versionId: string, { by = [alma!, vera!], gate = 'SIZE', payloadGate = gate, days = 10 }: Forged = {}): Promise<string> {
  const [proposal, waiver, expiresAt] = [newId(), newId(), future(days)];
  const { digest } = await bank.version(versionId);
  const payload = JSON.stringify({ gate: payloadGate, dossier: digest, expiresAt: expiresAt.toISOString() });
  await database.db.transaction(async (tx) => {
    await tx.query(`INSERT INTO proposals (id, kind, subject, payload, proposed_by, reason, expires_at) VALUES ($1, 'WAIVE_GATE', $2, $3, $4, 'x', now() + interval '1 day')`, [proposal, versionId, payload, by[0].actor.id]);
    await tx.query(`INSERT INTO proposal_decisions (proposal_id, decided_by, verdict, comment) VALUES ($1, $2, 'CONFIRMED', 'x')`, [proposal, by[1].actor.id]);
    await tx.query(`INSERT INTO gate_waivers (id, version_id, gate, dossier_digest, reason, proposal_id, expires_at) VALUES ($1, $2, $3, decode($4, 'hex'), 'x', $5, $6)`, [waiver, versionId, gate, digest, proposal, expiresAt]);
  });
  return waiver;
}

describe('approval, by plain SQL,', () => {
  it('needs an evaluation at which every single gate passed or did not apply', async () => {
    const { versionId } = await voted();
    expect(await codeOf(approve(versionId))).toBe('AS050');
    for (const gate of GATE_NAMES) {
      await evaluateGates(database.db, versionId, { [gate]: 'FAIL' });
      expect([gate, await codeOf(approve(versionId))]).toEqual([gate, 'AS050']);
    }
    await evaluateGates(database.db, versionId, { DISCRIMINATION: 'NOT_APPLICABLE' });
    expect(await codeOf(approve(versionId))).toBe('done');
  });

  it('goes by the last evaluation, not by a better one before', async () => {
    const { versionId } = await voted();
    await evaluateGates(database.db, versionId);
    await evaluateGates(database.db, versionId, { SIZE: 'FAIL' });
    expect(await codeOf(approve(versionId))).toBe('AS050');
  });

  it('does not take the evaluation at submission for one at the vote', async () => {
    const { versionId } = await voted();
    const stages = await database.db.query('SELECT stage FROM gate_evaluations WHERE version_id = $1', [versionId]);
    expect(stages).toEqual([{ stage: 'SUBMISSION' }]);
    expect(await codeOf(approve(versionId))).toBe('AS050');
  });

  it('takes a waived gate only under a waiver for this gate, version and dossier that is in force', async () => {
    const [one, other] = [await voted(), await voted()];
    const [waiver, elsewhere] = [await waive(one.versionId), await waive(other.versionId)];
    await evaluateGates(database.db, one.versionId, { SIZE: 'WAIVED' }, elsewhere);
    expect(await codeOf(approve(one.versionId))).toBe('AS050');
    await evaluateGates(database.db, one.versionId, { LATENCY: 'WAIVED' }, waiver);
    expect(await codeOf(approve(one.versionId))).toBe('AS050');
    await evaluateGates(database.db, one.versionId, { SIZE: 'WAIVED' }, waiver);
    await asSuperuser(database.name, (client) => client.query(`UPDATE gate_waivers SET recorded_at = now() - interval '2 days', expires_at = now() - interval '1 day' WHERE id = $1`, [waiver]));
    expect(await codeOf(approve(one.versionId))).toBe('AS050');
    await evaluateGates(database.db, one.versionId, { SIZE: 'WAIVED' }, await waive(one.versionId));
    expect(await codeOf(approve(one.versionId))).toBe('done');
  });

  it('is refused while a HIGH finding is open, also one that is raised at the same moment', async () => {
    const { modelId, versionId } = await voted();
    await evaluateGates(database.db, versionId);
    const raise = `INSERT INTO findings (id, model_id, version_id, title, text, severity, owner_id, due_at, evidence, raised_by) VALUES ($1, $2, $3, 'x', 'x', 'HIGH', $4, now() + interval '1 day', '{}', $5)`;
    let approving: Promise<string> | undefined;
    await database.db.transaction(async (tx) => {
      await tx.query(raise, [newId(), modelId, versionId, olga!.actor.id, vera!.actor.id]);
      approving = codeOf(approve(versionId));
      while ((await database.db.query('SELECT FROM pg_locks WHERE NOT granted')).length === 0);
    });
    expect(await approving).toBe('AS056');
  });
});

describe('an evaluation, by plain SQL,', () => {
  it('is of the dossier that the version has, while votes are cast', async () => {
    const draft = await bank.newVersion(olga!, await bank.newModel(olga!, 'LOW'), small);
    expect(await codeOf(evaluateGates(database.db, draft))).toBe('AS053');
    const { versionId } = await voted();
    const other = run(`INSERT INTO gate_evaluations (id, version_id, stage, dossier_digest, policy_version, by_user) VALUES ($1, $2, 'APPROVAL', sha256('x'), 1, $3)`, newId(), versionId, adam!.actor.id);
    expect(await codeOf(other)).toBe('AS053');
    await bank.votes.vote(alma!, 'REJECT', { versionId, dossierDigest: (await bank.version(versionId)).digest, comment: 'No.' });
    expect(await codeOf(evaluateGates(database.db, versionId))).toBe('AS053');
  });
});

describe('a waiver, by plain SQL,', () => {
  it.each(GATE_NAMES.filter((gate) => !WAIVABLE.includes(gate)))('of the gate %s does not exist', async (gate) => {
    const { versionId } = await voted();
    expect(await codeOf(waive(versionId, { gate }))).toBe('23514');
  });

  it('takes two people, neither of whom made the version, and says what they agreed on', async () => {
    const { versionId } = await voted();
    expect(await codeOf(waive(versionId, { by: [alma!, alma!] }))).toBe('AS008');
    expect(await codeOf(waive(versionId, { by: [olga!, vera!] }))).toBe('AS051');
    expect(await codeOf(waive(versionId, { by: [vera!, olga!] }))).toBe('AS051');
    expect(await codeOf(waive(versionId, { payloadGate: 'LATENCY' }))).toBe('AS051');
    expect(await codeOf(waive(versionId, { days: 200 }))).toBe('AS052');
    const alone = run(`INSERT INTO gate_waivers (id, version_id, gate, dossier_digest, reason, proposal_id, expires_at) SELECT $1, $2, 'SIZE', v.dossier_digest, 'x', $3, now() + interval '1 day' FROM model_versions v WHERE v.id = $2`, newId(), versionId, newId());
    expect(await codeOf(alone)).toBe('AS051');
  });
});

const finding = async (versionId: string | null, modelId: string, owner: Context): Promise<string> => {
  const id = newId();
  await run(`INSERT INTO findings (id, model_id, version_id, title, text, severity, owner_id, due_at, evidence, raised_by) VALUES ($1, $2, $3, 'x', 'x', 'LOW', $4, $5, '{}', $6)`, id, modelId, versionId, owner.actor.id, future(1), vera!.actor.id);
  return id;
};
const resolve = async (findingId: string, by: Context): Promise<string> => {
  const id = newId();
  await run(`INSERT INTO finding_resolutions (id, finding_id, outcome, text, evidence, proposed_by) VALUES ($1, $2, 'REMEDIED', 'x', '{}', $3)`, id, findingId, by.actor.id);
  return id;
};
const judge = (resolutionId: string, by: Context): Promise<unknown[]> => run(`INSERT INTO finding_verdicts (resolution_id, verdict, comment, decided_by) VALUES ($1, 'ACCEPTED', 'x', $2)`, resolutionId, by.actor.id);

describe('a finding, by plain SQL,', () => {
  it('is resolved by its owner, once at a time, and judged once by somebody who neither owns it nor made what it is about', async () => {
    const { modelId, versionId } = await voted();
    const own = await finding(versionId, modelId, adam!);
    expect(await codeOf(resolve(own, olga!))).toBe('AS054');
    const resolution = await resolve(own, adam!);
    expect(await codeOf(resolve(own, adam!))).toBe('AS054');
    expect(await codeOf(judge(resolution, adam!))).toBe('AS055');
    expect(await codeOf(judge(resolution, olga!))).toBe('AS055');
    const both = await Promise.all([vera!, alma!].map((by) => codeOf(judge(resolution, by))));
    expect(both.sort()).toEqual([expect.stringMatching(/^(AS055|23505)$/), 'done']);
    expect(await codeOf(resolve(own, adam!))).toBe('AS054');
  });

  it('on a model as a whole is not judged by its owner', async () => {
    const modelId = await bank.newModel(olga!, 'LOW');
    const resolution = await resolve(await finding(null, modelId, adam!), adam!);
    expect(await codeOf(judge(resolution, olga!))).toBe('AS055');
    expect(await codeOf(judge(resolution, vera!))).toBe('done');
  });

  it('names a version of the model that it is about', async () => {
    const { versionId } = await voted();
    expect(await codeOf(finding(versionId, await bank.newModel(olga!, 'LOW'), adam!))).toBe('23503');
  });
});

const review = (modelId: string, by: Context, days: number): Promise<unknown[]> =>
  run(`INSERT INTO model_reviews (id, model_id, outcome, comment, next_review_at, reviewed_by) VALUES ($1, $2, 'FIT', 'x', $3, $4)`, newId(), modelId, future(days), by.actor.id);

/** What waits for a person, by kind and subject. */
const tasksOf = async (ctx: Context, subject: string): Promise<string[]> =>
  (await Promise.all(evidenceTaskSources.map((source) => source(ctx)))).flat().filter((task) => task.subject !== null && decodeGlobalId(task.subject).id === subject).map(({ kind, text }) => `${kind}: ${text}`);

describe('what waits for whom:', () => {
  it('a finding for its owner, its resolution for a validator who neither owns it nor made what it is about', async () => {
    const { modelId, versionId } = await voted();
    const own = await finding(versionId, modelId, adam!);
    expect(await tasksOf(adam!, own)).toEqual(['FINDING_TO_RESOLVE: Resolve the LOW finding “x”.']);
    expect(await tasksOf(vera!, own)).toEqual([]);
    await resolve(own, adam!);
    expect(await Promise.all([adam!, vera!, olga!].map((ctx) => tasksOf(ctx, own)))).toEqual([[], ['RESOLUTION_TO_ACCEPT: Judge the resolution of the LOW finding “x”.'], []]);
  });

  it('a review for the owner to have done, and for validators to do', async () => {
    const modelId = await bank.newModel(olga!, 'LOW', { name: 'Due' });
    expect(await tasksOf(vera!, modelId)).toEqual([]);
    await asSuperuser(database.name, (client) => client.query(`UPDATE models SET next_review_at = now() - interval '1 day' WHERE id = $1`, [modelId]));
    expect(await Promise.all([olga!, vera!, adam!].map((ctx) => tasksOf(ctx, modelId)))).toEqual([
      ['MODEL_REVIEW: Have a VALIDATOR review "Due": the review is overdue.'], ['MODEL_REVIEW: Review "Due": the review is overdue.'], [],
    ]);
  });

  it('a waiver that will expire for those who may renew it, while its version decides', async () => {
    const { versionId } = await voted();
    await evaluateGates(database.db, versionId, { SIZE: 'WAIVED' }, await waive(versionId));
    await approve(versionId);
    expect(await tasksOf(vera!, versionId)).toEqual([]);
    await bank.deployments.deploy(adam!, { versionId, role: 'CHAMPION', reason: 'x' });
    const [told] = await tasksOf(vera!, versionId);
    expect(told).toMatch(/^WAIVER_EXPIRES: The waiver of the gate SIZE of version 1 of "Model .*" expires\. Waive it anew, or deploy another version\.$/);
    expect(await tasksOf(olga!, versionId)).toEqual([]);
  });
});

describe('the inventory, by plain SQL,', () => {
  it('is repeated on the rows of models by the database alone', async () => {
    const modelId = await bank.newModel(olga!, 'LOW');
    for (const column of ['tier', 'owner_id', 'permitted_use', 'limits', 'next_review_at']) {
      expect([column, await codeOf(run(`UPDATE models SET ${column} = ${column} WHERE id = $1`, modelId))]).toEqual([column, '42501']);
    }
  });

  it('has no review by the owner of a model or a maker of what decides, nor further ahead than the policy lets', async () => {
    const modelId = await bank.newModel(olga!, 'LOW');
    expect(await codeOf(review(modelId, olga!, 10))).toBe('AS057');
    expect(await codeOf(review(modelId, vera!, 900))).toBe('AS058');
    expect(await codeOf(review(modelId, vera!, -1))).toBe('23514');
    await bank.upload(olga!, small);
    const tom = await bank.person('Tom', ['VALIDATOR']);
    const versionId = await bank.versions.registerVersion(olga!, { modelId, dossier: JSON.stringify(small.dossier), trainedBy: [tom.actor.id] });
    await bank.versions.submit(olga!, versionId);
    await bank.votes.vote(adam!, 'APPROVE', { versionId, dossierDigest: (await bank.version(versionId)).digest, comment: 'Sound.' });
    expect(await codeOf(review(modelId, tom, 10))).toBe('done');
    await bank.deployments.deploy(adam!, { versionId, role: 'CHAMPION', reason: 'x' });
    expect(await codeOf(review(modelId, tom, 10))).toBe('AS057');
    expect(await codeOf(review(modelId, vera!, 10))).toBe('done');
  });

  it('changes no tier without two people, and never from another one than the model has', async () => {
    const modelId = await bank.newModel(olga!, 'LOW');
    const change = (proposal: string, from: string, to: string): Promise<unknown[]> => run('INSERT INTO model_tier_changes (id, model_id, from_tier, to_tier, proposal_id) VALUES ($1, $2, $3, $4, $5)', newId(), modelId, from, to, proposal);
    expect(await codeOf(change(newId(), 'LOW', 'HIGH'))).toBe('AS059');
    const proposal = await bank.keepers.proposals.propose(adam!, 'CHANGE_TIER', { subject: modelId, payload: { tier: 'HIGH' }, reason: 'More.' });
    expect(await codeOf(change(proposal, 'LOW', 'HIGH'))).toBe('AS059');
    await bank.keepers.proposals.confirm(alma!, proposal, 'Agreed.');
    expect(await database.db.query('SELECT tier, next_review_at < now() + interval \'13 months\' AS sooner FROM models WHERE id = $1', [modelId])).toEqual([{ tier: 'HIGH', sooner: true }]);
    expect(await codeOf(change(proposal, 'LOW', 'MEDIUM'))).toBe('AS059');
  });
});
