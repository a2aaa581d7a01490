import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { copyRows, newId } from '../../src/platform/index.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';
import { asSuperuser } from '../support/postgres.js';

const COLUMNS = ['customer_id', 'id', 'loan_id', 'actor_id', 'purpose', 'status', 'as_of', 'created_at', 'row_salt', 'body'];

/** A UUIDv7 of a moment. */
function idOf(moment: string, tail = '7000-8000-000000000000'): string {
  const hex = Date.parse(moment).toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-${tail}`;
}

const LAST_TAIL = '7fff-bfff-ffffffffffff';
const partitionOf = (moment: Date): string => `predictions_${moment.toISOString().slice(0, 7).replace('-', '_')}`;

describe('the partitions of predictions', () => {
  let database: TestDatabase;
  beforeAll(async () => void (database = await openTestDatabase()));
  afterAll(() => database.close());

  /** Records a refused prediction under an id and tells the partition in which it landed. */
  const landing = (id: string): Promise<string> =>
    database.db.transaction(async (tx) => {
      const now = new Date();
      await copyRows(tx, 'predictions', COLUMNS, [[newId(), id, newId(), newId(), 'ORIGINATION', 'REFUSED', now, now, Buffer.alloc(16), Buffer.from('body')]]);
      const [row] = (await tx.query('SELECT tableoid::regclass::text AS partition FROM predictions WHERE id = $1', [id])) as { partition: string }[];
      return row!.partition;
    });

  it('take an id made now into the partition of this month', async () => {
    const id = newId();
    const made = new Date(Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16));
    expect(await landing(id)).toBe(partitionOf(made));
  });

  it('reach a year ahead', async () => {
    const now = new Date();
    const ahead = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 12, 1));
    expect(await landing(idOf(ahead.toISOString()))).toBe(partitionOf(ahead));
  });

  it('change at midnight UTC of the first of a month, to the millisecond', async () => {
    const now = new Date();
    const first = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 3, 1));
    const before = new Date(first.getTime() - 1);
    expect(await landing(idOf(first.toISOString()))).toBe(partitionOf(first));
    expect(await landing(idOf(before.toISOString(), LAST_TAIL))).toBe(partitionOf(before));
  });

  it('leave what has no month of its own to the default: nothing is refused or lost', async () => {
    expect(await landing(idOf('2090-06-15T00:00:00Z'))).toBe('predictions_default');
    expect(await landing(idOf('1999-06-15T00:00:00Z'))).toBe('predictions_default');
  });

  it('are made ahead by the owner, as often as one likes', async () => {
    await asSuperuser(database.name, async (client) => {
      await client.query('SET ROLE assay_owner');
      for (let turn = 0; turn < 2; turn += 1) await client.query("SELECT create_prediction_partitions('2031-11-20', 3)");
    });
    expect(await landing(idOf('2031-12-31T23:59:59.999Z', LAST_TAIL))).toBe('predictions_2031_12');
    expect(await landing(idOf('2032-01-01T00:00:00Z'))).toBe('predictions_2032_01');
    expect(await landing(idOf('2032-02-01T00:00:00Z'))).toBe('predictions_default');
  });
});
