import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newId, sha256, type Context } from '../../src/platform/index.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';
import { Bank, jsonArtefact, smallVersion, type SmallVersion } from './support.js';

let database: TestDatabase;
let bank: Bank;
let small: SmallVersion;
let olga: Context;
let trainer: Context;
let vera: Context;
let adam: Context;
let alma: Context;

beforeAll(async () => {
  database = await openTestDatabase();
  bank = await Bank.open(database);
  small = await smallVersion();
  olga = await bank.person('Olga', ['MODEL_OWNER']);
  trainer = await bank.person('Tom', ['MODEL_OWNER', 'VALIDATOR', 'ADMIN']);
  vera = await bank.person('Vera', ['VALIDATOR', 'ADMIN']);
  adam = await bank.person('Adam', ['ADMIN']);
  alma = await bank.person('Alma', ['ADMIN']);
});
afterAll(() => database.close());

const comment = 'Read and checked.';
const stateOf = async (versionId: string): Promise<string> => (await bank.version(versionId)).state;

describe('registering', () => {
  it('a model makes the actor its owner, and is an event', async () => {
    const id = await bank.newModel(olga);
    expect(await database.db.query('SELECT owner_id AS "ownerId", tier FROM models WHERE id = $1', [id])).toEqual([{ ownerId: olga.actor.id, tier: 'HIGH' }]);
    expect(await bank.leaves({ id })).toMatchObject([{ type: 'MODEL_REGISTERED', actor: olga.actor.id, model: id }]);
  });

  it('a model name twice is a conflict', async () => {
    await bank.newModel(olga, 'HIGH', { name: 'PD, cards' });
    await expect(bank.newModel(olga, 'HIGH', { name: 'PD, cards' })).rejects.toMatchObject({ code: 'CONFLICT' });
  });

  it.each([
    ['name', { name: ' ' }, 'name: give 1 to 200 characters'],
    ['products', { products: ['Credit Card'] }, '"Credit Card" is not a product'],
    ['no products', { products: [] }, 'name at least one product'],
    ['horizonMonths', { horizonMonths: 0 }, 'horizonMonths: 0 is not a horizon'],
  ])('a model with a wrong %s is refused', async (_, changes, sentence) => {
    await expect(bank.newModel(olga, 'HIGH', changes)).rejects.toThrow(sentence);
  });

  it('a version makes a DRAFT with the next number and notes who registered and trained it', async () => {
    const modelId = await bank.newModel(olga);
    await bank.newVersion(olga, modelId, small);
    const id = await bank.versions.registerVersion(olga, { modelId, dossier: JSON.stringify(small.dossier), trainedBy: [trainer.actor.id] });
    expect(await bank.version(id)).toMatchObject({ state: 'DRAFT', version: 2 });
    const parts = await database.db.query('SELECT user_id AS "userId", part FROM model_version_contributors WHERE version_id = $1 ORDER BY part', [id]);
    expect(parts).toEqual([{ userId: olga.actor.id, part: 'BUILT' }, { userId: olga.actor.id, part: 'REGISTERED' }, { userId: trainer.actor.id, part: 'TRAINED' }]);
    expect(await bank.leaves({ id })).toMatchObject([{ type: 'VERSION_REGISTERED', dossier: (await bank.version(id)).digest }]);
  });

  it('the same request twice registers one version; another body under its id is a conflict', async () => {
    const modelId = await bank.newModel(olga);
    const request = { modelId, dossier: JSON.stringify(small.dossier), requestId: `r-${newId()}` };
    const id = await bank.versions.registerVersion(olga, request);
    expect(await bank.versions.registerVersion(olga, request)).toBe(id);
    const other = { ...request, dossier: JSON.stringify({ ...small.dossier, extra: { note: 1 } }) };
    await expect(bank.versions.registerVersion(olga, other)).rejects.toMatchObject({ code: 'CONFLICT' });
  });

  it('refuses artefacts that were not uploaded, do not parse, or do not fit each other', async () => {
    const modelId = await bank.newModel(olga);
    const withArtefacts = (changes: object): string => JSON.stringify({ ...small.dossier, artefacts: { ...small.dossier.artefacts, ...changes } });
    const register = (dossier: string) => bank.versions.registerVersion(olga, { modelId, dossier });
    const garbage = jsonArtefact({ not: 'a schema' });
    await bank.store.put(olga, garbage.sha256, (async function* () { yield garbage.bytes; })(), 1000);
    await expect(register(withArtefacts({ onnx: 'cd'.repeat(32) }))).rejects.toThrow('Upload it first');
    await expect(register(withArtefacts({ featureSchema: garbage.sha256 }))).rejects.toThrow('The feature schema is not valid');
    await expect(register(withArtefacts({ onnx: garbage.sha256 }))).rejects.toThrow('The ONNX model cannot be used');
    await expect(register(withArtefacts({ featureSchema: small.dossier.artefacts['onnx'] }))).rejects.toThrow('The feature schema is not JSON');
  });

  it('refuses a model that does not agree with TensorFlow on the recorded sample, whatever its dossier says', async () => {
    const modelId = await bank.newModel(olga);
    const registering = smallVersion({ parityShift: 0.001 }).then((version) => bank.newVersion(olga, modelId, version));
    await expect(registering).rejects.toMatchObject({ code: 'REFUSED', rule: { name: 'PARITY', who: 'MODEL_OWNER' }, message: expect.stringContaining('does not agree with TensorFlow') });
  });
});

describe('registering versions', () => {
  it('at the same moment gives each a number of its own, without gaps', async () => {
    const modelId = await bank.newModel(olga);
    const ids = await Promise.all(Array.from({ length: 5 }, () => bank.newVersion(olga, modelId, small)));
    const numbers = await Promise.all(ids.map(async (id) => (await bank.version(id)).version));
    expect(numbers.sort()).toEqual([1, 2, 3, 4, 5]);
  });

  it('refuses a dossier that says something else about parity than its sample does', async () => {
    const modelId = await bank.newModel(olga);
    const claiming = (changes: object) => bank.versions.registerVersion(olga, { modelId, dossier: JSON.stringify({ ...small.dossier, parity: { ...small.dossier.parity, ...changes } }) });
    await expect(claiming({ rows: 2000 })).rejects.toThrow('parity passed on 2000 rows, but it passes on the 40 rows of its sample');
    await expect(claiming({ passed: false })).rejects.toThrow('The dossier says that parity failed');
  });
});

describe('the way to approval', () => {
  it('of tier LOW is one admin', async () => {
    const { versionId, dossierDigest } = await bank.submitted(olga, 'LOW', small);
    await bank.votes.vote(adam, 'APPROVE', { versionId, dossierDigest, comment });
    expect(await stateOf(versionId)).toBe('APPROVED');
  });

  it('of tier MEDIUM is a validator, then an admin', async () => {
    const { versionId, dossierDigest } = await bank.submitted(olga, 'MEDIUM', small);
    await expect(bank.votes.vote(adam, 'APPROVE', { versionId, dossierDigest, comment })).rejects.toThrow("needs a validator's verdict");
    await bank.votes.vote(vera, 'VALIDATE', { versionId, dossierDigest, comment });
    expect(await stateOf(versionId)).toBe('VALIDATED');
    await bank.votes.vote(adam, 'APPROVE', { versionId, dossierDigest, comment });
    expect(await stateOf(versionId)).toBe('APPROVED');
  });

  it('of tier HIGH is a validator and two admins, who are three people', async () => {
    const { versionId, dossierDigest } = await bank.submitted(olga, 'HIGH', small);
    await bank.votes.vote(vera, 'VALIDATE', { versionId, dossierDigest, comment });
    await bank.votes.vote(adam, 'APPROVE', { versionId, dossierDigest, comment });
    expect(await stateOf(versionId)).toBe('VALIDATED');
    for (const voted of [adam, vera]) {
      await expect(bank.votes.vote(voted, 'APPROVE', { versionId, dossierDigest, comment })).rejects.toThrow('each person has one vote');
    }
    await bank.votes.vote(alma, 'APPROVE', { versionId, dossierDigest, comment });
    expect(await stateOf(versionId)).toBe('APPROVED');
  });

  it('of two admins who vote at the same moment ends in one approval', async () => {
    const { versionId, dossierDigest } = await bank.submitted(olga, 'HIGH', small);
    await bank.votes.vote(vera, 'VALIDATE', { versionId, dossierDigest, comment });
    await Promise.all([adam, alma].map((ctx) => bank.votes.vote(ctx, 'APPROVE', { versionId, dossierDigest, comment })));
    expect(await stateOf(versionId)).toBe('APPROVED');
    const steps = await database.db.query('SELECT act FROM model_version_transitions WHERE version_id = $1 ORDER BY id', [versionId]);
    expect(steps).toEqual(['REGISTER', 'SUBMIT', 'VALIDATE', 'APPROVE'].map((act) => ({ act })));
  });

  it('ends with a vote against', async () => {
    const first = await bank.submitted(olga, 'HIGH', small);
    await bank.votes.vote(vera, 'INVALIDATE', { ...first, comment });
    const second = await bank.submitted(olga, 'HIGH', small);
    await bank.votes.vote(adam, 'REJECT', { ...second, comment });
    expect([await stateOf(first.versionId), await stateOf(second.versionId)]).toEqual(['REJECTED', 'REJECTED']);
    await expect(bank.votes.vote(alma, 'APPROVE', { ...second, comment })).rejects.toThrow('this one is REJECTED');
  });

  it('ends when its makers withdraw', async () => {
    const { versionId } = await bank.submitted(olga, 'LOW', small);
    await bank.versions.withdraw(olga, versionId, 'A better one is coming.');
    expect(await stateOf(versionId)).toBe('WITHDRAWN');
    expect((await bank.leaves({ id: versionId })).map(({ type }) => type)).toEqual(['VERSION_REGISTERED', 'VERSION_SUBMITTED', 'VERSION_WITHDRAWN']);
  });

  it('does not begin before it is submitted', async () => {
    const versionId = await bank.newVersion(olga, await bank.newModel(olga, 'LOW'), small);
    const { digest } = await bank.version(versionId);
    await expect(bank.votes.vote(adam, 'APPROVE', { versionId, dossierDigest: digest, comment })).rejects.toThrow('this one is DRAFT');
  });

  it('takes each vote into the log, and each step only when the version takes it', async () => {
    const { versionId, modelId, dossierDigest } = await bank.submitted(olga, 'HIGH', small);
    const logged = async () => (await bank.leaves({ version: versionId })).slice(3);
    const payload = { model: modelId, dossier: dossierDigest };
    const vote = async (ctx: Context, act: 'VALIDATE' | 'APPROVE', events: object[]): Promise<void> => {
      const before = (await logged()).length;
      await bank.votes.vote(ctx, act, { versionId, dossierDigest, comment });
      expect((await logged()).slice(before)).toMatchObject(events.map((event) => ({ ...payload, ...event, actor: ctx.actor.id })));
    };
    await vote(vera, 'VALIDATE', [{ type: 'VOTE_CAST', role: 'VALIDATOR', verdict: 'FOR', text: sha256(comment).toString('hex') }, { type: 'VERSION_VALIDATED' }]);
    const passed = { type: 'GATES_EVALUATED', stage: 'APPROVAL', failed: 0, waived: 0 };
    await vote(adam, 'APPROVE', [passed, { type: 'VOTE_CAST', role: 'ADMIN', verdict: 'FOR' }]);
    await vote(alma, 'APPROVE', [passed, { type: 'VOTE_CAST', role: 'ADMIN', verdict: 'FOR' }, { type: 'VERSION_APPROVED' }]);
    const steps = (await logged()).filter(({ type }) => type !== 'VOTE_CAST' && type !== 'GATES_EVALUATED');
    expect(steps.map(({ id, verdict }) => [id, verdict])).toEqual([[versionId, undefined], [versionId, undefined]]);
  });

  it.each([['INVALIDATE', 'VALIDATOR'], ['REJECT', 'ADMIN']] as const)('logs %s as a vote against and a rejection', async (act, role) => {
    const { versionId, dossierDigest } = await bank.submitted(olga, 'HIGH', small);
    await bank.votes.vote(vera, act, { versionId, dossierDigest, comment });
    const logged = (await bank.leaves({ version: versionId })).slice(3);
    expect(logged).toMatchObject([{ type: 'VOTE_CAST', role, verdict: 'AGAINST' }, { type: 'VERSION_REJECTED', id: versionId }]);
  });
});

const refusalsOf = async (ctx: Context, versionId: string): Promise<unknown[]> =>
  (await bank.leaves({ id: versionId })).filter(({ type, actor }) => type === 'ACT_REFUSED' && actor === ctx.actor.id).map(({ act, code }) => [act, code]);

describe('a vote is refused, and the refusal recorded,', () => {
  it('from whoever registered, trained or submitted the version', async () => {
    const modelId = await bank.newModel(trainer, 'LOW');
    await bank.upload(olga, small);
    const versionId = await bank.versions.registerVersion(olga, { modelId, dossier: JSON.stringify(small.dossier), trainedBy: [trainer.actor.id] });
    await bank.versions.submit(olga, versionId);
    const { digest: dossierDigest } = await bank.version(versionId);
    await expect(bank.votes.vote(trainer, 'APPROVE', { versionId, dossierDigest, comment })).rejects.toThrow('Tom trained version 1 and may not vote on it');
    expect(await refusalsOf(trainer, versionId)).toEqual([['APPROVE', 'REFUSED']]);
  });

  it('for another dossier than the version has, naming both digests', async () => {
    const { versionId, dossierDigest } = await bank.submitted(olga, 'LOW', small);
    const seen = 'cd'.repeat(32);
    const voting = bank.votes.vote(adam, 'APPROVE', { versionId, dossierDigest: seen, comment });
    await expect(voting).rejects.toMatchObject({ code: 'CONFLICT', message: expect.stringContaining(`${seen}, but version 1 has ${dossierDigest}`) });
    expect(await refusalsOf(adam, versionId)).toEqual([['APPROVE', 'CONFLICT']]);
  });

  it('without the permission, which nothing was written of', async () => {
    const { versionId, dossierDigest } = await bank.submitted(olga, 'LOW', small);
    await expect(bank.votes.vote(olga, 'APPROVE', { versionId, dossierDigest, comment })).rejects.toMatchObject({ code: 'FORBIDDEN' });
    expect(await refusalsOf(olga, versionId)).toEqual([['APPROVE', 'FORBIDDEN']]);
    expect(await database.db.query('SELECT FROM model_version_votes WHERE version_id = $1', [versionId])).toEqual([]);
  });

  it('with the role in the token but no grant, or a grant that has ended', async () => {
    const { versionId, dossierDigest } = await bank.submitted(olga, 'LOW', small);
    const stranger = await bank.person('Stranger', ['ADMIN'], { granted: [] });
    const grant = await bank.keepers.give(stranger.actor.id, 'ADMIN', 'a day only');
    await bank.keepers.grants.endRole(bank.keepers.first, grant.id);
    await expect(bank.votes.vote(stranger, 'APPROVE', { versionId, dossierDigest, comment })).rejects.toThrow('holds no current grant of the role ADMIN');
    expect(await refusalsOf(stranger, versionId)).toEqual([['APPROVE', 'REFUSED']]);
  });

  it('with a grant but another role in the token', async () => {
    const { versionId, dossierDigest } = await bank.submitted(olga, 'LOW', small);
    const modest = await bank.person('Modest', ['AUDITOR'], { granted: ['ADMIN'] });
    await expect(bank.votes.vote(modest, 'APPROVE', { versionId, dossierDigest, comment })).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });

  it('from who keeps the roles of others', async () => {
    const { versionId, dossierDigest } = await bank.submitted(olga, 'LOW', small);
    const mighty = await bank.person('Mighty', ['ADMIN', 'ACCESS_ADMIN'], { granted: ['ADMIN'] });
    await expect(bank.votes.vote(mighty, 'APPROVE', { versionId, dossierDigest, comment })).rejects.toThrow('keeps the roles of others');
  });
});

const insertVote = (versionId: string, userId: string, digestHex: string) =>
  database.db.transaction((tx) =>
    tx.query(
      `INSERT INTO model_version_votes (id, version_id, user_id, role, verdict, dossier_digest, comment)
       VALUES ($1, $2, $3, 'ADMIN', 'FOR', $4, 'x')`,
      [newId(), versionId, userId, Buffer.from(digestHex, 'hex')],
    ),
  );
const run = (sql: string, parameters: unknown[]) => database.db.transaction((tx) => tx.query(sql, parameters));

describe('the database refuses by itself, for the application role,', () => {
  it('a vote of a maker', async () => {
    const { versionId, dossierDigest } = await bank.submitted(olga, 'LOW', small);
    await expect(insertVote(versionId, olga.actor.id, dossierDigest)).rejects.toMatchObject({ code: 'AS001' });
  });

  it('a part in the making for a voter', async () => {
    const { versionId, dossierDigest } = await bank.submitted(olga, 'HIGH', small);
    await insertVote(versionId, adam.actor.id, dossierDigest);
    const joining = run(`INSERT INTO model_version_contributors (version_id, user_id, part) VALUES ($1, $2, 'EDITED')`, [versionId, adam.actor.id]);
    await expect(joining).rejects.toMatchObject({ code: 'AS001' });
  });

  it('a vote for another dossier', async () => {
    const { versionId } = await bank.submitted(olga, 'LOW', small);
    await expect(insertVote(versionId, adam.actor.id, 'cd'.repeat(32))).rejects.toMatchObject({ code: 'AS002' });
  });

  it('a second vote of a person', async () => {
    const { versionId, dossierDigest } = await bank.submitted(olga, 'HIGH', small);
    await insertVote(versionId, adam.actor.id, dossierDigest);
    await expect(insertVote(versionId, adam.actor.id, dossierDigest)).rejects.toMatchObject({ code: '23505' });
  });

  it('a change of a submitted dossier, and a dossier without its digest', async () => {
    const { versionId } = await bank.submitted(olga, 'LOW', small);
    const change = `UPDATE model_versions SET dossier = '{}', dossier_digest = sha256('{}') WHERE id = $1`;
    await expect(run(change, [versionId])).rejects.toMatchObject({ code: 'AS003' });
    const draft = await bank.newVersion(olga, await bank.newModel(olga), small);
    await expect(run(`UPDATE model_versions SET dossier = '{}' WHERE id = $1`, [draft])).rejects.toMatchObject({ code: '23514' });
  });

  it('a deployment of what is not approved', async () => {
    const { versionId, modelId } = await bank.submitted(olga, 'LOW', small);
    const deploying = run(
      `INSERT INTO deployments (id, model_id, version_id, role, valid_from, by_user, reason) VALUES ($1, $2, $3, 'CHAMPION', now(), $4, 'x')`,
      [newId(), modelId, versionId, adam.actor.id],
    );
    await expect(deploying).rejects.toMatchObject({ code: 'AS004' });
  });

  it('taking back a vote or a step', async () => {
    await expect(run('DELETE FROM model_version_votes', [])).rejects.toMatchObject({ code: '42501' });
    await expect(run(`UPDATE model_version_votes SET verdict = 'FOR'`, [])).rejects.toMatchObject({ code: '42501' });
    await expect(run('DELETE FROM model_version_transitions', [])).rejects.toMatchObject({ code: '42501' });
  });
});
