import 'reflect-metadata';
import { Pool, types, type PoolClient } from 'pg';
import { DataSource, type EntityManager, type MixedList, type EntitySchema } from 'typeorm';
import type { DatabaseUrls } from './config.js';
import { copyOut, type BulkReader, type RowReader } from './copy-out.js';
import { AssayError, internal, messageOf } from '../base/index.js';

// A date without a time stays the text it is: making it a Date would move it across midnight.
types.setTypeParser(types.builtins.DATE, (text) => text);

/** Runs one SQL statement and returns its rows. */
export interface Queryable {
  query<Row>(sql: string, parameters?: readonly unknown[]): Promise<Row[]>;
}

/** Proof of being inside a transaction: what must be atomic takes one as a parameter, so the compiler refuses it outside. */
export interface Transaction extends Queryable {
  readonly manager: EntityManager;
  /** The driver's connection, for COPY. */
  readonly connection: PoolClient;
}

type Entities = MixedList<Function | string | EntitySchema>;

/** The database in its two running roles: the application (reads and appends) and the reader (reads). */
export class Database implements BulkReader {
  private constructor(
    private readonly source: DataSource,
    private readonly readers: Pool,
  ) {}

  static async open(urls: Pick<DatabaseUrls, 'app' | 'reader'>, options: { entities: Entities; pool: number }): Promise<Database> {
    const source = new DataSource({
      type: 'postgres',
      url: urls.app,
      entities: options.entities,
      synchronize: false,
      poolSize: options.pool,
      applicationName: 'assay',
    });
    const readers = new Pool({ connectionString: urls.reader, max: options.pool, application_name: 'assay-reader' });
    // An idle connection that breaks is replaced by the pool; the next query reports whatever is still wrong.
    readers.on('error', () => undefined);
    await source.initialize().catch((error: unknown) => {
      throw new AssayError('UNAVAILABLE', `The database cannot be reached: ${messageOf(error)}`, { cause: error });
    });
    return new Database(source, readers);
  }

  /** Reads with the reader's role. */
  async query<Row>(sql: string, parameters: readonly unknown[] = []): Promise<Row[]> {
    const found = await this.readers.query(sql, parameters as unknown[]).catch((error: unknown) => {
      throw asSentence(error);
    });
    return found.rows as Row[];
  }

  /** Reads in bulk with the reader's role. */
  async copyOut<Row>(select: string, read: (row: RowReader) => Row): Promise<Row[]> {
    const connection = await this.readers.connect();
    let broken = true;
    try {
      const rows = await copyOut(connection, select, read);
      broken = false;
      return rows;
    } finally {
      connection.release(broken);
    }
  }

  /** Runs `work` in one transaction with the application's role; anything thrown rolls all of it back. */
  async transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    const runner = this.source.createQueryRunner();
    const connection = (await runner.connect()) as PoolClient;
    try {
      // The rules read anew after every lock, whatever the server's default is.
      await runner.startTransaction('READ COMMITTED');
      const result = await work({
        manager: runner.manager,
        connection,
        query: async (sql, parameters = []) => (await connection.query(sql, parameters as unknown[])).rows,
      });
      await commit(connection);
      return result;
    } catch (error) {
      // Where rolling back fails too, the connection is gone and the server has rolled back: the first error tells why.
      if (runner.isTransactionActive) await runner.rollbackTransaction().catch(() => undefined);
      throw asSentence(error);
    } finally {
      await runner.release();
    }
  }

  /**
   * Runs `work` with the reader's role on one moment of the database, whatever is written meanwhile; times are written in
   * UTC and numbers in full, so that a row is the same text on every server.
   */
  async snapshot<T>(work: (db: BulkReader) => Promise<T>): Promise<T> {
    const connection = await this.readers.connect();
    try {
      await connection.query(`BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; ${SAME_TEXT_EVERYWHERE}`);
      const result = await work({ query: async (sql, parameters = []) => (await connection.query(sql, parameters as unknown[])).rows, copyOut: (select, read) => copyOut(connection, select, read) });
      await connection.query('COMMIT');
      connection.release();
      return result;
    } catch (error) {
      // Not used again, whatever state it is in.
      connection.release(true);
      throw asSentence(error);
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.source.destroy(), this.readers.end()]);
  }
}

/** What the text of a stored value depends on. */
export const SAME_TEXT_EVERYWHERE = `SET LOCAL TimeZone = 'UTC'; SET LOCAL extra_float_digits = 1; SET LOCAL bytea_output = 'hex'; SET LOCAL DateStyle = 'ISO'; SET LOCAL IntervalStyle = 'postgres'`;

/** PostgreSQL answers COMMIT of a failed transaction with a quiet ROLLBACK: nobody may be told that it is done. */
async function commit(connection: PoolClient): Promise<void> {
  const { command } = await connection.query('COMMIT');
  if (command !== 'COMMIT') throw internal('A statement of a transaction failed unheard, so nothing of it was kept.');
}

const NUL_IN_TEXT = '22021';
const NUL_IN_JSON = '22P05';

/** What any text of a caller can run into, wherever it goes. */
function asSentence(error: unknown): unknown {
  const state = sqlState(error);
  if (state !== NUL_IN_TEXT && state !== NUL_IN_JSON) return error;
  return new AssayError('BAD_INPUT', 'A text holds the character NUL, which PostgreSQL cannot store. Remove it.', { cause: error });
}

/** PostgreSQL's SQLSTATE of an error, through whatever wrapped it. */
export function sqlState(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | undefined)?.code;
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) ? code : undefined;
}
