import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newId, openLog, type Context } from '../../src/platform/index.js';
import { demandGrant, ensureUser, nameFirstKeepers, preparedAndGoverned, type GrantRow, type Role } from '../../src/security/index.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';
import { asSuperuser } from '../support/postgres.js';
import { Keepers, personOf } from '../support/keepers.js';

const reason = 'Joined the team.';
let database: TestDatabase;
let keepers: Keepers;
beforeAll(async () => {
  database = await openTestDatabase();
  keepers = await Keepers.of(database);
});
afterAll(() => database.close());

const newUser = async (): Promise<string> => (await ensureUser(database.db, { issuer: 'test', subject: newId(), name: 'Ann' })).id;
const grant = async (role: Role, to?: string): Promise<GrantRow> => keepers.give(to ?? (await newUser()), role, reason);
const propose = async (role: Role, to: string, by: Context = keepers.first): Promise<string> => {
  const granted = await keepers.grants.grantRole(by, { to, role, reason });
  return 'proposalId' in granted ? granted.proposalId : granted.grant.id;
};
const run = (sql: string, parameters: readonly unknown[] = []): Promise<unknown[]> => database.db.transaction((tx) => tx.query(sql, parameters));
const end = (id: string, at: string): Promise<unknown> => run(`UPDATE role_grants SET valid_to = ${at} WHERE id = $1`, [id]);
/** An end to come, as releases before this one let be written; now only a superuser can. */
const endLater = (id: string): Promise<unknown> =>
  asSuperuser(database.name, async (client) => {
    await client.query("SET session_replication_role = 'replica'");
    await client.query(`UPDATE role_grants SET valid_to = '2100-01-01' WHERE id = $1`, [id]);
  });
const outsider = (subject: string) => ({ issuer: 'https://idp', subject, name: subject });
const events = async (id: string) =>
  (await database.db.query<{ leaf: Buffer }>(`SELECT leaf FROM audit_intake WHERE type <> 'ROW_WRITTEN' ORDER BY id`))
    .map(({ leaf }) => JSON.parse(leaf.toString('utf8')) as Record<string, unknown>)
    .filter((leaf) => leaf['id'] === id);
const refusals = async (id: string) => (await events(id)).filter(({ type }) => type === 'ACT_REFUSED').map(({ act, code, rule, actor }) => [act, code, rule, actor]);

describe('grants of roles', () => {
  it('begin and end, and both are events', async () => {
    const given = await grant('UNDERWRITER');
    expect(given).toMatchObject({ role: 'UNDERWRITER', reason, grantedBy: keepers.first.actor.id, validTo: null });
    const ended = await keepers.grants.endRole(keepers.first, given.id);
    expect(ended.validTo!.getTime()).toBeGreaterThanOrEqual(given.validFrom.getTime());
    expect(await events(given.id)).toMatchObject([{ type: 'ROLE_GRANTED', user: given.userId, role: 'UNDERWRITER' }, { type: 'ROLE_ENDED', user: given.userId }]);
  });

  it('can be given to someone who has not used the API yet, who is then the same user', async () => {
    const identity = { issuer: 'https://idp', subject: newId(), name: 'New' };
    const given = await keepers.give(identity, 'ADMIN', reason);
    expect((await ensureUser(database.db, identity)).id).toBe(given.userId);
  });

  it('are held once at a time, and again after an end', async () => {
    const given = await grant('MODEL_OWNER');
    await expect(grant('MODEL_OWNER', given.userId)).rejects.toMatchObject({ code: 'CONFLICT' });
    await keepers.grants.endRole(keepers.first, given.id);
    await expect(keepers.grants.endRole(keepers.first, given.id)).rejects.toThrow('The grant of MODEL_OWNER ended on');
    expect((await grant('MODEL_OWNER', given.userId)).id).not.toBe(given.id);
  });

  it('are not for oneself, says the service and the database', async () => {
    await expect(propose('MODEL_OWNER', keepers.first.actor.id)).rejects.toThrow('Nobody grants a role to themself');
    const inserting = run(`INSERT INTO role_grants (id, user_id, role, granted_by, reason) VALUES ($1, $2, 'MODEL_OWNER', $2, 'x')`, [newId(), keepers.first.actor.id]);
    await expect(inserting).rejects.toMatchObject({ code: '23514' });
  });

  it('keep votes and the keeping of roles apart, whichever comes first, says the service', async () => {
    const voter = await grant('VALIDATOR');
    await expect(propose('ACCESS_ADMIN', voter.userId)).rejects.toThrow('holds VALIDATOR, which excludes ACCESS_ADMIN');
    const third = await grant('ACCESS_ADMIN');
    await expect(propose('ADMIN', third.userId)).rejects.toThrow('holds ACCESS_ADMIN, which excludes ADMIN');
    const both = await newUser();
    const proposals = [await propose('ADMIN', both), await propose('ACCESS_ADMIN', both)];
    const confirmed = await Promise.allSettled(proposals.map((id) => keepers.proposals.confirm(keepers.second, id, 'Agreed.')));
    expect(confirmed.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  });

  it('need the role ACCESS_ADMIN in the token and a current grant of it', async () => {
    const to = await newUser();
    const pretender = await personOf(database, 'Pretender', ['ACCESS_ADMIN']);
    await expect(propose('UNDERWRITER', to, pretender)).rejects.toMatchObject({ code: 'REFUSED', rule: { name: 'CURRENT_GRANT', who: 'ACCESS_ADMIN' } });
    await expect(propose('UNDERWRITER', to, await personOf(database, 'Admin', ['ADMIN']))).rejects.toMatchObject({ code: 'FORBIDDEN', rule: { name: 'PERMISSION', who: 'ACCESS_ADMIN' } });
    expect(await refusals(to)).toMatchObject([['GRANT_ROLE', 'REFUSED', 'CURRENT_GRANT', pretender.actor.id], ['GRANT_ROLE', 'FORBIDDEN', 'PERMISSION', expect.anything()]]);
  });

  it('leave a record when refused, with the rule', async () => {
    const held = await grant('ADMIN');
    await expect(grant('ADMIN', held.userId)).rejects.toMatchObject({ code: 'CONFLICT' });
    await expect(grant('ACCESS_ADMIN', held.userId)).rejects.toMatchObject({ code: 'REFUSED' });
    const by = keepers.first.actor.id;
    expect(await refusals(held.userId)).toEqual([['GRANT_ROLE', 'CONFLICT', 'ONE_GRANT_AT_A_TIME', by], ['GRANT_ROLE', 'REFUSED', 'KEEPER_HAS_NO_VOTE', by]]);
    const unseen = '00000000-0000-0000-0000-000000000000';
    await expect(keepers.grants.grantRole(await personOf(database, 'Admin', ['ADMIN']), { to: { issuer: 'https://idp', subject: newId(), name: 'Stranger' }, role: 'VALIDATOR', reason })).rejects.toMatchObject({ code: 'FORBIDDEN' });
    expect(await refusals(unseen)).toMatchObject([['GRANT_ROLE', 'FORBIDDEN', 'PERMISSION', expect.anything()]]);
  });

  it('that fail leave no user behind who was not there before, and no other name on who was', async () => {
    const identity = { issuer: 'https://idp', subject: newId(), name: 'New' };
    const users = () => database.db.query<{ name: string }>('SELECT name FROM users WHERE subject = $1', [identity.subject]);
    await expect(keepers.give(identity, 'UNDERWRITER', 'a NUL \u0000')).rejects.toMatchObject({ code: 'BAD_INPUT' });
    expect(await users()).toEqual([]);
    await keepers.give(identity, 'UNDERWRITER', reason);
    await expect(keepers.give({ ...identity, name: 'Renamed' }, 'UNDERWRITER', reason)).rejects.toMatchObject({ code: 'CONFLICT' });
    expect(await users()).toEqual([{ name: 'New' }]);
  });

  it.each([
    ['moved', "valid_to = now() + interval '1 year'"],
    ['taken back', 'valid_to = NULL'],
    ['claimed by another', 'ended_by = granted_by'],
  ])('that ended are not %s, says the database', async (_, change) => {
    const { id } = await grant('UNDERWRITER');
    await keepers.grants.endRole(keepers.first, id);
    await expect(run(`UPDATE role_grants SET ${change} WHERE id = $1`, [id])).rejects.toMatchObject({ code: 'AS007' });
  });

  it.each(["'2100-01-01'", 'valid_from', "valid_from - interval '1 second'", "now() - interval '1 second'"])('end now, not at %s, says the database', async (at) => {
    await expect(end((await grant('ADMIN')).id, at)).rejects.toMatchObject({ code: 'AS084' });
  });

  it('begin now, with an open end, says the database', async () => {
    const to = await newUser();
    const insert = (column: string, value: string): Promise<unknown[]> =>
      run(`INSERT INTO role_grants (id, user_id, role, granted_by, reason, ${column}) VALUES ($1, $2, 'UNDERWRITER', $3, 'x', ${value}) RETURNING valid_from > now() - interval '1 minute' AS now`, [newId(), to, keepers.first.actor.id]);
    await expect(insert('valid_to', "now() + interval '1 day'")).rejects.toMatchObject({ code: 'AS084' });
    expect(await insert('valid_from', "'2000-01-01'")).toEqual([{ now: true }]);
  });

  it('with an end to come, from before, hold until then: they keep votes and roles apart, count as keepers, and can be ended', async () => {
    const voter = await grant('ADMIN');
    await endLater(voter.id);
    await expect(propose('ACCESS_ADMIN', voter.userId)).rejects.toMatchObject({ rule: { name: 'KEEPER_HAS_NO_VOTE' } });
    await expect(run(`INSERT INTO role_grants (id, user_id, role, granted_by, reason) VALUES ($1, $2, 'ACCESS_ADMIN', $3, 'x')`, [newId(), voter.userId, keepers.first.actor.id])).rejects.toMatchObject({ code: 'AS011' });
    expect((await keepers.grants.endRole(keepers.first, voter.id)).validTo!.getTime()).toBeLessThanOrEqual(Date.now());
    await expect(keepers.grants.endRole(keepers.first, voter.id)).rejects.toMatchObject({ rule: { name: 'ENDS_STAND' } });
  });

  it('are refused to nobody known, or without a reason', async () => {
    await expect(propose('ADMIN', newId())).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(keepers.grants.endRole(keepers.first, newId())).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(keepers.give(await newUser(), 'ADMIN', ' ')).rejects.toMatchObject({ code: 'BAD_INPUT' });
  });

  it('do not count once ended, even for an act that was waiting for the end', async () => {
    const actor = await personOf(database, 'Waiting', ['ADMIN']);
    const given = await grant('ADMIN', actor.actor.id);
    let act: Promise<void> | undefined;
    await database.db.transaction(async (tx) => {
      await tx.query('UPDATE role_grants SET valid_to = clock_timestamp(), ended_by = $2 WHERE id = $1', [given.id, keepers.first.actor.id]);
      act = database.db.transaction((other) => demandGrant(other, actor, 'ADMIN'));
      act.catch(() => undefined);
      while ((await database.db.query(`SELECT FROM pg_locks WHERE NOT granted`)).length === 0);
    });
    await expect(act).rejects.toThrow('holds no current grant');
  });

  it('are looked at before long work as well as after it: who holds none causes no work', async () => {
    const pretender = await personOf(database, 'Ungranted', ['ADMIN']);
    const act = { name: 'APPROVE', subject: newId(), permission: 'version:approve', role: 'ADMIN' } as const;
    let prepared = 0;
    const acting = (): Promise<string> => preparedAndGoverned(pretender, act, async () => void (prepared += 1), async () => 'done');
    await expect(acting()).rejects.toMatchObject({ rule: { name: 'CURRENT_GRANT' } });
    expect([prepared, await refusals(act.subject)]).toEqual([0, [['APPROVE', 'REFUSED', 'CURRENT_GRANT', pretender.actor.id]]]);
    const given = await grant('ADMIN', pretender.actor.id);
    expect([await acting(), prepared]).toEqual(['done', 1]);
    const ended = preparedAndGoverned(pretender, act, async () => void (await keepers.grants.endRole(keepers.first, given.id)), async () => 'done');
    await expect(ended).rejects.toMatchObject({ rule: { name: 'CURRENT_GRANT' } });
  });

  it('cannot be deleted or given to someone else afterwards, says the database', async () => {
    for (const sql of ['DELETE FROM role_grants', 'UPDATE role_grants SET user_id = granted_by']) {
      await expect(run(sql)).rejects.toMatchObject({ code: '42501' });
    }
  });
});

describe.each(['VALIDATOR', 'ADMIN', 'ACCESS_ADMIN'] as const)('the role %s', (role) => {
  it('is granted by two people: one proposes, another confirms', async () => {
    const to = await newUser();
    const proposal = await propose(role, to);
    expect(await database.db.query('SELECT FROM role_grants WHERE user_id = $1', [to])).toEqual([]);
    await keepers.proposals.confirm(keepers.second, proposal, 'Agreed.');
    expect(await database.db.query('SELECT role, granted_by FROM role_grants WHERE user_id = $1', [to])).toEqual([{ role, granted_by: keepers.first.actor.id }]);
    expect((await events(proposal)).map(({ type, kind, subject }) => [type, kind, subject])).toEqual([['PROPOSED', 'GRANT_ROLE', to], ['PROPOSAL_CONFIRMED', 'GRANT_ROLE', to]]);
  });

  it('is not granted by one alone, nor confirmed by who gets it', async () => {
    const proposal = await propose(role, await newUser());
    await expect(keepers.proposals.confirm(keepers.first, proposal, 'Me again.')).rejects.toMatchObject({ code: 'REFUSED', rule: { name: 'SECOND_PERSON', who: 'ACCESS_ADMIN' } });
    expect(await refusals(proposal)).toEqual([['CONFIRM_GRANT_ROLE', 'REFUSED', 'SECOND_PERSON', keepers.first.actor.id]]);
    if (role === 'ACCESS_ADMIN') return;
    const helper = await personOf(database, `Helper of ${role}`, ['ACCESS_ADMIN']);
    const own = await propose(role, helper.actor.id);
    await keepers.give(helper.actor.id, 'ACCESS_ADMIN');
    await expect(keepers.proposals.confirm(helper, own, 'For me.')).rejects.toMatchObject({ rule: { name: 'GRANT_TO_OTHERS' } });
  });

  it('is refused without a confirmed proposal for exactly this, says the database', async () => {
    const to = await newUser();
    const insert = (proposal: string | null, by: Context = keepers.first) =>
      run(`INSERT INTO role_grants (id, user_id, role, granted_by, reason, proposal_id) VALUES ($1, $2, $3, $4, 'x', $5)`, [newId(), to, role, by.actor.id, proposal]);
    await expect(insert(null)).rejects.toMatchObject({ code: 'AS010' });
    const open = await propose(role, to);
    await expect(insert(open)).rejects.toMatchObject({ code: 'AS010' });
    const other = await propose(role, await newUser());
    await keepers.proposals.confirm(keepers.second, other, 'Agreed.');
    await expect(insert(other)).rejects.toMatchObject({ code: 'AS010' });
    await expect(run(`INSERT INTO proposal_decisions (proposal_id, decided_by, verdict, comment) VALUES ($1, $2, 'CONFIRMED', 'x')`, [open, keepers.first.actor.id])).rejects.toMatchObject({ code: 'AS008' });
  });
});

describe('a proposal', () => {
  it('is decided once, whoever of two comes first', async () => {
    const proposal = await propose('VALIDATOR', await newUser());
    const third = await personOf(database, 'Third keeper', ['ACCESS_ADMIN']);
    await keepers.give(third.actor.id, 'ACCESS_ADMIN');
    const both = await Promise.allSettled([keepers.proposals.confirm(keepers.second, proposal, 'Yes.'), keepers.proposals.decline(third, proposal, 'No.')]);
    expect(both.filter(({ status }) => status === 'rejected')).toMatchObject([{ reason: { code: 'CONFLICT', rule: { name: 'PROPOSAL_OPEN' } } }]);
  });

  it('is not made twice while it waits, and can be taken back', async () => {
    const to = await newUser();
    const proposal = await propose('ADMIN', to);
    await expect(propose('ADMIN', to)).rejects.toMatchObject({ code: 'CONFLICT', rule: { name: 'PROPOSAL_OPEN' } });
    await keepers.proposals.decline(keepers.first, proposal, 'A mistake.');
    await expect(keepers.proposals.confirm(keepers.second, proposal, 'Late.')).rejects.toMatchObject({ rule: { name: 'PROPOSAL_OPEN' } });
    await propose('ADMIN', to);
  });

  it('cannot be confirmed once it has expired, says the service and the database', async () => {
    const proposal = await propose('ADMIN', await newUser());
    await asSuperuser(database.name, (client) => client.query(`UPDATE proposals SET recorded_at = now() - interval '15 days', expires_at = now() - interval '1 day' WHERE id = $1`, [proposal]));
    await expect(keepers.proposals.confirm(keepers.second, proposal, 'Late.')).rejects.toThrow('The proposal expired on');
    const deciding = run(`INSERT INTO proposal_decisions (proposal_id, decided_by, verdict, comment) VALUES ($1, $2, 'CONFIRMED', 'x')`, [proposal, keepers.second.actor.id]);
    await expect(deciding).rejects.toMatchObject({ code: 'AS009' });
  });

  it('waits 14 days at most, and it and its decision are recorded when they happen, says the database', async () => {
    const insert = (expires: string): Promise<unknown[]> =>
      run(
        `INSERT INTO proposals (id, kind, subject, payload, proposed_by, reason, recorded_at, expires_at) VALUES ($1, 'GRANT_ROLE', $2, '{"role":"ADMIN"}', $3, 'x', '2000-01-01', ${expires})
         RETURNING id, recorded_at > now() - interval '1 minute' AS now`,
        [newId(), newId(), keepers.first.actor.id],
      );
    await expect(insert("now() + interval '15 days'")).rejects.toMatchObject({ code: 'AS018' });
    const [proposal] = (await insert("now() + interval '14 days'")) as [{ id: string; now: boolean }];
    expect(proposal.now).toBe(true);
    const decided = await run(`INSERT INTO proposal_decisions (proposal_id, decided_by, verdict, comment, recorded_at) VALUES ($1, $2, 'CONFIRMED', 'x', '2100-01-01') RETURNING recorded_at < now() + interval '1 minute' AS now`, [proposal.id, keepers.second.actor.id]);
    expect(decided).toEqual([{ now: true }]);
  });

  it('is confirmed only while who proposed it and who confirms it hold a role that may, says the service and the database', async () => {
    const gone = await personOf(database, 'Gone keeper', ['ACCESS_ADMIN']);
    const given = await grant('ACCESS_ADMIN', gone.actor.id);
    const proposal = await propose('VALIDATOR', await newUser(), gone);
    const decide = (by: string): Promise<unknown> => run(`INSERT INTO proposal_decisions (proposal_id, decided_by, verdict, comment) VALUES ($1, $2, 'CONFIRMED', 'x')`, [proposal, by]);
    await expect(decide(await newUser())).rejects.toMatchObject({ code: 'AS017' });
    await keepers.grants.endRole(keepers.first, given.id);
    await expect(keepers.proposals.confirm(keepers.second, proposal, 'Agreed.')).rejects.toMatchObject({ code: 'REFUSED', rule: { name: 'PROPOSER_HOLDS_ROLE', who: 'ACCESS_ADMIN' } });
    expect(await refusals(proposal)).toEqual([['CONFIRM_GRANT_ROLE', 'REFUSED', 'PROPOSER_HOLDS_ROLE', keepers.second.actor.id]]);
    await expect(decide(keepers.second.actor.id)).rejects.toMatchObject({ code: 'AS017' });
    await keepers.proposals.decline(keepers.second, proposal, 'Nobody stands behind it.');
  });

  it('and its decision are not changed afterwards, says the database', async () => {
    for (const sql of ['UPDATE proposals SET reason = $1', 'UPDATE proposal_decisions SET comment = $1']) await expect(run(sql, ['x'])).rejects.toMatchObject({ code: '42501' });
    for (const table of ['proposals', 'proposal_decisions']) await expect(run(`DELETE FROM ${table}`)).rejects.toMatchObject({ code: '42501' });
  });
});

describe('the first keepers of roles', () => {
  it('are two or more, and nobody is named beside them', async () => {
    const fresh = await openTestDatabase();
    try {
      const name = (...people: string[]) => nameFirstKeepers(fresh.db, openLog('silent'), people.map(outsider));
      await expect(name('a')).rejects.toThrow('Name at least 2 people');
      expect(await name('a', 'b')).toBe(2);
      expect(await name('a', 'b')).toBe(0);
      await expect(name('c')).rejects.toMatchObject({ message: expect.stringContaining('2 people keep the roles already'), rule: { name: 'FIRST_KEEPERS', who: 'two people who are ACCESS_ADMIN' } });
      const leaves = await fresh.db.query<{ leaf: Buffer }>(`SELECT leaf FROM audit_intake WHERE type = 'ACT_REFUSED' ORDER BY id`);
      const refused = { act: 'NAME_KEEPERS', actor: '00000000-0000-7000-8000-000000000001', code: 'REFUSED', rule: 'FIRST_KEEPERS' };
      expect(leaves.map(({ leaf }) => JSON.parse(leaf.toString('utf8')) as object)).toMatchObject([refused, refused]);
      await fresh.db.transaction((tx) => tx.query(`UPDATE role_grants SET valid_to = clock_timestamp() WHERE user_id = (SELECT id FROM users WHERE subject = 'b')`));
      expect(await name('c')).toBe(1);
      const forged = fresh.db.transaction((tx) =>
        tx.query(`INSERT INTO role_grants (id, user_id, role, granted_by, reason) SELECT $1, id, 'ACCESS_ADMIN', '00000000-0000-7000-8000-000000000001', 'x' FROM users WHERE subject = 'b'`, [newId()]),
      );
      await expect(forged).rejects.toMatchObject({ code: 'AS010' });
    } finally {
      await fresh.close();
    }
  });
});
