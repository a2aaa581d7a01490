import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newId, type Context } from '../../src/platform/index.js';
import { modelTaskSources } from '../../src/models/index.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';
import { asSuperuser } from '../support/postgres.js';
import { Bank, smallVersion, type SmallVersion } from './support.js';

let database: TestDatabase;
let bank: Bank;
let small: SmallVersion;
let other: SmallVersion;
let olga: Context;
let otto: Context;
let adam: Context;
beforeAll(async () => {
  database = await openTestDatabase();
  bank = await Bank.open(database);
  [small, other] = await Promise.all([smallVersion(), smallVersion({ weight: 2 })]);
  [olga, otto] = [await bank.person('Olga', ['MODEL_OWNER']), await bank.person('Otto', ['MODEL_OWNER', 'ADMIN'])];
  adam = await bank.person('Adam', ['ADMIN']);
});
afterAll(() => database.close());

const comment = 'Read in full.';
const run = (sql: string, ...parameters: unknown[]): Promise<unknown[]> => database.db.transaction((tx) => tx.query(sql, parameters));
/** Makes the votes on a version older, which only a superuser can. */
const ageVotes = (versionId: string, days: number): Promise<unknown> =>
  asSuperuser(database.name, (client) => client.query(`UPDATE model_version_votes SET recorded_at = recorded_at - $2 * interval '1 day' WHERE version_id = $1`, [versionId, days]));

const partsOf = (id: string) => database.db.query<{ id: string; part: string }>('SELECT user_id AS id, part FROM model_version_contributors WHERE version_id = $1', [id]);

/** A draft of Olga's, and artefacts of Otto's that could replace those it has. */
async function draft(): Promise<{ versionId: string; before: string }> {
  const versionId = await bank.newVersion(olga, await bank.newModel(olga, 'LOW'), small);
  await bank.upload(otto, other);
  return { versionId, before: (await bank.version(versionId)).digest };
}

describe('a version that is VALIDATED', () => {
  it('is validated anew by somebody else where the verdict has expired, and only then', async () => {
    const { versionId, dossierDigest } = await bank.submitted(olga, 'MEDIUM', small);
    const [vera, vito] = [await bank.person('Valeria', ['VALIDATOR']), await bank.person('Vito', ['VALIDATOR'])];
    const ballot = { versionId, dossierDigest, comment };
    const asked = async (person: Context): Promise<number> => (await Promise.all(modelTaskSources.map((source) => source(person)))).flat().filter(({ id }) => id === `VOTE:${versionId}`).length;
    await bank.votes.vote(vera, 'VALIDATE', ballot);
    expect([await asked(vito), await asked(adam)]).toEqual([0, 1]);
    for (const act of ['VALIDATE', 'INVALIDATE'] as const) await expect(bank.votes.vote(vito, act, ballot)).rejects.toMatchObject({ rule: { name: 'LIFECYCLE', who: 'ADMIN' } });
    await ageVotes(versionId, 91);
    await expect(bank.votes.vote(adam, 'APPROVE', ballot)).rejects.toMatchObject({ rule: { name: 'VALIDATOR_FIRST', remedy: 'Ask a VALIDATOR who has not voted on it for validateModelVersion.' } });
    expect([await asked(vera), await asked(vito), await asked(adam)]).toEqual([0, 1, 0]);
    await bank.votes.vote(vito, 'VALIDATE', ballot);
    await bank.votes.vote(adam, 'APPROVE', ballot);
    expect((await bank.version(versionId)).state).toBe('APPROVED');
  });
});

describe('a DRAFT', () => {
  it('gets another dossier, verified anew; who edited it has no vote on it', async () => {
    const { versionId, before } = await draft();
    await bank.versions.edit(otto, { versionId, replaces: before, dossier: JSON.stringify(other.dossier) });
    const { digest } = await bank.version(versionId);
    expect(digest).not.toBe(before);
    expect(await bank.leaves({ id: versionId })).toContainEqual(expect.objectContaining({ type: 'VERSION_EDITED', before, dossier: digest, actor: otto.actor.id }));
    const artefacts = await database.db.query(`SELECT kind FROM model_version_artefacts WHERE version_id = $1 AND encode(sha256, 'hex') = $2`, [versionId, other.artefacts.onnx.sha256]);
    expect(artefacts).toEqual([{ kind: 'ONNX' }]);
    await bank.versions.submit(olga, versionId);
    const voting = bank.votes.vote(otto, 'APPROVE', { versionId, dossierDigest: digest, comment });
    await expect(voting).rejects.toMatchObject({ code: 'REFUSED', rule: { name: 'MAKER_IS_NOT_CHECKER', who: 'an ADMIN who had no part in version 1' } });
    await expect(bank.votes.vote(adam, 'APPROVE', { versionId, dossierDigest: before, comment })).rejects.toMatchObject({ rule: { name: 'VOTE_FOR_PRESENT_DOSSIER' } });
    await bank.votes.vote(adam, 'APPROVE', { versionId, dossierDigest: digest, comment });
  });

  it('takes the vote from everyone who trained what an edit puts into it; the editor did where nobody is named', async () => {
    const [tom, tina] = [await bank.person('Tom', ['ADMIN']), await bank.person('Tina', ['ADMIN'])];
    const { versionId, before } = await draft();
    await bank.versions.edit(olga, { versionId, replaces: before, dossier: JSON.stringify(other.dossier), trainedBy: [tom.actor.id, tina.actor.id] });
    await bank.versions.submit(olga, versionId);
    const { digest: dossierDigest } = await bank.version(versionId);
    for (const trainer of [tom, tina]) {
      await expect(bank.votes.vote(trainer, 'APPROVE', { versionId, dossierDigest, comment })).rejects.toMatchObject({ rule: { name: 'MAKER_IS_NOT_CHECKER' }, message: expect.stringContaining('trained version 1') });
    }
    const unnamed = await draft();
    await bank.versions.edit(otto, { versionId: unnamed.versionId, replaces: unnamed.before, dossier: JSON.stringify({ ...small.dossier, modelCard: { ...small.dossier.modelCard, ethics: 'Thought of.' } }) });
    expect(await partsOf(unnamed.versionId)).not.toContainEqual({ id: otto.actor.id, part: 'TRAINED' });
    await bank.versions.edit(otto, { versionId: unnamed.versionId, replaces: (await bank.version(unnamed.versionId)).digest, dossier: JSON.stringify(other.dossier) });
    expect(await partsOf(unnamed.versionId)).toContainEqual({ id: otto.actor.id, part: 'TRAINED' });
    const unknown = bank.versions.edit(olga, { versionId: unnamed.versionId, replaces: (await bank.version(unnamed.versionId)).digest, dossier: JSON.stringify(small.dossier), trainedBy: [tom.actor.id, newId()] });
    await expect(unknown).rejects.toMatchObject({ code: 'NOT_FOUND', message: 'trainedBy: there is no such user.' });
  });

  it('is not overwritten by who has not seen what it says now', async () => {
    const { versionId, before } = await draft();
    const edit = (replaces: string) => bank.versions.edit(otto, { versionId, replaces, dossier: JSON.stringify(other.dossier) });
    await edit(before);
    await expect(edit(before)).rejects.toMatchObject({ code: 'CONFLICT', message: expect.stringContaining(`replaces the dossier ${before}`) });
  });

  it('is the last that can be edited: from submission on nothing changes, artefacts included', async () => {
    const { versionId, before } = await draft();
    await bank.versions.submit(olga, versionId);
    await expect(bank.versions.edit(otto, { versionId, replaces: before, dossier: JSON.stringify(other.dossier) })).rejects.toMatchObject({ rule: { name: 'LIFECYCLE' } });
    await expect(run('DELETE FROM model_version_artefacts WHERE version_id = $1', versionId)).rejects.toMatchObject({ code: 'AS003' });
    await expect(run(`INSERT INTO model_version_artefacts (version_id, kind, sha256) SELECT $1, 'REPORT', sha256 FROM artefacts LIMIT 1`, versionId)).rejects.toMatchObject({ code: 'AS003' });
    for (const change of ['required_admins = 0', 'vote_days = 9999', 'submitted_at = now()', 'policy_version = NULL']) {
      await expect(run(`UPDATE model_versions SET ${change} WHERE id = $1`, versionId)).rejects.toMatchObject({ code: 'AS003' });
    }
  });

  it('is submitted with what the policy in force asks for, not with less, says the database', async () => {
    const { versionId } = await draft();
    const submit = (admins: number, policy = 1): Promise<unknown> =>
      run(`UPDATE model_versions SET state = 'SUBMITTED', policy_version = $3, required_validators = 0, required_admins = $2, vote_days = 90, submitted_at = now() WHERE id = $1`, versionId, admins, policy);
    await expect(submit(0)).rejects.toMatchObject({ code: 'AS016' });
    await expect(submit(1, 2)).rejects.toMatchObject({ code: expect.stringMatching(/AS016|23503/) });
    await submit(1);
  });
});

describe('a vote', () => {
  it('counts for 90 days only while the version has never been deployed', async () => {
    const { versionId, dossierDigest } = await bank.submitted(olga, 'MEDIUM', small);
    const vera = await bank.person('Vera', ['VALIDATOR']);
    await bank.votes.vote(vera, 'VALIDATE', { versionId, dossierDigest, comment });
    await ageVotes(versionId, 91);
    await expect(bank.votes.vote(adam, 'APPROVE', { versionId, dossierDigest, comment })).rejects.toMatchObject({ rule: { name: 'VALIDATOR_FIRST' } });
    await expect(run(`UPDATE model_versions SET state = 'APPROVED' WHERE id = $1`, versionId)).rejects.toMatchObject({ code: 'AS006' });
  });

  it('that has expired deploys nothing, says the service and the database', async () => {
    const modelId = await bank.newModel(olga, 'LOW');
    const [first, second] = [await bank.approved(olga, adam, modelId, small), await bank.approved(olga, adam, modelId, small)];
    await bank.deployments.deploy(adam, { versionId: first, role: 'CHAMPION', reason: 'First.' });
    for (const id of [first, second]) await ageVotes(id, 91);
    await expect(bank.deployments.deploy(adam, { versionId: second, role: 'CHAMPION', reason: 'Late.' })).rejects.toMatchObject({ code: 'REFUSED', rule: { name: 'VOTES_EXPIRE' } });
    const direct = run(
      `INSERT INTO deployments (id, model_id, version_id, role, valid_from, by_user, reason) VALUES ($1, $2, $3, 'CHALLENGER', clock_timestamp(), $4, 'x')`,
      newId(), modelId, second, adam.actor.id,
    );
    await expect(direct).rejects.toMatchObject({ code: 'AS015' });
  });

  it('needs a grant that is current, says the database', async () => {
    const { versionId } = await bank.submitted(olga, 'LOW', small);
    const ungranted = await bank.person('Ungranted', ['ADMIN'], { granted: [] });
    const voting = run(
      `INSERT INTO model_version_votes (id, version_id, user_id, role, verdict, dossier_digest, comment) SELECT $1, id, $3, 'ADMIN', 'FOR', dossier_digest, 'x' FROM model_versions WHERE id = $2`,
      newId(), versionId, ungranted.actor.id,
    );
    await expect(voting).rejects.toMatchObject({ code: 'AS012' });
  });
});
