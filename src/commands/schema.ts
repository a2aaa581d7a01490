import { readFile, writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { refused } from '../platform/index.js';
import { printAssaySchema } from '../schema.js';

const PATH = 'schema.graphql';

export function schemaCommand(command: Command): void {
  command
    .option('--check', 'change nothing; fail when the file differs')
    .action(async ({ check }: { check?: boolean }) => {
      const sdl = await printAssaySchema();
      if (!check) return writeFile(PATH, sdl);
      const committed = await readFile(PATH, 'utf8').catch(() => '');
      if (committed !== sdl) throw refused(`${PATH} is not what the resolvers say. Run: npm run assay -- schema`);
    });
}
