import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { exportJWK, generateKeyPair, importJWK, SignJWT, type CryptoKey, type JWK } from 'jose';
import { refused, type Config } from '../../platform/index.js';
import type { Issuer } from './authenticate.js';
import type { Role } from './permissions.js';

/** Whom a development token stands for. */
export interface DevelopmentIdentity {
  readonly subject: string;
  readonly name: string;
  readonly roles: readonly Role[];
  /** A borrower's customer, by external id. */
  readonly customer?: string;
}

const ISSUER = 'https://dev-issuer.assay.invalid';
const AUDIENCE = 'assay';
const LIFETIME = '12h';

/** Signs tokens for anyone, so that Assay can be tried without an identity provider. */
export class DevelopmentIssuer {
  private constructor(private readonly privateKey: CryptoKey, readonly issuer: Issuer) {}

  /** @throws REFUSED in production: it signs tokens for anyone */
  static async open(config: Pick<Config, 'production' | 'home'>): Promise<DevelopmentIssuer> {
    if (config.production) throw refused('The development issuer does not start with NODE_ENV=production: it signs tokens for anyone.');
    const jwk = await keyIn(config.home);
    const privateKey = (await importJWK(jwk, 'EdDSA')) as CryptoKey;
    const { d: _secret, ...publicJwk } = jwk;
    const key = (await importJWK(publicJwk, 'EdDSA')) as CryptoKey;
    return new DevelopmentIssuer(privateKey, { issuer: ISSUER, audience: AUDIENCE, rolesClaim: 'roles', key });
  }

  tokenFor({ subject, name, roles, customer }: DevelopmentIdentity): Promise<string> {
    return new SignJWT({ name, roles, ...(customer === undefined ? {} : { customer }) })
      .setProtectedHeader({ alg: 'EdDSA' })
      .setSubject(subject)
      .setIssuer(ISSUER)
      .setAudience(AUDIENCE)
      .setIssuedAt()
      .setExpirationTime(LIFETIME)
      .sign(this.privateKey);
  }
}

/** The key is kept, so that tokens outlive a restart. */
async function keyIn(home: string): Promise<JWK> {
  const path = join(home, 'development-issuer.jwk');
  const known = await readFile(path, 'utf8').catch(() => undefined);
  if (known) return JSON.parse(known) as JWK;
  const { privateKey } = await generateKeyPair('EdDSA', { extractable: true });
  const jwk = await exportJWK(privateKey);
  await mkdir(home, { recursive: true });
  await writeFile(path, JSON.stringify(jwk), { mode: 0o600 });
  return jwk;
}
