import type { Context, Queryable } from '../../platform/index.js';
import type { LiveVersions } from '../live-versions.js';
import type { DeployedVersion } from './changes.js';

/** Other versions that were champion before and are still approved, each under waivers that are in force, the latest first. */
export const earlierChampions = (db: Queryable, modelId: string, otherThan: string | undefined): Promise<DeployedVersion[]> =>
  db.query<DeployedVersion>(
    `SELECT v.id, v.version, encode(v.dossier_digest, 'hex') AS "dossierDigest"
     FROM model_versions v
     JOIN (SELECT version_id, max(valid_from) AS latest FROM deployments WHERE model_id = $1 AND role = 'CHAMPION' GROUP BY version_id) d ON d.version_id = v.id
     WHERE v.state = 'APPROVED' AND NOT waiver_expired(v.id) AND v.id IS DISTINCT FROM $2 ORDER BY d.latest DESC, v.version DESC`,
    [modelId, otherThan ?? null],
  );

/** Versions that cannot be loaded, with why not. */
export type Broken = ReadonlyMap<string, unknown>;

const MOST_TRIED = 3;

/** Loads the first of some versions, so that their first request does not wait, and tells which ones cannot be. */
export async function tryToLoad(ctx: Context, versions: LiveVersions, candidates: readonly Pick<DeployedVersion, 'id'>[]): Promise<Broken> {
  const broken = new Map<string, unknown>();
  for (const { id } of candidates.slice(0, MOST_TRIED)) {
    const error = await versions.load(ctx.db, id).then(() => undefined, (thrown: unknown) => thrown);
    if (error === undefined) break;
    broken.set(id, error);
  }
  return broken;
}
