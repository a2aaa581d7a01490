import type { EntryProof, EventBundle, PredictionBundle } from '../audit/index.js';
import { inOrder, internal, type Context, type LoaderDefinition } from '../platform/index.js';
import { columnsInDigest, type PredictionRow } from '../predictions/index.js';

/** What was looked up for it already. */
interface Parts {
  readonly proof: EntryProof;
  readonly receipt: string;
  readonly body: string | null;
  readonly verifierKey: string;
}

interface Stored {
  readonly id: string;
  readonly row_salt: Buffer;
  readonly body: Buffer;
}

/** What is stored beside the clear columns, of a page of predictions. */
const storedParts: LoaderDefinition<PredictionRow, Stored | undefined> = {
  cacheKey: ({ id }) => id,
  load: async (ctx, rows) => {
    const stored = await ctx.db.query<Stored>('SELECT id, row_salt, body FROM predictions WHERE (customer_id, id) IN (SELECT * FROM unnest($1::uuid[], $2::uuid[]))', [rows.map(({ customer_id }) => customer_id), rows.map(({ id }) => id)]);
    return inOrder(rows.map(({ id }) => id), stored, ({ id }) => id);
  },
};

export async function bundleOf(ctx: Context, row: PredictionRow, { proof, receipt, body, verifierKey }: Parts): Promise<PredictionBundle> {
  const stored = await ctx.loaders.of(ctx, storedParts).load(row);
  if (!stored) throw internal(`The prediction ${row.id} was there a moment ago.`);
  return {
    ...bundleOfEvent({ proof, receipt, verifierKey }),
    format: 'assay-prediction@1',
    columns: columnsInDigest(row) as Record<string, unknown>,
    rowSalt: stored.row_salt.toString('base64'),
    record: stored.body.toString('base64'),
    body,
  };
}

export const bundleOfEvent = ({ proof, receipt, verifierKey }: Omit<Parts, 'body'>): EventBundle =>
  ({ format: 'assay-event@1', verifierKey, leaf: proof.leaf.toString('utf8'), proof: proof.text, receipt });
