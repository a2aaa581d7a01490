import { Sequencer, TransparencyLog, verifyTree, openLogKey } from '../src/audit/index.js';
import { PredictionRows } from '../src/evidence/verify-predictions.js';
import { copyRows, newId, readConfig, type Cell, type DatabaseUrls } from '../src/platform/index.js';
import { sealBody, type BodyParts } from '../src/predictions/record/body.js';
import { recordBatch, type Recordable } from '../src/predictions/record/recorder.js';
import { COLUMNS, type NewColumns, type PredictionRecord } from '../src/predictions/record/row.js';
import { openRuntime, type Runtime } from '../src/runtime.js';
import type { DataKey } from '../src/security/index.js';
import { figure, type BenchEnv, type BenchGroup, type Figure } from './types.js';

const FEATURES = 20;
const BATCH = 256;
const ROUNDS = 8;
const BATCHES_IN_A_ROUND = 12;
const SIZES = [10_000, 100_000, 1_000_000];
const PROOFS = 200;

const round = (value: number, digits = 2): number => Number(value.toFixed(digits));
const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;

async function seconds(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1_000;
}

/** An explained prediction of twenty features, as a network's is. */
function partsOf(n: number): BodyParts {
  const part = (index: number): number => Math.sin(n * 31 + index) / 7;
  const attributions = Array.from({ length: FEATURES }, (_, index) => part(index));
  return {
    inputs: attributions.map((_, index) => [Math.round(1e4 * Math.abs(part(index + 50))) / 100]),
    outputs: { pd: 0.05 + Math.abs(part(1)) / 4, logit: part(2), points: 512.25, grade: 'C', decision: 'APPROVE', cause: null },
    explanation: { method: 'integrated-gradients', baselineLogit: -2.1, logit: part(2), residual: 1e-4, attributions },
    reasons: ['UTILISATION', 'HISTORY', 'INCOME', 'LATE'].map((code, index) => ({ code, feature: `feature${index}`, text: 'The share of the credit line that is used is higher than usual.', contribution: part(index) })),
    problem: null,
    roles: ['PORTAL'],
    runtime: 'onnxruntime-node 1.30.0 linux x64',
  };
}

interface Writer {
  readonly runtime: Runtime;
  readonly customerId: string;
  readonly key: DataKey;
  readonly ids: Readonly<Record<'loan' | 'model' | 'version' | 'deployment' | 'actor', string>>;
}

async function newWriter(runtime: Runtime): Promise<Writer> {
  const customerId = newId();
  const [key] = await runtime.keys.createAll([customerId]);
  return { runtime, customerId, key: key!, ids: { loan: newId(), model: newId(), version: newId(), deployment: newId(), actor: newId() } };
}

function columnsOf({ customerId, ids }: Writer): NewColumns {
  const now = new Date();
  return {
    customer_id: customerId, id: newId(), loan_id: ids.loan, model_id: ids.model, version_id: ids.version, deployment_id: ids.deployment, actor_id: ids.actor, request_id: newId(), job_id: null,
    purpose: 'ORIGINATION', status: 'SCORED', decision: 'APPROVE', grade: 'C', pd: 0.0712, score_points: 512.25, as_of: now, created_at: now, shadow_of: null, would_decide: null,
  };
}

const DIGEST = 'ab'.repeat(32);

function recordOf(writer: Writer, n: number): PredictionRecord {
  const columns = columnsOf(writer);
  return { columns, ...sealBody(writer.key, columns.id, partsOf(n)), artefact: DIGEST, dossier: DIGEST };
}

/** Encode, encrypt, idempotency rows, predictions, intake: a batch as concurrent requests share it. */
async function recorded(writer: Writer, from: number): Promise<void> {
  const batch = Array.from({ length: BATCH }, (_, index): Recordable => {
    const record = recordOf(writer, from + index);
    return { record, beside: [], request: { requestId: record.columns.request_id!, operation: 'scoreLoan', body: { loan: record.columns.loan_id, purpose: 'ORIGINATION' } } };
  });
  await writer.runtime.db.transaction((tx) => recordBatch(tx, batch, new Date()));
}

/** The prediction rows alone, of bytes that are ready. */
async function bare(writer: Writer, ready: readonly (readonly Cell[])[]): Promise<void> {
  await writer.runtime.db.transaction((tx) => copyRows(tx, 'predictions', [...COLUMNS, 'row_salt', 'body'], ready));
}

const bareRows = (writer: Writer): Cell[][] => Array.from({ length: BATCH }, (_, n) => {
  const { columns, ciphertext } = recordOf(writer, n);
  return [...COLUMNS.map((name) => (name === 'recorded_at' ? columns.created_at : columns[name])), Buffer.alloc(16, 1), ciphertext];
});

async function recordFigures(writer: Writer, sequencer: Sequencer): Promise<Figure[]> {
  const [whole, rows]: [number[], number[]] = [[], []];
  for (let turn = -1; turn < ROUNDS; turn += 1) {
    const ready = Array.from({ length: BATCHES_IN_A_ROUND }, () => bareRows(writer));
    const alone = await seconds(async () => {
      for (const batch of ready) await bare(writer, batch);
    });
    const all = await seconds(async () => {
      for (let n = 0; n < BATCHES_IN_A_ROUND; n += 1) await recorded(writer, n * BATCH);
      await sequencer.drain();
    });
    if (turn < 0) continue;
    whole.push(all);
    rows.push(alone);
    // What no event tells of is taken away again, so that the rows can be verified.
    await deleteBare(writer.runtime);
  }
  const ratio = median(rows.map((alone, index) => alone / whole[index]!));
  return [
    figure('evidence', `record path, ${BATCH} at a time, sequenced: of the speed of the bare rows`, round(ratio), 'share', '>= 0.25'),
    figure('evidence', 'the same', Math.round((BATCH * BATCHES_IN_A_ROUND) / median(whole)), 'predictions/s', null),
  ];
}

async function asOwner(runtime: Runtime, sql: string): Promise<void> {
  const { Client } = (await import('pg')).default;
  const client = new Client({ connectionString: (runtime.urls as DatabaseUrls).owner });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

const deleteBare = (runtime: Runtime): Promise<void> => asOwner(runtime, `DELETE FROM predictions WHERE row_salt = '\\x01010101010101010101010101010101'`);

async function storageFigure({ runtime }: Writer): Promise<Figure> {
  await asOwner(runtime, 'VACUUM FULL predictions');
  const [row] = await runtime.db.query<{ bytes: string; count: string }>(
    `SELECT (SELECT sum(pg_total_relation_size(c.oid)) FROM pg_class c WHERE c.relname ~ '^predictions_(default|\\d{4}_\\d\\d)$' OR c.relname IN ('audit_intake', 'log_entries', 'log_tiles', 'log_heads')) AS bytes, (SELECT count(*) FROM predictions) AS count`);
  return figure('evidence', 'on disk for each explained prediction, proofs and indexes with it', Math.round(Number(row!.bytes) / Number(row!.count)), 'bytes', '<= 1600');
}

async function verifyFigures({ runtime }: Writer): Promise<Figure[]> {
  const rows = new PredictionRows(runtime.db, (text) => {
    throw new Error(text);
  });
  let comparing = 0;
  await verifyTree(runtime.db, { problem: (text) => {
    throw new Error(text);
  }, entries: async (batch) => {
    comparing += await seconds(() => rows.compare(batch));
  } });
  return [figure('evidence', 'rows of predictions derived again and compared', Math.round(rows.verified / comparing), 'rows/s', '>= 30000')];
}

/** Proofs and verification of a log of this size, filled with entries of the length of a prediction's. */
async function sizeFigures({ runtime }: Writer, log: TransparencyLog, sequencer: Sequencer, size: number): Promise<Figure[]> {
  const [{ count }] = (await runtime.db.query<{ count: number }>('SELECT count(*)::int AS count FROM log_entries')) as [{ count: number }];
  await asOwner(runtime, `INSERT INTO audit_intake (id, type, leaf) SELECT gen_random_uuid(), 'CUSTOMER_RECORDED', convert_to('{"n":' || n || ',"x":"' || repeat('0123456789abcdef', 40) || '"}', 'UTF8') FROM generate_series(1, ${size - count}) n`);
  await asOwner(runtime, 'VACUUM ANALYZE audit_intake');
  const sequencing = await seconds(() => sequencer.drain());
  await asOwner(runtime, 'VACUUM ANALYZE log_entries');
  const ids = await runtime.db.query<{ id: string }>('SELECT intake_id AS id FROM log_entries ORDER BY md5(index::text) LIMIT $1', [PROOFS]);
  const times: number[] = [];
  for (const { id } of ids) times.push(1_000 * (await seconds(() => log.proofs(runtime.db, [id]))));
  const name = size.toLocaleString('en');
  const figures = [figure('evidence', `inclusion proof, median, of ${name} entries`, round(median(times)), 'ms', '<= 5')];
  if (size < SIZES.at(-1)!) return figures;
  const verifying = await seconds(() => verifyTree(runtime.db, { problem: (text) => {
    throw new Error(text);
  } }));
  return [
    ...figures,
    figure('evidence', 'sequencing', Math.round((size - count) / sequencing), 'entries/s', null),
    figure('evidence', `tree of ${name} entries computed again from the database`, Math.round(size / verifying), 'leaves/s', '>= 150000'),
  ];
}

export const group: BenchGroup = {
  name: 'evidence',
  async run(env: BenchEnv) {
    const config = readConfig({ ASSAY_HOME: `${env.work}/home`, LOG_LEVEL: 'silent' });
    const runtime = await openRuntime(config);
    try {
      const writer = await newWriter(runtime);
      const sequencer = new Sequencer(runtime.db, runtime.log);
      const log = new TransparencyLog(await openLogKey(config), config.logOrigin, config.logCheckpointFile);
      const figures = [...(await recordFigures(writer, sequencer)), await storageFigure(writer), ...(await verifyFigures(writer))];
      for (const size of SIZES) figures.push(...(await sizeFigures(writer, log, sequencer, size)));
      return figures;
    } finally {
      await runtime.close();
    }
  },
};
