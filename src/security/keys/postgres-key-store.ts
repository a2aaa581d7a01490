import { Pool } from 'pg';
import { AssayError, conflict, internal, messageOf, sqlState } from '../../platform/index.js';
import { isCustomers, type KeyStore, type Replacement, type WrappedKey } from './key-store.js';

const UNIQUE_VIOLATION = '23505';
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * The provider for several machines: a PostgreSQL of its own, which is neither the server of the data nor backed up with it.
 * What was destroyed is in its log and its backups for as long as those are kept, and opens until the key-encryption key is
 * rotated and the old one destroyed: see docs/personal-data.md.
 */
export class PostgresKeyStore implements KeyStore {
  private constructor(
    private readonly pool: Pool,
    readonly place: string,
  ) {}

  /** Makes its table on first use. @throws UNAVAILABLE where the server cannot be reached */
  static async open(url: string): Promise<PostgresKeyStore> {
    const { hostname, port, pathname } = new URL(url);
    const place = `postgres://${hostname}${port && `:${port}`}${pathname}`;
    const pool = new Pool({ connectionString: url, max: 4, application_name: 'assay-keys' });
    pool.on('error', () => undefined);
    try {
      const { rows: [found] } = await pool.query<{ there: boolean }>(`SELECT to_regclass('assay_keys') IS NOT NULL AS there`);
      if (!found!.there) await pool.query('CREATE TABLE IF NOT EXISTS assay_keys (customer_id uuid PRIMARY KEY, wrapped bytea NOT NULL)');
    } catch (error) {
      await pool.end();
      throw new AssayError('UNAVAILABLE', `The key store at ${place} cannot be used: ${messageOf(error)}`, { cause: error });
    }
    return new PostgresKeyStore(pool, place);
  }

  /** Which cluster of PostgreSQL this is; its databases share their log and their backups. */
  async cluster(): Promise<string> {
    const { rows: [row] } = await this.pool.query<{ id: string }>('SELECT system_identifier::text AS id FROM pg_control_system()');
    return row!.id;
  }

  async putAll(entries: readonly WrappedKey[]): Promise<void> {
    const ids = entries.map(({ customerId }) => checked(customerId));
    const known = new Set(ids).size < ids.length ? ids.find((id, index) => ids.indexOf(id) !== index) : undefined;
    if (known !== undefined) throw taken(known);
    await this.pool
      .query('INSERT INTO assay_keys (customer_id, wrapped) SELECT * FROM unnest($1::uuid[], $2::bytea[])', [ids, entries.map(({ wrapped }) => Buffer.from(wrapped))])
      .catch((error: unknown) => {
        const [, id] = /\(customer_id\)=\((.*)\)/.exec((error as { detail?: string }).detail ?? '') ?? [];
        throw sqlState(error) === UNIQUE_VIOLATION ? taken(id ?? ids[0]!) : error;
      });
  }

  async get(customerId: string): Promise<Uint8Array | undefined> {
    return (await this.getAll([customerId]))[0];
  }

  async getAll(customerIds: readonly string[]): Promise<(Uint8Array | undefined)[]> {
    const ids = customerIds.map(checked);
    const { rows } = await this.pool.query<Row>('SELECT customer_id, wrapped FROM assay_keys WHERE customer_id = ANY($1::uuid[])', [ids]);
    const found = new Map(rows.map((row) => [row.customer_id, row.wrapped]));
    return ids.map((id) => found.get(id));
  }

  async scan(after: string | undefined, most: number): Promise<WrappedKey[]> {
    const { rows } = await this.pool.query<Row>('SELECT customer_id, wrapped FROM assay_keys WHERE $1::uuid IS NULL OR customer_id > $1 ORDER BY customer_id LIMIT $2', [after ?? null, most]);
    return rows.map(({ customer_id: customerId, wrapped }) => ({ customerId, wrapped }));
  }

  async count(): Promise<number> {
    const { rows: [row] } = await this.pool.query<{ count: number }>('SELECT count(*)::int AS count FROM assay_keys');
    return row!.count;
  }

  async newest(): Promise<string | undefined> {
    const { rows: [row] } = await this.pool.query<{ id: string }>('SELECT customer_id AS id FROM assay_keys ORDER BY customer_id DESC LIMIT 1');
    return row && isCustomers(row.id) ? row.id : undefined;
  }

  async replaceAll(changes: readonly Replacement[]): Promise<string[]> {
    const { rows } = await this.pool.query<Row>(
      `UPDATE assay_keys k SET wrapped = c.after FROM unnest($1::uuid[], $2::bytea[], $3::bytea[]) AS c(id, before, after)
       WHERE k.customer_id = c.id AND k.wrapped = c.before RETURNING k.customer_id`,
      [changes.map(({ customerId }) => checked(customerId)), changes.map(({ from }) => Buffer.from(from)), changes.map(({ to }) => Buffer.from(to))],
    );
    return rows.map(({ customer_id: id }) => id);
  }

  async destroyAll(customerIds: readonly string[]): Promise<void> {
    await this.pool.query('DELETE FROM assay_keys WHERE customer_id = ANY($1::uuid[])', [customerIds.map(checked)]);
  }

  async close(): Promise<void> {
    await this.pool.end();
  }
}

interface Row {
  readonly customer_id: string;
  readonly wrapped: Buffer;
}

function checked(id: string): string {
  if (!UUID.test(id)) throw internal(`"${id.slice(0, 40)}" is not the id of a customer.`);
  return id;
}

const taken = (id: string): Error => conflict(`Customer ${id} already has a data key.`);
