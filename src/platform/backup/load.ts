import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { escapeIdentifier, escapeLiteral, type ClientBase } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { badInput, internal, refused } from '../../base/index.js';
import type { Transaction } from '../database.js';
import { DUMP_FORMAT, type DumpedTable, type DumpManifest } from './dump.js';
import { readManifest, sha256OfFile, within } from './files.js';
import { columnsOf, nameOf, tablesIn, type Scope, type Table } from './tables.js';

type Progress = (done: number, of: number, what: string) => void;

/** Reads the manifest of a dump, and every file of it once. @throws REFUSED where one was changed or is missing */
export async function checkDump(from: string, progress: Progress): Promise<DumpManifest> {
  const manifest = await readManifest<DumpManifest>(from, DUMP_FORMAT);
  const total = manifest.tables.reduce((sum, { bytes }) => sum + bytes, 0);
  let done = 0;
  for (const { path, sha256, bytes } of manifest.tables) {
    const file = within(from, path);
    if ((await stat(file).catch(() => undefined)) === undefined) throw refused(`${file}: is missing from the dump.`);
    const found = await sha256OfFile(file);
    if (found !== sha256) throw refused(`${file}: was changed after the dump: its SHA-256 is ${found}, but the manifest says ${sha256}.`);
    progress((done += bytes), total, path);
  }
  return manifest;
}

/**
 * Fills the tables of a migrated database that is empty but for what migrations put there, in its owner's transaction: all
 * of it or nothing. Triggers are for acts, not for rows that were judged when they were written, so they rest meanwhile;
 * foreign keys, checks and unique keys do not.
 * @param holdsActs rows that there are not in a database in which nobody has acted yet; SQL
 * @throws REFUSED where the database is not empty, or has other migrations
 */
export async function loadDump({ connection }: Transaction, scope: Scope, from: string, manifest: DumpManifest, holdsActs: readonly Rows[], progress: Progress): Promise<void> {
  await connection.query(`SET LOCAL TimeZone = 'UTC'; SET LOCAL DateStyle = 'ISO'`);
  await requireSameMigrations(connection, manifest);
  await requireEmpty(connection, holdsActs);
  await load(connection, await matched(connection, scope, manifest), from, manifest, progress);
}

async function requireSameMigrations(client: ClientBase, { migrations }: DumpManifest): Promise<void> {
  const { rows } = await client.query<{ name: string }>('SELECT name FROM migrations');
  const here = new Set(rows.map(({ name }) => name));
  const missing = migrations.filter((name) => !here.has(name));
  if (missing.length > 0) throw refused(`The dump is of a later release of Assay: it has the migrations ${missing.join(', ')}, which this one does not know. Restore it with that release.`);
  const more = [...here].filter((name) => !migrations.includes(name));
  if (more.length > 0) throw refused(`The dump is of an earlier release of Assay, without the migrations ${more.join(', ')}. Restore it with that release, then start this one, which migrates it.`);
}

/** Rows of a table; of all of it, unless told which. */
export interface Rows {
  readonly table: string;
  readonly where?: string;
}

async function requireEmpty(client: ClientBase, holdsActs: readonly Rows[]): Promise<void> {
  for (const { table, where = 'true' } of holdsActs) {
    const { rows } = await client.query(`SELECT FROM ${escapeIdentifier(table)} WHERE ${where} LIMIT 1`);
    if (rows.length > 0) throw refused(`The database is not empty: there are ${table}. A dump is restored into a new one: name another database, or another ASSAY_HOME.`);
  }
}

const textOf = (table: Table): string => `${nameOf(table)} (${columnsOf(table)})`;

/** The manifest names tables and columns; those of the database are meant, and no others. */
async function matched(client: ClientBase, scope: Scope, { tables }: DumpManifest): Promise<DumpedTable[]> {
  const here = await tablesIn(client, scope);
  const known = new Map(tables.map((table) => [textOf(table), table]));
  const missing = here.filter((table) => !known.has(textOf(table)));
  if (missing.length > 0 || here.length !== tables.length) {
    const more = tables.filter((table) => !here.some((one) => textOf(one) === textOf(table)));
    throw badInput(`The tables of the dump are not those that this release makes. Only in the dump: ${more.map(textOf).join('; ') || 'none'}. Only here: ${missing.map(textOf).join('; ') || 'none'}.`);
  }
  return here.map((table) => known.get(textOf(table))!);
}

async function load(client: ClientBase, tables: readonly DumpedTable[], from: string, { partitions, sequences, tables: all }: DumpManifest, progress: Progress): Promise<void> {
  const total = all.reduce((sum, { rows }) => sum + rows, 0);
  for (const table of tables) await client.query(`ALTER TABLE ${nameOf(table)} DISABLE TRIGGER USER`);
  await client.query(`TRUNCATE ${tables.map(nameOf).join(', ')}`);
  for (const { schema, name, parent, bound } of partitions) {
    // Rows of years past find the partitions that they had.
    if (/^FOR VALUES FROM \('[^']+'\) TO \('[^']+'\)$/.test(bound)) await client.query(`CREATE TABLE IF NOT EXISTS ${nameOf({ schema, name })} PARTITION OF ${nameOf({ schema, name: parent })} ${bound}`);
  }
  let before = 0;
  for (const table of tables) {
    progress(before, total, table.name);
    await loadTable(client, table, within(from, table.path));
    progress((before += table.rows), total, table.name);
  }
  for (const { schema, name, last } of sequences) if (last !== null) await client.query(`SELECT setval(${escapeLiteral(nameOf({ schema, name }))}::regclass, ${BigInt(last)})`);
  // What is checked at the end of a transaction is checked before the triggers wake.
  await client.query('SET CONSTRAINTS ALL IMMEDIATE');
  for (const table of tables) await client.query(`ALTER TABLE ${nameOf(table)} ENABLE TRIGGER USER`);
}

async function loadTable(client: ClientBase, table: DumpedTable, path: string): Promise<void> {
  const sink = client.query(copyFrom(`COPY ${nameOf(table)} (${columnsOf(table)}) FROM STDIN`));
  await pipeline(createReadStream(path), createGunzip(), sink);
  if (sink.rowCount !== table.rows) throw internal(`${path}: ${sink.rowCount} rows were restored, but ${table.rows} were dumped.`);
}
