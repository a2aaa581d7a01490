import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newId, type Context } from '../../src/platform/index.js';
import { demandGrant, ensureUser, GrantsService, type Role } from '../../src/security/index.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';

describe('grants of roles', () => {
  const grants = new GrantsService();
  const reason = 'Joined the team.';
  let database: TestDatabase;
  let keeper: Context;
  beforeAll(async () => {
    database = await openTestDatabase();
    keeper = await database.contextOf('ACCESS_ADMIN');
  });
  afterAll(() => database.close());

  const newUser = (): Promise<{ id: string }> => ensureUser(database.db, { issuer: 'test', subject: newId(), name: 'Ann' });
  const grant = async (role: Role, to?: string) => grants.grantRole(keeper, { to: to ?? (await newUser()).id, role, reason });
  const events = async (id: string) =>
    (await database.db.query<{ leaf: Buffer }>('SELECT leaf FROM audit_intake ORDER BY id'))
      .map(({ leaf }) => JSON.parse(leaf.toString('utf8')) as Record<string, unknown>)
      .filter((leaf) => leaf['id'] === id);

  it('begin and end, and both are events', async () => {
    const given = await grant('VALIDATOR');
    expect(given).toMatchObject({ role: 'VALIDATOR', reason, grantedBy: keeper.actor.id, validTo: null });
    const ended = await grants.endRole(keeper, given.id);
    expect(ended.validTo!.getTime()).toBeGreaterThanOrEqual(given.validFrom.getTime());
    expect(await events(given.id)).toMatchObject([{ type: 'ROLE_GRANTED', user: given.userId, role: 'VALIDATOR' }, { type: 'ROLE_ENDED', user: given.userId }]);
  });

  it('can be given to someone who has not used the API yet, who is then the same user', async () => {
    const identity = { issuer: 'https://idp', subject: newId(), name: 'New' };
    const given = await grants.grantRole(keeper, { to: identity, role: 'ADMIN', reason });
    expect((await ensureUser(database.db, identity)).id).toBe(given.userId);
  });

  it('are held once at a time, and again after an end', async () => {
    const given = await grant('ADMIN');
    await expect(grant('ADMIN', given.userId)).rejects.toMatchObject({ code: 'CONFLICT' });
    await grants.endRole(keeper, given.id);
    await expect(grants.endRole(keeper, given.id)).rejects.toThrow('The grant of ADMIN ended on');
    expect((await grant('ADMIN', given.userId)).id).not.toBe(given.id);
  });

  it('are not for oneself, says the service and the database', async () => {
    await expect(grant('ADMIN', keeper.actor.id)).rejects.toThrow('Nobody grants a role to themself');
    const inserting = database.db.transaction((tx) =>
      tx.query(`INSERT INTO role_grants (id, user_id, role, granted_by, reason) VALUES ($1, $2, 'ADMIN', $2, 'x')`, [newId(), keeper.actor.id]),
    );
    await expect(inserting).rejects.toMatchObject({ code: '23514' });
  });

  it('keep votes and the keeping of roles apart, whichever comes first', async () => {
    const voter = await grant('VALIDATOR');
    await expect(grant('ACCESS_ADMIN', voter.userId)).rejects.toThrow('holds VALIDATOR, which excludes ACCESS_ADMIN');
    const second = await grant('ACCESS_ADMIN');
    await expect(grant('ADMIN', second.userId)).rejects.toThrow('holds ACCESS_ADMIN, which excludes ADMIN');
    const { id } = await newUser();
    const both = await Promise.allSettled([grant('ADMIN', id), grant('ACCESS_ADMIN', id)]);
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  });

  it('are refused to nobody known, without a reason, or by who does not keep the roles', async () => {
    await expect(grant('ADMIN', newId())).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(grants.endRole(keeper, newId())).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(grants.grantRole(keeper, { to: (await newUser()).id, role: 'ADMIN', reason: ' ' })).rejects.toMatchObject({ code: 'BAD_INPUT' });
    await expect(grants.grantRole(await database.contextOf('ADMIN'), { to: (await newUser()).id, role: 'ADMIN', reason })).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });

  it('do not count once ended, even for an act that was waiting for the end', async () => {
    const actor = await database.contextOf('ADMIN');
    const given = await grant('ADMIN', actor.actor.id);
    let act: Promise<void> | undefined;
    await database.db.transaction(async (tx) => {
      await tx.query('UPDATE role_grants SET valid_to = clock_timestamp(), ended_by = $2 WHERE id = $1', [given.id, keeper.actor.id]);
      act = database.db.transaction((other) => demandGrant(other, actor, 'ADMIN'));
      act.catch(() => undefined);
      while ((await database.db.query(`SELECT FROM pg_locks WHERE NOT granted`)).length === 0);
    });
    await expect(act).rejects.toThrow('holds no current grant');
  });

  it('cannot be deleted or given to someone else afterwards, says the database', async () => {
    for (const sql of ['DELETE FROM role_grants', 'UPDATE role_grants SET user_id = granted_by']) {
      await expect(database.db.transaction((tx) => tx.query(sql))).rejects.toMatchObject({ code: '42501' });
    }
  });
});
