import { spawn, type ChildProcess } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PEOPLE } from '../../src/demo/index.js';
import { prepareEmbeddedDatabase, readConfig, startEmbeddedPostgres, type Config } from '../../src/platform/index.js';
import { migrate } from '../../src/runtime.js';
import { DevelopmentIssuer } from '../../src/security/index.js';
import { buildDeployedTemplate, DEPLOYED, deployedHome } from '../support/deployed-template.js';
import { TEMPLATE, urlsOf } from '../support/postgres.js';

const CLI = fileURLToPath(new URL('../../src/cli.js', import.meta.url));

/**
 * What makes PostgreSQL acknowledge a commit that is in its memory only: as broken as a disk that lies. Killed, it loses
 * what it had acknowledged.
 */
const BROKEN = ['synchronous_commit=off', 'wal_writer_delay=10s', 'wal_writer_flush_after=100MB', 'wal_buffers=64MB', 'bgwriter_lru_maxpages=0'];

/** A port that nobody listens on. */
export const freePort = (): Promise<number> => new Promise((resolve, reject) => {
  const probe = createServer().on('error', reject);
  probe.listen(0, '127.0.0.1', () => {
    const { port } = probe.address() as { port: number };
    probe.close(() => resolve(port));
  });
});

/** PostgreSQL and two servers over it, each a process of its own that can be killed and started again where it was. */
export class Cluster {
  readonly servers: ServerProcess[] = [];
  private stopped = false;

  private readonly settings: readonly string[];

  constructor(
    private readonly home: string,
    private readonly port: number,
    broken: boolean,
  ) {
    this.settings = [`port=${port}`, 'max_connections=60', ...(broken ? BROKEN : [])];
  }

  /** Makes a database with a small book and a deployed version, and starts the servers. */
  async open(): Promise<void> {
    const superuserUrl = await this.startPostgres();
    const urls = await prepareEmbeddedDatabase(superuserUrl, TEMPLATE);
    await migrate(urls.owner);
    process.env['TEST_SUPERUSER_URL'] = superuserUrl;
    process.env['TEST_ROLE_PASSWORDS'] = JSON.stringify(Object.fromEntries((['owner', 'app', 'reader'] as const).map((role) => [role, new URL(urls[role]).password])));
    await buildDeployedTemplate(this.home);
    for (let n = 0; n < 2; n += 1) this.servers.push(new ServerProcess(await freePort(), this.env));
    await Promise.all(this.servers.map((server) => server.start()));
  }

  get env(): Record<string, string> {
    const { app, reader } = urlsOf(DEPLOYED);
    const { PATH = '' } = process.env;
    return { PATH, NODE_ENV: 'development', LOG_LEVEL: 'fatal', ASSAY_HOME: deployedHome(), DATABASE_URL: app, DATABASE_READER_URL: reader, DATABASE_POOL: '6', DEV_ISSUER: '1', NODE_COMPILE_CACHE: join(this.home, 'compiled') };
  }

  get config(): Config {
    return readConfig(this.env);
  }

  async token(): Promise<string> {
    return (await DevelopmentIssuer.open(this.config)).tokenFor(PEOPLE.portal);
  }

  /** @returns the superuser's URL */
  async startPostgres(): Promise<string> {
    const { superuserUrl } = await startEmbeddedPostgres({ home: this.home, settings: this.settings });
    const url = new URL(superuserUrl);
    url.port = String(this.port); // the last setting of a name counts
    return url.href;
  }

  /** Every process of PostgreSQL at once, so that none can write down what it knows. */
  async killPostgres(): Promise<void> {
    const postmaster = Number((await readFile(join(this.home, 'postgres/postmaster.pid'), 'utf8')).split('\n')[0]);
    const all = [postmaster, ...(await childrenOf(postmaster))];
    for (const pid of all) kill(pid);
    while ((await Promise.all(all.map(runs))).includes(true)) await new Promise((resolve) => setTimeout(resolve, 10));
  }

  async stop(): Promise<void> {
    if (this.stopped) return;
    this.stopped = true;
    await Promise.all(this.servers.map((server) => server.retire()));
    await this.killPostgres().catch(() => undefined);
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

const statOf = (pid: number | string): Promise<string | undefined> => readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);

async function childrenOf(parent: number): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const stats = await Promise.all(pids.map(statOf));
  return pids.filter((_, index) => Number(/\) \S (\d+) /.exec(stats[index] ?? '')?.[1]) === parent).map(Number);
}

/** Whether a process runs; one that ended and was not waited for does not. */
async function runs(pid: number): Promise<boolean> {
  const stat = await statOf(pid);
  return stat !== undefined && !/\) [ZX] /.test(stat);
}

/** `assay serve` on a port of its own. */
export class ServerProcess {
  private child: ChildProcess | undefined;
  private gone: Promise<void> = Promise.resolve();
  /** Ended without being killed. */
  crashes = 0;
  ready = false;
  private retired = false;

  constructor(
    private readonly port: number,
    private readonly env: Record<string, string>,
  ) {}

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Tries until it serves: it cannot start while PostgreSQL is away. */
  async start(): Promise<void> {
    while (!this.retired) {
      if (await this.attempt()) return;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }

  private attempt(): Promise<boolean> {
    const child = spawn(process.execPath, [CLI, 'serve'], { env: { ...this.env, PORT: String(this.port) }, stdio: ['ignore', 'ignore', 'pipe'] });
    this.child = child;
    let said = '';
    this.gone = new Promise((resolve) => child.on('exit', () => resolve()));
    return new Promise((resolve) => {
      child.stderr.on('data', (chunk: Buffer) => {
        said = (said + chunk.toString()).slice(-4_000);
        if (said.includes('Assay serves')) resolve((this.ready = true));
      });
      child.on('exit', (code, signal) => {
        this.ready = false;
        if (signal !== 'SIGKILL' && said.includes('Assay serves')) {
          this.crashes += 1;
          process.stderr.write(`a server ended by itself (exit ${code}): ${said}\n`);
        }
        resolve(false);
      });
    });
  }

  /** Killed for good: nothing starts it again. */
  async retire(): Promise<void> {
    this.retired = true;
    await this.kill();
  }

  async kill(): Promise<void> {
    this.ready = false;
    this.child?.kill('SIGKILL');
    await this.gone;
  }

  /** Whether it has ended. */
  get isGone(): boolean {
    return this.child === undefined || this.child.exitCode !== null || this.child.signalCode !== null;
  }
}
