#!/usr/bin/env node
import 'reflect-metadata';
import { Command, CommanderError } from 'commander';
import { addCommands } from './commands/index.js';
import { AssayError, messageOf } from './platform/index.js';

const USAGE = 2;

/** Exit codes: 0 done, 1 refused or failed with a sentence, 2 wrong usage. */
async function main(): Promise<number> {
  const program = new Command('assay').description('Credit predictions that can be explained, replayed and proven.');
  addCommands(program);
  for (const command of [program, ...program.commands]) command.exitOverride().showHelpAfterError();
  try {
    await program.parseAsync();
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : USAGE;
    const details = error instanceof AssayError && error.code !== 'INTERNAL' ? messageOf(error) : ((error as Error).stack ?? messageOf(error));
    process.stderr.write(`assay: ${details}\n`);
    return 1;
  }
}

const code = await main();
if (code !== 0) process.exitCode = code;
