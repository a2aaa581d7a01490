import { join } from 'node:path';
import { buildDeployedVersion, clientsAt, grantRoles, importDemoBook, openBook, tokensOf } from '../../src/demo/index.js';
import { openApp } from '../../src/app.js';
import { readConfig, Stages, type Config } from '../../src/platform/index.js';
import { openRuntime } from '../../src/runtime.js';
import { DevelopmentIssuer } from '../../src/security/index.js';
import { createDatabase, TEMPLATE, urlsOf } from './postgres.js';

/** A database that holds a small synthetic book and a deployed version; suites get clones of it. */
export const DEPLOYED = 'assay_deployed';

const CUSTOMERS = 600;
const SEED = 7;
const QUICK = { layers: [8], ensemble: 1, epochs: 12 };

/** Where the template's keys and issuer lie; each suite copies them. */
export const deployedHome = (): string => process.env['TEST_DEPLOYED_HOME']!;

/** How a suite's Assay is configured: its own database and folder, nothing from the environment of the run. */
export function testConfig(database: string, home: string): Config {
  const { app, owner, reader } = urlsOf(database);
  return readConfig({
    NODE_ENV: 'test',
    ASSAY_HOME: home,
    DATABASE_URL: app,
    DATABASE_OWNER_URL: owner,
    DATABASE_READER_URL: reader,
    DATABASE_POOL: '5',
    LOG_LEVEL: 'silent',
    ARTEFACT_MAX_BYTES: String(1024 * 1024),
  });
}

/** Builds the template once for the run, through the public API: import, train, register, vote, deploy. */
export async function buildDeployedTemplate(serverHome: string): Promise<void> {
  const home = join(serverHome, 'deployed');
  process.env['TEST_DEPLOYED_HOME'] = home;
  await createDatabase(DEPLOYED, TEMPLATE);
  const runtime = await openRuntime(testConfig(DEPLOYED, home));
  const issuer = await DevelopmentIssuer.open(runtime.config);
  const app = await openApp(runtime, { host: '127.0.0.1', port: 0, issuers: [issuer.issuer] });
  try {
    const stages = new Stages({ write: () => undefined });
    const book = await openBook({ seed: SEED, customers: CUSTOMERS }, home);
    const clients = clientsAt(app.url, await tokensOf(issuer, runtime.db));
    const knownBefore = new Date();
    await importDemoBook({ runtime, book, issuer: issuer.issuer.issuer, seed: SEED, customers: CUSTOMERS, stages });
    await grantRoles(runtime, clients, issuer.issuer.issuer);
    await buildDeployedVersion({ runtime, clients, book, knownBefore, seed: SEED, stages, hyperParameters: QUICK });
  } finally {
    await app.close();
    await runtime.close();
  }
}
