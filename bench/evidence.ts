import { Sequencer, TransparencyLog, verifyTree, openLogKey } from '../src/audit/index.js';
import { PredictionRows } from '../src/evidence/verify-predictions.js';
import { Batcher, copyRows, newId, readConfig, type Cell, type DatabaseUrls, type Transaction } from '../src/platform/index.js';
import { sealBody, type BodyParts } from '../src/predictions/record/body.js';
import { recordBatch, type Recordable } from '../src/predictions/record/recorder.js';
import { COLUMNS, type NewColumns, type PredictionRecord } from '../src/predictions/record/row.js';
import { openRuntime, type Runtime } from '../src/runtime.js';
import type { DataKey } from '../src/security/index.js';
import { figure, type BenchEnv, type BenchGroup, type Figure } from './types.js';

const FEATURES = 20;
const WRITERS = 256;
/** Predictions of each writer in a round. */
const EACH = 12;
const ROUNDS = 8;
/** As the scoring service shares. */
const SHARED = { most: 256, queue: 20_000, parallel: 2 };
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
  // Explanations are recorded in units of 1e-7.
  const part = (index: number): number => Math.round((1e7 * Math.sin(n * 31 + index)) / 7) / 1e7;
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

/** A batch as concurrent requests share it: idempotency rows, predictions, intake. */
async function recordShared({ runtime }: Writer, batch: readonly Recordable[]): Promise<boolean[]> {
  const stored = await runtime.db.transaction((tx) => recordBatch(tx, batch, new Date()));
  return batch.map(({ record }) => stored.has(record.columns.id));
}

/** Each writer encodes and encrypts a prediction, waits until it is durable, and makes the next. */
async function recordByWriters(writer: Writer): Promise<void> {
  const batcher = new Batcher((batch: readonly Recordable[]) => recordShared(writer, batch), SHARED);
  await byWriters(async (n) => {
    const record = recordOf(writer, n);
    await batcher.add({ record, beside: [], request: { requestId: record.columns.request_id!, operation: 'scoreLoan', body: { loan: record.columns.loan_id, purpose: 'ORIGINATION' } } });
  });
}

const byWriters = (work: (n: number) => Promise<unknown>): Promise<unknown> =>
  Promise.all(Array.from({ length: WRITERS }, async (_, w) => {
    for (let n = 0; n < EACH; n += 1) await work(w * EACH + n);
  }));

type Write = (tx: Transaction, rows: readonly (readonly Cell[])[]) => Promise<unknown>;

/** The rows alone, of bytes that are ready, shared in the same way. */
async function bareByWriters({ runtime }: Writer, ready: readonly (readonly Cell[])[], write: Write): Promise<void> {
  const batcher = new Batcher(async (rows: readonly (readonly Cell[])[]) => {
    await runtime.db.transaction((tx) => write(tx, rows));
    return rows.map(() => true);
  }, SHARED);
  await byWriters((n) => batcher.add(ready[n]!));
}

const BARE_COLUMNS = [...COLUMNS, 'row_salt', 'body'];

const insertRows: Write = (tx, rows) => {
  const marks = rows.map((row, at) => `(${row.map((_, index) => `$${at * row.length + index + 1}`).join(', ')})`);
  return tx.query(`INSERT INTO bare_predictions (${BARE_COLUMNS.join(', ')}) VALUES ${marks.join(', ')}`, rows.flat());
};

const copyBare: Write = (tx, rows) => copyRows(tx, 'bare_predictions', BARE_COLUMNS, rows);

const bareRows = (writer: Writer): Cell[][] => Array.from({ length: WRITERS * EACH }, (_, n) => {
  const { columns, ciphertext } = recordOf(writer, n);
  return [...COLUMNS.map((name) => (name === 'recorded_at' ? columns.created_at : columns[name])), Buffer.alloc(16, 1), ciphertext];
});

/** A table like that of predictions, so that what is stored of those is not disturbed. */
const BARE_TABLE = `
  CREATE TABLE bare_predictions (LIKE predictions INCLUDING ALL) PARTITION BY RANGE (id);
  CREATE TABLE bare_predictions_default PARTITION OF bare_predictions DEFAULT;
  GRANT SELECT, INSERT ON bare_predictions TO assay_app`;

async function recordFigures(writer: Writer, sequencer: Sequencer): Promise<Figure[]> {
  await asOwner(writer.runtime, BARE_TABLE);
  const [whole, inserts, copies]: [number[], number[], number[]] = [[], [], []];
  for (let turn = -1; turn < ROUNDS; turn += 1) {
    const [forInsert, forCopy] = [bareRows(writer), bareRows(writer)];
    const inserting = await seconds(() => bareByWriters(writer, forInsert, insertRows));
    const all = await seconds(async () => {
      await recordByWriters(writer);
      await sequencer.drain();
    });
    const copying = await seconds(() => bareByWriters(writer, forCopy, copyBare));
    // The first round warms up.
    if (turn < 0) continue;
    whole.push(all);
    inserts.push(inserting);
    copies.push(copying);
  }
  const ratio = (alone: readonly number[]): number => round(median(alone.map((one, index) => one / whole[index]!)));
  return [
    figure('evidence', `record path, ${WRITERS} writers, sequenced: of the speed of a bare multi-row INSERT of the rows`, ratio(inserts), 'share', '>= 0.25'),
    figure('evidence', 'the same, of the speed of a bare COPY of the rows', ratio(copies), 'share', null),
    figure('evidence', 'the same', Math.round((WRITERS * EACH) / median(whole)), 'predictions/s', null),
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

const STORED = `SELECT sum(pg_total_relation_size(c.oid)) AS bytes FROM pg_class c WHERE c.relname ~ '^predictions_(default|\\d{4}_\\d\\d)$' OR c.relname IN ('audit_intake', 'log_entries', 'log_tiles', 'log_heads')`;

/** As it has grown: nothing is packed for it. */
async function storageFigures({ runtime: { db } }: Writer): Promise<Figure[]> {
  const [[log], [requests], [predictions]] = await Promise.all([
    db.query<{ bytes: string }>(STORED), db.query<{ bytes: string }>(`SELECT pg_total_relation_size('idempotency') AS bytes`), db.query<{ count: string }>('SELECT count(*) FROM predictions'),
  ]);
  const each = (bytes: string): number => Math.round(Number(bytes) / Number(predictions!.count));
  return [
    figure('evidence', 'on disk for each explained prediction, proofs and indexes with it', each(log!.bytes), 'bytes', '<= 1600'),
    figure('evidence', 'beside it for its requestId', each(requests!.bytes), 'bytes', null),
  ];
}

const problem = (text: string): void => {
  throw new Error(text);
};

async function verifyFigures({ runtime }: Writer): Promise<Figure[]> {
  let comparing = 0;
  const verified = await runtime.db.snapshot(async (db) => {
    const rows = new PredictionRows(db, problem);
    await verifyTree(db, { problem, entries: async (batch) => {
      comparing += await seconds(() => rows.compare(batch));
    } });
    return rows.verified;
  });
  return [figure('evidence', 'rows of predictions derived again and compared', Math.round(verified / comparing), 'rows/s', '>= 30000')];
}

/** As packing.ts packs a scored prediction's: mark, flags and time, and 208 bytes of ids and digests, here of the row's number `n`. */
const PACKED_LEAF = `'\\x0100019ac0ffee00'::bytea || substr(${Array.from({ length: 7 }, (_, part) => `sha256(('${part} ' || n)::bytea)`).join(' || ')}, 1, 208)`;

/** Proofs and verification of a log of this size, filled with entries of predictions that are nowhere else. */
async function sizeFigures({ runtime }: Writer, log: TransparencyLog, sequencer: Sequencer, size: number): Promise<Figure[]> {
  const [{ count }] = (await runtime.db.query<{ count: number }>('SELECT count(*)::int AS count FROM log_entries')) as [{ count: number }];
  await asOwner(runtime, `INSERT INTO audit_intake (id, type, leaf) SELECT uuidv7(), 'PREDICTION_RECORDED', ${PACKED_LEAF} FROM generate_series(1, ${size - count}) n`);
  await asOwner(runtime, 'VACUUM ANALYZE audit_intake');
  const sequencing = await seconds(() => sequencer.drain());
  await asOwner(runtime, 'VACUUM ANALYZE log_entries');
  const ids = await runtime.db.query<{ id: string }>('SELECT intake_id AS id FROM log_entries ORDER BY md5(index::text) LIMIT $1', [PROOFS]);
  const times: number[] = [];
  for (const { id } of ids) times.push(1_000 * (await seconds(() => log.proofs(runtime.db, [id]))));
  const name = size.toLocaleString('en');
  const figures = [figure('evidence', `inclusion proof, median, of ${name} entries`, round(median(times)), 'ms', '<= 5')];
  if (size < SIZES.at(-1)!) return figures;
  const verifying = await seconds(() => runtime.db.snapshot((db) => verifyTree(db, { problem })));
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
      // Before its first entry: then it begins.
      await log.checkpoint(runtime.db);
      const figures = [...(await recordFigures(writer, sequencer)), ...(await storageFigures(writer)), ...(await verifyFigures(writer))];
      for (const size of SIZES) figures.push(...(await sizeFigures(writer, log, sequencer, size)));
      return figures;
    } finally {
      await runtime.close();
    }
  },
};
