import type { Command } from 'commander';
import { badInput } from '../platform/index.js';

export function benchCommand(command: Command): void {
  command
    .argument('[groups...]', 'which groups; all unless named')
    .option('--json', 'end with one line: an array of {group, name, value, unit, bar, ok}')
    .action(async (names: string[], { json }: { json?: boolean }) => {
      const { GROUPS, runBench } = await import('../../bench/index.js');
      const unknown = names.find((name) => !GROUPS.some((group) => group.name === name));
      if (unknown !== undefined) throw badInput(`There is no bench group "${unknown}". There are: ${[...new Set(GROUPS.map(({ name }) => name))].join(', ')}.`);
      const groups = GROUPS.filter(({ name }) => names.length === 0 || names.includes(name));
      const figures = await runBench(groups, (text) => void process.stderr.write(`${text}\n`));
      if (json) process.stdout.write(`${JSON.stringify(figures)}\n`);
      if (figures.some(({ ok }) => !ok)) process.exitCode = 1;
    });
}
