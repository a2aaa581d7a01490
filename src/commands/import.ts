import type { Command } from 'commander';
import { importFile, readMapping } from '../loans/index.js';
import { readConfig, Stages } from '../platform/index.js';
import { openRuntime } from '../runtime.js';
import { interrupted } from './interrupt.js';
import { localContext } from './support/local-account.js';

interface ImportFlags {
  readonly data: string;
  readonly mapping: string;
  readonly skipBad?: boolean;
  readonly rejects?: string;
  readonly json?: boolean;
}

export function importCommand(command: Command): void {
  command
    .requiredOption('--data <file>', 'the CSV file')
    .requiredOption('--mapping <file>', 'how to read it (docs/mapping.md)')
    .option('--skip-bad', 'import the good rows, and write the bad ones with their reasons to a file')
    .option('--rejects <file>', 'where bad rows go; beside the data unless given')
    .option('--json', 'print one line of JSON at the end')
    .action(runImport);
}

async function runImport({ data, mapping: mappingPath, skipBad, rejects, json }: ImportFlags): Promise<void> {
  const { signal } = interrupted();
  const mapping = await readMapping(mappingPath);
  const runtime = await openRuntime(readConfig());
  const stages = new Stages(process.stderr);
  try {
    const ctx = await localContext(runtime, ['OPERATOR']);
    const result = await stages.run(
      'import',
      `Import ${mapping.title}`,
      (progress) =>
        importFile(ctx, runtime.keys, {
          path: data,
          mapping,
          onError: skipBad ? 'skip' : 'reject-all',
          rejectsPath: rejects,
          onProgress: ({ done, total }) => progress.advance(done, total, 'rows'),
          signal,
        }),
      ({ customers, loans, repayments, outcomes, rejected, rejectsPath }) =>
        `${customers} customers, ${loans} loans, ${repayments} repayments, ${outcomes} outcomes${rejected > 0 ? `; ${rejected} rows rejected, see ${rejectsPath}` : ''}`,
    );
    if (json) process.stdout.write(`${JSON.stringify(result)}\n`);
  } finally {
    await runtime.close();
  }
}
