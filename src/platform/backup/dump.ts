import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { Client } from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import { MANIFEST, syncFolders, writeDurably, type BackupFile } from './files.js';
import { columnsOf, nameOf, partitionsIn, sequencesIn, tablesIn, type Partition, type Scope, type Sequence, type Table } from './tables.js';

export const DUMP_FORMAT = 'assay-dump@1';

export interface DumpedTable extends Table, BackupFile {
  readonly rows: number;
}

/** The rows of a database at one moment. Its tables are made by the migrations. */
export interface DumpManifest {
  readonly format: typeof DUMP_FORMAT;
  readonly takenAt: string;
  /** Those that had run: a database is restored by a release that has the same. */
  readonly migrations: readonly string[];
  readonly partitions: readonly Partition[];
  /** In the order in which they can be filled. */
  readonly tables: readonly DumpedTable[];
  readonly sequences: readonly Sequence[];
}

type Progress = (done: number, of: number | undefined, what: string) => void;

/** Fast, and as good as slower levels for what is mostly hexadecimal digits of ciphertext. */
const COMPRESSION = { level: 1 };

/** Writes every table into a file of its own by COPY, all of one snapshot: what is written meanwhile is not in it. Memory stays flat. */
export async function takeDump(url: string, scope: Scope, to: string, progress: Progress): Promise<DumpManifest> {
  const client = new Client({ connectionString: url, application_name: 'assay-backup' });
  await client.connect();
  try {
    await client.query(`BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL TimeZone = 'UTC'; SET LOCAL DateStyle = 'ISO'; SET LOCAL extra_float_digits = 1; SET LOCAL row_security = off`);
    return await dump(client, scope, to, progress);
  } finally {
    await client.end();
  }
}

async function dump(client: Client, scope: Scope, to: string, progress: Progress): Promise<DumpManifest> {
  const { rows: [now] } = await client.query<{ at: Date }>('SELECT clock_timestamp() AS at');
  const { rows: ran } = await client.query<{ name: string }>('SELECT name FROM migrations ORDER BY timestamp');
  const tables = await tablesIn(client, scope);
  const total = await expectedRows(client, scope);
  await mkdir(join(to, 'tables'), { recursive: true });
  const dumped: DumpedTable[] = [];
  let before = 0;
  for (const [index, table] of tables.entries()) {
    const path = `tables/${String(index + 1).padStart(3, '0')}-${table.name}.copy.gz`;
    const one = await dumpTable(client, table, join(to, path), (rows) => progress(before + rows, total > before + rows ? total : undefined, table.name));
    before += one.rows;
    dumped.push({ ...table, path, ...one });
  }
  const manifest: DumpManifest = {
    format: DUMP_FORMAT, takenAt: now!.at.toISOString(), migrations: ran.map(({ name }) => name), partitions: await partitionsIn(client, scope.schema), tables: dumped, sequences: await sequencesIn(client, scope.schema),
  };
  await syncFolders(to);
  await writeDurably(join(to, MANIFEST), `${JSON.stringify(manifest, null, 1)}\n`);
  return manifest;
}

/** As the statistics have it: only to show how far it is. */
async function expectedRows(client: Client, { schema }: Scope): Promise<number> {
  const { rows: [found] } = await client.query<{ rows: string | null }>(`SELECT sum(greatest(c.reltuples, 0))::bigint AS rows FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relkind = 'r'`, [schema]);
  return Number(found!.rows ?? 0);
}

async function dumpTable(client: Client, table: Table, path: string, progress: (rows: number) => void): Promise<Omit<BackupFile, 'path'> & { rows: number }> {
  const hash = createHash('sha256');
  let [bytes, rows] = [0, 0];
  const counting = new Transform({
    transform(chunk: Buffer, _, done) {
      // COPY's text format escapes line ends within values: a line is a row.
      for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) rows += 1;
      progress(rows);
      done(null, chunk);
    },
  });
  const hashing = new Transform({
    transform(chunk: Buffer, _, done) {
      hash.update(chunk);
      bytes += chunk.length;
      done(null, chunk);
    },
  });
  // A partitioned table is read through a query.
  const source = client.query(copyTo(`COPY (SELECT ${columnsOf(table)} FROM ${nameOf(table)}) TO STDOUT`));
  await pipeline(source, counting, createGzip(COMPRESSION), hashing, createWriteStream(path, { flags: 'wx', mode: 0o600 }));
  const file = await open(path, 'r+');
  await file.sync().finally(() => file.close());
  return { bytes, sha256: hash.digest('hex'), rows };
}
