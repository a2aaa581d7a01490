import { newContext, AssayError, type Context, type Database } from '../../platform/index.js';
import { PREDICTION_COLUMNS, type Evidence, type PredictionRow } from '../../predictions/index.js';
import type { Sequencer, TransparencyLog } from '../../audit/index.js';
import { bundleOf, bundleOfEvent } from '../bundle.js';
import { eventsIn, predictionsIn } from './scope.js';
import type { ExportState } from './state.js';
import type { TableRow } from './table.js';

export interface ExportSource {
  readonly db: Database;
  readonly log: TransparencyLog;
  readonly evidence: Evidence;
  /** Works where no server runs whose own does. */
  readonly sequencer: Sequencer;
}

/** Rows of one statement. What is opened of them is in memory at once. */
const BATCH = 250;

/** How long the sequencer may take for what was just recorded. */
const PATIENCE = 15_000;
const PAUSE = 100;
/** Within this a running server integrates what is recorded. */
const PROMISED = 1_500;

export interface PredictionLine extends TableRow {
  readonly line: string;
}

const SELECT = PREDICTION_COLUMNS.map((name) => `p.${name}`).join(', ');

/** The next predictions of an export, in the order of their ids, each with all that proves it. */
export async function nextPredictions(source: ExportSource, ctx: Context, { scope, until, lastPrediction }: ExportState): Promise<PredictionLine[]> {
  const where = predictionsIn(scope).add('p.created_at <= ?', until).add('p.id > ?', lastPrediction ?? undefined);
  const rows = await source.db.query<PredictionRow>(`SELECT ${SELECT} FROM predictions p WHERE ${where.conditions.join(' AND ')} ORDER BY p.id LIMIT ${BATCH}`, where.parameters);
  const ids = rows.map(({ id }) => id);
  const [proofs, receipts] = await proven(source, ids);
  // A context of its own: what it remembers goes with it.
  const batch = newContext({ db: source.db, log: ctx.log, actor: ctx.actor });
  return Promise.all(rows.map(async (row, at) => {
    const body = (await source.evidence.record(batch, row))?.canonical ?? null;
    const proof = proofs[at]!;
    const line = await bundleOf(batch, row, { proof, receipt: receipts[at]!, body, verifierKey: source.log.verifierKey(proof.head.epoch) });
    return { row, body, leafIndex: proof.index, line: JSON.stringify(line) };
  }));
}

export interface EventLine {
  readonly id: string;
  readonly line: string;
}

/** The next events beside predictions, likewise. */
export async function nextEvents(source: ExportSource, { scope, until, lastEvent }: ExportState): Promise<EventLine[]> {
  const where = eventsIn(scope, until).add('i.id > ?', lastEvent ?? undefined);
  const rows = await source.db.query<{ id: string }>(
    `SELECT i.id FROM audit_intake i CROSS JOIN LATERAL (SELECT convert_from(unpacked_leaf(i.leaf), 'UTF8')::jsonb AS said) l WHERE ${where.conditions.join(' AND ')} ORDER BY i.id LIMIT ${BATCH}`, where.parameters);
  return eventLines(source, rows.map(({ id }) => id));
}

/** Events with all that proves them. @throws UNAVAILABLE where they do not come into the tree */
export async function eventLines(source: ExportSource, ids: readonly string[]): Promise<EventLine[]> {
  const [proofs, receipts] = await proven(source, ids);
  return ids.map((id, at) => ({ id, line: JSON.stringify(bundleOfEvent({ proof: proofs[at]!, receipt: receipts[at]!, verifierKey: source.log.verifierKey(proofs[at]!.head.epoch) })) }));
}

/** Proofs and receipts of all; waits for what is not in the tree yet, and sees to it where no server does. @throws UNAVAILABLE where that takes too long */
async function proven({ db, log, sequencer }: ExportSource, ids: readonly string[]) {
  const [begun, end] = [Date.now(), Date.now() + PATIENCE];
  for (;;) {
    const [proofs, receipts] = await Promise.all([log.proofs(db, ids), log.receipts(db, ids)]);
    if (proofs.every((proof) => proof !== undefined) && receipts.every((receipt) => receipt !== undefined)) return [proofs, receipts] as const;
    if (Date.now() > end) throw new AssayError('UNAVAILABLE', 'Some of what was asked for is not in the transparency log yet. assay log status says why the log does not grow.');
    if (Date.now() > begun + PROMISED) await sequencer.drain();
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }
}
