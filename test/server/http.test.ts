import { createHash } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openTestApp, type TestApp } from '../support/app.js';
import type { TestClient, ToldError } from '../support/client.js';

interface Told {
  readonly errors: readonly [ToldError];
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

const toldBy = async (response: Response): Promise<unknown> => {
  const { errors: [{ message, extensions }] } = (await response.json()) as Told;
  expect(extensions.id).toMatch(UUID);
  return { status: response.status, code: extensions.code, message };
};

const put = (client: TestClient, name: string, body: Uint8Array): Promise<Response> => client.send(`/artifacts/${name}`, { method: 'PUT', body: body as Uint8Array<ArrayBuffer> });

describe('the HTTP side', () => {
  let app: TestApp;
  let portal: TestClient;
  let owner: TestClient;
  beforeAll(async () => {
    app = await openTestApp();
    portal = await app.as('portal');
    owner = await app.as('owner');
  });
  afterAll(() => app.close());

  const postGraphql = (body: string, headers: Record<string, string> = { 'content-type': 'application/json' }): Promise<Response> =>
    portal.send('/graphql', { method: 'POST', headers, body });

  const open = () => app.anonymous().send('/graphql', { headers: { accept: 'text/html,application/xhtml+xml' } });

  describe('GraphiQL', () => {

    it('is a page that takes nothing from other hosts, and may not', async () => {
      const response = await open();
      const page = await response.text();
      expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
      expect(page).toContain('<div id="graphiql">');
      expect(page).not.toMatch(/https?:|src="\/\//);
      const policy = Object.fromEntries(response.headers.get('content-security-policy')!.split('; ').map((rule) => [rule.split(' ')[0]!, rule.split(' ').slice(1)]));
      expect(policy['default-src']).toEqual(["'self'"]);
      expect(Object.values(policy).flat().filter((source) => !/^'(self|none|unsafe-inline|sha256-[\w+/=]+)'$|^data:$/.test(source))).toEqual([]);
      expect(policy['script-src']).not.toContain("'unsafe-inline'");
    });

    it('runs the one inline script that its policy names', async () => {
      const response = await open();
      const inline = /<script>([\s\S]*?)<\/script>/.exec(await response.text())![1]!;
      const hash = createHash('sha256').update(inline).digest('base64');
      expect(response.headers.get('content-security-policy')).toContain(`'sha256-${hash}'`);
    });

    it('finds every file that it names, here', async () => {
      const page = await (await open()).text();
      const files = [...page.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path]) => path!);
      expect(files).toEqual(expect.arrayContaining(['/graphiql/graphiql.css', '/graphiql/react.js', '/graphiql/react-dom.js', '/graphiql/graphiql.js']));
      for (const path of files.filter((name) => !name.startsWith('data:'))) {
        const response = await app.anonymous().send(path);
        expect([path, response.status, response.headers.get('x-content-type-options')]).toEqual([path, 200, 'nosniff']);
        expect((await response.arrayBuffer()).byteLength).toBeGreaterThan(1_000);
      }
    });
  });

  describe('PUT /artifacts/{sha256}', () => {
    const bytes = Buffer.from('an artefact');
    const digest = createHash('sha256').update(bytes).digest('hex');

    it('stores bytes under their digest, once', async () => {
      const first = await put(owner, digest, bytes);
      expect([first.status, await first.json()]).toEqual([201, { sha256: digest, bytes: bytes.length }]);
      expect((await put(owner, digest.toUpperCase(), bytes)).status).toBe(200);
    });

    it('refuses bytes of another digest, and says which they have', async () => {
      expect(await toldBy(await put(owner, '0'.repeat(64), bytes))).toEqual({
        status: 400, code: 'BAD_INPUT', message: `The 11 bytes received have the digest ${digest}, not ${'0'.repeat(64)}. Send the file unchanged, under its own digest.`,
      });
    });

    it('refuses what is larger than the bound, and nothing at all', async () => {
      const large = Buffer.alloc(4 * 1024 * 1024);
      expect(await toldBy(await put(owner, createHash('sha256').update(large).digest('hex'), large))).toMatchObject({ status: 400, code: 'BAD_INPUT', message: expect.stringContaining('larger than 1048576 bytes') });
      expect(await toldBy(await put(owner, digest, Buffer.alloc(0)))).toMatchObject({ status: 400, message: 'The artefact is empty. Send its bytes as the body of the request.' });
    });

    it('is for those who register models', async () => {
      for (const person of ['portal', 'auditor', 'admin', 'accessAdmin', 'borrower'] as const) {
        expect(await toldBy(await put(await app.as(person), digest, bytes))).toMatchObject({ status: 403, code: 'FORBIDDEN', message: expect.stringContaining('model:register') });
      }
      expect(await toldBy(await put(app.anonymous(), digest, bytes))).toMatchObject({ status: 401, code: 'UNAUTHENTICATED' });
    });

    it('takes no other name than a digest', async () => {
      expect(await toldBy(await put(owner, 'model.onnx', bytes))).toMatchObject({ status: 404, code: 'NOT_FOUND' });
    });
  });

  describe('a body', () => {
    it('that is not JSON is refused with what to send', async () => {
      expect(await toldBy(await postGraphql('query { me { name } }'))).toEqual({
        status: 400, code: 'BAD_INPUT', message: 'The request body is not JSON. Send {"query": "…", "variables": {…}} with content-type application/json.',
      });
    });

    it('that is too large is refused, with an answer', async () => {
      expect(await toldBy(await postGraphql(JSON.stringify({ query: '{ me { name } }', padding: 'x'.repeat(24 * 1024 * 1024) })))).toEqual({
        status: 400, code: 'BAD_INPUT', message: 'The request is larger than 8388608 bytes. Send less at once.',
      });
    });

    it.each([['null'], ['[]'], ['"text"'], ['{}'], ['{"query": 1}']])('%s is refused as a request', async (body) => {
      const response = await postGraphql(body);
      expect(response.status).toBe(400);
      const { errors } = (await response.json()) as { errors: { message: string; extensions: { code: string; id: string } }[] };
      expect([errors[0]?.extensions.code, errors[0]?.extensions.id]).toEqual(['BAD_INPUT', expect.stringMatching(UUID)]);
    });
  });

  it('answers no mutation that a form of another site could send', async () => {
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x']) {
      const response = await postGraphql(JSON.stringify({ query: 'mutation { __typename }' }), { 'content-type': type });
      expect([type, response.status]).toEqual([type, 400]);
      expect(await response.text()).not.toContain('"data"');
    }
    const get = await portal.send('/graphql?query=%7B%20me%20%7B%20name%20%7D%20%7D');
    expect(get.status).toBe(400);
  });

  it('runs no mutation by GET', async () => {
    const response = await portal.send('/graphql?query=mutation%7B__typename%7D', { headers: { 'x-apollo-operation-name': 'x' } });
    expect(response.status).toBe(405);
  });

  it.each(['/', '/graphql/', '/admin', '/artifacts', '/graphiql/../../package.json', '/graphiql/constructor', '//', '/%', '/__proto__'])('has nothing at %s, and says what there is', async (path) => {
    const answer = await raw(path);
    expect(answer.status).toBe(404);
    expect(answer.body.errors).toEqual([{ message: expect.stringContaining('GraphQL is at /graphql'), extensions: { code: 'NOT_FOUND', id: expect.stringMatching(UUID) } }]);
  });

  /** Sends the path as it is: `fetch` would tidy it up. */
  const raw = (path: string): Promise<{ status: number; body: Told }> =>
    new Promise((resolve, reject) => {
      const { hostname, port } = new URL(app.url);
      httpRequest({ hostname, port, path }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk)).on('end', () => resolve({ status: response.statusCode!, body: JSON.parse(text) as Told }));
      }).on('error', reject).end();
    });

  it('says that it lives, and whether it can work', async () => {
    expect(await (await app.anonymous().send('/healthz')).json()).toEqual({ status: 'ok' });
    const ready = await app.anonymous().send('/readyz');
    expect([ready.status, await ready.json()]).toEqual([200, { status: 'ready' }]);
  });

  it('lets no header tell where a user came from, nor a type be guessed', async () => {
    const { headers } = await app.anonymous().send('/healthz');
    expect([headers.get('referrer-policy'), headers.get('x-content-type-options')]).toEqual(['no-referrer', 'nosniff']);
  });
});
