import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { embeddedUrls, prepareEmbeddedDatabase, startEmbeddedPostgres, type EmbeddedPostgres } from '../../src/platform/index.js';
import { migrate } from '../../src/runtime.js';

export const TEMPLATE = 'assay_template';

export interface TestServer {
  readonly server: EmbeddedPostgres;
  readonly home: string;
}

/** A throw-away server with a migrated template database. Durability is off: nothing outlives the run. */
export async function startTestServer(): Promise<TestServer> {
  const home = await mkdtemp(join(tmpdir(), 'assay-test-'));
  const server = await startEmbeddedPostgres({ home, settings: ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off', 'wal_level=minimal', 'max_wal_senders=0', 'max_wal_size=16GB', 'checkpoint_timeout=1d', 'autovacuum=off', 'jit=off'] });
  const urls = await prepareEmbeddedDatabase(server.superuserUrl, TEMPLATE);
  await migrate(urls.owner);
  process.env['TEST_SUPERUSER_URL'] = server.superuserUrl;
  process.env['TEST_ROLE_PASSWORDS'] = JSON.stringify({
    owner: new URL(urls.owner).password,
    app: new URL(urls.app).password,
    reader: new URL(urls.reader).password,
  });
  return { server, home };
}

export async function stopTestServer({ server, home }: TestServer): Promise<void> {
  await server.stop();
  await rm(home, { recursive: true, force: true });
}

export const createDatabase = (name: string, template: string): Promise<unknown> =>
  asSuperuser('postgres', (client) => client.query(`CREATE DATABASE ${name} TEMPLATE ${template} OWNER assay_owner`));

export const dropDatabase = (name: string): Promise<unknown> =>
  asSuperuser('postgres', (client) => client.query(`DROP DATABASE ${name} WITH (FORCE)`));

/** A connection as the superuser, which whoever asked for it ends. */
export async function superuserOf(database: string): Promise<Client> {
  const url = new URL(process.env['TEST_SUPERUSER_URL']!);
  url.pathname = `/${database}`;
  const client = new Client(url.href);
  await client.connect();
  return client;
}

/** Runs statements as the superuser, in any database of the test server. */
export async function asSuperuser<T>(database: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = await superuserOf(database);
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** The three roles' URLs in one database of the test server. */
export const urlsOf = (database: string) =>
  embeddedUrls(process.env['TEST_SUPERUSER_URL']!, database, JSON.parse(process.env['TEST_ROLE_PASSWORDS']!));
