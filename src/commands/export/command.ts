import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { badInput, Stages } from '../../platform/index.js';
import { openApi } from '../support/api.js';
import { requireNewFolder } from '../support/new-folder.js';
import { exportPrediction } from './prediction.js';
import { exportedVersion, type ExportedVersion } from './exported.js';

interface ExportFlags {
  readonly version?: string;
  readonly prediction?: string;
  readonly out: string;
  readonly url?: string;
  readonly json?: boolean;
}

export function exportCommand(command: Command): void {
  command
    .option('--version <id>', 'a version: its id, as register and the API tell it')
    .option('--prediction <id>', 'a prediction: its id, as score and the API tell it')
    .requiredOption('--out <path>', 'a new folder for a version, a new file for a prediction')
    .option('--url <url>', 'a running Assay, with a token in ASSAY_TOKEN; without it the database of this machine, as the local account')
    .option('--json', 'print one line of JSON at the end')
    .action(run);
}

async function run({ version, prediction, out, url, json }: ExportFlags): Promise<void> {
  if ((version === undefined) === (prediction === undefined)) throw badInput('Give either --version or --prediction.');
  if (version === undefined) return exportPrediction(prediction!, out, url, json ?? false);
  await requireNewFolder(out);
  const stages = new Stages(process.stderr);
  const open = await openApi(url, ['AUDITOR']);
  try {
    const exported = await stages.run('export', `Export into ${out}`, async (progress) => {
      const found = await exportedVersion(open.api, version, progress);
      await write(out, found);
      return found;
    }, described);
    const { files, ...rest } = exported;
    if (json) process.stdout.write(`${JSON.stringify({ folder: out, ...rest, files: [...files.keys()] })}\n`);
  } finally {
    await open.close();
  }
}

/** SHA256SUMS comes last: a folder without it is no export yet. */
async function write(folder: string, { files }: ExportedVersion): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const [name, bytes] of files) await writeFile(join(folder, name), bytes);
}

const described = ({ version, model, dossierDigest, files }: ExportedVersion): string => `version ${version} of "${model}", ${files.size} files, dossier ${dossierDigest.slice(0, 16)}…`;
