import { readLeaf, unpackLeaf } from '../../audit/index.js';
import type { LoaderDefinition } from '../../platform/index.js';

/** What the leaf of a prediction says: digests, hexadecimal. */
export interface WitnessedPrediction {
  readonly record: string;
  /** Of the clear columns, salted. */
  readonly columns: string;
  readonly commitment: string;
  readonly artefact: string | null;
  readonly dossier: string | null;
}

/** The leaves of predictions, by id; undefined where no event tells of one, or says nothing that can be read. That they are in the log is what `assay verify` checks. */
export const witnessedPredictions: LoaderDefinition<string, WitnessedPrediction | undefined> = {
  async load(ctx, ids) {
    const rows = await ctx.db.query<{ id: string; leaf: Buffer }>(`SELECT id, leaf FROM audit_intake WHERE id = ANY($1::uuid[]) AND type = 'PREDICTION_RECORDED'`, [ids]);
    const leaves = new Map(rows.map(({ id, leaf }) => [id, readLeaf<WitnessedPrediction>(unpackLeaf(leaf))]));
    return ids.map((id) => leaves.get(id));
  },
};
