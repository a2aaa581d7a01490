import { leafHash, openLogKey, parseCheckpoint, parseNote, parseReceipt, verifyNote, type VerifierKey } from '../../src/audit/index.js';
import { entities } from '../../src/entities.js';
import { verifyLog } from '../../src/evidence/index.js';
import { Database, type Config } from '../../src/platform/index.js';
import { urlsOf } from '../support/postgres.js';
import { DEPLOYED } from '../support/deployed-template.js';
import type { Acknowledged } from './load.js';

/** What must be nothing, each counted. */
export interface Findings {
  /** Acknowledged, but not in the database. */
  lost: number;
  /** Requests with more than one prediction. */
  doubled: number;
  /** Numbers of entries that are missing between the first and the last. */
  gaps: number;
  /** Receipts whose leaf is not in the log as it was promised, or that are not signed by the log. */
  broken: number;
  /** Signed checkpoints that are not of a size and root that the log has. */
  forgotten: number;
  /** What verifying tree and rows found. */
  problems: number;
}

export interface Checked extends Findings {
  readonly entries: number;
  readonly heads: number;
  readonly predictions: number;
  readonly told: readonly string[];
}

const CHUNK = 5_000;
const WAIT_MILLISECONDS = 60_000;

/** Compares what clients were told with what is there, and recomputes every root from the entries. */
export async function check(config: Config, acknowledged: readonly Acknowledged[], checkpoints: readonly string[]): Promise<Checked> {
  const db = await Database.open(urlsOf(DEPLOYED), { entities, pool: 2 });
  try {
    await integrated(db);
    const key = (await openLogKey(config)).verifier(1);
    const { problemCount, problems, entries, heads, predictions } = await verifyLog(db);
    const [[doubled], [gaps]] = await Promise.all([
      db.query<{ n: number }>('SELECT count(*)::int AS n FROM (SELECT FROM predictions WHERE request_id IS NOT NULL GROUP BY actor_id, request_id HAVING count(*) > 1) d'),
      db.query<{ n: number }>('SELECT coalesce(max(index) + 1 - count(*), 0)::int AS n FROM log_entries WHERE epoch = 1'),
    ]);
    return {
      ...(await promises(db, acknowledged, key)), doubled: doubled!.n, gaps: gaps!.n, forgotten: await forgotten(db, checkpoints, key), problems: problemCount, told: problems, entries, heads, predictions,
    };
  } finally {
    await db.close();
  }
}

async function integrated(db: Database): Promise<void> {
  for (const end = performance.now() + WAIT_MILLISECONDS; performance.now() < end; ) {
    const [waiting] = await db.query<{ n: number }>('SELECT count(*)::int AS n FROM audit_intake i WHERE NOT EXISTS (SELECT FROM log_entries e WHERE e.intake_id = i.id)');
    if (waiting!.n === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

interface Found {
  readonly id: string;
  readonly request_id: string;
  readonly leaf: Buffer | null;
}

async function promises(db: Database, acknowledged: readonly Acknowledged[], key: VerifierKey): Promise<Pick<Findings, 'lost' | 'broken'>> {
  const counts = { lost: 0, broken: 0 };
  for (let at = 0; at < acknowledged.length; at += CHUNK) {
    const some = acknowledged.slice(at, at + CHUNK);
    const rows = await db.query<Found>(
      `SELECT p.id, p.request_id, unpacked_leaf(i.leaf) AS leaf FROM predictions p LEFT JOIN (audit_intake i JOIN log_entries e ON e.intake_id = i.id) ON i.id = p.id WHERE p.request_id = ANY($1)`, [some.map(({ requestId }) => requestId)]);
    const found = new Map(rows.map((row) => [row.request_id, row]));
    for (const { requestId, prediction, receipt } of some) {
      const row = found.get(requestId);
      // A global id holds the row's.
      if (!row || !holds(prediction, row.id)) counts.lost += 1;
      if (!row?.leaf || !honoured(receipt, row.id, row.leaf, key)) counts.broken += 1;
    }
  }
  return counts;
}

const holds = (globalId: string, id: string): boolean => globalId.includes(id) || Buffer.from(globalId, 'base64url').toString('utf8').includes(id) || Buffer.from(globalId, 'base64url').toString('hex').includes(id.replaceAll('-', ''));

function honoured(text: string, id: string, leaf: Buffer, key: VerifierKey): boolean {
  const note = parseNote(text);
  const receipt = parseReceipt(note.text);
  return verifyNote(note, [key]).length === 1 && receipt.event === id && leafHash(leaf).equals(receipt.leaf);
}

async function forgotten(db: Database, checkpoints: readonly string[], key: VerifierKey): Promise<number> {
  const heads = new Map((await db.query<{ size: string; root: Buffer }>('SELECT size, root FROM log_heads WHERE epoch = 1')).map(({ size, root }) => [Number(size), root]));
  return checkpoints.filter((text) => {
    const note = parseNote(text);
    const { size, root } = parseCheckpoint(note.text);
    return verifyNote(note, [key]).length !== 1 || !heads.get(size)?.equals(root);
  }).length;
}
