import { Command, CommanderError } from 'commander';
import { AssayError, messageOf } from '../platform/index.js';
import { addCommands } from './index.js';

const USAGE = 2;

/** Runs one command. @returns the exit code: 0 done, 1 refused or failed with a sentence, 2 wrong usage */
export async function main(args: readonly string[]): Promise<number> {
  const program = new Command('assay').description('Credit predictions that can be explained, replayed and proven.');
  addCommands(program);
  for (const command of [program, ...program.commands]) command.exitOverride().showHelpAfterError();
  try {
    await program.parseAsync(args, { from: 'user' });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : USAGE;
    const details = error instanceof AssayError && error.code !== 'INTERNAL' ? messageOf(error) : ((error as Error).stack ?? messageOf(error));
    process.stderr.write(`assay: ${details}\n`);
    return 1;
  }
}
