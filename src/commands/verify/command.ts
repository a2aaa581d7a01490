import type { Command } from 'commander';

import { badInput, Stages } from '../../platform/index.js';
import { repeatable } from '../support/flags.js';
import { checksOfFolder } from './checks.js';
import { verifyWholeLog } from './log.js';
import { verifyEvidence, verifyOffline } from './offline.js';
import { verifyReplays, type ReplayFlags } from './replay.js';

interface VerifyFlags extends ReplayFlags {
  readonly replay?: boolean;
  readonly folder?: string;
  readonly offline?: string;
  readonly evidence?: string;
  readonly key: readonly string[];
  readonly witnesses: string;
  readonly withoutCompletion?: boolean;
  readonly checkpoint: readonly string[];
  readonly receipt: readonly string[];
  readonly json?: boolean;
}

export function verifyCommand(command: Command): void {
  command
    .option('--folder <folder>', 'a version: what assay export --version wrote')
    .option('--offline <file>', 'a prediction: its bundle, as assay export --prediction wrote it')
    .option('--evidence <folder>', 'an export: what assay evidence or exportEvidence wrote')
    .option('--key <key>', 'with --offline or --evidence: keys that you trust, as /log/keys tells them, or a file that holds them, one in a line; repeatable, for witnesses', repeatable, [])
    .option('--witnesses <n>', 'with --offline or --evidence: how many witnesses among the keys must have signed', '0')
    .option('--without-completion', 'with --evidence: accept an export of an earlier release, which lacks completed.json; that it is whole is then not proven')
    .option('--checkpoint <file>', 'for the whole log: a checkpoint that somebody kept, out of which it must have grown; repeatable', repeatable, [])
    .option('--receipt <file>', 'for the whole log: a receipt that somebody kept, whose event must be in it; repeatable', repeatable, [])
    .option('--replay', 'compute recorded predictions again from record and artefact; all of them, unless told which')
    .option('--from <time>', 'with --replay: made at this time or later')
    .option('--to <time>', 'with --replay: made before this time')
    .option('--prediction <id>', 'with --replay: this one')
    .option('--version <id>', 'with --replay: scored by this version')
    .option('--json', 'print one line of JSON at the end')
    .action(run);
}

async function run({ folder, offline, evidence, key, witnesses, withoutCompletion, checkpoint, receipt, json, replay, ...range }: VerifyFlags): Promise<void> {
  if (replay) return verifyReplays(range, json ?? false);
  const [named] = Object.keys(range);
  if (named !== undefined) throw badInput(`--${named} says what to replay: give --replay with it.`);
  const trust = { keys: key, witnesses: Number(witnesses), withoutCompletion: withoutCompletion ?? false };
  if (offline !== undefined) return verifyOffline(offline, trust, json ?? false);
  if (evidence !== undefined) return verifyEvidence(evidence, trust, json ?? false);
  if (folder === undefined) return verifyWholeLog({ checkpoints: checkpoint, receipts: receipt }, json ?? false);
  const stages = new Stages(process.stderr);
  const checks: { check: string; found: string }[] = [];
  for await (const { name, title, run: check } of checksOfFolder(folder)) {
    checks.push({ check: name, found: await stages.run(name, title, check, (found) => found) });
  }
  if (json) process.stdout.write(`${JSON.stringify({ folder, verified: true, checks })}\n`);
}
