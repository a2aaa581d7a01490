import 'reflect-metadata';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Client } from 'pg';
import { DEPLOYED } from '../support/deployed-template.js';
import { check, type Checked } from './check.js';
import { Cluster, freePort } from './cluster.js';
import { Load } from './load.js';
import { storms } from './storms.js';

/*
 * npm run test:crash -- [--server-kills N] [--postgres-kills N] [--control-kills N] [--storms N] [--rate N] [--least-rate N] [--pause SECONDS]
 *
 * Kills servers and PostgreSQL in mid-write under load, while clients repeat with the same requestId, and compares what they
 * were told with what is there. The control is the same with a PostgreSQL that acknowledges before a commit is durable:
 * if the test did not find that, it could find nothing. A whole run fails as well where fewer than --least-rate requests a second
 * were acknowledged, all outages included: what is killed at rest proves little. So does a server that ends by itself.
 */
const { values } = parseArgs({ options: {
  'server-kills': { type: 'string', default: '100' }, 'postgres-kills': { type: 'string', default: '25' }, 'control-kills': { type: 'string', default: '3' }, storms: { type: 'string', default: '1000' }, rate: { type: 'string', default: '400' }, 'least-rate': { type: 'string' }, pause: { type: 'string', default: '1' },
} });
const amount = (name: keyof typeof values): number => Number(values[name]);

/** Of so many kills a run is a whole one; pieces of it, for a look, may be slow. */
const WHOLE = { server: 100, postgres: 25 };
const LEAST_RATE = 300;

const leastRate = ({ server, postgres }: Kills): number => (values['least-rate'] !== undefined ? amount('least-rate') : server >= WHOLE.server && postgres >= WHOLE.postgres ? LEAST_RATE : 0);

const say = (text: string): void => void process.stderr.write(`${text}\n`);
const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));
const between = (least: number, most: number): number => least + Math.random() * (most - least);

interface Kills {
  readonly server: number;
  readonly postgres: number;
}

interface Run extends Checked {
  readonly kills: Kills;
  readonly crashes: number;
  readonly seconds: number;
  readonly acknowledged: number;
  readonly attempts: number;
  readonly failures: number;
  readonly checkpoints: number;
  readonly unexpected: readonly string[];
}

async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'assay-crash-'));
  await chmod(folder, 0o755); // PostgreSQL's user enters it
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const withCluster = <T>(broken: boolean, work: (cluster: Cluster) => Promise<T>): Promise<T> => inFolder(async (folder) => {
  const cluster = new Cluster(folder, await freePort(), broken);
  // Asked to end, it leaves nothing running and nothing behind.
  const leave = (): void => void cluster.stop().then(() => rm(folder, { recursive: true, force: true })).finally(() => process.exit(130));
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, leave);
  try {
    await cluster.open();
    return await work(cluster);
  } finally {
    await cluster.stop();
    for (const name of ['SIGINT', 'SIGTERM'] as const) process.off(name, leave);
  }
});

async function loansOf(): Promise<string[]> {
  const url = new URL(process.env['TEST_SUPERUSER_URL']!);
  url.pathname = `/${DEPLOYED}`;
  const client = new Client(url.href);
  await client.connect();
  try {
    return (await client.query<{ id: string }>('SELECT external_id AS id FROM loans ORDER BY 1')).rows.map(({ id }) => id);
  } finally {
    await client.end();
  }
}

/** Kills and starts again, in turn, until all is killed; asks for a checkpoint in between, as watchers of the log do. */
async function rampage(cluster: Cluster, { server, postgres }: Kills, checkpoints: string[], tell: () => string): Promise<void> {
  let [servers, databases] = [0, 0];
  while (servers < server || databases < postgres) {
    await pause(1_000 * amount('pause') * between(0.4, 1.6));
    for (const one of cluster.servers) if (one.isGone) await one.start();
    await watch(cluster, checkpoints);
    if (databases * server <= servers * postgres && databases < postgres) {
      databases += 1;
      await cluster.killPostgres();
      await cluster.startPostgres();
    } else {
      const up = cluster.servers.filter(({ ready }) => ready);
      const one = up[Math.floor(Math.random() * up.length)];
      if (!one) continue;
      servers += 1;
      await one.kill();
      await one.start();
    }
    if ((servers + databases) % 10 === 0) say(`  ${servers} servers, ${databases} databases killed; ${tell()}`);
  }
  for (const one of cluster.servers) if (one.isGone) await one.start();
}

async function watch(cluster: Cluster, checkpoints: string[]): Promise<void> {
  for (const { url } of cluster.servers) {
    const response = await fetch(`${url}/log/checkpoint`, { signal: AbortSignal.timeout(2_000) }).catch(() => undefined);
    if (response?.status === 200) checkpoints.push(await response.text());
  }
}

/** One run: load, kills, and then what is there. */
const crash = (kills: Kills, broken: boolean): Promise<Run> => withCluster(broken, async (cluster) => {
  const load = new Load(cluster.servers, await cluster.token(), await loansOf(), amount('rate'));
  const checkpoints: string[] = [];
  const started = performance.now();
  const elapsed = (): number => (performance.now() - started) / 1_000;
  load.start();
  await rampage(cluster, kills, checkpoints, () => `${load.acknowledged.length} acknowledged in ${elapsed().toFixed(0)} s, ${Math.round(load.acknowledged.length / elapsed())}/s`);
  const seconds = elapsed();
  await load.stop();
  load.close();
  await watch(cluster, checkpoints);
  const { acknowledged, attempts, failures, unexpected } = load;
  return { ...(await check(cluster.config, acknowledged, checkpoints)), kills, crashes: cluster.servers.reduce((sum, one) => sum + one.crashes, 0), seconds, acknowledged: acknowledged.length, attempts, failures, checkpoints: checkpoints.length, unexpected };
});

const badOf = ({ lost, doubled, gaps, broken, forgotten, problems }: Run): number => lost + doubled + gaps + broken + forgotten + problems;

const rateOf = ({ acknowledged, seconds }: Run): number => Math.round(acknowledged / seconds);

function report(name: string, run: Run): void {
  const { kills, seconds, acknowledged, attempts, failures, lost, doubled, gaps, broken, forgotten, problems, entries, heads, checkpoints, predictions, crashes } = run;
  process.stdout.write(`${name}: kill -9 of servers ${kills.server}, of PostgreSQL ${kills.postgres}; ${acknowledged} acknowledged in ${seconds.toFixed(0)} s (${rateOf(run)}/s; ${attempts} attempts, ${failures} of them unanswered), ${predictions} predictions verified, `
    + `${entries} entries, ${heads} roots recomputed, ${checkpoints} signed checkpoints seen: acknowledged lost ${lost}, doubled ${doubled}, gaps ${gaps}, receipts not honoured ${broken}, checkpoints forgotten ${forgotten}, problems ${problems}; servers that ended by themselves ${crashes}\n`);
  for (const text of [...run.told.slice(0, 5), ...new Set(run.unexpected)].slice(0, 8)) say(`  ${text}`);
}

let failed = false;
const kills = { server: amount('server-kills'), postgres: amount('postgres-kills') };
if (kills.server + kills.postgres > 0) {
  const run = await crash(kills, false);
  report('crash', run);
  const slow = rateOf(run) < leastRate(kills);
  if (slow) process.stdout.write(`Fewer than ${leastRate(kills)} requests a second were acknowledged: too few for a crash to fall into a write. Run it on a machine that is at rest, or with a longer --pause, or name another --least-rate.\n`);
  failed ||= badOf(run) > 0 || run.unexpected.length > 0 || run.crashes > 0 || slow;
}
if (amount('control-kills') > 0) {
  const run = await crash({ server: 0, postgres: amount('control-kills') }, true);
  report('control, acknowledged before it is durable', run);
  process.stdout.write(run.lost > 0 ? 'The control fails, as it must.\n' : 'The control did not fail: this test would not have found a lost acknowledgement.\n');
  failed ||= run.lost === 0;
}
if (amount('storms') > 0) {
  const run = await withCluster(false, async (cluster) => storms(cluster, amount('storms'), await loansOf()));
  process.stdout.write(`${run.line}\n`);
  failed ||= !run.ok;
}
process.exitCode = failed ? 1 : 0;
process.exit();
