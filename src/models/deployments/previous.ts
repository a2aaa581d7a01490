import { messageOf, type Context, type Queryable, type Transaction } from '../../platform/index.js';
import type { LiveVersions } from '../live-versions.js';
import { lockVersion } from '../version.acts.js';
import type { DeployedVersion } from './changes.js';

/** A version that was champion before and is still approved. */
export interface EarlierChampion extends DeployedVersion {
  /** By a HIGH finding that is open on it or on its model. */
  readonly blocked: boolean;
}

/** Other versions that were champion before and are still approved, each under waivers that are in force, the latest first. */
export const earlierChampions = (db: Queryable, modelId: string, otherThan: string): Promise<EarlierChampion[]> =>
  db.query<EarlierChampion>(
    `SELECT v.id, v.version, encode(v.dossier_digest, 'hex') AS "dossierDigest", blocked_by_finding(v.id) AS blocked
     FROM model_versions v
     JOIN (SELECT version_id, max(valid_from) AS latest FROM deployments WHERE model_id = $1 AND role = 'CHAMPION' GROUP BY version_id) d ON d.version_id = v.id
     WHERE v.state = 'APPROVED' AND NOT waiver_expired(v.id) AND v.id <> $2 ORDER BY d.latest DESC, v.version DESC`,
    [modelId, otherThan],
  );

type Candidate = Pick<DeployedVersion, 'id'>;

/** Versions that cannot be loaded, with why not. */
export type Broken = ReadonlyMap<string, unknown>;

/** Loads versions, so that their first request does not wait, and tells which ones cannot be. */
export async function tryToLoad(ctx: Context, versions: LiveVersions, candidates: readonly Candidate[]): Promise<Broken> {
  const broken = new Map<string, unknown>();
  for (const { id } of candidates) await versions.load(ctx.db, id).catch((error: unknown) => broken.set(id, error));
  return broken;
}

/** An earlier champion that does not take over, and why not, in words. */
export interface PassedOver {
  readonly versionId: string;
  readonly reason: string;
}

/** Who takes over when a version is stopped: loaded, or nobody. */
export interface Fallback {
  readonly ready: string | undefined;
  readonly passedOver: readonly PassedOver[];
}

export const NO_FALLBACK: Fallback = { ready: undefined, passedOver: [] };

/**
 * The first of some earlier champions that may decide and is loaded in time: an emergency stop does not wait for long.
 * All together have so many milliseconds, and no single one more than half of them, lest one that hangs use up all.
 */
export async function fallbackOf(ctx: Context, versions: LiveVersions, candidates: readonly EarlierChampion[], mostMilliseconds: number): Promise<Fallback> {
  const end = performance.now() + mostMilliseconds;
  const passedOver: PassedOver[] = [];
  for (const { id, blocked } of candidates) {
    const reason = blocked ? 'A HIGH finding is open on it or its model.' : await whyNotLoaded(ctx, versions, id, Math.min(end - performance.now(), mostMilliseconds / 2));
    if (reason === undefined) return { ready: id, passedOver };
    passedOver.push({ versionId: id, reason });
  }
  return { ready: undefined, passedOver };
}

async function whyNotLoaded(ctx: Context, versions: LiveVersions, id: string, milliseconds: number): Promise<string | undefined> {
  if (milliseconds <= 0) return 'No time was left to load it.';
  const loading = versions.load(ctx.db, id).then(() => undefined, (error: unknown) => `It cannot be loaded (${messageOf(error)}).`);
  return within(milliseconds, loading, 'It was not loaded in time.');
}

/** What a promise gives, or something else where that takes longer. */
export async function within<T, Late>(milliseconds: number, work: Promise<T>, late: Late): Promise<T | Late> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<Late>((resolve) => void (timer = setTimeout(() => resolve(late), milliseconds)));
  return Promise.race([work, over]).finally(() => clearTimeout(timer));
}

/** Until this transaction ends no finding is raised on a version or its model: what is asked now still holds when it is deployed. */
export async function holdFindings(tx: Transaction, versionId: string, modelId: string): Promise<void> {
  await lockVersion(tx, versionId);
  await tx.query('SELECT FROM models WHERE id = $1 FOR NO KEY UPDATE', [modelId]);
}
