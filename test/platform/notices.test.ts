import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mapStream, NoticeHub, notify, openLog, Stream, type Heard } from '../../src/platform/index.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';
import { asSuperuser } from '../support/postgres.js';

const DONE = { value: undefined, done: true };
const item = <T>(value: T) => ({ value, done: false });

const open = (most: number, whenFull: 'LEAVE_OUT' | (() => Error) = () => new Error('full')) => {
  let ends = 0;
  const stream = new Stream<number>({ most, whenFull }, () => void (ends += 1));
  return { stream, ends: () => ends };
};

describe('a stream', () => {
  it('gives what was pushed in order, at once or when it comes', async () => {
    const { stream } = open(2);
    stream.push(1);
    stream.push(2);
    expect([await stream.next(), await stream.next()]).toEqual([item(1), item(2)]);
    const waiting = [stream.next(), stream.next()];
    stream.push(3);
    stream.push(4);
    expect(await Promise.all(waiting)).toEqual([item(3), item(4)]);
  });

  it('ends at once for who waits, and tells so once', async () => {
    const { stream, ends } = open(2);
    const waiting = stream.next();
    expect(await stream.return()).toEqual(DONE);
    stream.push(1);
    stream.end();
    expect([await waiting, await stream.next(), ends()]).toEqual([DONE, DONE, 1]);
  });

  it('that is full fails once, and keeps nothing', async () => {
    const { stream, ends } = open(2);
    for (const n of [1, 2, 3]) stream.push(n);
    expect(ends()).toBe(1);
    await expect(stream.next()).rejects.toThrow('full');
    expect(await stream.next()).toEqual(DONE);
  });

  it('that is full leaves out where it may', async () => {
    const { stream, ends } = open(1, 'LEAVE_OUT');
    for (const n of [1, 2, 3]) stream.push(n);
    expect([await stream.next(), ends()]).toEqual([item(1), 0]);
    stream.push(4);
    expect(await stream.next()).toEqual(item(4));
  });

  it('fails for who waits', async () => {
    const { stream } = open(1);
    const waiting = stream.next();
    stream.fail(new Error('broken'));
    await expect(waiting).rejects.toThrow('broken');
    expect(await stream.next()).toEqual(DONE);
  });

  it('is mapped one by one; what is made undefined is left out', async () => {
    const { stream } = open(3);
    for (const n of [1, 2, 3]) stream.push(n);
    const mapped = mapStream(stream, async (n) => (n % 2 === 1 ? n * 10 : undefined));
    expect([await mapped.next(), await mapped.next()]).toEqual([item(10), item(30)]);
  });

  it('that is mapped ends its source at once: when it is left while it waits, and when mapping fails', async () => {
    const [left, failed] = [open(1), open(1)];
    const mapped = mapStream(left.stream, async (n) => n);
    const waiting = mapped.next();
    await mapped.return!();
    expect([await waiting, left.ends()]).toEqual([DONE, 1]);
    const failing = mapStream(failed.stream, () => Promise.reject(new Error('no')));
    failed.stream.push(1);
    await expect(failing.next()).rejects.toThrow('no');
    expect(failed.ends()).toBe(1);
  });
});

interface Called {
  readonly name: string;
}

describe('a hub of notices', () => {
  let database: TestDatabase;
  let hub: NoticeHub<Called>;
  beforeAll(async () => {
    database = await openTestDatabase();
    hub = new NoticeHub<Called>(database.urls.app, openLog('silent'), async (told) => told as Called[], 3);
    await hub.start();
  });
  afterAll(async () => {
    await hub.close();
    await database.close();
  });

  const tell = (...names: string[]): Promise<void> => database.db.transaction((tx) => notify(tx, names.map((name) => ({ name }))));
  const backends = (): Promise<{ pid: number }[]> =>
    database.db.query(`SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'assay-notices'`);
  const name = async (stream: AsyncIterator<Heard<Called>>): Promise<string> => {
    const { value } = (await stream.next()) as { value: Heard<Called> };
    return value.notice?.name ?? 'LISTENING';
  };

  it('tells each subscriber what they want, after that it listens', async () => {
    const [all, some] = [hub.notices(() => true), hub.notices(({ name: called }) => called !== 'a')];
    await tell('a', 'b');
    expect([await name(all), await name(all), await name(all)]).toEqual(['LISTENING', 'a', 'b']);
    expect([await name(some), await name(some)]).toEqual(['LISTENING', 'b']);
    expect(hub.subscribers).toBe(2);
    await Promise.all([all.return!(), some.return!()]);
    expect(hub.subscribers).toBe(0);
  });

  it('beats at once, and once for however much happened meanwhile', async () => {
    const [beats, all] = [hub.beats(), hub.notices(() => true)];
    expect([await beats.next(), await name(all)]).toEqual([item(true), 'LISTENING']);
    await tell('a', 'b', 'c');
    for (const expected of ['a', 'b', 'c']) expect(await name(all)).toBe(expected);
    expect(await beats.next()).toEqual(item(true));
    const waiting = beats.next();
    await beats.return!();
    expect(await waiting).toEqual(DONE);
    await all.return!();
  });

  it('lets go of a subscriber who takes nothing, with a sentence, and keeps the others', async () => {
    const [slow, quick] = [hub.notices(() => true), hub.notices(({ name: called }) => called === 'd')];
    await name(quick);
    await tell('a', 'b', 'c', 'd');
    expect(await name(quick)).toBe('d');
    expect(hub.subscribers).toBe(1);
    await expect(slow.next()).rejects.toMatchObject({ code: 'UNAVAILABLE', message: expect.stringMatching(/^This subscription was ended: more than 3 events waited/) });
    await quick.return!();
  });

  it('tells nothing that is rolled back', async () => {
    const all = hub.notices(() => true);
    await name(all);
    const undone = database.db.transaction(async (tx) => {
      await notify(tx, [{ name: 'never' }]);
      throw new Error('after all');
    });
    await expect(undone).rejects.toThrow('after all');
    await tell('then');
    expect(await name(all)).toBe('then');
    await all.return!();
  });

  it('says that something was missed where notices could not be read', async () => {
    let fails = true;
    const shaky = new NoticeHub<Called>(database.urls.app, openLog('silent'), async (told) => {
      if (fails) throw new Error('no database');
      return told as Called[];
    });
    await shaky.start();
    const [all, beats] = [shaky.notices(() => true), shaky.beats()];
    expect([await name(all), await beats.next()]).toEqual(['LISTENING', item(true)]);
    await tell('a');
    expect([await name(all), await beats.next()]).toEqual(['LISTENING', item(true)]);
    fails = false;
    await tell('b');
    expect(await name(all)).toBe('b');
    await shaky.close();
  });

  it('refuses to tell what does not fit', async () => {
    await expect(tell('x'.repeat(3_000))).rejects.toMatchObject({ code: 'INTERNAL' });
  });

  it('finds its connection again, even where the database lets nobody in for a while, and says so', async () => {
    const [all, beats] = [hub.notices(() => true), hub.beats()];
    await Promise.all([name(all), beats.next()]);
    const [before] = await backends();
    await asSuperuser('postgres', async (client) => {
      await client.query(`ALTER DATABASE ${database.name} CONNECTION LIMIT 0`);
      await client.query('SELECT pg_terminate_backend($1, 10000)', [before!.pid]);
      await new Promise((resolve) => setTimeout(resolve, 150)); // long enough for an attempt that fails
      await client.query(`ALTER DATABASE ${database.name} CONNECTION LIMIT -1`);
    });
    expect([await name(all), await beats.next()]).toEqual(['LISTENING', item(true)]);
    const after = await backends();
    expect([after.length, after[0]!.pid === before!.pid]).toEqual([1, false]);
    await tell('again');
    expect(await name(all)).toBe('again');
    await Promise.all([all.return!(), beats.return!()]);
  });

  it('that is closed ends every stream and its connection', async () => {
    const other = new NoticeHub<Called>(database.urls.app, openLog('silent'), async (told) => told as Called[]);
    await other.start();
    const streams = [other.notices(() => true), other.beats()];
    await Promise.all(streams.map((stream) => stream.next()));
    const waiting = streams.map((stream) => stream.next());
    await other.close();
    expect([await Promise.all(waiting), other.subscribers]).toEqual([[DONE, DONE], 0]);
    while ((await backends()).length > 1) await new Promise((resolve) => setTimeout(resolve, 5));
  });

  it('does not start where there is no database to listen to', async () => {
    const nowhere = new NoticeHub<Called>(database.urls.app.replace(/:\d+\//, ':1/'), openLog('silent'), async (told) => told as Called[]);
    await expect(nowhere.start()).rejects.toBeDefined();
    await nowhere.close();
  });
});
