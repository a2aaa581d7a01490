#!/usr/bin/env node
/**
 * Verifies a prediction's bundle or a folder of evidence with Node alone: what is imported here, and by what is imported, are
 * modules of Node and the files named in docs/verify-alone.md. Nothing here signs, writes or asks a server.
 */
import { readFile, stat } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { readBundle } from './bundle.js';
import type { Trusted } from './completion.js';
import { verifyFolder } from './folder.js';
import { keysIn } from './keys.js';
import { verifyPrediction, type Check } from './verify.js';

const USAGE = `Usage: node main.js <bundle.json or folder> --key <key, or a file that holds keys> [--key …] [--witnesses <n>] [--without-completion]

Take the keys of the log, and of witnesses, from somewhere else than what you verify. It ends with 0 where everything holds,
with 1 where something does not. Lines with ✓ are proven, lines with ! are told and proven by nothing.
`;

interface Asked {
  readonly path: string;
  readonly trusted: Trusted;
}

async function asked(args: string[]): Promise<Asked | undefined> {
  const { values, positionals } = parseArgs({ args, allowPositionals: true, options: { key: { type: 'string', multiple: true }, witnesses: { type: 'string', default: '0' }, 'without-completion': { type: 'boolean' } } });
  const [path, ...more] = positionals;
  if (path === undefined || more.length > 0 || !values.key || !/^\d{1,3}$/.test(values.witnesses)) return undefined;
  const texts = await Promise.all(values.key.map((key) => (key.includes('+') ? key : readFile(key, 'utf8'))));
  return { path, trusted: { keys: texts.flatMap(keysIn), witnesses: Number(values.witnesses), withoutCompletion: values['without-completion'] ?? false } };
}

async function verified({ path, trusted }: Asked): Promise<readonly Check[]> {
  if ((await stat(path)).isDirectory()) return (await verifyFolder(path, trusted)).checks;
  return verifyPrediction(readBundle(await readFile(path, 'utf8')), trusted.keys, trusted.witnesses);
}

try {
  const what = await asked(process.argv.slice(2));
  if (what) for (const { proven, says } of await verified(what)) process.stdout.write(`${proven ? '✓' : '!'} ${says}\n`);
  else process.stdout.write(USAGE);
  process.exitCode = what ? 0 : 1;
} catch (error) {
  process.stdout.write(`✗ ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
