import type { Command } from 'commander';
import { Erasures } from '../privacy/index.js';
import { openApi, type Api } from './support/api.js';

interface RetentionFlags {
  readonly first: string;
  readonly finish?: boolean;
  readonly url?: string;
  readonly json?: boolean;
}

interface Due {
  readonly id: string;
  readonly externalId: string;
  readonly retention: { readonly keptUntil: string | null };
}

interface Answer {
  readonly retentionRules: readonly { readonly recordKind: string; readonly regime: string; readonly products: readonly string[]; readonly months: number; readonly inForce: boolean }[];
  readonly retentionSummary: readonly { readonly state: string; readonly customers: number; readonly held: number }[];
  readonly dueForErasure: { readonly edges: readonly { readonly node: Due }[]; readonly pageInfo: { readonly hasNextPage: boolean } };
}

const QUERY = `query Retention($first: Int!) { retentionRules { recordKind regime products months inForce } retentionSummary { state customers held }
  dueForErasure(first: $first) { edges { node { id externalId retention { keptUntil } } } pageInfo { hasNextPage } } }`;

export function retentionCommand(command: Command): void {
  command
    .option('--first <n>', 'of the customers that are due, tell so many', '20')
    .option('--finish', 'finish erasures that were decided and that no server has finished, as after a crash')
    .option('--url <url>', 'a running Assay, with a token in ASSAY_TOKEN; without it the database of this machine, as the local account')
    .option('--json', 'print one line of JSON')
    .action(retention);
}

async function retention({ first, finish, url, json }: RetentionFlags): Promise<void> {
  const { api, runtime, close } = await openApi(url, ['AUDITOR']);
  try {
    const finished = finish && runtime ? await new Erasures(runtime.db, runtime.keys, runtime.log).finish() : undefined;
    if (finished !== undefined) process.stderr.write(`${finished} erasures finished.\n`);
    const answer = await told(api, Number(first));
    process.stdout.write(json ? `${JSON.stringify(answer)}\n` : text(answer));
  } finally {
    await close();
  }
}

async function told(api: Api, first: number) {
  const { retentionRules: rules, retentionSummary: states, dueForErasure: { edges, pageInfo } } = await api.query<Answer>(QUERY, { first });
  return { rules, states, due: edges.map(({ node }) => node), more: pageInfo.hasNextPage };
}

function text({ rules, states, due, more }: Awaited<ReturnType<typeof told>>): string {
  return [
    'Kept at least',
    ...rules.filter(({ inForce }) => inForce).map(({ recordKind, regime, products, months }) => `  ${recordKind.padEnd(12)} ${String(months).padStart(3)} months  ${regime}${products.length > 0 ? ` (${products.join(', ')})` : ''}`),
    'Customers',
    ...states.map(({ state, customers, held }) => `  ${state.padEnd(12)} ${customers.toLocaleString('en').padStart(9)}${held > 0 ? `, ${held.toLocaleString('en')} of them held` : ''}`),
    due.length === 0 ? 'Nothing is due for erasure.' : 'Due for erasure (eraseCustomer, by two people who are PRIVACY_OFFICER)',
    ...due.map(({ id, externalId }) => `  ${externalId}  ${id}`),
    ...(more ? ['  … and more: --first'] : []),
    '',
  ].join('\n');
}
