import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { asDecided, describeFields, gather, importFile, readMapping, trainingLoans, type Mapping } from '../../src/loans/index.js';
import { newContext, readConfig, type Context } from '../../src/platform/index.js';
import { openRuntime, type Runtime } from '../../src/runtime.js';
import { parseFeatureSpecs, proposeFeatureSpecs, resolveSource, type FeatureSpec, type GatheredRecord, type InputValue, type LabelledRecords } from '../../src/scoring/index.js';
import { ensureUser, permissionsOf } from '../../src/security/index.js';
import type { BenchEnv } from '../types.js';

interface Row {
  readonly record: GatheredRecord;
  readonly label: number;
  readonly part: string;
  readonly fold: number;
}

/** A public data set, imported into a database and gathered from it as training does. */
export interface BenchBook {
  readonly specs: readonly FeatureSpec[];
  /** Without what the mapping calls protected. */
  readonly lawfulSpecs: readonly FeatureSpec[];
  readonly rows: readonly Row[];
}

/** Raw values of rows, in the order of the features. */
export const rawRows = (specs: readonly FeatureSpec[], rows: BenchBook['rows']): InputValue[][] => rows.map(({ record }) => specs.map((spec) => resolveSource(spec, record)));

export const labelled = (rows: readonly Row[]): LabelledRecords & { readonly labels: Uint8Array } => ({
  records: rows.map(({ record }) => record),
  labels: Uint8Array.from(rows, ({ label }) => label),
});

/** The mapping without the protected flag, for comparison with published results that use every predictor. */
async function unprotected(env: BenchEnv, name: string): Promise<{ mapping: Mapping; protectedPaths: Set<string> }> {
  const json = JSON.parse(await readFile(join(env.project, `mappings/${name}.json`), 'utf8')) as { customer: { attributes: object; protected: object } };
  const { attributes, protected: guarded } = json.customer;
  const path = join(env.work, `${name}.mapping.json`);
  await writeFile(path, JSON.stringify({ ...json, customer: { ...json.customer, attributes: { ...attributes, ...guarded }, protected: {} } }));
  return { mapping: await readMapping(path), protectedPaths: new Set(Object.keys(guarded).map((key) => `customer.${key}`)) };
}

async function operator({ db, log }: Runtime): Promise<Context> {
  const { id, name } = await ensureUser(db, { issuer: 'bench', subject: 'bench', name: 'Bench' });
  return newContext({ db, log, actor: { id, name, roles: ['OPERATOR'], permissions: permissionsOf(['OPERATOR']), ownCustomerId: undefined } });
}

/** Part and fold of each row, by the row's number. */
async function givenSplit(path: string): Promise<Map<string, { part: string; fold: number }>> {
  const lines = (await readFile(path, 'utf8')).trim().split('\n').slice(1);
  return new Map(lines.map((line) => {
    const [row, part, fold] = line.split(',');
    return [row!, { part: part!, fold: Number(fold) }];
  }));
}

/** Reads a data set of the folder beside the project; undefined where it is absent. */
export async function openBenchBook(env: BenchEnv, name: 'taiwan' | 'german'): Promise<BenchBook | undefined> {
  const file = { taiwan: 'UCI_Credit_Card.csv', german: 'german.data' }[name];
  if (env.data === undefined || !existsSync(join(env.data, file))) return undefined;
  const split = await givenSplit(join(env.data, file.replace(/\.[^.]+$/, '.split.csv')));
  const { mapping, protectedPaths } = await unprotected(env, name);
  const runtime = await openRuntime(readConfig({ ASSAY_HOME: join(env.work, `home-${name}`), LOG_LEVEL: 'silent' }));
  try {
    await importFile(await operator(runtime), runtime.keys, { path: join(env.data, file), mapping, onError: 'reject-all' });
    const rows: (Row & { readonly number: number })[] = [];
    for await (const batch of trainingLoans(runtime.db, { products: mapping.model!.products, knownBefore: new Date() })) {
      const gathered = await gather(runtime.db, runtime.keys, asDecided(batch));
      batch.forEach(({ externalId, defaulted }, i) => {
        const found = gathered[i];
        if (!found || found.erased) throw new Error(`Loan ${externalId} is not there.`);
        rows.push({ record: found.record, label: defaulted ? 1 : 0, ...split.get(externalId)!, number: Number(externalId) });
      });
    }
    // In the order of the file: keys of customers, and with them the order of the book, are new in every import.
    rows.sort((a, b) => a.number - b.number);
    const specs = mapping.features ? parseFeatureSpecs(mapping.features) : proposeFeatureSpecs(describeFields(mapping));
    return { specs, lawfulSpecs: specs.filter(({ source }) => !protectedPaths.has(source.path)), rows };
  } finally {
    await runtime.close();
  }
}
