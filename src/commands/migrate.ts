import type { Command } from 'commander';
import { migrations } from '../../migrations/index.js';
import { badInput, migrateDown, readConfig } from '../platform/index.js';
import { migrate } from '../runtime.js';

export function migrateCommand(command: Command): void {
  command
    .option('--down <steps>', 'take back this many migrations; their data is lost')
    .action(async ({ down }: { down?: string }) => {
      const { database } = readConfig();
      if (!database?.owner) throw badInput('Set DATABASE_URL and DATABASE_OWNER_URL: the embedded database migrates itself.');
      if (down !== undefined) return migrateDown(database.owner, migrations, stepsOf(down));
      const ran = await migrate(database.owner);
      process.stderr.write(ran.length > 0 ? `Ran ${ran.join(', ')}.\n` : 'The database is up to date.\n');
    });
}

function stepsOf(text: string): number {
  const steps = Number(text);
  if (Number.isInteger(steps) && steps > 0) return steps;
  throw badInput(`--down ${text}: give a whole number of migrations, 1 or more.`);
}
