import { readLeaf, type Entry } from '../audit/index.js';
import { sha256, type BulkReader } from '../platform/index.js';
import { columnsDigest } from '../predictions/index.js';
import { storedPredictions, type StoredPrediction } from './stored-predictions.js';

/** What else a changed leaf may say: that it was changed is told by the tree. */
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Few, so that what is read of them is gone before memory is tidied up; enough for a statement to be worth it. */
const AT_ONCE = 512;

interface Leaf {
  readonly id: string;
  readonly status: string;
  readonly record: string;
  readonly columns: string;
}

/** Derives what the leaves of predictions say from the rows as they are stored, ciphertext included. */
export class PredictionRows {
  private count = 0;

  constructor(
    private readonly db: BulkReader,
    private readonly problem: (text: string) => void,
  ) {}

  get verified(): number {
    return this.count;
  }

  async compare(entries: readonly Pick<Entry, 'type' | 'leaf'>[]): Promise<void> {
    const leaves = entries.filter(({ type }) => type === 'PREDICTION_RECORDED').flatMap(({ leaf }) => readLeaf<Leaf>(leaf) ?? []).filter(({ id }) => UUID.test(id));
    const chunks = Array.from({ length: Math.ceil(leaves.length / AT_ONCE) }, (_, nth) => leaves.slice(nth * AT_ONCE, (nth + 1) * AT_ONCE));
    let ahead = this.read(chunks[0]);
    for (const [nth, chunk] of chunks.entries()) {
      const rows = await ahead;
      // While these are compared, PostgreSQL looks for the next.
      ahead = this.read(chunks[nth + 1]);
      this.compareAll(chunk, rows);
    }
    await ahead;
  }

  private async read(leaves: readonly Leaf[] = []): Promise<StoredPrediction[]> {
    return leaves.length === 0 ? [] : storedPredictions(this.db, leaves.map(({ id }) => id));
  }

  private compareAll(leaves: readonly Leaf[], rows: readonly StoredPrediction[]): void {
    const stored = new Map(rows.map((row) => [row.columns.id, row]));
    if (stored.size !== rows.length) this.problem(`${rows.length - stored.size} predictions are stored twice, under other customers.`);
    for (const leaf of leaves) this.compareOne(leaf, stored.get(leaf.id));
    this.count += leaves.length;
  }

  private compareOne({ id, status, record, columns }: Leaf, row: StoredPrediction | undefined): void {
    if (!row) return this.problem(`Prediction ${id} was logged, but is not there any more.`);
    if (sha256(row.body).toString('hex') !== record) this.problem(`The record of prediction ${id} was changed.`);
    if (!row.exact || row.columns.status !== status || columnsDigest(row.salt, row.columns).toString('hex') !== columns) this.problem(`A column of prediction ${id} was changed.`);
  }

  /** Rows that no event witnesses. */
  async nothingUnwitnessed(): Promise<void> {
    const rows = await this.db.query<{ id: string }>(
      `SELECT p.id FROM predictions p WHERE NOT EXISTS (SELECT FROM audit_intake i WHERE i.id = p.id AND i.type = 'PREDICTION_RECORDED') ORDER BY p.id LIMIT 20`);
    for (const { id } of rows) this.problem(`Prediction ${id} is stored, but no event tells of it.`);
  }
}
