import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { syntheticRows } from '../src/demo/synthetic/rows.js';
import { COLUMNS, csvLine } from '../src/demo/synthetic/sheet.js';
import { importFile, readMapping, type FileImportResult } from '../src/loans/index.js';
import { newContext, readConfig } from '../src/platform/index.js';
import { openRuntime } from '../src/runtime.js';
import { ensureUser, permissionsOf } from '../src/security/index.js';
import { figure, type BenchEnv, type BenchGroup } from './types.js';

const CUSTOMERS = 30_000;
const TIMES = 4;
const SAMPLE_MILLISECONDS = 20;
const MEGABYTE = 1_048_576;

/** A book in which every customer has one loan with six repayments. */
async function writeBook(path: string, customers: number): Promise<void> {
  function* lines(): Generator<string> {
    yield `${COLUMNS.join(',')}\n`;
    for (const row of syntheticRows(customers, 1)) if (row.loan.id.endsWith('-1')) yield csvLine(row);
  }
  await pipeline(Readable.from(lines()), createWriteStream(path));
}

interface Measured extends FileImportResult {
  /** Resident memory of this process at its highest, bytes; the database server has its own. */
  peak: number;
}

/** Imports a book into a new embedded database. */
async function measure(env: BenchEnv, customers: number): Promise<Measured> {
  const path = join(env.work, `${customers}.csv`);
  await writeBook(path, customers);
  const runtime = await openRuntime(readConfig({ ASSAY_HOME: join(env.work, `home-${customers}`), LOG_LEVEL: 'silent' }));
  try {
    const { id, name } = await ensureUser(runtime.db, { issuer: 'bench', subject: 'bench', name: 'Bench' });
    const actor = { id, name, roles: ['OPERATOR'], permissions: permissionsOf(['OPERATOR']), ownCustomerId: undefined };
    const ctx = newContext({ db: runtime.db, log: runtime.log, actor });
    const mapping = await readMapping(join(env.project, 'mappings/synthetic.json'));
    return await withPeak(() => importFile(ctx, runtime.keys, { path, mapping, onError: 'reject-all' }));
  } finally {
    await runtime.close();
  }
}

async function withPeak(work: () => Promise<FileImportResult>): Promise<Measured> {
  globalThis.gc?.();
  let peak = 0;
  const sampler = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage.rss());
  }, SAMPLE_MILLISECONDS);
  try {
    return { ...(await work()), peak };
  } finally {
    clearInterval(sampler);
  }
}

const megabytes = (bytes: number): number => Math.round(bytes / MEGABYTE);

export const group: BenchGroup = {
  name: 'import',
  async run(env) {
    const once = await measure(env, CUSTOMERS);
    const many = await measure(env, CUSTOMERS * TIMES);
    return [
      figure('import', 'customers with a loan and six repayments', Math.round(once.customers / once.seconds), 'customers/s', '>= 5000'),
      figure('import', `the same, ${TIMES} times the file`, Math.round(many.customers / many.seconds), 'customers/s', '>= 5000'),
      figure('import', 'highest resident memory', megabytes(once.peak), 'MB', null),
      figure('import', `highest resident memory, ${TIMES} times the file`, megabytes(many.peak), 'MB', null),
      figure('import', `growth of memory with ${TIMES} times the file`, Number((many.peak / once.peak).toFixed(2)), 'times', '<= 1.25'),
    ];
  },
};
