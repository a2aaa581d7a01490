import { Option, type Command } from 'commander';
import { readMapping } from '../../loans/index.js';
import { DecisionPurposeEnum, type DecisionPurpose } from '../../models/index.js';
import { badInput, Stages } from '../../platform/index.js';
import type { Language } from '../../scoring/index.js';
import { interrupted } from '../interrupt.js';
import { openApi } from '../support/api.js';
import { readColumn } from '../support/csv-column.js';
import { repeatable, time } from '../support/flags.js';
import { readVersionFolder } from '../version-folder/files.js';
import { loadFolder, scoreFile } from './offline.js';
import { loansOfProduct, scoreRecorded } from './recorded.js';
import { countsOf, tableOf, writeCsv, type ScoredLoan } from './result.js';

interface ScoreFlags {
  readonly loan: readonly string[];
  readonly all?: boolean;
  readonly product?: string;
  readonly data?: string;
  readonly column: string;
  readonly folder?: string;
  readonly mapping?: string;
  readonly purpose: DecisionPurpose;
  readonly modelId?: string;
  readonly asOf?: string;
  readonly language: Language;
  readonly requestId?: string;
  readonly out?: string;
  readonly url?: string;
  readonly json?: boolean;
}

export function scoreCommand(command: Command): void {
  command
    .option('--loan <externalId>', 'a recorded loan; repeatable', repeatable, [])
    .option('--all', 'every recorded loan of the product')
    .option('--product <product>', 'with --all')
    .option('--data <file>', "a CSV file: of the loans' external ids, or with --folder a book")
    .option('--column <name>', 'with --data: the column of the external ids', 'externalId')
    .option('--folder <folder>', 'score with the version in this folder (assay train); needs --data and --mapping')
    .option('--mapping <file>', 'with --folder: how to read the data (docs/mapping.md)')
    .addOption(new Option('--purpose <purpose>', 'the decision it is for; chooses the model, with the product').choices(Object.keys(DecisionPurposeEnum)).default('ORIGINATION'))
    .option('--model-id <id>', 'which model, where several serve the loans')
    .option('--as-of <time>', 'as of when facts count: a time, or "decision" for that of each loan; now unless given')
    .addOption(new Option('--language <language>', 'of the reasons').choices(['en', 'zh']).default('en'))
    .option('--request-id <id>', 'makes the command safe to repeat: with the same id and loans nothing is scored twice')
    .option('--out <file>', 'write the results as CSV, instead of a table')
    .option('--url <url>', 'a running Assay, with a token in ASSAY_TOKEN; without it the database of this machine, as the local account')
    .option('--json', 'print one line of JSON instead')
    .action(score);
}

async function score(flags: ScoreFlags): Promise<void> {
  checkFlags(flags);
  const { signal } = interrupted();
  const stages = new Stages(process.stderr);
  const results = await (flags.folder === undefined ? scoreByApi(flags, stages, signal) : scoreByFolder(flags.folder, flags, stages, signal));
  if (flags.out !== undefined) await writeCsv(flags.out, results);
  if (flags.json) process.stdout.write(`${JSON.stringify({ counts: countsOf(results), ...(flags.out === undefined ? { predictions: results } : { out: flags.out }) })}\n`);
  else if (flags.out === undefined) process.stdout.write(tableOf(results));
}

function checkFlags({ loan, all, product, data, folder, mapping }: ScoreFlags): void {
  if (folder !== undefined) {
    if (data === undefined || mapping === undefined) throw badInput('--folder scores a file: give --data FILE and --mapping FILE with it.');
    if (loan.length > 0 || all) throw badInput('--folder scores the rows of --data; --loan and --all name recorded loans. Give one or the other.');
    return;
  }
  if ([loan.length > 0, all, data !== undefined].filter(Boolean).length !== 1) throw badInput('Say which loans: --loan ID (once for each), --all --product PRODUCT, or --data FILE: one of them.');
  if (all && product === undefined) throw badInput('--all needs --product: the loans of one product.');
}

async function scoreByFolder(path: string, { data, mapping, language }: ScoreFlags, stages: Stages, signal: AbortSignal): Promise<ScoredLoan[]> {
  const book = { path: data!, mapping: await readMapping(mapping!) };
  const version = await loadFolder(await readVersionFolder(path));
  try {
    return await stages.run('score', `Score ${data} with ${path}`, (progress) => scoreFile(version, book, { language, progress, signal }), described);
  } finally {
    await version.scorer.dispose();
  }
}

async function scoreByApi(flags: ScoreFlags, stages: Stages, signal: AbortSignal): Promise<ScoredLoan[]> {
  const { purpose, modelId, requestId, language } = flags;
  const asOf = flags.asOf === undefined || flags.asOf === 'decision' ? flags.asOf : time(flags.asOf, '--as-of');
  const named = flags.data === undefined ? flags.loan : await readColumn(flags.data, flags.column);
  // Exact figures are for those who may see predictions in full: the account already holds the keys of this database.
  const open = await openApi(flags.url, ['UNDERWRITER', 'RISK_MANAGER']);
  try {
    const loans = flags.all ? await loansOfProduct(open.api, flags.product!) : named;
    if (loans.length === 0) throw badInput(flags.all ? `There is no loan of the product ${flags.product}.` : `${flags.data} names no loan.`);
    const scoring = { purpose, modelId, asOf: asOf as Date | 'decision' | undefined, language: language.toUpperCase() as Uppercase<Language>, requestId, signal } as const;
    return await stages.run('score', `Score ${loans.length} ${loans.length === 1 ? 'loan' : 'loans'}`, (progress) => scoreRecorded(open.api, loans, scoring, progress), described);
  } finally {
    await open.close();
  }
}

function described(results: readonly ScoredLoan[]): string {
  const { scored, refused, failed, notFound } = countsOf(results);
  return `${scored} scored, ${refused} refused, ${failed} failed${notFound > 0 ? `, ${notFound} not found` : ''}`;
}
