import type { EntryProof, PredictionBundle } from '../audit/index.js';
import { internal, type Context } from '../platform/index.js';
import { columnsInDigest, type PredictionRow } from '../predictions/index.js';

/** What was looked up for it already. */
interface Parts {
  readonly proof: EntryProof;
  readonly receipt: string;
  readonly body: string | null;
  readonly verifierKey: string;
}

/** The bundle of a prediction, as JSON. */
export async function bundleOf(ctx: Context, row: PredictionRow, { proof, receipt, body, verifierKey }: Parts): Promise<string> {
  const [stored] = await ctx.db.query<{ row_salt: Buffer; body: Buffer }>('SELECT row_salt, body FROM predictions WHERE customer_id = $1 AND id = $2', [row.customer_id, row.id]);
  if (!stored) throw internal(`The prediction ${row.id} was there a moment ago.`);
  const bundle: PredictionBundle = {
    format: 'assay-prediction@1',
    verifierKey,
    leaf: proof.leaf.toString('utf8'),
    proof: proof.text,
    receipt,
    columns: columnsInDigest(row) as Record<string, unknown>,
    rowSalt: stored.row_salt.toString('base64'),
    record: stored.body.toString('base64'),
    body,
  };
  return JSON.stringify(bundle, null, 2);
}
