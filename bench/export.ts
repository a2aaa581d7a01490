import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { openTransparencyLog, Sequencer } from '../src/audit/index.js';
import { encodeGlobalId, newId, readConfig, type DatabaseUrls } from '../src/platform/index.js';
import { sealBody, type BodyParts } from '../src/predictions/record/body.js';
import { recordBatch, type Recordable } from '../src/predictions/record/recorder.js';
import { openRuntime, type Runtime } from '../src/runtime.js';
import type { DataKey } from '../src/security/index.js';
import { figure, type BenchEnv, type BenchGroup, type Figure } from './types.js';

/** How many predictions a customer has of whom all is taken out: as many as fill one file, which is what is in memory at a time, and four times as many. */
const [FEW, MANY] = [5_000, 20_000];
const AT_ONCE = 1_000;
const FEATURES = 20;
const MEGABYTE = 1_024;

/** As large as an explained prediction of twenty features; without a score, which only a version gives. */
function partsOf(n: number): BodyParts {
  const part = (index: number): number => Math.round(1e6 * Math.sin(n * 31 + index)) / 1e7;
  const attributions = Array.from({ length: FEATURES }, (_, index) => part(index));
  return {
    inputs: attributions.map((value) => [Math.round(1e5 * Math.abs(value)) / 100]),
    outputs: null,
    explanation: { method: 'integrated-gradients', baselineLogit: -2.1, logit: part(2), residual: 1e-4, attributions },
    reasons: ['UTILISATION', 'HISTORY', 'INCOME', 'LATE'].map((code, index) => ({ code, feature: `feature${index}`, text: 'The share of the credit line that is used is higher than usual.', contribution: part(index) })),
    problem: { code: 'RUNTIME', message: 'The model could not be computed.' }, roles: ['PORTAL'], runtime: 'onnxruntime-node 1.30.0 linux x64',
  };
}

function recordOf(customerId: string, key: DataKey, n: number): Recordable {
  const [now, id] = [new Date(), newId()];
  const columns = {
    customer_id: customerId, id, loan_id: customerId, model_id: null, version_id: null, deployment_id: null, actor_id: customerId, request_id: null, job_id: null, purpose: 'ORIGINATION', status: 'FAILED',
    decision: null, grade: null, pd: null, score_points: null, as_of: now, created_at: now, shadow_of: null, would_decide: null,
  } as const;
  return { record: { columns, ...sealBody(key, id, partsOf(n)), artefact: null, dossier: null }, beside: [], request: undefined };
}

async function customerWith({ db, keys }: Runtime, predictions: number): Promise<string> {
  const customerId = newId();
  const [key] = await keys.createAll([customerId]);
  for (let done = 0; done < predictions; done += AT_ONCE) {
    await db.transaction((tx) => recordBatch(tx, Array.from({ length: AT_ONCE }, (_, n) => recordOf(customerId, key!, done + n)), new Date()));
  }
  return customerId;
}

/** Writes into a file how large the process became, in kilobytes. */
const TELLING = 'data:text/javascript,import{writeFileSync}from"node:fs";process.on("exit",()=>writeFileSync(process.env.LARGEST,String(process.resourceUsage().maxRSS)))';

interface Measured {
  readonly megabytes: number;
  readonly seconds: number;
}

/** A command in a process of its own. */
async function largest(env: Readonly<Record<string, string>>, project: string, file: string, args: readonly string[]): Promise<Measured> {
  const started = performance.now();
  const { PATH = '', HOME = '' } = process.env;
  await promisify(execFile)(process.execPath, ['--import', TELLING, join(project, 'dist/src/cli.js'), ...args], { env: { PATH, HOME, ...env, LARGEST: file } });
  return { megabytes: Math.round(Number(await readFile(file, 'utf8')) / MEGABYTE), seconds: (performance.now() - started) / 1_000 };
}

async function exportFigures(runtime: Runtime, { project, work }: BenchEnv): Promise<Figure[]> {
  const urls = runtime.urls as DatabaseUrls;
  const env = { ASSAY_HOME: join(work, 'home'), DATABASE_URL: urls.app, DATABASE_OWNER_URL: urls.owner, DATABASE_READER_URL: urls.reader, LOG_LEVEL: 'silent' };
  const log = await openTransparencyLog(runtime.config);
  // Asked before its first entry, as by a server that starts: a log that is met full is one that may have been restored.
  await log.checkpoint(runtime.db);
  const customers = [await customerWith(runtime, FEW), await customerWith(runtime, MANY)];
  await new Sequencer(runtime.db, runtime.log).drain();
  const key = log.verifierKey();
  const [exported, verified]: [Measured[], Measured[]] = [[], []];
  for (const [n, customer] of customers.entries()) {
    const folder = join(work, `evidence-${n}`);
    exported.push(await largest(env, project, join(work, 'largest'), ['evidence', '--customer', encodeGlobalId({ type: 'Customer', id: customer }), '--out', folder]));
    verified.push(await largest({}, project, join(work, 'largest'), ['verify', '--evidence', folder, '--key', key]));
  }
  const [more, further] = [exported, verified].map(([few, many]) => many!.megabytes - few!.megabytes);
  const of = `${MANY.toLocaleString('en')} predictions`;
  return [
    figure('evidence', `exporting ${of}: largest size of the process`, exported[1]!.megabytes, 'MB', null),
    figure('evidence', `the same, beyond that for ${FEW.toLocaleString('en')}, which fill one file`, more!, 'MB', '<= 100'),
    figure('evidence', 'exporting', Math.round(MANY / exported[1]!.seconds), 'predictions/s', null),
    figure('evidence', `verifying that export: largest size of the process, beyond that for ${FEW.toLocaleString('en')}`, further!, 'MB', '<= 100'),
    figure('evidence', 'verifying', Math.round(MANY / verified[1]!.seconds), 'predictions/s', null),
  ];
}

export const group: BenchGroup = {
  name: 'evidence',
  async run(env: BenchEnv) {
    const runtime = await openRuntime(readConfig({ ASSAY_HOME: join(env.work, 'home'), LOG_LEVEL: 'silent' }));
    try {
      return await exportFigures(runtime, env);
    } finally {
      await runtime.close();
    }
  },
};
