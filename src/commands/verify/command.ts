import type { Command } from 'commander';
import { Stages } from '../../platform/index.js';
import { checksOfFolder } from './checks.js';

interface VerifyFlags {
  readonly folder: string;
  readonly json?: boolean;
}

export function verifyCommand(command: Command): void {
  command
    .requiredOption('--folder <folder>', 'what assay export wrote')
    .option('--json', 'print one line of JSON at the end')
    .action(run);
}

async function run({ folder, json }: VerifyFlags): Promise<void> {
  const stages = new Stages(process.stderr);
  const checks: { check: string; found: string }[] = [];
  for await (const { name, title, run: check } of checksOfFolder(folder)) {
    checks.push({ check: name, found: await stages.run(name, title, check, (found) => found) });
  }
  if (json) process.stdout.write(`${JSON.stringify({ folder, verified: true, checks })}\n`);
}
