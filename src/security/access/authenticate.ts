import { createRemoteJWKSet, decodeJwt, errors, jwtVerify, type CryptoKey, type JWTPayload, type JWTVerifyGetKey } from 'jose';
import { z } from 'zod';
import { AssayError, unauthenticated, type Actor, type Config, type Database } from '../../platform/index.js';
import { limitedPermissionsOf, permissionsOf } from './permissions.js';
import { ensureUser, type UserRow } from './users.js';

/** An identity provider whose tokens are accepted, and the only algorithms accepted from it. */
export interface Issuer {
  readonly issuer: string;
  readonly audience: string;
  readonly rolesClaim: string;
  readonly key: JWTVerifyGetKey | CryptoKey;
}

const ALGORITHMS = ['EdDSA', 'ES256', 'ES384', 'PS256', 'RS256'];
const KNOWN_USERS = 10_000;
/** What is recorded as the name of who stands for a customer. */
const BORROWER = 'Borrower';

const discovery = z.object({ issuer: z.string(), jwks_uri: z.url() });
/** A name that cannot be used is done without. A customer that cannot be used is refused: it limits what the bearer may see. */
const claims = z.object({
  sub: z.string().min(1).max(200),
  name: z.string().trim().min(1).max(200).optional().catch(undefined),
  customer: z.string().max(200).optional(),
});

/** Reads the provider's discovery document where no JWKS URL is configured. */
export async function openIdIssuer(oidc: NonNullable<Config['oidc']>): Promise<Issuer> {
  const jwksUrl = oidc.jwksUrl ?? (await discover(oidc.issuer));
  return { issuer: oidc.issuer, audience: oidc.audience, rolesClaim: oidc.rolesClaim, key: remoteKeys(new URL(jwksUrl)) };
}

/** The provider's keys, fetched again when a token names one that is not known. Failing to fetch is not the token's fault. */
function remoteKeys(url: URL): JWTVerifyGetKey {
  const keys = createRemoteJWKSet(url);
  return async (header, token) =>
    keys(header, token).catch((cause: unknown) => {
      if (cause instanceof errors.JWKSNoMatchingKey || cause instanceof errors.JWKSMultipleMatchingKeys) throw cause;
      throw new AssayError('UNAVAILABLE', 'The identity provider does not give its keys, so the token cannot be checked. Try again.', { cause });
    });
}

async function discover(issuer: string): Promise<string> {
  const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  const response = await fetch(url, { signal: AbortSignal.timeout(10_000) }).catch((cause: unknown) => {
    throw new AssayError('UNAVAILABLE', `The identity provider does not answer at ${url}.`, { cause });
  });
  const found = discovery.safeParse(await response.json().catch(() => undefined));
  if (!response.ok || !found.success || found.data.issuer !== issuer) {
    throw new AssayError('UNAVAILABLE', `${url} is not the discovery document of ${issuer} (HTTP ${response.status}).`);
  }
  return found.data.jwks_uri;
}

/** Who bears a token, and how long it holds. */
export interface Bearer {
  readonly actor: Actor;
  readonly expiresAt: Date;
}

/** Turns a bearer token into an actor. Tokens are verified on every request; users are remembered. */
export class Authenticator {
  private readonly users = new Map<string, UserRow>();

  constructor(
    private readonly db: Database,
    private readonly issuers: readonly Issuer[],
  ) {}

  /** @throws UNAUTHENTICATED when there is no token, or it is not one that an accepted issuer signed for us */
  async actorOf(authorization: string | undefined): Promise<Actor> {
    return (await this.bearerOf(authorization)).actor;
  }

  /** The same, with the moment at which the token expires. */
  async bearerOf(authorization: string | undefined): Promise<Bearer> {
    if (!authorization) throw unauthenticated('Send a token: the header "Authorization: Bearer <JWT>".');
    const token = /^Bearer +([\w-]+\.[\w-]+\.[\w-]+)$/i.exec(authorization)?.[1];
    if (!token) throw unauthenticated('The Authorization header holds no JWT. Write it as "Bearer <JWT>", the token whole and without quotes.');
    const { payload, issuer } = await this.verify(token);
    const found = claims.safeParse(payload);
    if (!found.success) throw unauthenticated(`The token's "${found.error.issues[0]!.path.join('.')}" claim cannot be used: give a text of at most 200 characters.`);
    const { sub, name, customer } = found.data;
    const roles = rolesIn(payload[issuer.rolesClaim]);
    const ownCustomerId = customer === undefined ? undefined : await this.customerOf(customer);
    const limited = ownCustomerId !== undefined || roles.includes('BORROWER');
    // A borrower's name is personal data of a customer: it is not kept beside what is sealed, where it would outlive an erasure.
    const user = await this.userOf(issuer.issuer, sub, limited ? BORROWER : (name ?? sub));
    const actor = { id: user.id, name: user.name, roles, permissions: limited ? limitedPermissionsOf(roles) : permissionsOf(roles), ownCustomerId };
    return { actor, expiresAt: new Date(payload.exp! * 1000) };
  }

  private async verify(token: string): Promise<{ payload: JWTPayload; issuer: Issuer }> {
    try {
      const issuer = this.issuerOf(token);
      const options = { issuer: issuer.issuer, audience: issuer.audience, algorithms: ALGORITHMS, requiredClaims: ['exp', 'sub'] };
      const { payload } = await jwtVerify(token, issuer.key as JWTVerifyGetKey, options);
      return { payload, issuer };
    } catch (error) {
      throw refusal(error);
    }
  }

  /** By the claim alone, which only chooses the keys that the token then has to be signed with. */
  private issuerOf(token: string): Issuer {
    const { iss } = decodeJwt(token);
    const issuer = this.issuers.find((one) => one.issuer === iss);
    if (!issuer) throw unauthenticated('The token comes from an issuer that this server does not accept.');
    return issuer;
  }

  private async userOf(issuer: string, subject: string, name: string): Promise<UserRow> {
    const key = `${issuer}\n${subject}`;
    const known = this.users.get(key);
    if (known?.name === name) return known;
    const user = await ensureUser(this.db, { issuer, subject, name });
    if (this.users.size >= KNOWN_USERS) this.users.clear();
    this.users.set(key, user);
    return user;
  }

  /** A borrower's token names the customer by external id; one that names nobody may see nothing. */
  private async customerOf(externalId: string): Promise<string> {
    const [row] = await this.db.query<{ id: string }>(
      `SELECT id FROM external_ids WHERE entity = 'CUSTOMER' AND external_id = $1`,
      [externalId],
    );
    if (!row) throw unauthenticated('The token names a customer that is not recorded here.');
    return row.id;
  }
}

const rolesIn = (claim: unknown): string[] =>
  Array.isArray(claim) ? claim.filter((role): role is string => typeof role === 'string') : [];

function refusal(error: unknown): AssayError {
  if (error instanceof AssayError) return error;
  if (error instanceof errors.JWTExpired) return unauthenticated('The token has expired. Ask the issuer for a new one.');
  if (error instanceof errors.JWTClaimValidationFailed) return unauthenticated(`The token's "${error.claim}" claim is not accepted here.`);
  return unauthenticated('The token is not valid: its signature, form or algorithm is wrong.');
}
