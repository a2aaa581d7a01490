import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { WebSocket } from 'ws';
import type { App } from '../../src/app.js';
import { recordEvent, recordEvents } from '../../src/audit/index.js';
import { PEOPLE, type PersonName } from '../../src/demo/index.js';
import type { Tier } from '../../src/models/index.js';
import { decodeGlobalId, newId } from '../../src/platform/index.js';
import { MOST_SUBSCRIPTIONS } from '../../src/server/index.js';
import { openTestApp, type TestApp } from '../support/app.js';
import { approveSmallVersion, deploy, registerSmallModel, type SmallModel } from '../support/small-version.js';
import { socketUrl, Subscriber, type Closed } from '../support/subscriber.js';

interface Change {
  readonly lifecycleChanged: {
    readonly id: string | null;
    readonly event: string;
    readonly at: string;
    readonly by: { readonly name: string } | null;
    readonly model: { readonly id: string; readonly name: string } | null;
    readonly modelVersion: { readonly id: string; readonly state: string } | null;
    readonly deployment: { readonly id: string } | null;
  };
}

const CHANGES = 'subscription ($modelId: ID) { lifecycleChanged(modelId: $modelId) { id event at by { name } model { id name } modelVersion { id state } deployment { id } } }';
const EVENTS = 'subscription ($modelId: ID) { lifecycleChanged(modelId: $modelId) { event } }';
const TASKS = 'subscription { tasksChanged { kind text } }';

/** What is told of a version that is registered and submitted by its owner, then approved by an admin. */
const MADE = ['VERSION_REGISTERED', 'VERSION_SUBMITTED'];
const CHECKED = ['VOTE_CAST', 'VERSION_APPROVED'];

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Waits for what happens soon, a little at a time. */
async function eventually(holds: () => boolean | Promise<boolean>, milliseconds = 5_000): Promise<void> {
  for (const end = Date.now() + milliseconds; Date.now() < end; ) {
    if (await holds()) return;
    await sleep(10);
  }
  throw new Error(`It did not come to hold: ${holds.toString()}`);
}

/** Follows changes from the moment on at which they are told. */
const following = async (subscriber: Subscriber, modelId?: string, query = CHANGES) => {
  const changes = subscriber.follow<Change>(query, modelId === undefined ? {} : { modelId });
  expect((await changes.next()).lifecycleChanged.event).toBe('LISTENING');
  return changes;
};

/** Takes events until something goes wrong, and tells what. */
async function untilError(changes: { next(): Promise<unknown> }): Promise<unknown> {
  try {
    for (let taken = 0; taken < 2_000; taken++) await changes.next();
  } catch (error) {
    return error;
  }
  throw new Error('Nothing went wrong.');
}

/** An error that says what is wrong with a request. */
const bad = (message: unknown) => ({ message, extensions: { code: 'BAD_INPUT', id: expect.stringMatching(UUID) } });

/** Opens a bare one; tells how that ended. */
const opened = (url: string, options: { protocol?: string; origin?: string } = {}): Promise<unknown> =>
  new Promise((resolve) => {
    const socket = new WebSocket(url, options.protocol ?? 'graphql-transport-ws', { ...(options.origin !== undefined && { origin: options.origin }) });
    socket.on('open', () => (socket.close(), resolve('open')));
    socket.on('error', ({ message }) => resolve(message));
    socket.on('unexpected-response', (_request, response) => resolve(response.statusCode));
  });

describe('subscriptions', () => {
  let app: TestApp;
  let replica: App;
  let open: Subscriber[] = [];
  let products = 0;

  beforeAll(async () => {
    app = await openTestApp();
    replica = await app.openReplica();
  });
  afterEach(async () => {
    await Promise.all(open.map((subscriber) => subscriber.end()));
    open = [];
    await eventually(() => app.subscribers() + replica.subscribers() === 0);
  });
  afterAll(async () => {
    await replica?.close();
    await app?.close();
  });

  const kept = (subscriber: Subscriber): Subscriber => {
    open.push(subscriber);
    return subscriber;
  };
  const as = async (who: PersonName, url = replica.url): Promise<Subscriber> => kept(Subscriber.with(url, (await app.as(who)).token));
  const newModel = (tier: Tier = 'HIGH'): Promise<SmallModel> => registerSmallModel(app, `subscribed-${(products += 1)}`, tier);
  const closeOf = async (subscriber: Subscriber): Promise<Closed> => {
    await expect(kept(subscriber).follow(TASKS).next()).rejects.toBeDefined();
    return subscriber.closed;
  };
  const refusal = async (query: string, variables: Record<string, unknown> = {}) => (await as('auditor')).follow(query, variables).refusal();
  const bare = (message?: string | Buffer): Promise<Closed> =>
    new Promise((resolve) => {
      const socket = new WebSocket(socketUrl(app.url), 'graphql-transport-ws');
      socket.on('open', () => message !== undefined && socket.send(message));
      socket.on('close', (code, reason) => resolve({ code, reason: reason.toString() }));
    });

  describe('lifecycleChanged', () => {
    it('tells on one replica what was done on another: what, by whom, to what, as it is now', async () => {
      const changes = await following(await as('auditor', replica.url));
      const model = await newModel('LOW');
      const version = await approveSmallVersion(app, model);
      const deploymentId = await deploy(await app.as('admin'), version.versionId);
      const told = [];
      while (told.at(-1)?.event !== 'VERSION_DEPLOYED') told.push((await changes.next()).lifecycleChanged);
      expect(told.map(({ event, by }) => [event, by?.name])).toEqual([
        ['MODEL_REGISTERED', PEOPLE.owner.name],
        ['TIER_CHANGED', PEOPLE.secondAdmin.name],
        ...MADE.map((event) => [event, PEOPLE.owner.name]),
        ...[...CHECKED, 'VERSION_DEPLOYED'].map((event) => [event, PEOPLE.admin.name]),
      ]);
      expect(told[0]).toMatchObject({ model: { id: model.modelId, name: model.name }, modelVersion: null, deployment: null });
      expect(told.at(-1)).toMatchObject({ model: { id: model.modelId }, modelVersion: { id: version.versionId, state: 'APPROVED' }, deployment: { id: deploymentId } });
      const leaves = await app.leaves({ type: 'VERSION_DEPLOYED', id: decodeGlobalId(deploymentId).id });
      expect(told.at(-1)!.at).toBe(leaves[0]!['time']);
      expect(new Set(told.map(({ id }) => id)).size).toBe(told.length);
    });

    it('tells of one model alone where one is named', async () => {
      const [followed, other] = [await newModel('LOW'), await newModel('LOW')];
      const changes = await following(await as('auditor'), followed.modelId, EVENTS);
      await approveSmallVersion(app, other);
      await approveSmallVersion(app, followed);
      for (const event of [...MADE, ...CHECKED]) expect(await changes.next()).toEqual({ lifecycleChanged: { event } });
    });

    it('tells nothing of an act that was rolled back, nor of one that was refused', async () => {
      const changes = await following(await as('auditor'));
      const { modelId } = await newModel('LOW');
      for (const event of ['MODEL_REGISTERED', 'TIER_CHANGED']) expect((await changes.next()).lifecycleChanged.event).toBe(event);
      const payload = { model: decodeGlobalId(modelId).id };
      const undone = app.runtime.db.transaction(async (tx) => {
        await recordEvent(tx, { type: 'MODEL_REGISTERED', id: payload.model, actor: newId(), time: new Date(), payload });
        throw new Error('after all');
      });
      await expect(undone).rejects.toThrow('after all');
      const { versionId } = await approveSmallVersion(app, { modelId, name: '' });
      await (await app.as('owner')).refusal('mutation ($input: SubmitModelVersionInput!) { submitModelVersion(input: $input) { __typename } }', { input: { versionId } });
      for (const event of [...MADE, ...CHECKED]) expect((await changes.next()).lifecycleChanged.event).toBe(event);
      const next = await newModel();
      expect((await changes.next()).lifecycleChanged.model?.id).toBe(next.modelId);
    });

    it('says that it lost and found its connection, and tells on', async () => {
      const changes = await following(await as('auditor'), undefined, EVENTS);
      const ended = await app.sql<{ ended: boolean }>(`SELECT pg_terminate_backend(pid) AS ended FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'assay-notices'`);
      expect(ended).toEqual([{ ended: true }, { ended: true }]);
      expect(await changes.next()).toEqual({ lifecycleChanged: { event: 'LISTENING' } });
      await newModel();
      expect(await changes.next()).toEqual({ lifecycleChanged: { event: 'MODEL_REGISTERED' } });
    });

    it('lets go of who does not take what it is told, and says so', async () => {
      const { models } = await (await app.as('auditor')).ok<{ models: { edges: [{ node: { id: string; liveVersion: { id: string } } }] } }>('{ models(first: 1) { edges { node { id liveVersion { id } } } } }');
      const { id: model, liveVersion } = models.edges[0].node;
      const large = Array.from({ length: 20 }, (_, n) => `d${n}: dossier { canonical }`).join(' ');
      const subscriber = await as('auditor');
      const changes = await following(subscriber, model, `subscription ($modelId: ID) { lifecycleChanged(modelId: $modelId) { event modelVersion { ${large} } } }`);
      subscriber.pause();
      const payload = { model: decodeGlobalId(model).id, version: decodeGlobalId(liveVersion.id).id, dossier: '', text: '' };
      const retired = { type: 'VERSION_RETIRED', id: payload.version, actor: newId(), time: new Date(), payload } as const;
      await app.runtime.db.transaction((tx) => recordEvents(tx, Array.from({ length: 1_500 }, () => retired)));
      await eventually(() => replica.subscribers() === 0);
      subscriber.resume();
      expect(await untilError(changes)).toMatchObject([{
        message: 'This subscription was ended: more than 1,000 events waited to be taken. Read anew what you show, then subscribe again.',
        extensions: { code: 'UNAVAILABLE', id: expect.stringMatching(UUID) },
      }]);
    });

    it('is not harmed by a notice that is none, that is of nothing in the log, or that a later release tells', async () => {
      const changes = await following(await as('auditor'), undefined, EVENTS);
      await app.sql(`SELECT pg_notify('assay_notices', 'what?'), pg_notify('assay_notices', '{"type":"MODEL_REGISTERED"}')`);
      await app.sql(`SELECT pg_notify('assay_notices', json_build_object('event', gen_random_uuid(), 'type', 'VERSION_DEPLOYED', 'at', now(), 'actor', gen_random_uuid(), 'model', gen_random_uuid())::text)`);
      await app.sql(
        `WITH praised AS (INSERT INTO audit_intake (id, type, leaf) SELECT id, 'MODEL_PRAISED', convert_to(json_build_object('type', 'MODEL_PRAISED', 'time', now(), 'actor', id, 'model', id)::text, 'UTF8') FROM gen_random_uuid() id RETURNING id)
         SELECT pg_notify('assay_notices', json_build_object('event', id)::text) FROM praised`,
      );
      await newModel();
      expect(await changes.next()).toEqual({ lifecycleChanged: { event: 'MODEL_REGISTERED' } });
    });
  });

  describe('permissions', () => {
    const FOLLOW: readonly PersonName[] = ['underwriter', 'secondUnderwriter', 'owner', 'validator', 'admin', 'secondAdmin', 'auditor', 'riskManager'];

    it.each(FOLLOW)('let the %s follow models', async (person) => {
      await following(await as(person), undefined, EVENTS);
    });

    it.each((Object.keys(PEOPLE) as PersonName[]).filter((person) => !FOLLOW.includes(person)))('do not let the %s, who is told which one is missing', async (person) => {
      const error = await (await as(person)).follow(EVENTS).refusal();
      expect(error).toMatchObject({ message: expect.stringContaining('It needs the permission model:read'), extensions: { code: 'FORBIDDEN', id: expect.stringMatching(UUID) } });
      expect(replica.subscribers()).toBe(0);
    });

    it('are those of the fields, too', async () => {
      const subscriber = await as('underwriter');
      const events = subscriber.follow('subscription { lifecycleChanged { event by { grants { role } } } }');
      await events.next();
      await newModel();
      expect(await events.refusal()).toMatchObject({ path: ['lifecycleChanged', 'by', 'grants'], extensions: { code: 'FORBIDDEN' } });
    });

    it('let everyone who may act at all have their own tasks', async () => {
      for (const person of ['borrower', 'portal', 'accessAdmin'] as const) expect(await (await as(person)).follow(TASKS).next()).toEqual({ tasksChanged: [] });
      const nobody = await app.as({ subject: 'nobody', name: 'Nobody', roles: [] });
      expect(await kept(Subscriber.with(replica.url, nobody.token)).follow(TASKS).refusal()).toMatchObject({ extensions: { code: 'FORBIDDEN' } });
    });
  });

  describe('a token', () => {
    it('must come with the connection', async () => {
      const told = { code: 4403, reason: 'Send a token: connectionParams { "Authorization": "Bearer <JWT>" }.' };
      expect(await closeOf(new Subscriber(app.url, undefined))).toEqual(told);
      expect(await closeOf(new Subscriber(app.url, { Authorization: 7 }))).toEqual(told);
    });

    it('that is refused closes the connection with the reason', async () => {
      expect(await closeOf(Subscriber.with(app.url, 'not-a-token'))).toEqual({ code: 4403, reason: 'The Authorization header holds no JWT. Write it as "Bearer <JWT>", the token whole and without quotes.' });
      expect(await closeOf(Subscriber.with(app.url, (await app.forged({ aud: 'payroll' })).token))).toEqual({ code: 4403, reason: 'The token\'s "aud" claim is not accepted here.' });
      expect(await closeOf(Subscriber.with(app.url, (await app.forged({}, { expires: '-1s' })).token))).toEqual({ code: 4403, reason: 'The token has expired. Ask the issuer for a new one.' });
    });

    it('may be named in any case', async () => {
      const { token } = await app.as('auditor');
      expect(await kept(new Subscriber(app.url, { authorization: `Bearer ${token}` })).follow(TASKS).next()).toEqual({ tasksChanged: [] });
    });

    it('that expires closes the connection, and ends what it had open', async () => {
      const { token } = await app.forged({}, { expires: Math.floor(Date.now() / 1000) + 2 });
      const subscriber = kept(Subscriber.with(app.url, token));
      const changes = await following(subscriber, undefined, EVENTS);
      expect(app.subscribers()).toBe(1);
      await expect(changes.next()).rejects.toMatchObject({ code: 4403 });
      expect(await subscriber.closed).toEqual({ code: 4403, reason: 'The token has expired. Ask the issuer for a new one, and connect again.' });
      await eventually(() => app.subscribers() === 0);
    });
  });

  describe('what is asked', () => {
    it('is a subscription: all else goes over HTTP, and no subscription does', async () => {
      const message = 'Only subscriptions are answered over this socket. Send queries and mutations as POST to /graphql.';
      expect(await refusal('{ me { name } }')).toMatchObject(bad(message));
      expect(await refusal('mutation { __typename }')).toMatchObject(bad(message));
      expect(await (await app.as('auditor')).refusal(TASKS)).toMatchObject(bad('Subscriptions are told over a WebSocket: connect to /graphql by the protocol graphql-transport-ws, with the token in connectionParams.'));
    });

    it('has the limits of any request', async () => {
      const deep = `subscription { lifecycleChanged { model { ${'versions { edges { node { model { '.repeat(4)} id ${'} } } } '.repeat(4)} } } }`;
      expect(await refusal(deep)).toMatchObject(bad(expect.stringMatching(/^The query is 19 fields deep; at most 16 are answered/)));
      expect(await refusal('subscription { lifecycleChanged { model { versions(first: 200) { edges { node { model { versions(first: 200) { totalCount } } } } } } } }')).toMatchObject(bad(expect.stringMatching(/^The query costs /)));
      expect(await refusal(`subscription { tasksChanged { ${'id '.repeat(2_100)} } }`)).toMatchObject(bad(expect.stringMatching(/^The query has more than 2,000 tokens/)));
    });

    it('must be valid, and its variables must fit', async () => {
      expect(await refusal('subscription { tasksChanged {')).toMatchObject(bad(expect.stringContaining('Syntax Error')));
      expect(await refusal('subscription { tasksChanged { colour } }')).toMatchObject(bad(expect.stringContaining('Cannot query field "colour"')));
      expect(await refusal('subscription { tasksChanged { id } lifecycleChanged { id } }')).toMatchObject(bad(expect.stringContaining('must select only one top level field')));
      expect(await refusal(EVENTS, { modelId: { a: 1 } })).toMatchObject(bad(expect.stringContaining('$modelId')));
      expect(await refusal(EVENTS, { modelId: 'x' })).toMatchObject(bad('"x" is not an id of this API. Pass an id as a query returned it.'));
    });

    it('is not more than a socket may have open', async () => {
      const subscriber = await as('auditor');
      const all = Array.from({ length: MOST_SUBSCRIPTIONS }, () => subscriber.follow(TASKS));
      await Promise.all(all.map((tasks) => tasks.next()));
      expect(await subscriber.follow(TASKS).refusal()).toMatchObject({ message: expect.stringContaining(`${MOST_SUBSCRIPTIONS} subscriptions open`), extensions: { code: 'REFUSED' } });
      await all[0]!.end();
      await eventually(() => replica.subscribers() === MOST_SUBSCRIPTIONS - 1);
      await subscriber.follow(TASKS).next();
    });
  });

  describe('a socket', () => {
    it('is opened for pages of this server alone, and for who is no page', async () => {
      const url = socketUrl(app.url);
      expect(await opened(url)).toBe('open');
      expect(await opened(url, { origin: app.url })).toBe('open');
      for (const origin of ['https://elsewhere.example', 'null', `${app.url}1`]) expect([origin, await opened(url, { origin })]).toEqual([origin, 403]);
    });

    it('is at /graphql', async () => {
      expect(await opened(`${socketUrl(app.url)}s`)).toBe(404);
    });

    it('is closed for who talks nonsense, too much, or before they said who they are', async () => {
      expect(await bare('nonsense')).toMatchObject({ code: 4400 });
      expect(await bare(JSON.stringify({ type: 'connection_init', payload: { padding: 'x'.repeat(200_000) } }))).toMatchObject({ code: 1009 });
      expect(await bare(JSON.stringify({ id: '1', type: 'subscribe', payload: { query: TASKS } }))).toMatchObject({ code: 4401 });
    });

    it('that is closed, or vanishes, leaves no subscription behind', async () => {
      const [peaceful, gone] = [await as('auditor', app.url), await as('auditor', app.url)];
      for (const subscriber of [peaceful, gone]) {
        await following(subscriber, undefined, EVENTS);
        await subscriber.follow(TASKS).next();
      }
      const ended = await following(peaceful, undefined, EVENTS);
      expect(app.subscribers()).toBe(5);
      await ended.end();
      await eventually(() => app.subscribers() === 4);
      gone.vanish();
      await eventually(() => app.subscribers() === 2);
      await peaceful.end();
      await eventually(() => app.subscribers() === 0);
    });

    it('costs the database one connection for each process, however many there are', async () => {
      await Promise.all((['auditor', 'admin', 'owner'] as const).map(async (person) => following(await as(person), undefined, EVENTS)));
      expect(await app.sql(`SELECT usename FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'assay-notices'`)).toEqual([{ usename: 'assay_app' }, { usename: 'assay_app' }]);
    });

    it('is told when the server goes away, which does not wait for it', async () => {
      const third = await app.openReplica();
      const subscriber = await as('auditor', third.url);
      const changes = await following(subscriber, undefined, EVENTS);
      const waiting = changes.next().catch((error: unknown) => error);
      await third.close();
      expect(await subscriber.closed).toEqual({ code: 1001, reason: 'The server is going away. Connect again.' });
      expect(await waiting).toMatchObject({ code: 1001 });
      expect(third.subscribers()).toBe(0);
    });
  });

  it('are followed by the program in their documentation', async () => {
    const [, program] = /```js\n([^]*?)```/.exec(await readFile(join(ROOT, 'docs/subscriptions.md'), 'utf8'))!;
    const { token } = await app.as('auditor');
    const running = spawn(process.execPath, ['--input-type=module', '--eval', program!], { cwd: ROOT, env: { ...process.env, ASSAY_SOCKET: socketUrl(replica.url), ASSAY_TOKEN: token } });
    let said = '';
    for (const stream of [running.stdout, running.stderr]) stream.on('data', (text: Buffer) => (said += text.toString()));
    try {
      await eventually(() => said.includes('Read anew what you show'), 20_000);
      const { name } = await newModel();
      await eventually(() => said.includes(`MODEL_REGISTERED ${name}  by ${PEOPLE.owner.name}`));
    } finally {
      running.kill();
    }
  });

  it('a request that offers another protocol is answered as if it did not', async () => {
    const { token } = await app.as('auditor');
    const body = JSON.stringify({ query: `{ me { name } } # ${'x'.repeat(100_000)}` });
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'content-length': body.length, connection: 'Upgrade, HTTP2-Settings', upgrade: 'h2c', 'http2-settings': 'AAMAAABk' };
    const answer = await new Promise((resolve, reject) => {
      const request = httpRequest(`${app.url}/graphql`, { method: 'POST', headers }, (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => (text += chunk.toString()));
        response.on('end', () => resolve([response.statusCode, JSON.parse(text)]));
      });
      request.on('error', reject);
      request.end(body);
    });
    expect(answer).toEqual([200, { data: { me: { name: PEOPLE.auditor.name } } }]);
  });
});
