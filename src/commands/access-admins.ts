import type { Command } from 'commander';
import { badInput, openLog, readConfig } from '../platform/index.js';
import { openRuntime } from '../runtime.js';
import { nameFirstKeepers } from '../security/index.js';

interface Options {
  readonly issuer: string;
  readonly subject: readonly string[];
}

const collect = (subject: string, before: readonly string[]): string[] => [...before, subject];

/** The first grants, which nobody could confirm: named by who installs Assay. */
export function accessAdminsCommand(command: Command): void {
  command
    .requiredOption('--issuer <url>', 'the identity provider: the "iss" of its tokens')
    .option('--subject <sub>', 'a person there: the "sub" of their tokens; name two or more', collect, [])
    .action(async ({ issuer, subject }: Options) => {
      if (new Set(subject).size < 2) throw badInput('--subject: name two different people or more; roles that approve are granted by two.');
      const config = readConfig();
      const runtime = await openRuntime(config);
      try {
        const made = await nameFirstKeepers(runtime.db, openLog(config.logLevel), subject.map((one) => ({ issuer, subject: one, name: one })));
        process.stderr.write(made === 0 ? 'They keep the roles already.\n' : `${made} people keep the roles now. They grant the others theirs with grantRole and confirmProposal.\n`);
      } finally {
        await runtime.close();
      }
    });
}
