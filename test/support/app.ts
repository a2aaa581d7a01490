import { randomBytes } from 'node:crypto';
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { importJWK, SignJWT, type JWTPayload } from 'jose';
import { openApp, type App } from '../../src/app.js';
import { PEOPLE, type PersonName } from '../../src/demo/index.js';
import { openRuntime, type Runtime } from '../../src/runtime.js';
import { DevelopmentIssuer, type DevelopmentIdentity } from '../../src/security/index.js';
import { TestClient } from './client.js';
import { DEPLOYED, deployedHome, testConfig } from './deployed-template.js';
import { asSuperuser, createDatabase, dropDatabase, TEMPLATE } from './postgres.js';

/** A real server on a port of its own, over a database of its own. */
export interface TestApp {
  readonly url: string;
  readonly runtime: Runtime;
  /** A client with a token of the demonstration's people, or of anyone else. */
  as(who: PersonName | DevelopmentIdentity): Promise<TestClient>;
  /** A borrower, who is this customer. */
  asBorrower(customerExternalId: string): Promise<TestClient>;
  anonymous(): TestClient;
  /** A client whose token says something else than the issuer would say. */
  forged(claims: JWTPayload, options?: { expires?: string | number; alg?: string }): Promise<TestClient>;
  /** Runs a statement as the superuser, past every privilege. */
  sql<Row = Record<string, unknown>>(statement: string, parameters?: unknown[]): Promise<Row[]>;
  /** The SQL that was sent for reading while `work` ran. */
  statementsOf<T>(work: () => Promise<T>): Promise<{ result: T; statements: string[] }>;
  /** The leaves of events, oldest first; without those of rows. */
  leaves(where?: { type?: string; id?: string }): Promise<Record<string, unknown>[]>;
  /** Another server over the same database, as a replica is. */
  openReplica(): Promise<App>;
  /** How many subscriptions are open at this server. */
  subscribers(): number;
  close(): Promise<void>;
}

/** Over a small synthetic book and a deployed version. */
export const openTestApp = (): Promise<TestApp> => openOver(DEPLOYED, deployedHome());

/** Over an empty database: nobody has a grant, nothing is recorded. */
export const openEmptyTestApp = (): Promise<TestApp> => openOver(TEMPLATE, undefined);

async function openOver(template: string, templateHome: string | undefined): Promise<TestApp> {
  const home = await mkdtemp(join(tmpdir(), 'assay-app-'));
  if (templateHome) await cp(templateHome, home, { recursive: true });
  const name = `app_${randomBytes(6).toString('hex')}`;
  await createDatabase(name, template);
  const runtime = await openRuntime(testConfig(name, home));
  const issuer = await DevelopmentIssuer.open(runtime.config);
  const open = () => openApp(runtime, { host: '127.0.0.1', port: 0, issuers: [issuer.issuer] });
  const app = await open();
  const client = async (identity: DevelopmentIdentity): Promise<TestClient> => new TestClient(app.url, await issuer.tokenFor(identity));
  return {
    url: app.url,
    runtime,
    as: (who) => client(typeof who === 'string' ? PEOPLE[who] : who),
    asBorrower: (customer) => client({ ...PEOPLE.borrower, customer }),
    anonymous: () => new TestClient(app.url, undefined),
    forged: async (claims, options) => new TestClient(app.url, await forgedToken(home, claims, options)),
    sql: (statement, parameters) => asSuperuser(name, async (connection) => (await connection.query(statement, parameters)).rows),
    statementsOf: (work) => counting(runtime, work),
    leaves: (where) => leavesOf(runtime, where),
    openReplica: open,
    subscribers: () => app.subscribers(),
    close: async () => {
      await app.close();
      await runtime.close();
      await dropDatabase(name);
      await rm(home, { recursive: true, force: true });
    },
  };
}

/** Signed with the issuer's own key, so that nothing but the claims is wrong. */
async function forgedToken(home: string, claims: JWTPayload, { expires = '1h', alg = 'EdDSA' }: { expires?: string | number; alg?: string } = {}): Promise<string> {
  const jwk = JSON.parse(await readFile(join(home, 'development-issuer.jwk'), 'utf8')) as Record<string, string>;
  const key = await importJWK(jwk, alg);
  return new SignJWT({ iss: 'https://dev-issuer.assay.invalid', aud: 'assay', sub: 'forger', roles: ['AUDITOR'], ...claims })
    .setProtectedHeader({ alg })
    .setExpirationTime(expires)
    .sign(key);
}

/** How the log looks for what waits, and for its heads and their signatures, several times a second. */
const OF_THE_LOG = /\b(?:log_entries|log_standing|log_epochs|log_heads|log_tiles|log_signatures)\b/;

async function counting<T>({ db }: Runtime, work: () => Promise<T>): Promise<{ result: T; statements: string[] }> {
  const statements: string[] = [];
  const query = db.query.bind(db);
  db.query = (sql, parameters) => {
    // What a server does by itself, however often, is not sent for `work`.
    // Events that are looked up by their ids are.
    if (!OF_THE_LOG.test(sql) || sql.includes('i.id = ANY(')) statements.push(sql);
    return query(sql, parameters);
  };
  try {
    return { result: await work(), statements };
  } finally {
    db.query = query;
  }
}

async function leavesOf({ db }: Runtime, where: { type?: string; id?: string } = {}): Promise<Record<string, unknown>[]> {
  const rows = await db.query<{ leaf: Buffer }>(`SELECT unpacked_leaf(leaf) AS leaf FROM audit_intake WHERE type <> 'ROW_WRITTEN' ORDER BY id`);
  const leaves = rows.map(({ leaf }) => JSON.parse(leaf.toString('utf8')) as Record<string, unknown>);
  return leaves.filter((leaf) => Object.entries(where).every(([key, value]) => leaf[key] === value));
}
