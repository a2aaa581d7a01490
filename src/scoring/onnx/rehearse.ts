import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { died, notStarted, startChild } from '../training/process.js';
import { inspectOnnx } from './inspect.js';
import { unfit } from './refusal.js';
import { badInput } from '../../base/index.js';

export interface RehearsalLimits {
  /** Longest time for loading and running. */
  readonly seconds: number;
  /** Most resident memory of the process. */
  readonly megabytes: number;
}

export interface RehearsalTask {
  readonly onnx: Uint8Array;
  readonly width: number;
}

/** The refusal in the child's words, or nothing when the model came through. */
export interface RehearsalResult {
  readonly refusal: string | undefined;
}

const LIMITS: RehearsalLimits = { seconds: 30, megabytes: 2_048 };
const PROGRAM = new URL('./rehearsal-worker.js', import.meta.url);
const WATCH_MILLISECONDS = 20;

const run = promisify(execFile);

/** Resident memory of a process; undefined once it has ended, or where the system does not tell. */
async function residentMegabytes(pid: number): Promise<number | undefined> {
  try {
    const kilobytes = process.platform === 'linux'
      ? /^VmRSS:\s+(\d+) kB/mu.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1]
      : (await run('ps', ['-o', 'rss=', '-p', String(pid)])).stdout.trim();
    return kilobytes === undefined ? undefined : Number(kilobytes) / 1024;
  } catch {
    return undefined;
  }
}

/** Stops the process when it exceeds a limit; `verdict` then says which. */
function watch(pid: number, { seconds, megabytes }: RehearsalLimits, stop: () => void): { readonly verdict: () => string | undefined; readonly end: () => void } {
  let verdict: string | undefined;
  const fail = (why: string): void => {
    verdict ??= why;
    stop();
  };
  const late = setTimeout(() => fail(`it was not loaded and run within ${seconds} seconds; export a smaller model`), seconds * 1_000);
  const memory = setInterval(() => {
    void residentMegabytes(pid).then((used) => used !== undefined && used > megabytes && fail(`it takes more than ${megabytes} MB of memory; export a smaller model`));
  }, WATCH_MILLISECONDS);
  return { verdict: () => verdict, end: () => [late, memory].forEach(clearTimeout) };
}

/**
 * Loads and runs an unknown model for the first time in a process of its own, with a bound on time and memory: what static
 * inspection did not see fells that process and not the server.
 * @throws BAD_INPUT with a sentence when the model is refused, too slow or too large, or ends the process; INTERNAL when none can be started
 */
export function rehearseInProcess(onnx: Uint8Array, width: number, limits: RehearsalLimits = LIMITS): Promise<void> {
  inspectOnnx(onnx, width);
  return new Promise((resolve, reject) => {
    const { process: child, lastWords } = startChild(PROGRAM);
    let result: RehearsalResult | undefined;
    const watched = watch(child.pid ?? 0, limits, () => child.kill('SIGKILL'));
    child.on('message', (message: RehearsalResult) => (result = message));
    child.once('error', (error) => reject(notStarted(error)));
    child.once('close', (code, signal) => {
      watched.end();
      const verdict = watched.verdict();
      if (verdict !== undefined) reject(unfit(verdict));
      else if (result === undefined) reject(unfit(`it ended the process that tried it (${died(code, signal, lastWords()).message})`));
      else if (result.refusal !== undefined) reject(badInput(result.refusal));
      else resolve();
    });
    child.send({ onnx, width } satisfies RehearsalTask, (error) => error && child.kill('SIGKILL'));
  });
}
