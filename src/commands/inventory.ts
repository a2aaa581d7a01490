import { Option, type Command } from 'commander';
import { openApi, type Api } from './support/api.js';

interface InventoryFlags {
  readonly format: 'md' | 'csv';
  readonly overdue?: boolean;
  readonly url?: string;
}

interface ListedModel {
  readonly name: string;
  readonly owner: { readonly name: string };
  readonly tier: string;
  readonly purpose: string;
  readonly products: readonly string[];
  readonly permittedUse: string | null;
  readonly limits: string | null;
  readonly liveVersion: { readonly version: number } | null;
  readonly findings: readonly { readonly severity: string; readonly title: string }[];
  readonly nextReviewAt: string;
  readonly alerts: readonly { readonly code: string }[];
}

interface InventoryPage {
  readonly inventory: { readonly edges: readonly { readonly node: ListedModel }[]; readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null } };
}

const PAGE = `query Inventory($after: String, $overdue: Boolean) { inventory(first: 50, after: $after, filter: { overdue: $overdue }) {
  edges { node { name owner { name } tier purpose products permittedUse limits liveVersion { version } findings(open: true) { severity title } nextReviewAt alerts { code } } }
  pageInfo { hasNextPage endCursor } } }`;

export function inventoryCommand(command: Command): void {
  command
    .addOption(new Option('--format <format>', 'md: a Markdown table; csv: for a spreadsheet').choices(['md', 'csv']).default('md'))
    .option('--overdue', 'only models whose review is overdue')
    .option('--url <url>', 'a running Assay, with a token in ASSAY_TOKEN; without it the database of this machine, as the local account')
    .action(inventory);
}

async function inventory({ format, overdue, url }: InventoryFlags): Promise<void> {
  const { api, close } = await openApi(url, ['AUDITOR']);
  try {
    const rows = [HEADINGS, ...(await allModels(api, overdue)).map(cellsOf)];
    process.stdout.write(format === 'csv' ? csv(rows) : markdown(rows));
  } finally {
    await close();
  }
}

async function allModels(api: Api, overdue: boolean | undefined): Promise<ListedModel[]> {
  const models: ListedModel[] = [];
  for (let after: string | null = null; ; ) {
    const { inventory: { edges, pageInfo } }: InventoryPage = await api.query<InventoryPage>(PAGE, { after, overdue: overdue ?? null });
    models.push(...edges.map(({ node }) => node));
    if (!pageInfo.hasNextPage) return models;
    after = pageInfo.endCursor;
  }
}

const HEADINGS = ['Model', 'Owner', 'Tier', 'Purpose', 'Products', 'Permitted use', 'Limits', 'Live version', 'Open findings', 'Next review', 'Alerts'];

const cellsOf = ({ name, owner, tier, purpose, products, permittedUse, limits, liveVersion, findings, nextReviewAt, alerts }: ListedModel): string[] => [
  name, owner.name, tier, purpose, products.join(', '), permittedUse ?? 'not stated', limits ?? 'not stated', liveVersion ? String(liveVersion.version) : 'none',
  findings.map(({ severity, title }) => `${severity}: ${title}`).join('; '), nextReviewAt.slice(0, 10), [...new Set(alerts.map(({ code }) => code))].join(', '),
];

/** RFC 4180. What a spreadsheet would take for a formula is marked as text. */
const csv = (rows: readonly (readonly string[])[]): string => rows.map((row) => `${row.map((cell) => `"${(/^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell).replaceAll('"', '""')}"`).join(',')}\r\n`).join('');

const line = (cells: readonly string[]): string => `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll(/\s+/g, ' ')).join(' | ')} |\n`;

const markdown = ([headings = [], ...rows]: readonly (readonly string[])[]): string => [line(headings), line(headings.map(() => '---')), ...rows.map(line)].join('');
