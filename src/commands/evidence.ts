import { resolve } from 'node:path';
import type { Command } from 'commander';
import { openLocalApp } from '../app.js';
import { badInput, expectId, readConfig, Stages } from '../platform/index.js';
import { openRuntime } from '../runtime.js';
import type { ExportScope } from '../evidence/index.js';
import { localContext } from './support/local-account.js';

interface EvidenceFlags {
  readonly customer?: string;
  readonly version?: string;
  readonly since?: string;
  readonly before?: string;
  readonly out: string;
  readonly json?: boolean;
}

export function evidenceCommand(command: Command): void {
  command
    .option('--customer <id>', 'of this customer: the id, as the API tells it')
    .option('--version <id>', 'of what this version of a model predicted, with all acts about it')
    .option('--since <time>', 'of this time or later, like 2026-01-31 or 2026-01-31T09:30:00Z')
    .option('--before <time>', 'of before this time')
    .requiredOption('--out <folder>', 'where to; an export that was interrupted there goes on')
    .option('--json', 'print one line of JSON at the end')
    .action(run);
}

async function run({ out, json, ...flags }: EvidenceFlags): Promise<void> {
  const scope = scopeOf(flags);
  const runtime = await openRuntime(readConfig());
  try {
    const app = await openLocalApp(runtime);
    try {
      const ctx = await localContext(runtime, ['AUDITOR']);
      const stages = new Stages(process.stderr);
      const { manifest, sha256 } = await stages.run('evidence', `Export evidence into ${out}`, (progress) =>
        app.exporter.run(ctx, { scope, folder: resolve(out), progress: (done, total) => progress.advance(done, total, 'predictions') }),
      ({ manifest: { predictions, events, versions, files } }) => `${predictions.toLocaleString('en')} predictions, ${events.toLocaleString('en')} events, ${versions.length} versions, ${files.length} files`);
      process.stderr.write(`Anyone can check it, with the keys that you published: assay verify --evidence ${out} ${manifest.verifierKeys.map((key) => `--key ${key}`).join(' ')}\n`);
      if (json) process.stdout.write(`${JSON.stringify({ folder: out, manifest: sha256, predictions: manifest.predictions, events: manifest.events })}\n`);
    } finally {
      await app.close();
    }
  } finally {
    await runtime.close();
  }
}

function scopeOf({ customer, version, since, before }: Omit<EvidenceFlags, 'out' | 'json'>): ExportScope {
  return {
    ...(customer === undefined ? {} : { customerId: expectId(customer, 'Customer', false).id }), ...(version === undefined ? {} : { versionId: expectId(version, 'ModelVersion', false).id }),
    ...(since === undefined ? {} : { since: timeOf('--since', since) }), ...(before === undefined ? {} : { before: timeOf('--before', before) }),
  };
}

function timeOf(flag: string, text: string): string {
  const time = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d))?$/.test(text) ? new Date(text) : new Date(Number.NaN);
  if (Number.isNaN(time.getTime())) throw badInput(`${flag} ${text}: give a date, like 2026-01-31, or a time with its zone, like 2026-01-31T09:30:00Z.`);
  return time.toISOString();
}
