import { join } from 'node:path';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseKey, type VerifierKey } from '../../src/audit/index.js';
import { RunningCommand } from './cli.js';

/** A witness: the command, in a process of its own. */
export interface RunningWitness {
  /** As the setting WITNESSES has it. */
  readonly entry: string;
  readonly key: VerifierKey;
  readonly port: number;
  /** @param signal SIGKILL for a crash */
  stop(signal?: NodeJS.Signals): Promise<void>;
}

/** @param port of an earlier one that is started anew */
export async function startWitness(folder: string, name: string, logs: readonly string[], port = 0): Promise<RunningWitness> {
  const args = ['witness', '--key', join(folder, `${name}.pem`), '--state', join(folder, name), '--name', `witness.example/${name}`, '--port', String(port), ...logs.flatMap((log) => ['--log', log])];
  const command = RunningCommand.start(args);
  const [entry] = await command.says('stdout', /\S+ http:\S+/);
  const [key, url] = entry.split(' ') as [string, string];
  const stop = async (signal: NodeJS.Signals = 'SIGTERM'): Promise<void> => {
    command.signal(signal);
    await command.ended;
  };
  return { entry, key: parseKey(key), port: Number(new URL(url).port), stop };
}

/** Something that takes connections and never answers. */
export async function startSilence(): Promise<{ url: string; stop(): Promise<void> }> {
  const server: Server = createServer(() => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const stop = (): Promise<void> => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(() => resolve()));
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, stop };
}
