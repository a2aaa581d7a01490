import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { AssayError, badInput, internal } from '../../base/index.js';
import type { WorkerMessage, WorkerTask } from './worker.js';

export interface ProcessOptions {
  /** Stops the process; the promise then rejects with UNAVAILABLE. */
  readonly signal?: AbortSignal;
  readonly onMessage?: (message: WorkerMessage) => void;
  /** The program to run; default the worker beside this file. */
  readonly program?: URL;
}

const WORKER = new URL('./worker.js', import.meta.url);

const TAIL = 2_000;

/** A child process and the end of what it wrote. */
export interface Child {
  readonly process: ChildProcess;
  readonly lastWords: () => string;
}

/** Keeps the end of what the process wrote, for the error if it dies. */
function tailOf(child: ChildProcess): () => string {
  let tail = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => (tail = (tail + chunk.toString()).slice(-TAIL)));
  }
  return () => tail.trim();
}

/** Starts a program of ours that speaks over its channel only. */
export function startChild(program: URL): Child {
  const child = fork(fileURLToPath(program), { serialization: 'advanced', execArgv: [], stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
  return { process: child, lastWords: tailOf(child) };
}

export const notStarted = (cause: unknown): AssayError => internal('The training process could not be started; check that Node may start processes.', cause);

const aborted = (): AssayError => new AssayError('UNAVAILABLE', 'The training was stopped before it finished; start it again when it is wanted.');

export function died(code: number | null, signal: string | null, tail: string): AssayError {
  const how = signal === null ? `exit code ${code}` : `signal ${signal}`;
  const why = tail === '' ? '' : ` Its last words: ${tail}`;
  return internal(`The training process ended without a result (${how}); it may have run out of memory.${why}`);
}

/**
 * Performs one task in a process of its own, so that TensorFlow never blocks or fells the API process.
 * @returns the final message, never `failed`
 * @throws BAD_INPUT or INTERNAL from the task, INTERNAL when the process dies, UNAVAILABLE when stopped
 */
export function runInProcess(task: WorkerTask, { signal, onMessage, program = WORKER }: ProcessOptions = {}): Promise<WorkerMessage> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) return reject(aborted());
    const { process: child, lastWords } = startChild(program);
    const stop = (): boolean => child.kill('SIGKILL');
    let result: WorkerMessage | undefined;
    signal?.addEventListener('abort', stop, { once: true });
    child.on('message', (message: WorkerMessage) => (message.kind === 'progress' ? onMessage?.(message) : (result = message)));
    child.once('error', (error) => reject(notStarted(error)));
    child.once('close', (code, killedBy) => {
      signal?.removeEventListener('abort', stop);
      if (signal?.aborted === true) reject(aborted());
      else if (result === undefined) reject(died(code, killedBy, lastWords()));
      else if (result.kind === 'failed') reject(result.badInput ? badInput(result.message) : internal(`Training failed: ${result.message}`));
      else resolve(result);
    });
    child.send(task, (error) => error && stop());
  });
}
