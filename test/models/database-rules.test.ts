import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { newId, type Context } from '../../src/platform/index.js';
import { FIRST_POLICY, TIERS, TRANSITIONS, VOTER_ROLES, type Tier, type Verdict, type VoterRole } from '../../src/models/index.js';
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
});
