import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeJwt, decodeProtectedHeader, jwtVerify, type CryptoKey } from 'jose';
import { DevelopmentIssuer } from '../../src/security/index.js';

describe('the development issuer', () => {
  let home: string;
  beforeEach(async () => void (home = await mkdtemp(join(tmpdir(), 'assay-issuer-'))));
  afterEach(() => rm(home, { recursive: true, force: true }));

  it('refuses production before it makes a key', async () => {
    await expect(DevelopmentIssuer.open({ production: true, home })).rejects.toMatchObject({
      code: 'REFUSED',
      message: 'The development issuer does not start with NODE_ENV=production: it signs tokens for anyone.',
    });
    expect(await readdir(home)).toEqual([]);
  });

  it('refuses production where a key was left by an earlier trial', async () => {
    await DevelopmentIssuer.open({ production: false, home });
    await expect(DevelopmentIssuer.open({ production: true, home })).rejects.toMatchObject({ code: 'REFUSED' });
  });

  it('signs tokens that say who, for whom, in which roles and for how long', async () => {
    const issuer = await DevelopmentIssuer.open({ production: false, home });
    const token = await issuer.tokenFor({ subject: 'b', name: 'Bob', roles: ['BORROWER'], customer: 'C-1' });
    expect(decodeProtectedHeader(token)).toEqual({ alg: 'EdDSA' });
    const claims = decodeJwt(token);
    expect(claims).toMatchObject({ iss: issuer.issuer.issuer, aud: 'assay', sub: 'b', name: 'Bob', roles: ['BORROWER'], customer: 'C-1' });
    expect(claims.exp! - claims.iat!).toBe(12 * 60 * 60);
    expect(decodeJwt(await issuer.tokenFor({ subject: 'p', name: 'P', roles: [] }))).not.toHaveProperty('customer');
  });

  it('names itself by an address that cannot exist, so that no provider can be taken for it', async () => {
    expect(new URL((await DevelopmentIssuer.open({ production: false, home })).issuer.issuer).hostname).toMatch(/\.invalid$/);
  });

  it('keeps its key over a restart, readable by its owner only', async () => {
    const token = await (await DevelopmentIssuer.open({ production: false, home })).tokenFor({ subject: 'a', name: 'A', roles: [] });
    const again = await DevelopmentIssuer.open({ production: false, home });
    await expect(jwtVerify(token, again.issuer.key as CryptoKey)).resolves.toBeDefined();
    const [file] = await readdir(home);
    expect((await stat(join(home, file!))).mode & 0o777).toBe(0o600);
  });

  it('has a key of its own in every home', async () => {
    const token = await (await DevelopmentIssuer.open({ production: false, home })).tokenFor({ subject: 'a', name: 'A', roles: ['ADMIN'] });
    const other = await DevelopmentIssuer.open({ production: false, home: join(home, 'another') });
    await expect(jwtVerify(token, other.issuer.key as CryptoKey)).rejects.toThrow('signature verification failed');
  });
});
