import { writeFile } from 'node:fs/promises';
import { Option, type Command } from 'commander';
import { messageOf, notFound, refused } from '../platform/index.js';
import type { Language } from '../scoring/index.js';
import { openApi, type Api } from './support/api.js';

interface CardFlags {
  readonly version: string;
  readonly language: Language;
  readonly format: 'md' | 'html';
  readonly out?: string;
  readonly url?: string;
}

export function cardCommand(command: Command): void {
  command
    .requiredOption('--version <id>', 'the version: its id, as register and the API tell it')
    .addOption(new Option('--language <language>', 'of the card').choices(['en', 'zh']).default('en'))
    .addOption(new Option('--format <format>', 'md: Markdown; html: one self-contained page with the plots').choices(['md', 'html']).default('md'))
    .option('--out <file>', 'where to write it; standard output unless given')
    .option('--url <url>', 'a running Assay, with a token in ASSAY_TOKEN; without it the database of this machine, as the local account')
    .action(card);
}

async function card({ url, out, ...wanted }: CardFlags): Promise<void> {
  const open = await openApi(url, ['AUDITOR']);
  try {
    const text = await cardText(open.api, wanted);
    if (out === undefined) return void process.stdout.write(text);
    await writeFile(out, text).catch((error: unknown) => {
      throw refused(`--out ${out}: cannot be written: ${messageOf(error)}`);
    });
  } finally {
    await open.close();
  }
}

async function cardText(api: Api, { version, language, format }: Pick<CardFlags, 'version' | 'language' | 'format'>): Promise<string> {
  const { modelVersion } = await api.query<{ modelVersion: { card: string } | null }>(
    'query Card($id: ID!, $format: CardFormat!, $language: Language!) { modelVersion(id: $id) { card(format: $format, language: $language) } }',
    { id: version, format: format === 'md' ? 'MARKDOWN' : 'HTML', language: language.toUpperCase() },
  );
  if (!modelVersion) throw notFound(`There is no model version ${version}.`);
  return modelVersion.card;
}
