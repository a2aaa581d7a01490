import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { generateKeyPair, SignJWT, UnsecuredJWT } from 'jose';
import { openEmptyTestApp, type TestApp } from '../support/app.js';
import { TestClient } from '../support/client.js';

const told = async (client: TestClient): Promise<unknown> => {
  const { status, errors, data } = await client.query('{ me { name } }');
  return { status, data, code: errors[0]?.extensions.code, message: errors[0]?.message };
};

const refused = (message: string) => ({ status: 401, data: undefined, code: 'UNAUTHENTICATED', message });

const build = <T extends SignJWT | UnsecuredJWT>(jwt: T): T => jwt.setIssuer('https://dev-issuer.assay.invalid').setAudience('assay').setSubject('x').setExpirationTime('1h') as T;

describe('a request', () => {
  let app: TestApp;
  beforeAll(async () => void (app = await openEmptyTestApp()));
  afterAll(() => app.close());

  it('without a token is told to send one, and how', async () => {
    expect(await told(app.anonymous())).toEqual(refused('Send a token: the header "Authorization: Bearer <JWT>".'));
    const response = await app.anonymous().send('/graphql', { method: 'POST', body: '{}' });
    expect(response.headers.get('www-authenticate')).toBe('Bearer');
    expect(await told(new TestClient(app.url, 'not-a-token'))).toEqual(refused('The Authorization header holds no JWT. Write it as "Bearer <JWT>", the token whole and without quotes.'));
  });

  it('with an expired token is told so', async () => {
    expect(await told(await app.forged({}, { expires: '-1s' }))).toEqual(refused('The token has expired. Ask the issuer for a new one.'));
  });

  it('with a token for another audience, or from another issuer, is refused', async () => {
    expect(await told(await app.forged({ aud: 'payroll' }))).toEqual(refused('The token\'s "aud" claim is not accepted here.'));
    expect(await told(await app.forged({ iss: 'https://elsewhere.example' }))).toEqual(refused('The token comes from an issuer that this server does not accept.'));
  });

  it('with a token that is not valid yet is refused', async () => {
    expect(await told(await app.forged({ nbf: Math.floor(Date.now() / 1000) + 600 }))).toEqual(refused('The token\'s "nbf" claim is not accepted here.'));
  });

  it('with a token that somebody else signed, or nobody, is refused', async () => {
    const claims = { roles: ['AUDITOR'] };
    const { privateKey } = await generateKeyPair('EdDSA');
    const theirs = await build(new SignJWT(claims)).setProtectedHeader({ alg: 'EdDSA' }).sign(privateKey);
    expect(await told(new TestClient(app.url, theirs))).toEqual(refused('The token is not valid: its signature, form or algorithm is wrong.'));
    const unsigned = build(new UnsecuredJWT(claims)).encode();
    expect((await app.anonymous().send('/graphql', { method: 'POST', headers: { authorization: `Bearer ${unsigned}` }, body: '{}' })).status).toBe(401);
  });

  it('with a token without a subject is refused', async () => {
    expect((await told(await app.forged({ sub: '' })) as { status: number }).status).toBe(401);
  });

  it('of somebody without a known role may do nothing at all', async () => {
    for (const roles of [[], ['KING'], 'AUDITOR', undefined]) {
      const { extensions } = await (await app.forged({ roles })).refusal('{ me { name } }');
      expect([roles, extensions.code]).toEqual([roles, 'FORBIDDEN']);
    }
  });

  it('of a voter needs a current grant beside the role in the token', async () => {
    const admin = await app.as('admin');
    const { me } = await admin.ok<{ me: { roles: string[]; grants: object[] } }>('{ me { roles grants { role } } }');
    expect(me).toEqual({ roles: ['ADMIN'], grants: [] });
  });
});
