import type { Command } from 'commander';
import { PEOPLE, runDemo, type PersonName, type RunningDemo } from '../demo/index.js';
import { readConfig, refused } from '../platform/index.js';
import { resetHome } from '../runtime.js';
import { interrupted } from './interrupt.js';
import { whole } from './support/flags.js';

interface DemoFlags {
  readonly data?: string;
  readonly mapping?: string;
  readonly once?: boolean;
  readonly json?: boolean;
  readonly reset?: boolean;
  readonly useDatabase?: boolean;
  readonly seed: string;
  readonly customers: string;
}

export function demoCommand(command: Command): void {
  command
    .option('--data <file>', 'a book of your own, CSV (docs/mapping.md); without it a synthetic one is made')
    .option('--mapping <file>', 'how to read it, e.g. mappings/taiwan.json')
    .option('--once', 'score the whole hold-out, print one line of JSON and stop, instead of serving')
    .option('--json', 'with --once: nothing but the line of JSON on standard output (progress is on standard error)')
    .option('--reset', 'empty the embedded database in ASSAY_HOME first, imports included')
    .option('--use-database', 'allow it to fill the database at DATABASE_URL')
    .option('--seed <n>', 'seed of the synthetic book and of training', '20240101')
    .option('--customers <n>', 'size of the synthetic book', '10000')
    .action(demo);
}

async function demo(flags: DemoFlags): Promise<void> {
  const { signal, wait } = interrupted();
  const config = readConfig();
  if (flags.reset) await resetHome(config);
  if (config.database && !flags.useDatabase) throw refused('DATABASE_URL is set, and the demonstration would fill that database and give development people roles in it. Unset it, or add --use-database.');
  const options = { ...flags, once: flags.once ?? false, seed: whole(flags.seed, '--seed'), customers: whole(flags.customers, '--customers') };
  const running = await runDemo(config, options, process.stderr, signal);
  try {
    if (flags.once) return void process.stdout.write(`${JSON.stringify(running.result)}\n`);
    process.stdout.write(invitation(running));
    await wait;
    process.stderr.write('\nStopping …\n');
  } finally {
    await running.close();
  }
}

/** Where to go and with which tokens. */
function invitation({ url, tokens }: RunningDemo): string {
  const people = Object.entries(PEOPLE) as [PersonName, (typeof PEOPLE)[PersonName]][];
  const lines = people.map(([name, { name: who, roles }]) => `${roles.join(', ')} — ${who}\n  ${tokens[name]}`);
  return [
    'Tokens, one for each role and valid for 12 hours (development only). In GraphiQL, under "Headers", paste',
    '  { "Authorization": "Bearer <token>" }',
    '',
    ...lines,
    '',
    `Assay serves ${url}/graphql`,
    `Open as the auditor: ${url}/graphql#token=${tokens.auditor}`,
    'Ctrl-C stops everything.',
    '',
  ].join('\n');
}
