import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { openTransparencyLog, type OpenedEpoch } from '../../audit/index.js';
import { adoptKeptCheckpoint, openNewEpoch } from '../../evidence/index.js';
import { badInput, messageOf, readConfig } from '../../platform/index.js';
import { openRuntime } from '../../runtime.js';
import { openApi } from '../support/api.js';
import { localContext } from '../support/local-account.js';

interface NewEpochFlags {
  readonly reason: string;
  readonly witnessed?: string;
  readonly json?: boolean;
}

interface AdoptFlags {
  readonly checkpoint?: string;
  readonly none?: boolean;
  readonly json?: boolean;
}

export function logCommand(command: Command): void {
  command
    .command('status')
    .description('Whether the log signs, why not, what each witness says, and its epochs.')
    .option('--url <url>', 'a running Assay, with a token in ASSAY_TOKEN; without it the database of this machine, as the local account')
    .option('--json', 'print one line of JSON at the end')
    .action(status);
  command
    .command('new-epoch')
    .description('Open a new tree under a new name where the log refuses to sign: after a restore that lost entries, or a fork. Needs the key of the log.')
    .requiredOption('--reason <text>', 'why, for whoever reads the log later; no personal data')
    .option('--witnessed <file>', 'the last checkpoint that somebody kept, where witnesses and checkpoint file do not know it')
    .option('--json', 'print one line of JSON at the end')
    .action(newEpoch);
  command
    .command('adopt')
    .description('Let a log sign of which this machine knows no checkpoint: where LOG_CHECKPOINT_FILE is not there. It is an event of the log. Needs the key of the log.')
    .option('--checkpoint <file>', 'the newest checkpoint that somebody kept: the log goes on only if it grew out of that')
    .option('--none', 'nobody kept one: the log goes on from what there is, and nothing tells whether it was larger')
    .option('--json', 'print one line of JSON at the end')
    .action(adopt);
}

interface LogState {
  readonly signs: boolean;
  readonly refusal: string | null;
  readonly quorum: number;
  readonly witnesses: readonly { name: string; url: string; state: string; problem: string | null; cosignedSize: number | null; cosignedAt: string | null }[];
  readonly epochs: readonly { epoch: number; origin: string; verifierKey: string; reason: string; kept: number | null }[];
}

const STATE = '{ auditLogState { signs refusal quorum witnesses { name url state problem cosignedSize cosignedAt } epochs { epoch origin verifierKey reason kept } } }';

async function status({ url, json }: { url?: string; json?: boolean }): Promise<void> {
  const { api, close } = await openApi(url, ['AUDITOR']);
  try {
    const { auditLogState: state } = await api.query<{ auditLogState: LogState }>(STATE);
    for (const line of described(state)) process.stderr.write(`${line}\n`);
    if (json) process.stdout.write(`${JSON.stringify(state)}\n`);
    if (!state.signs) process.exitCode = 1;
  } finally {
    await close();
  }
}

function described({ signs, refusal, quorum, witnesses, epochs }: LogState): string[] {
  const newest = epochs.at(-1)!;
  return [
    signs ? `✓ ${newest.origin} signs.` : `✗ ${newest.origin} signs nothing. ${refusal}`,
    `  Its key: ${newest.verifierKey}`,
    ...epochs.slice(1).map(({ epoch, reason, kept }) => `  Epoch ${epoch}: ${reason} Of the one before ${kept!.toLocaleString('en')} entries stand.`),
    witnesses.length === 0 ? '  No witnesses are configured (WITNESSES).' : `  ${quorum} of ${witnesses.length} witnesses make a checkpoint a witnessed one:`,
    ...witnesses.map(({ name, url, problem, cosignedSize, cosignedAt }) => `  ${problem === null ? ' ' : '✗'} ${name} at ${url}: ${cosignedSize === null ? 'never cosigned' : `cosigned ${cosignedSize.toLocaleString('en')} entries, ${cosignedAt}`}${problem === null ? '' : `; ${problem}`}`),
  ];
}

async function newEpoch({ reason, witnessed, json }: NewEpochFlags): Promise<void> {
  if (reason.trim() === '') throw badInput('--reason: say why, for whoever reads the log later.');
  const checkpoint = witnessed === undefined ? undefined : await readCheckpoint('--witnessed', witnessed);
  const runtime = await openRuntime(readConfig());
  try {
    const log = await openTransparencyLog(runtime.config);
    const opened = await openNewEpoch(await localContext(runtime, []), log, reason, checkpoint);
    for (const line of told(opened)) process.stderr.write(`${line}\n`);
    if (json) process.stdout.write(`${JSON.stringify(opened)}\n`);
  } finally {
    await runtime.close();
  }
}

async function adopt({ checkpoint, none, json }: AdoptFlags): Promise<void> {
  if ((checkpoint === undefined) === (none !== true)) throw badInput('Give --checkpoint FILE, the newest checkpoint of the log that somebody kept; or --none where nobody kept one.');
  const kept = checkpoint === undefined ? undefined : await readCheckpoint('--checkpoint', checkpoint);
  const runtime = await openRuntime(readConfig());
  try {
    const adopted = await adoptKeptCheckpoint(await localContext(runtime, []), await openTransparencyLog(runtime.config), kept);
    const { origin, size, compared, file } = adopted;
    process.stderr.write(`✓ ${origin} goes on from ${count(size)}, ${compared === undefined ? 'taken as they are' : `which grew out of the ${count(compared)} of the checkpoint`}. Running servers sign again by themselves.\n`);
    process.stderr.write(`  That is kept in ${file} from now on. See that it outlasts this machine, or a container.\n`);
    if (json) process.stdout.write(`${JSON.stringify(adopted)}\n`);
  } finally {
    await runtime.close();
  }
}

const readCheckpoint = (option: string, path: string): Promise<string> =>
  readFile(path, 'utf8').catch((error: unknown) => {
    throw badInput(`${option} ${path}: cannot be read: ${messageOf(error)}`);
  });

const count = (entries: number): string => (entries === 1 ? '1 entry' : `${entries.toLocaleString('en')} entries`);

function told({ epoch, origin, verifierKey, witnesses, kept, lost, enteredAgain }: OpenedEpoch): string[] {
  return [
    `✓ Epoch ${epoch} is open, under the name ${origin}. Running servers go on in it by themselves.`,
    `  It follows a checkpoint that ${witnesses.length === 0 ? 'no witness cosigned' : `${witnesses.join(', ')} cosigned`}.`,
    `  Of epoch ${epoch - 1}, ${count(kept)} stand and stay proven.`,
    ...(lost > 0 ? [`  ${count(lost)} that were signed are not proven to be here. Who holds a receipt or a proof of one can show it: record it again.`] : []),
    ...(enteredAgain > 0 ? [`  ${count(enteredAgain)} behind those that stand are entered again, in the new epoch.`] : []),
    '  Give witnesses and verifiers the key of the new epoch:',
    `  ${verifierKey}`,
  ];
}
