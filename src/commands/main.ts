import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { addCommands } from './index.js';

const USAGE = 2;

/** Runs one command. @returns the exit code: 0 done, 1 refused or failed with a sentence, 2 wrong usage */
export async function main(args: readonly string[]): Promise<number> {
  // Options before the verb are the program's, those behind it the verb's: `card --version ID` is no question about Assay.
  const program = new Command('assay').description('Credit predictions that can be explained, replayed and proven.').version(versionOfAssay()).enablePositionalOptions();
  addCommands(program);
  for (const command of [program, ...program.commands]) command.exitOverride().showHelpAfterError();
  try {
    await program.parseAsync(args, { from: 'user' });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : USAGE;
    const { AssayError, messageOf } = await import('../platform/index.js');
    const details = error instanceof AssayError && error.code !== 'INTERNAL' ? messageOf(error) : ((error as Error).stack ?? messageOf(error));
    process.stderr.write(`assay: ${details}\n`);
    return 1;
  }
}

function versionOfAssay(): string {
  const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as { version: string };
  return version;
}
