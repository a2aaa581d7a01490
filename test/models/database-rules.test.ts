import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { canonicalJson, newId, type Context } from '../../src/platform/index.js';
import { FIRST_POLICY, TIERS, TRANSITIONS, VOTER_ROLES, type Tier, type Verdict, type VoterRole } from '../../src/models/index.js';
import { OVERRIDE_DECISION } from '../../src/predictions/index.js';
import { CHANGE_RETENTION, eraseCustomerKind } from '../../src/privacy/index.js';
import { PROPOSAL_KINDS } from '../../src/security/index.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';
import { asSuperuser } from '../support/postgres.js';
import { Bank, evaluateGates, smallVersion, type SmallVersion } from './support.js';

let database: TestDatabase;
let bank: Bank;
let small: SmallVersion;
let olga: Context;
let people: Context[];

beforeAll(async () => {
  database = await openTestDatabase();
  bank = await Bank.open(database);
  small = await smallVersion();
  olga = await bank.person('Olga', ['MODEL_OWNER']);
  people = await Promise.all(['Adam', 'Alma', 'Vera', 'Vito'].map((name) => bank.person(name, ['ADMIN', 'VALIDATOR'])));
});
afterAll(() => database.close());

/** Plain SQL with the application's role: what somebody can do who holds its password. */
const run = (sql: string, ...parameters: unknown[]): Promise<unknown[]> => database.db.transaction((tx) => tx.query(sql, parameters));
const setState = (versionId: string, state: string): Promise<unknown[]> =>
  state === 'SUBMITTED' ? run(`UPDATE model_versions v SET state = 'SUBMITTED', ${FROZEN}`, versionId) : run('UPDATE model_versions SET state = $2 WHERE id = $1', versionId, state);
/** What is frozen at submission, as the policy in force has it. */
const FROZEN = `policy_version = g.version, required_validators = policy_votes(g.body, m.tier, 'VALIDATOR'), required_admins = policy_votes(g.body, m.tier, 'ADMIN'),
  vote_days = 90, submitted_at = now() FROM governance_policies g, models m WHERE m.id = v.model_id AND v.id = $1`;
const stateOf = async (versionId: string): Promise<string> => (await bank.version(versionId)).state;
const refusedWith = (code: string) => expect.objectContaining({ code });

const insertVersion = (modelId: string, state: string, id = newId()): Promise<string> =>
  run(
    `INSERT INTO model_versions (id, model_id, version, state, dossier, dossier_digest, registered_by)
     VALUES ($1, $2, (SELECT coalesce(max(version), 0) + 1 FROM model_versions WHERE model_id = $2), $3, '{}', sha256('{}'), $4)`,
    id, modelId, state, olga.actor.id,
  ).then(() => id);

const insertVote = (versionId: string, voter: Context, role: VoterRole, verdict: Verdict = 'FOR'): Promise<unknown[]> =>
  run(
    `INSERT INTO model_version_votes (id, version_id, user_id, role, verdict, dossier_digest, comment)
     SELECT $1, id, $3, $4, $5, dossier_digest, 'x' FROM model_versions WHERE id = $2`,
    newId(), versionId, voter.actor.id, role, verdict,
  );

const insertDeployment = (modelId: string, versionId: string, id = newId()): Promise<string> =>
  run(
    `INSERT INTO deployments (id, model_id, version_id, role, valid_from, by_user, reason) VALUES ($1, $2, $3, 'CHALLENGER', now(), $4, 'x')`,
    id, modelId, versionId, people[0]!.actor.id,
  ).then(() => id);

/** Puts a version into a state that no rule would let it reach by itself; only a superuser can. */
const forceState = (versionId: string, state: string): Promise<unknown> =>
  asSuperuser(database.name, async (client) => {
    await client.query("SET session_replication_role = 'replica'");
    await client.query(
      `UPDATE model_versions SET state = $2, policy_version = 1, required_validators = 0, required_admins = 1, vote_days = 90, submitted_at = now() WHERE id = $1`,
      [versionId, state],
    );
  });

const submitted = async (tier: Tier): Promise<string> => {
  const versionId = await insertVersion(await bank.newModel(olga, tier), 'DRAFT');
  await setState(versionId, 'SUBMITTED');
  return versionId;
};

describe('the rules in the database are those of the application:', () => {
  it('the same steps from state to state', async () => {
    const rows = await database.db.query<{ step: string }>(`SELECT coalesce(from_state, 'nothing') || ' → ' || to_state AS step FROM version_steps()`);
    const steps = TRANSITIONS.filter(({ from, to }) => from !== to).map(({ from, to }) => `${from ?? 'nothing'} → ${to}`);
    expect(rows.map(({ step }) => step).sort()).toEqual([...new Set(steps)].sort());
  });

  it('the same votes for each tier', async () => {
    for (const tier of TIERS) {
      for (const role of VOTER_ROLES) {
        const [row] = await database.db.query<{ people: number }>('SELECT policy_votes(body, $1, $2) AS people FROM governance_policies', [tier, role]);
        expect([tier, role, row!.people]).toEqual([tier, role, FIRST_POLICY.tiers[tier].votes[role]]);
      }
    }
  });
});

const insertModel = (tier: string) => database.db.transaction((tx) => tx.query(`INSERT INTO models (id, name, purpose, decision_purpose, products, horizon_months, tier, owner_id) VALUES ($1, $2, 'x', 'x', '{x}', 12, $3, $4)`, [newId(), `SQL ${tier}`, tier, olga.actor.id]));

describe('a new model, by plain SQL,', () => {
  it('is of tier HIGH and nothing else', async () => {
    for (const tier of ['LOW', 'MEDIUM']) await expect(insertModel(tier)).rejects.toMatchObject({ code: 'AS071' });
    await insertModel('HIGH');
  });
});

describe('the state of a version, by plain SQL,', () => {
  const states = ['DRAFT', 'SUBMITTED', 'VALIDATED', 'APPROVED', 'REJECTED', 'WITHDRAWN', 'SUSPENDED', 'RETIRED'];
  let modelId: string;
  beforeAll(async () => void (modelId = await bank.newModel(olga, 'LOW')));

  it.each(states.filter((state) => state !== 'DRAFT'))('does not begin with %s', async (state) => {
    await expect(insertVersion(modelId, state)).rejects.toMatchObject({ code: 'AS005' });
  });

  it.each(states)('leads from %s only where the lifecycle leads', async (from) => {
    const versionId = await insertVersion(modelId, 'DRAFT');
    await insertVote(versionId, people[0]!, 'ADMIN');
    await insertVote(versionId, people[1]!, 'VALIDATOR');
    for (const to of states.filter((state) => state !== from)) {
      await forceState(versionId, from);
      if (to === 'APPROVED' && (from === 'SUBMITTED' || from === 'VALIDATED')) await evaluateGates(database.db, versionId);
      const known = TRANSITIONS.some((step) => step.from === from && step.to === to);
      const outcome = await (from === 'DRAFT' ? setState(versionId, to) : run('UPDATE model_versions SET state = $2 WHERE id = $1', versionId, to)).then(() => 'done', (error: { code: string }) => error.code);
      expect([to, outcome]).toEqual([to, known ? 'done' : 'AS005']);
    }
  });

  it('does not go back to DRAFT, by which an approved dossier could be exchanged and deployed', async () => {
    const versionId = await bank.approved(olga, people[0]!, modelId, small);
    const exchange = `dossier = '{}', dossier_digest = sha256('{}')`;
    await expect(setState(versionId, 'DRAFT')).rejects.toMatchObject({ code: 'AS005' });
    await expect(run(`UPDATE model_versions SET state = 'DRAFT', ${exchange} WHERE id = $1`, versionId)).rejects.toMatchObject({ code: 'AS003' });
    await expect(run(`UPDATE model_versions SET ${exchange} WHERE id = $1`, versionId)).rejects.toMatchObject({ code: 'AS003' });
    expect(await stateOf(versionId)).toBe('APPROVED');
  });
});

describe('approval, by plain SQL,', () => {
  it.each(TIERS)('of tier %s needs every single vote of its policy', async (tier) => {
    const versionId = await submitted(tier);
    await evaluateGates(database.db, versionId);
    const needed = VOTER_ROLES.flatMap((role) => Array.from({ length: FIRST_POLICY.tiers[tier].votes[role] }, () => role));
    for (const [index, role] of needed.entries()) {
      await expect(setState(versionId, 'APPROVED')).rejects.toMatchObject({ code: 'AS006' });
      await insertVote(versionId, people[index]!, role);
    }
    await setState(versionId, 'APPROVED');
    expect(await stateOf(versionId)).toBe('APPROVED');
  });

  it('does not count votes of another role or against', async () => {
    const versionId = await submitted('LOW');
    await insertVote(versionId, people[0]!, 'VALIDATOR');
    await insertVote(versionId, people[1]!, 'ADMIN', 'AGAINST');
    await expect(setState(versionId, 'APPROVED')).rejects.toMatchObject({ code: 'AS006' });
  });

  it('does not count votes for a dossier that was exchanged since', async () => {
    const versionId = await insertVersion(await bank.newModel(olga, 'LOW'), 'DRAFT');
    await insertVote(versionId, people[0]!, 'ADMIN');
    await run(`UPDATE model_versions SET dossier = '[]', dossier_digest = sha256('[]') WHERE id = $1`, versionId);
    await setState(versionId, 'SUBMITTED');
    await expect(setState(versionId, 'APPROVED')).rejects.toMatchObject({ code: 'AS006' });
  });

  it('is not needed again to resume what was suspended', async () => {
    const versionId = await submitted('HIGH');
    await forceState(versionId, 'SUSPENDED');
    await setState(versionId, 'APPROVED');
    expect(await stateOf(versionId)).toBe('APPROVED');
  });

  it('is preceded by a verdict of a validator where the version is VALIDATED', async () => {
    const versionId = await submitted('HIGH');
    await insertVote(versionId, people[0]!, 'ADMIN');
    await expect(setState(versionId, 'VALIDATED')).rejects.toMatchObject({ code: 'AS006' });
    await insertVote(versionId, people[1]!, 'VALIDATOR');
    await setState(versionId, 'VALIDATED');
  });
});

describe('a vote, by plain SQL,', () => {
  it('is dated by the database, and so is the submission: neither lies in a future that never expires', async () => {
    const versionId = await submitted('LOW');
    const dated = await run(
      `INSERT INTO model_version_votes (id, version_id, user_id, role, verdict, dossier_digest, comment, recorded_at)
       SELECT $1, id, $3, 'ADMIN', 'FOR', dossier_digest, 'x', '2100-01-01' FROM model_versions WHERE id = $2 RETURNING recorded_at <= clock_timestamp() AS now`,
      newId(), versionId, people[0]!.actor.id,
    );
    expect(dated).toEqual([{ now: true }]);
    const draft = await insertVersion(await bank.newModel(olga, 'LOW'), 'DRAFT');
    await run(`UPDATE model_versions v SET state = 'SUBMITTED', ${FROZEN.replace('submitted_at = now()', `submitted_at = '2100-01-01'`)}`, draft);
    expect(await database.db.query('SELECT submitted_at <= clock_timestamp() AS now FROM model_versions WHERE id = $1', [draft])).toEqual([{ now: true }]);
  });

  it('is refused to who keeps the roles, though a grant to vote was slipped in beside', async () => {
    const versionId = await submitted('LOW');
    await asSuperuser(database.name, async (client) => {
      await client.query("SET session_replication_role = 'replica'");
      await client.query(`INSERT INTO role_grants (id, user_id, role, granted_by, reason) VALUES (gen_random_uuid(), $1, 'ADMIN', $2, 'x')`, [bank.keepers.first.actor.id, bank.keepers.second.actor.id]);
    });
    await expect(insertVote(versionId, bank.keepers.first, 'ADMIN')).rejects.toMatchObject({ code: 'AS011' });
    await asSuperuser(database.name, (client) => client.query(`DELETE FROM role_grants WHERE user_id = $1 AND role = 'ADMIN'`, [bank.keepers.first.actor.id]));
  });

  it('is refused to who uploaded an artefact of the version, though nobody wrote that down; and none of a voter comes in after the vote', async () => {
    const [otto, vito] = [people[0]!, people[1]!];
    const versionId = await insertVersion(await bank.newModel(olga, 'LOW'), 'DRAFT');
    const name = async (kind: string, uploader: Context): Promise<unknown> => {
      await run('INSERT INTO artefacts (sha256, bytes, uploaded_by) VALUES (sha256($1::bytea), $1, $2)', Buffer.from(`${kind} of ${versionId}`), uploader.actor.id);
      return run('INSERT INTO model_version_artefacts (version_id, kind, sha256) VALUES ($1, $2, sha256($3::bytea))', versionId, kind, Buffer.from(`${kind} of ${versionId}`));
    };
    await name('ONNX', otto);
    await insertVote(versionId, vito, 'VALIDATOR');
    await expect(name('REPORT', vito)).rejects.toMatchObject({ code: 'AS001' });
    await setState(versionId, 'SUBMITTED');
    await expect(insertVote(versionId, otto, 'ADMIN')).rejects.toMatchObject({ code: 'AS001' });
    const ballot = { versionId, dossierDigest: (await bank.version(versionId)).digest, comment: 'My own upload.' };
    await expect(bank.votes.vote(otto, 'REJECT', ballot)).rejects.toMatchObject({ rule: { name: 'MAKER_IS_NOT_CHECKER' }, message: expect.stringContaining('had a part in version 1') });
  });

  it('is refused to who registered the version, though no part in it was written down', async () => {
    const versionId = await insertVersion(await bank.newModel(olga, 'LOW'), 'DRAFT');
    await setState(versionId, 'SUBMITTED');
    expect(await database.db.query('SELECT FROM model_version_contributors WHERE version_id = $1', [versionId])).toEqual([]);
    await expect(insertVote(versionId, olga, 'ADMIN')).rejects.toMatchObject({ code: 'AS001' });
  });

  it('at the same moment as a part in the making is refused one or the other, never neither', async () => {
    for (let round = 0; round < 10; round += 1) {
      const versionId = await insertVersion(await bank.newModel(olga, 'LOW'), 'DRAFT');
      const join = run(`INSERT INTO model_version_contributors (version_id, user_id, part) VALUES ($1, $2, 'EDITED')`, versionId, people[0]!.actor.id);
      const both = await Promise.allSettled([insertVote(versionId, people[0]!, 'ADMIN'), join]);
      expect(both.filter(({ status }) => status === 'rejected')).toEqual([{ status: 'rejected', reason: refusedWith('AS001') }]);
    }
  });

  it('waits for a change of the dossier, and is then for another one', async () => {
    const versionId = await insertVersion(await bank.newModel(olga, 'LOW'), 'DRAFT');
    let voting: Promise<unknown> | undefined;
    await database.db.transaction(async (tx) => {
      await tx.query(`UPDATE model_versions SET dossier = '[]', dossier_digest = sha256('[]') WHERE id = $1`, [versionId]);
      voting = insertVote(versionId, people[0]!, 'ADMIN');
      voting.catch(() => undefined);
      while ((await database.db.query('SELECT FROM pg_locks WHERE NOT granted')).length === 0);
    });
    await expect(voting).rejects.toMatchObject({ code: 'AS002' });
  });
});

describe('the end of a deployment, by plain SQL,', () => {
  let deployment: string;
  const end = (value: string): Promise<unknown[]> => run(`UPDATE deployments SET valid_to = ${value} WHERE id = $1`, deployment);
  beforeEach(async () => {
    const modelId = await bank.newModel(olga, 'LOW');
    deployment = await insertDeployment(modelId, await bank.approved(olga, people[0]!, modelId, small));
  });

  it.each([['moved', `now() + interval '1 year'`], ['taken back', 'NULL'], ['written again', 'valid_to']])('is not %s', async (_, value) => {
    await end('clock_timestamp()');
    await expect(end(value)).rejects.toMatchObject({ code: 'AS007' });
  });

  it('does not lie before its beginning', async () => {
    await expect(end(`valid_from - interval '1 second'`)).rejects.toMatchObject({ code: 'AS084' });
  });

  it('does not lie at its beginning: what lasts no time is nothing', async () => {
    const modelId = await bank.newModel(olga, 'LOW');
    const [versionId, id] = [await bank.approved(olga, people[0]!, modelId, small), newId()];
    const inserted = database.db.transaction(async (tx) => {
      await tx.query(`INSERT INTO deployments (id, model_id, version_id, role, valid_from, by_user, reason) VALUES ($1, $2, $3, 'CHALLENGER', now(), $4, 'x')`, [id, modelId, versionId, people[0]!.actor.id]);
      await tx.query('UPDATE deployments SET valid_to = now() WHERE id = $1', [id]);
    });
    await expect(inserted).rejects.toMatchObject({ constraint: 'deployments_last' });
  });
});

describe('what is governed, by plain SQL,', () => {
  it.each(['REPEATABLE READ', 'SERIALIZABLE'])('is not written at the level %s, where a rule would look at the past', async (level) => {
    const writing = database.db.transaction(async (tx) => {
      await tx.query('ROLLBACK');
      await tx.query(`BEGIN ISOLATION LEVEL ${level}`);
      await tx.query('UPDATE models SET deployment_epoch = deployment_epoch');
    });
    await expect(writing).rejects.toMatchObject({ code: 'AS019' });
  });

  it('a proposal is confirmed in the roles in which the application has it made and confirmed', async () => {
    const kinds = [...bank.keepers.proposals.all, OVERRIDE_DECISION, CHANGE_RETENTION, eraseCustomerKind({ finish: () => Promise.reject(new Error('nobody is erased here')) })];
    for (const name of Object.keys(PROPOSAL_KINDS)) {
      const [row] = await database.db.query<{ roles: string[] | null }>('SELECT proposal_roles($1) AS roles', [name]);
      expect([name, row!.roles]).toEqual([name, kinds.find((kind) => kind.name === name)?.roles]);
    }
  });

  it('no policy is confirmed by two who hold no role', async () => {
    const ghosts = [newId(), newId()];
    const proposal = newId();
    const forged = database.db.transaction(async (tx) => {
      for (const id of ghosts) await tx.query(`INSERT INTO users (id, issuer, subject, name) VALUES ($1, 'x', $2, 'x')`, [id, id]);
      await tx.query(
        `INSERT INTO proposals (id, kind, subject, payload, proposed_by, reason, expires_at)
         SELECT $1, 'CHANGE_POLICY', g.id, jsonb_build_object('body', g.body), $2, 'x', now() + interval '1 day' FROM governance_policies g ORDER BY g.version DESC LIMIT 1`,
        [proposal, ghosts[0]],
      );
      await tx.query(`INSERT INTO proposal_decisions (proposal_id, decided_by, verdict, comment) VALUES ($1, $2, 'CONFIRMED', 'x')`, [proposal, ghosts[1]]);
    });
    await expect(forged).rejects.toMatchObject({ code: 'AS017' });
  });
});

describe('two changes of the policy that are confirmed at the same moment', () => {
  it('follow one another: the second is refused as one of a policy that is no longer in force, and that is recorded', async () => {
    const [adam, alma] = people as [Context, Context];
    const { proposals } = bank.keepers;
    for (let round = 0; round < 3; round += 1) {
      const [present] = await database.db.query<{ id: string; version: number }>('SELECT id, version FROM governance_policies ORDER BY version DESC LIMIT 1');
      const propose = (by: Context, waiverDays: number): Promise<string> =>
        proposals.propose(by, 'CHANGE_POLICY', { subject: present!.id, payload: { after: present!.version, body: canonicalJson({ ...FIRST_POLICY, waiverDays }) }, reason: 'Another time.' });
      const ids = [await propose(adam, 100 + round), await propose(alma, 120 + round)];
      const both = await Promise.allSettled([proposals.confirm(alma, ids[0]!, 'Agreed.'), proposals.confirm(adam, ids[1]!, 'Agreed.')]);
      expect(both.filter(({ status }) => status === 'rejected')).toMatchObject([{ reason: { code: 'CONFLICT', rule: { name: 'POLICY_NEXT', who: 'two ADMINs' } } }]);
      const lost = ids[both.findIndex(({ status }) => status === 'rejected')]!;
      expect(await bank.leaves({ id: lost })).toContainEqual(expect.objectContaining({ type: 'ACT_REFUSED', act: 'CONFIRM_CHANGE_POLICY', rule: 'POLICY_NEXT' }));
    }
  });
});
