import { entities } from '../../src/entities.js';
import { Database } from '../../src/platform/index.js';
import { DEPLOYED } from '../support/deployed-template.js';
import { urlsOf } from '../support/postgres.js';
import type { Cluster } from './cluster.js';
import { Load } from './load.js';

const AT_ONCE = 50;

/** Fifty calls with one requestId at once, at two servers, many times; then the same ids with another body. */
export async function storms(cluster: Cluster, count: number, loans: readonly string[]): Promise<{ line: string; ok: boolean }> {
  const load = new Load(cluster.servers, await cluster.token(), loans, 1);
  const db = await Database.open(urlsOf(DEPLOYED), { entities, pool: 2 });
  let [answers, conflicts] = [0, 0];
  const started = performance.now();
  try {
    for (let storm = 0; storm < count; storm += 1) {
      const input = { externalId: loans[storm % loans.length]!, purpose: 'ORIGINATION', requestId: `storm ${storm}` };
      const urlOf = (n: number): string => cluster.servers[n % cluster.servers.length]!.url;
      const told = await Promise.all(Array.from({ length: AT_ONCE }, (_, n) => load.send(urlOf(n), input)));
      answers += new Set(told.map((answer) => answer?.data?.scoreLoan?.prediction.id ?? 'none')).size;
      const other = await load.send(urlOf(storm), { ...input, purpose: 'ACCOUNT_REVIEW' });
      if (other?.errors?.[0]?.extensions?.code === 'CONFLICT') conflicts += 1;
    }
    const [rows] = await db.query<{ rows: number }>(`SELECT count(*)::int AS rows FROM predictions WHERE request_id LIKE 'storm %'`);
    const line = `requestId: ${AT_ONCE} calls at once × ${count}, at two servers: ${rows!.rows} rows, ${answers} different answers; the same id with another body ${count} times: ${conflicts} conflicts (${((performance.now() - started) / 1_000).toFixed(0)} s)`;
    return { line, ok: rows!.rows === count && answers === count && conflicts === count };
  } finally {
    load.close();
    await db.close();
  }
}
