import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { createHmac, randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, exportSPKI, generateKeyPair, SignJWT, type CryptoKey, type JWK } from 'jose';
import { newId } from '../../src/platform/index.js';
import { Authenticator, DevelopmentIssuer, openIdIssuer, type Issuer } from '../../src/security/index.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';

interface Pair {
  readonly kid: string;
  readonly alg: string;
  readonly privateKey: CryptoKey;
  readonly publicKey: CryptoKey;
  readonly jwk: JWK;
}

async function newPair(alg: string, kid: string): Promise<Pair> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  return { kid, alg, privateKey, publicKey, jwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } };
}

/** An identity provider on loopback: discovery, keys, and tokens of any kind. */
class Provider {
  keys: Pair[] = [];
  broken = false;
  fetched = 0;
  /** What the discovery document claims to be; the provider's own name unless told otherwise. */
  claimedIssuer: string | undefined;
  private constructor(private readonly server: Server, readonly issuer: string) {}

  static async start(...keys: Pair[]): Promise<Provider> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    server.unref(); // a failed test leaves its provider behind; that must not keep the run alive
    const provider = new Provider(server, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    provider.keys = keys;
    server.on('request', ({ url }, response) => {
      if (provider.broken) return void response.writeHead(503).end('down for maintenance');
      const documents: Record<string, unknown> = {
        '/.well-known/openid-configuration': { issuer: provider.claimedIssuer ?? provider.issuer, jwks_uri: `${provider.issuer}/jwks` },
        '/jwks': { keys: provider.keys.map(({ jwk }) => jwk) },
      };
      if (url === '/jwks') provider.fetched += 1;
      return void response.writeHead(documents[url!] ? 200 : 404, { 'content-type': 'application/json' }).end(JSON.stringify(documents[url!]));
    });
    return provider;
  }

  open(): Promise<Issuer> {
    return openIdIssuer(oidc(this.issuer));
  }

  /** A token that is accepted unless claims, header or key are changed. A claim of undefined is left out. */
  token({ key = this.keys[0]!, header = {}, ...claims }: { key?: Pair; header?: Record<string, unknown>; [claim: string]: unknown } = {}): Promise<string> {
    const now = Math.floor(Date.now() / 1_000);
    const payload = { iss: this.issuer, aud: 'assay', sub: 'alice', name: 'Alice', roles: ['PORTAL'], iat: now, exp: now + 60, ...claims };
    return new SignJWT(payload).setProtectedHeader({ alg: key.alg, kid: key.kid, ...header }).sign(key.privateKey);
  }

  stop(): Promise<void> {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(() => resolve()));
  }
}

const oidc = (url: string) => ({ issuer: url, audience: 'assay', jwksUrl: undefined, rolesClaim: 'roles' });

const base64 = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** Replaces the payload or header of a token and keeps its signature. */
function withPart(token: string, part: 0 | 1, change: Record<string, unknown>): string {
  const parts = token.split('.');
  parts[part] = base64({ ...(JSON.parse(Buffer.from(parts[part]!, 'base64url').toString()) as object), ...change });
  return parts.join('.');
}

const hmac = (secret: string | Buffer, header: unknown, payload: unknown): string => {
  const signed = `${base64(header)}.${base64(payload)}`;
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
};

describe('the authenticator', () => {
  let database: TestDatabase;
  let provider: Provider;
  let pair: Pair;
  let issuer: Issuer;
  let authenticator: Authenticator;
  beforeAll(async () => {
    database = await openTestDatabase();
    pair = await newPair('ES256', 'first');
    provider = await Provider.start(pair);
    issuer = await provider.open();
    authenticator = new Authenticator(database.db, [issuer]);
  });
  afterAll(async () => {
    await provider.stop();
    await database.close();
  });
  afterEach(() => void jest.restoreAllMocks());

  const actorOf = (token: string) => authenticator.actorOf(`Bearer ${token}`);
  const refused = async (token: string | Promise<string>, sentence: RegExp | string): Promise<void> => {
    await expect(actorOf(await token)).rejects.toMatchObject({ code: 'UNAUTHENTICATED', message: expect.stringMatching(sentence) as unknown });
  };
  const INVALID = /^The token is not valid: its signature, form or algorithm is wrong\.$/;

  const openBoth = async () => {
    const development = await DevelopmentIssuer.open({ production: false, home: database.keyStorePath });
    return { development, both: [new Authenticator(database.db, [issuer, development.issuer]), new Authenticator(database.db, [development.issuer, issuer])] };
  };

  describe('accepts', () => {
    it('a token that the provider signed for this server, and knows its bearer again', async () => {
      const actor = await actorOf(await provider.token());
      expect(actor).toMatchObject({ name: 'Alice', roles: ['PORTAL'], ownCustomerId: undefined });
      expect([...actor.permissions]).toContain('score:run');
      expect((await actorOf(await provider.token())).id).toBe(actor.id);
      expect(await database.db.query('SELECT issuer, subject, name FROM users WHERE id = $1', [actor.id])).toEqual([{ issuer: provider.issuer, subject: 'alice', name: 'Alice' }]);
    });

    it.each(['EdDSA', 'ES256', 'RS256', 'PS256'])('the algorithm %s', async (alg) => {
      const key = await newPair(alg, alg);
      const other = await Provider.start(key);
      try {
        const actor = await new Authenticator(database.db, [await other.open()]).actorOf(`Bearer ${await other.token({ sub: alg })}`);
        expect(actor.name).toBe('Alice');
      } finally {
        await other.stop();
      }
    });

    it('one of several audiences, and the scheme in any case', async () => {
      const token = await provider.token({ aud: ['other', 'assay'] });
      await expect(authenticator.actorOf(`bearer ${token}`)).resolves.toMatchObject({ name: 'Alice' });
    });

    it('a new display name for the same person', async () => {
      const sub = randomUUID();
      const before = await actorOf(await provider.token({ sub, name: 'Maria Miller' }));
      const after = await actorOf(await provider.token({ sub, name: 'Maria Smith' }));
      expect([after.id, after.name]).toEqual([before.id, 'Maria Smith']);
    });

    it.each([[undefined], [''], ['   '], [42], ['x'.repeat(201)]])('a bearer whose name is %p, under their subject', async (name) => {
      const sub = randomUUID();
      expect((await actorOf(await provider.token({ sub, name }))).name).toBe(sub);
    });

    it('many first requests of a person at once, as one person', async () => {
      const token = await provider.token({ sub: randomUUID() });
      const actors = await Promise.all(Array.from({ length: 8 }, () => new Authenticator(database.db, [issuer]).actorOf(`Bearer ${token}`)));
      expect(new Set(actors.map(({ id }) => id)).size).toBe(1);
    });
  });

  describe('grants', () => {
    it.each([
      ['unknown roles', ['SUPERUSER', 'admin', 'PORTAL ', '__proto__', 'constructor', 'hasOwnProperty']],
      ['roles as one text', 'ADMIN'],
      ['roles as an object', { ADMIN: true }],
      ['numbers', [1, null, {}]],
      ['no claim', undefined],
    ])('nothing for %s', async (_what, roles) => {
      expect([...(await actorOf(await provider.token({ roles }))).permissions]).toEqual([]);
    });

    it('what all known roles allow together, whatever stands beside them', async () => {
      const { permissions } = await actorOf(await provider.token({ roles: ['SUPERUSER', 'ACCESS_ADMIN', 'MODEL_OWNER'] }));
      expect([...permissions].sort()).toEqual(['access:manage', 'access:read', 'finding:resolve', 'gate:preview', 'model:edit', 'model:fairness', 'model:read', 'model:register', 'self:read', 'version:submit']);
    });

    it('reads roles where the configuration says they are, and nowhere else', async () => {
      const elsewhere = new Authenticator(database.db, [{ ...issuer, rolesClaim: 'assay_roles' }]);
      const token = await provider.token({ roles: ['ADMIN'], assay_roles: ['BORROWER'] });
      expect((await elsewhere.actorOf(`Bearer ${token}`)).roles).toEqual(['BORROWER']);
    });
  });

  describe('ties a borrower', () => {
    it('to the customer whom the token names by external id', async () => {
      const id = newId();
      await database.db.transaction((tx) => tx.query(`INSERT INTO external_ids (entity, external_id, customer_id, id) VALUES ('CUSTOMER', 'C-1', $1, $1)`, [id]));
      expect(await actorOf(await provider.token({ roles: ['BORROWER'], customer: 'C-1' }))).toMatchObject({ ownCustomerId: id });
    });

    it.each([['a customer who is not recorded', 'C-404', 'names a customer that is not recorded here'], ['a loan of that name', 'L-1', 'not recorded here']])(
      'and refuses %s', async (_what, customer, sentence) => {
        await database.db.transaction((tx) =>
          tx.query(`INSERT INTO external_ids (entity, external_id, customer_id, id) VALUES ('LOAN', 'L-1', $1, $1) ON CONFLICT DO NOTHING`, [newId()]));
        await refused(provider.token({ roles: ['BORROWER'], customer }), sentence);
      });

    it.each([[42], [['C-1']], [{ id: 'C-1' }], [null]])('and does not ignore a customer claim that cannot be read: %p', async (customer) => {
      await refused(provider.token({ roles: ['BORROWER'], customer }), /^The token's "customer" claim cannot be used/);
    });
  });

  describe('refuses', () => {
    it.each([['nothing', undefined], ['an empty header', '']])('%s, and says what to send', async (_what, header) => {
      await expect(authenticator.actorOf(header)).rejects.toMatchObject({ code: 'UNAUTHENTICATED', message: 'Send a token: the header "Authorization: Bearer <JWT>".' });
    });

    it.each([
      ['another scheme', 'Basic YWxpY2U6c2VjcmV0'], ['a bare token', 'a.b.c'], ['the word alone', 'Bearer'],
      ['two parts', 'Bearer a.b'], ['four parts', 'Bearer a.b.c.d'], ['blanks inside', 'Bearer a.b. c'], ['a line break', 'Bearer a.b.c\nx'],
    ])('%s, and says how to write it', async (_what, header) => {
      await expect(authenticator.actorOf(header)).rejects.toMatchObject({ code: 'UNAUTHENTICATED', message: 'The Authorization header holds no JWT. Write it as "Bearer <JWT>", the token whole and without quotes.' });
    });

    it.each([['what is no JSON', 'a.b.c'], ['JSON that is no object', `${base64([])}.${base64('x')}.c`], ['an empty payload', `${base64({ alg: 'ES256' })}.${base64({})}.c`]])(
      '%s', async (_what, token) => refused(token, /not valid|does not accept/));

    it('an expired token, saying so', () => refused(provider.token({ exp: Math.floor(Date.now() / 1_000) - 1 }), /^The token has expired\. Ask the issuer for a new one\.$/));
    it('a token that never expires', () => refused(provider.token({ exp: undefined }), /"exp" claim is not accepted/));
    it('a token that is not valid yet', () => refused(provider.token({ nbf: Math.floor(Date.now() / 1_000) + 60 }), /"nbf" claim is not accepted/));
    it('a token for another audience', () => refused(provider.token({ aud: 'another-service' }), /"aud" claim is not accepted/));
    it('a token for nobody in particular', () => refused(provider.token({ aud: undefined }), /"aud" claim is not accepted/));
    it('a token without a subject', () => refused(provider.token({ sub: undefined }), /"sub" claim/));
    it('a token with an empty or endless subject', async () => {
      await refused(provider.token({ sub: '' }), /"sub" claim/);
      await refused(provider.token({ sub: 'x'.repeat(201) }), /"sub" claim/);
    });
    it.each(['https://evil.example', '', undefined, ['https://evil.example']])('a token of the issuer %p', (iss) =>
      refused(provider.token({ iss }), /^The token comes from an issuer that this server does not accept\.$/));
    it('a token of an issuer whose name differs by a slash', () => refused(provider.token({ iss: `${provider.issuer}/` }), /does not accept/));

    it('a payload changed after signing', async () => refused(withPart(await provider.token(), 1, { roles: ['ADMIN'] }), INVALID));
    it('a header changed after signing', async () => refused(withPart(await provider.token(), 0, { typ: 'JWT' }), INVALID));
    it('a signature with one character changed', async () => {
      const token = await provider.token();
      const at = token.lastIndexOf('.') + 5;
      await refused(token.slice(0, at) + (token[at] === 'A' ? 'B' : 'A') + token.slice(at + 1), INVALID);
    });
    it('a token signed by a key that is not the provider\'s, under the name of one that is', async () => {
      await refused(provider.token({ key: { ...(await newPair('ES256', 'first')) } }), INVALID);
    });
    it('a key that the token brings along', async () => {
      const own = await newPair('ES256', 'own');
      await refused(provider.token({ key: own, header: { kid: undefined, jwk: own.jwk } }), INVALID);
    });

    it('alg none, in any spelling, with and without a signature', async () => {
      const payload = Buffer.from((await provider.token()).split('.')[1]!, 'base64url').toString();
      for (const alg of ['none', 'None', 'NONE', 'nOnE']) {
        const unsigned = `${base64({ alg, kid: 'first' })}.${Buffer.from(payload).toString('base64url')}`;
        await expect(actorOf(`${unsigned}.`)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
        await refused(`${unsigned}.AAAA`, INVALID);
        await refused(withPart(await provider.token(), 0, { alg }), INVALID);
      }
    });

    it('HS256 with the public key as the secret, in every form in which it is published', async () => {
      const payload = JSON.parse(Buffer.from((await provider.token({ roles: ['ADMIN'] })).split('.')[1]!, 'base64url').toString()) as object;
      const spki = await exportSPKI(pair.publicKey);
      for (const secret of [spki, spki.trim(), JSON.stringify(pair.jwk), pair.jwk.x!, Buffer.from(pair.jwk.x!, 'base64url')]) {
        for (const header of [{ alg: 'HS256', kid: 'first' }, { alg: 'HS256' }, { alg: 'ES256', kid: 'first' }]) await refused(hmac(secret, header, payload), INVALID);
      }
    });

    it('an extension that it must understand and does not', async () => {
      const token = withPart(await provider.token(), 0, { crit: ['exp-in-moons'], 'exp-in-moons': 3 });
      await refused(token, INVALID);
    });
  });

  describe('and the provider\'s keys', () => {
    it('are fetched once for many tokens, and again for a key that is not known yet', async () => {
      const own = await Provider.start(await newPair('ES256', 'k1'));
      try {
        const one = new Authenticator(database.db, [await own.open()]);
        for (let turn = 0; turn < 3; turn += 1) await one.actorOf(`Bearer ${await own.token()}`);
        expect(own.fetched).toBe(1);
        const next = await newPair('ES256', 'k2');
        own.keys = [next];
        const later = Date.now() + 31_000; // keys are not fetched more often than every 30 seconds
        jest.spyOn(Date, 'now').mockImplementation(() => later);
        const now = Math.floor(new Date().getTime() / 1_000);
        await expect(one.actorOf(`Bearer ${await own.token({ key: next, iat: now, exp: now + 60 })}`)).resolves.toMatchObject({ name: 'Alice' });
        expect(own.fetched).toBe(2);
      } finally {
        await own.stop();
      }
    });

    it('no longer count once the provider has withdrawn them', async () => {
      const retired = await newPair('ES256', 'k1');
      const own = await Provider.start(retired);
      try {
        await new Authenticator(database.db, [await own.open()]).actorOf(`Bearer ${await own.token()}`);
        own.keys = [await newPair('ES256', 'k2')];
        const fresh = new Authenticator(database.db, [await own.open()]);
        await expect(fresh.actorOf(`Bearer ${await own.token({ key: retired })}`)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
      } finally {
        await own.stop();
      }
    });

    it('that cannot be fetched are not the token\'s fault, whichever way fetching fails', async () => {
      const own = await Provider.start(await newPair('ES256', 'k1'));
      const token = await own.token();
      const opened = await own.open();
      const unavailable = { code: 'UNAVAILABLE', message: 'The identity provider does not give its keys, so the token cannot be checked. Try again.' };
      own.broken = true;
      await expect(new Authenticator(database.db, [opened]).actorOf(`Bearer ${token}`)).rejects.toMatchObject(unavailable);
      own.broken = false;
      await expect(new Authenticator(database.db, [opened]).actorOf(`Bearer ${token}`)).resolves.toMatchObject({ name: 'Alice' });
      const again = await own.open();
      await own.stop();
      await expect(new Authenticator(database.db, [again]).actorOf(`Bearer ${token}`)).rejects.toMatchObject(unavailable);
    });
  });

  describe('and discovery', () => {
    it('is not needed where the address of the keys is given', async () => {
      const given = await openIdIssuer({ ...oidc(provider.issuer), jwksUrl: `${provider.issuer}/jwks` });
      await expect(new Authenticator(database.db, [given]).actorOf(`Bearer ${await provider.token()}`)).resolves.toMatchObject({ name: 'Alice' });
    });

    it('refuses a document that speaks for another issuer', async () => {
      const own = await Provider.start(pair);
      own.claimedIssuer = 'https://evil.example';
      await expect(own.open()).rejects.toMatchObject({ code: 'UNAVAILABLE', message: expect.stringContaining('is not the discovery document of') as unknown });
      await own.stop();
    });

    it('says so when there is no document, or nobody answers', async () => {
      const own = await Provider.start(pair);
      await expect(openIdIssuer(oidc(`${own.issuer}/realms/none`))).rejects.toMatchObject({ code: 'UNAVAILABLE', message: expect.stringContaining('HTTP 404') as unknown });
      own.broken = true;
      await expect(own.open()).rejects.toMatchObject({ code: 'UNAVAILABLE', message: expect.stringContaining('HTTP 503') as unknown });
      await own.stop();
      await expect(own.open()).rejects.toMatchObject({ code: 'UNAVAILABLE', message: expect.stringContaining('does not answer at') as unknown });
    });
  });

  describe('with several issuers', () => {
    it('accepts the tokens of each, in whatever order they are named', async () => {
      const { development, both } = await openBoth();
      const theirs = await development.tokenFor({ subject: 'bob', name: 'Bob', roles: ['VALIDATOR'] });
      for (const one of both) {
        await expect(one.actorOf(`Bearer ${await provider.token()}`)).resolves.toMatchObject({ name: 'Alice' });
        await expect(one.actorOf(`Bearer ${theirs}`)).resolves.toMatchObject({ name: 'Bob', roles: ['VALIDATOR'] });
      }
    });

    it('does not let one sign in the name of the other', async () => {
      const { development, both } = await openBoth();
      const forged = await provider.token({ iss: development.issuer.issuer });
      for (const one of both) await expect(one.actorOf(`Bearer ${forged}`)).rejects.toMatchObject({ code: 'UNAUTHENTICATED', message: expect.stringMatching(INVALID) as unknown });
    });

    it('keeps the same subject of two issuers apart as two people', async () => {
      const { development, both } = await openBoth();
      const [one] = both;
      const mine = await one!.actorOf(`Bearer ${await provider.token({ sub: 'carol' })}`);
      const theirs = await one!.actorOf(`Bearer ${await development.tokenFor({ subject: 'carol', name: 'Carol', roles: [] })}`);
      expect(mine.id).not.toBe(theirs.id);
    });

    it('accepts nothing where none is configured', async () => {
      await expect(new Authenticator(database.db, []).actorOf(`Bearer ${await provider.token()}`)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    });
  });
});
