import { readLeaf, type Entry } from '../audit/index.js';
import { canonicalJson, sha256, type Queryable } from '../platform/index.js';
import { ActsInLog } from './acts-in-log.js';
import type { Row } from './acts-of-rows.js';
import { WritersOfRows, type RowLeaf } from './writers-of-rows.js';

/** The tables whose every row is bound by leaves (the trigger `witnessed`), and what of a row is bound where that is not all of it. */
const TABLES: Readonly<Record<string, string>> = Object.fromEntries([
  ...[
    'users', 'role_grants', 'proposals', 'proposal_decisions', 'governance_policies', 'models', 'model_facts', 'model_reviews', 'model_tier_changes', 'model_versions',
    'model_version_artefacts', 'model_version_contributors', 'model_version_votes', 'model_version_transitions', 'gate_evaluations', 'gate_results', 'gate_waivers',
    'findings', 'finding_reassignments', 'finding_resolutions', 'finding_verdicts', 'deployments', 'suspensions', 'decision_overrides', 'decision_reviews',
    'decision_review_outcomes', 'counteroffers', 'counteroffer_acceptances', 'adverse_action_notices',
    'retention_rules', 'legal_holds', 'legal_hold_ends', 'erasures', 'erasure_ends',
  ].map((table) => [table, 'to_jsonb(t)']),
  ['artefacts', `jsonb_build_object('sha256', t.sha256, 'uploaded_by', t.uploaded_by, 'recorded_at', t.recorded_at)`],
  // Not the number: it tells how often they ran.
  ['migrations', `jsonb_build_object('name', t.name, 'timestamp', t.timestamp)`],
]);

export const WITNESSED_TABLES = Object.keys(TABLES);

/** Rows that are read at once. */
const BATCH = 2_000;

/** SHA-256 of the row as canonical JSON: every column that is not null, as text. */
const rowDigest = (row: Row): string => sha256(canonicalJson(row)).toString('hex');

/**
 * Derives from the leaves which rows of governance there must be, compares them with those that there are, and says whose
 * writing no rule allows and of which rows no act tells. Holds a digest and the leaf of an act for each row of these tables,
 * which are small beside the predictions.
 */
export class GovernanceRows {
  private readonly expected = new Map<string, Map<string, number>>(WITNESSED_TABLES.map((table) => [table, new Map()]));
  private readonly writers = new WritersOfRows();
  private readonly acts = new ActsInLog();
  private count = 0;

  constructor(
    private readonly db: Queryable,
    private readonly problem: (text: string) => void,
  ) {}

  get verified(): number {
    return this.count;
  }

  /** Takes in what these entries say. */
  add(entries: readonly Pick<Entry, 'type' | 'leaf'>[]): void {
    for (const { type, leaf } of entries) {
      if (type === 'ROW_WRITTEN') this.addRow(leaf);
      else this.acts.add(type, leaf);
    }
  }

  private addRow(leaf: Buffer): void {
    const told = readLeaf<RowLeaf>(leaf);
    const rows = told && this.expected.get(told.table);
    // No JSON any more, or of a later release than this one.
    if (!rows) return;
    change(rows, told.row, 1);
    change(rows, told.replaced, -1);
    this.writers.add(told);
  }

  /** Compares every row that is stored, when all entries were taken in. */
  async compare(): Promise<void> {
    for (const [table, expected] of this.expected) {
      for await (const row of this.rowsOf(table)) this.compareOne(table, row, expected);
      const missing = [...expected.values()].reduce((sum, times) => sum + times, 0);
      if (missing !== 0) this.problem(`${missing} rows of ${table} were logged, but are not there as they were: changed or deleted.`);
    }
    for (const text of this.writers.problems()) this.problem(text);
    await this.compareArtefacts();
  }

  private compareOne(table: string, row: Row, expected: Map<string, number>): void {
    this.count += 1;
    const digest = rowDigest(row);
    if (!expected.has(digest)) return this.problem(`A row of ${table} is not one that was logged: it was changed, or put there, by somebody whom no rule holds. ${describe(row)}`);
    change(expected, digest, -1);
    this.compareActs(table, row, digest);
  }

  private compareActs(table: string, row: Row, digest: string): void {
    const acts = this.writers.stoodAtFirst(table, digest, row['id']) ? [] : this.acts.missing(table, row);
    for (const types of acts) this.problem(`A row of ${table} was logged, but no act of anybody tells of it as it is (${types.join(' or ')}): it was put there, or changed, past the application. ${describe(row)}`);
    const id = row['id'] ?? '';
    const more = this.writers.changesOf(table, id) - this.acts.changesOf(table, id);
    if (more > 0) this.problem(`A row of ${table} was changed ${more} times more than acts of people tell of: past the application. ${describe(row)}`);
  }

  /** A page at a time, by the place on disk, which within one moment of the database stays. */
  private async *rowsOf(table: string): AsyncGenerator<Row> {
    for (let after = '(0,0)'; ;) {
      const rows = await this.db.query<{ at: string; stored: Row }>(
        `SELECT t.ctid::text AS at, (SELECT json_object_agg(key, value) FROM jsonb_each_text(${TABLES[table]!}) WHERE value IS NOT NULL) AS stored
         FROM ${table} t WHERE t.ctid > $1::tid ORDER BY t.ctid LIMIT ${BATCH}`, [after]);
      for (const { stored } of rows) yield stored;
      if (rows.length < BATCH) return;
      after = rows.at(-1)!.at;
    }
  }

  /** Bytes are bound by their digest, which is a column. Hashed where they are: they can be large. */
  private async compareArtefacts(): Promise<void> {
    const changed = await this.db.query<{ digest: string }>(`SELECT encode(sha256, 'hex') AS digest FROM artefacts WHERE sha256(bytes) <> sha256 ORDER BY sha256`);
    for (const { digest } of changed) this.problem(`The bytes of artefact ${digest} were changed.`);
  }
}

function change(rows: Map<string, number>, digest: string | null, by: number): void {
  if (digest === null) return;
  const times = (rows.get(digest) ?? 0) + by;
  if (times === 0) rows.delete(digest);
  else rows.set(digest, times);
}

/** Ids only: what a person said is not for a log. */
const describe = (row: Row): string =>
  Object.entries(row).filter(([name]) => name === 'id' || name.endsWith('_id') || name === 'sha256').map(([name, value]) => `${name} ${value}`).join(', ');
