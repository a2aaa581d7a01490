import { afterAll } from '@jest/globals';
import { fork, spawn, type ChildProcess } from 'node:child_process';
import { access, chmod, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Order } from './shell.js';

const CLI = fileURLToPath(new URL('../../src/cli.js', import.meta.url));
const SHELL = fileURLToPath(new URL('./shell.js', import.meta.url));
export const PROJECT = fileURLToPath(new URL('../../..', import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** Nothing of this environment but the path. */
function cleanEnv(env: Readonly<Record<string, string>>): Record<string, string> {
  const { PATH, HOME, TMPDIR } = process.env;
  return Object.fromEntries(Object.entries({ PATH, HOME, TMPDIR, LOG_LEVEL: 'fatal', ...env }).filter((entry): entry is [string, string] => entry[1] !== undefined));
}

/** A command that runs: what it has said so far, and how it ends. */
export class RunningCommand {
  private said = { stdout: '', stderr: '' };
  readonly ended: Promise<Ended>;
  private constructor(private readonly child: ChildProcess) {
    for (const stream of ['stdout', 'stderr'] as const) child[stream]!.setEncoding('utf8').on('data', (text: string) => (this.said[stream] += text));
    this.ended = new Promise((resolve, reject) => child.on('error', reject).on('close', (code) => resolve({ code, ...this.said })));
  }

  /** Starts `assay …` in a process group of its own, with nothing of this environment but the path. */
  static start(args: readonly string[], { env = {}, cwd = PROJECT }: RunOptions = {}): RunningCommand {
    return new RunningCommand(spawn(process.execPath, [CLI, ...args], { cwd, env: cleanEnv(env), detached: true, stdio: ['ignore', 'pipe', 'pipe'] }));
  }

  /** Resolves with the match once the command has said it; fails when it ends without. */
  async says(stream: 'stdout' | 'stderr', pattern: RegExp): Promise<RegExpExecArray> {
    let over: Ended | undefined;
    void this.ended.then((ended) => (over = ended));
    for (;;) {
      const found = pattern.exec(this.said[stream]);
      if (found) return found;
      if (over) throw new Error(`The command ended (exit ${over.code}) without saying ${pattern}.\n${over.stdout}\n${over.stderr}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  signal(name: NodeJS.Signals): void {
    this.child.kill(name);
  }

  /** Whether any process of its group is left, such as one that trains. */
  get hasProcesses(): boolean {
    try {
      return process.kill(-this.child.pid!, 0);
    } catch {
      return false;
    }
  }
}

/** A process that runs commands one after another: see shell.ts. */
class Shell {
  private readonly child = fork(SHELL, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  private last: Promise<unknown> = Promise.resolve();

  run(order: Order): Promise<Ended> {
    const next = this.last.then(() => this.order(order));
    this.last = next.catch(() => undefined);
    return next;
  }

  private order(order: Order): Promise<Ended> {
    return new Promise((resolve, reject) => {
      const gone = (code: number | null): void => reject(new Error(`The shell ended (exit ${code}) in: assay ${order.args.join(' ')}`));
      this.child.once('exit', gone);
      this.child.once('message', (ended: Ended) => {
        this.child.off('exit', gone);
        resolve(ended);
      });
      this.child.send(order);
    });
  }

  end(): void {
    if (this.child.connected) this.child.disconnect();
  }
}

let shell: Shell | undefined;
afterAll(() => shell?.end());

/** Runs a command to its end, in a process that earlier ones may have used. */
export const run = (args: readonly string[], { env = {}, cwd = PROJECT }: RunOptions = {}): Promise<Ended> => (shell ??= new Shell()).run({ args, env: cleanEnv(env), cwd });

/** Runs a command in a process of its own. */
export const runAlone = (args: readonly string[], options?: RunOptions): Promise<Ended> => RunningCommand.start(args, options).ended;

/** A folder that others can enter, so that PostgreSQL keeps its data in it even when root runs the tests. */
export async function newFolder(prefix: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), prefix));
  await chmod(folder, 0o755);
  return folder;
}

const exists = (path: string): Promise<boolean> => access(path).then(() => true, () => false);

/** Whether the embedded PostgreSQL of a folder, or an Assay that uses it, is still there. */
export async function isInUse(home: string): Promise<boolean> {
  return (await exists(join(home, 'assay.pid'))) || exists(join(home, 'postgres', 'postmaster.pid'));
}
