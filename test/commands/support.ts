import { userInfo } from 'node:os';
import { join } from 'node:path';
import { run, type Ended } from '../support/cli.js';
import type { TestApp } from '../support/app.js';

/** The environment of a command that works on the database of a test's server. */
export function envOf({ runtime: { config } }: TestApp): Record<string, string> {
  return { ASSAY_HOME: config.home, DATABASE_URL: config.database!.app, DATABASE_READER_URL: config.database!.reader, DATABASE_POOL: '3' };
}

/** The synthetic book that the test's database holds. */
export const syntheticCsv = ({ runtime: { config } }: TestApp): string => join(config.home, 'synthetic.csv');

export const SYNTHETIC_MAPPING = 'mappings/synthetic.json';

/** Runs a command that must succeed and end with one line of JSON. */
export async function jsonOf<Result>(app: TestApp, args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Result> {
  const ended: Ended = await run([...args, '--json'], { env: { ...envOf(app), ...env } });
  if (ended.code !== 0) throw new Error(`assay ${args.join(' ')}: exit ${String(ended.code)}\n${ended.stderr}`);
  return JSON.parse(ended.stdout) as Result;
}

/** Lets the account that runs the tests act as a model owner; for this a keeper of roles grants it the role. */
export async function grantToLocalAccount(app: TestApp): Promise<void> {
  const identity = { issuer: 'local-account', subject: userInfo().username, name: 'Local account' };
  await (await app.as('accessAdmin')).ok('mutation ($input: GrantRoleInput!) { grantRole(input: $input) { grant { id } } }', { input: { identity, role: 'MODEL_OWNER', reason: 'Registers versions.' } });
}
