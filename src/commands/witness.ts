import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { formatKey, parseKey, type VerifierKey } from '../audit/index.js';
import { badInput, messageOf } from '../platform/index.js';
import { openState, openWitnessKey, serveWitness, Witness } from '../witness/index.js';
import { interrupted } from './interrupt.js';
import { repeatable } from './support/flags.js';

interface WitnessFlags {
  readonly key: string;
  readonly state: string;
  readonly port: string;
  readonly name: string;
  readonly log: readonly string[];
}

const MOST_PORT = 65_535;

export function witnessCommand(command: Command): void {
  command
    .requiredOption('--key <file>', 'the Ed25519 key of the witness, PEM; made where there is none')
    .requiredOption('--state <folder>', 'where it keeps what it cosigned last; never restored from a backup')
    .option('--port <n>', 'on the loopback address; 0 for any free one', '4100')
    .option('--name <name>', 'by which verifiers know it', 'localhost/witness')
    .option('--log <key>', 'a log that it watches: its key, as /log/key tells it, or a file that holds it; repeatable', repeatable, [])
    .action(run);
}

async function run({ key: keyFile, state: folder, port, name, log }: WitnessFlags): Promise<void> {
  const { wait } = interrupted();
  if (!/^\d{1,5}$/.test(port) || Number(port) > MOST_PORT) throw badInput(`--port ${port}: give a number from 0 to ${MOST_PORT}.`);
  if (log.length === 0) throw badInput('--log: give the key of a log to watch, as GET /log/key tells it.');
  const logs = await Promise.all(log.map(readLogKey));
  const key = await openWitnessKey(resolve(keyFile), name);
  const state = await openState(resolve(folder));
  try {
    const server = await serveWitness(new Witness(key, logs, state), key.verifier, Number(port));
    process.stderr.write(`A witness of ${logs.map(({ name: origin }) => origin).join(', ')}. Ctrl-C stops it. For WITNESSES:\n`);
    process.stdout.write(`${formatKey(key.verifier)} ${server.url}\n`);
    await wait;
    await server.close();
  } finally {
    await state.close();
  }
}

async function readLogKey(text: string): Promise<VerifierKey> {
  try {
    return parseKey(text.includes('+') ? text : await readFile(text, 'utf8'));
  } catch (error) {
    throw badInput(`--log ${text.slice(0, 120)}: ${messageOf(error)}`);
  }
}
