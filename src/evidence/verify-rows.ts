import { readLeaf, type Entry } from '../audit/index.js';
import { canonicalJson, sha256, type Queryable } from '../platform/index.js';

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
]);

export const WITNESSED_TABLES = Object.keys(TABLES);

/** What changes as it is used: a role ends, a draft is edited, a name is spelt anew. Rows of all other tables are written once. */
const CHANGES = new Set(['users', 'role_grants', 'models', 'model_versions', 'model_version_artefacts', 'deployments', 'suspensions']);

interface Leaf {
  /** The role of the database that wrote. */
  readonly actor: string;
  readonly id: string | null;
  readonly table: string;
  readonly row: string | null;
  readonly replaced: string | null;
}

/** Rows that are read at once. */
const BATCH = 2_000;

/** SHA-256 of the row as canonical JSON: every column that is not null, as text. */
const rowDigest = (row: Readonly<Record<string, string>>): string => sha256(canonicalJson(row)).toString('hex');

/**
 * Derives from the leaves which rows of governance there must be, and compares them with those that there are. Holds a
 * digest for each row of these tables, which are small beside the predictions.
 */
export class GovernanceRows {
  private readonly expected = new Map<string, Map<string, number>>(WITNESSED_TABLES.map((table) => [table, new Map()]));
  /** Changes of what is written once: no rule allows one, so the log tells of somebody whom none holds. */
  private readonly rewritten: Leaf[] = [];
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
      if (type !== 'ROW_WRITTEN') continue;
      const told = readLeaf<Leaf>(leaf);
      const rows = told && this.expected.get(told.table);
      // No JSON any more, or of a later release than this one.
      if (!rows) continue;
      change(rows, told.row, 1);
      change(rows, told.replaced, -1);
      if (told.replaced !== null && !CHANGES.has(told.table)) this.rewritten.push(told);
    }
  }

  /** Compares every row that is stored, when all entries were taken in. */
  async compare(): Promise<void> {
    for (const [table, expected] of this.expected) {
      for await (const { at, digest } of this.digestsOf(table)) {
        if (expected.has(digest)) change(expected, digest, -1);
        else this.problem(`A row of ${table} is not one that was logged: it was changed, or put there, by somebody whom no rule holds. ${at}`);
        this.count += 1;
      }
      const missing = [...expected.values()].reduce((sum, times) => sum + times, 0);
      if (missing !== 0) this.problem(`${missing} rows of ${table} were logged, but are not there as they were: changed or deleted.`);
    }
    await this.nothingRewritten();
    await this.compareArtefacts();
  }

  /** By nobody but the owner, whose migrations take a release back and forth. */
  private async nothingRewritten(): Promise<void> {
    const owners = await this.db.query<{ table: string; owner: string }>(`SELECT tablename AS table, tableowner AS owner FROM pg_tables WHERE schemaname = 'public'`);
    const ownerOf = new Map(owners.map(({ table, owner }) => [table, owner]));
    for (const { actor, table, id } of this.rewritten) {
      if (actor !== ownerOf.get(table)) this.problem(`A row of ${table}, which is written once, was changed or deleted by the role ${actor} of the database: ${String(id)}.`);
    }
  }

  /** A page at a time, by the place on disk, which within one moment of the database stays. */
  private async *digestsOf(table: string): AsyncGenerator<{ at: string; digest: string }> {
    for (let after = '(0,0)'; ;) {
      const rows = await this.db.query<{ at: string; stored: Record<string, string> }>(
        `SELECT t.ctid::text AS at, (SELECT json_object_agg(key, value) FROM jsonb_each_text(${TABLES[table]!}) WHERE value IS NOT NULL) AS stored
         FROM ${table} t WHERE t.ctid > $1::tid ORDER BY t.ctid LIMIT ${BATCH}`, [after]);
      for (const { stored } of rows) yield { at: describe(stored), digest: rowDigest(stored) };
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
const describe = (row: Readonly<Record<string, string>>): string =>
  Object.entries(row).filter(([name]) => name === 'id' || name.endsWith('_id') || name === 'sha256').map(([name, value]) => `${name} ${value}`).join(', ');
