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
  const refusals = async (id: string) => (await events(id)).filter(({ type }) => type === 'ACT_REFUSED').map(({ act, code, actor, subject }) => [act, code, actor, subject]);
  const end = (id: string, at: string): Promise<unknown> =>
    database.db.transaction((tx) => tx.query(`UPDATE role_grants SET valid_to = valid_from ${at} WHERE id = $1`, [id]));

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

  it('leave a record when refused: to oneself, held already, excluded by another role, or by who does not keep them', async () => {
    const held = await grant('ADMIN');
    const stranger = { issuer: 'https://idp', subject: newId(), name: 'Stranger' };
    const admin = await database.contextOf('ADMIN');
    await expect(grant('ADMIN', held.userId)).rejects.toMatchObject({ code: 'CONFLICT' });
    await expect(grant('ACCESS_ADMIN', held.userId)).rejects.toMatchObject({ code: 'REFUSED' });
    await expect(grant('ADMIN', keeper.actor.id)).rejects.toMatchObject({ code: 'REFUSED' });
    await expect(grants.grantRole(admin, { to: held.userId, role: 'VALIDATOR', reason })).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await expect(grants.grantRole(admin, { to: stranger, role: 'VALIDATOR', reason })).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await expect(grants.endRole(admin, held.id)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    expect(await refusals(held.userId)).toEqual([
      ['GRANT_ROLE', 'CONFLICT', keeper.actor.id, held.userId],
      ['GRANT_ROLE', 'REFUSED', keeper.actor.id, held.userId],
      ['GRANT_ROLE', 'FORBIDDEN', admin.actor.id, held.userId],
    ]);
    expect((await refusals(keeper.actor.id)).at(-1)).toEqual(['GRANT_ROLE', 'REFUSED', keeper.actor.id, keeper.actor.id]);
    expect(await refusals(held.id)).toEqual([['END_ROLE', 'FORBIDDEN', admin.actor.id, held.id]]);
    const unseen = '00000000-0000-0000-0000-000000000000';
    expect(await refusals(unseen)).toEqual([['GRANT_ROLE', 'FORBIDDEN', admin.actor.id, unseen]]);
  });

  it('that fail leave no user behind who was not there before, and no other name on who was', async () => {
    const identity = { issuer: 'https://idp', subject: newId(), name: 'New' };
    const users = () => database.db.query<{ name: string }>('SELECT name FROM users WHERE subject = $1', [identity.subject]);
    const failing = grants.grantRole(keeper, { to: identity, role: 'ADMIN', reason: 'a NUL \u0000' });
    await expect(failing).rejects.toMatchObject({ code: 'BAD_INPUT' });
    expect(await users()).toEqual([]);
    await grants.grantRole(keeper, { to: identity, role: 'ADMIN', reason });
    await expect(grants.grantRole(keeper, { to: { ...identity, name: 'Renamed' }, role: 'ADMIN', reason })).rejects.toMatchObject({ code: 'CONFLICT' });
    expect(await users()).toEqual([{ name: 'New' }]);
  });

  it.each([
    ['moved', "valid_to = now() + interval '1 year'"],
    ['taken back', 'valid_to = NULL'],
    ['claimed by another', 'ended_by = granted_by'],
  ])('that ended are not %s, says the database', async (_, change) => {
    const { id } = await grant('VALIDATOR');
    await grants.endRole(keeper, id);
    const changing = database.db.transaction((tx) => tx.query(`UPDATE role_grants SET ${change} WHERE id = $1`, [id]));
    await expect(changing).rejects.toMatchObject({ code: 'AS007' });
  });

  it('may be given an end to come, but no end before their beginning, says the database', async () => {
    await end((await grant('VALIDATOR')).id, "+ interval '1 day'");
    await expect(end((await grant('VALIDATOR')).id, "- interval '1 second'")).rejects.toMatchObject({ code: '23514' });
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
