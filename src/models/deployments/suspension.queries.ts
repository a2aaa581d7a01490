import type { Queryable } from '../../platform/index.js';
import { listsOf } from '../model.queries.js';

/** A period in which a model, or one version of it, is stopped. */
export interface SuspensionRow {
  readonly id: string;
  readonly modelId: string;
  /** Null: the whole model. */
  readonly versionId: string | null;
  readonly validFrom: Date;
  readonly validTo: Date | null;
  readonly byUser: string;
  readonly reason: string;
  readonly proposalId: string | null;
  readonly liftedBy: string | null;
}

const SUSPENSION = `s.id, s.model_id AS "modelId", s.version_id AS "versionId", s.valid_from AS "validFrom", s.valid_to AS "validTo", s.by_user AS "byUser",
  s.reason, s.proposal_id AS "proposalId", s.lifted_by AS "liftedBy"`;

export const suspensionsOfModel = listsOf<SuspensionRow>(SUSPENSION, 'suspensions s', 's.model_id', 's.valid_from, s.id');

/** The suspension that holds now: of the whole model, or of one version. */
export async function openSuspension(db: Queryable, modelId: string, versionId: string | null): Promise<SuspensionRow | undefined> {
  const [row] = await db.query<SuspensionRow>(
    `SELECT ${SUSPENSION} FROM suspensions s WHERE s.model_id = $1 AND s.version_id IS NOT DISTINCT FROM $2 AND s.valid_to IS NULL`,
    [modelId, versionId],
  );
  return row;
}
