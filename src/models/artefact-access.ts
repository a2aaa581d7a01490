import { recordEvent } from '../audit/index.js';
import { notFound, type Context } from '../platform/index.js';
import { demand, may, type Permission } from '../security/index.js';
import type { ArtefactStore } from './artefact-store.js';
import { digestBytes } from './hex.js';
import type { ArtefactKind } from './version.entity.js';

/**
 * What it takes to have an artefact, beside model:read. The reference set, and parity samples of versions of earlier
 * releases, hold what single applicants had in each feature; the report tells how groups of people fare.
 */
const NEEDED: Readonly<Partial<Record<ArtefactKind, Permission>>> = {
  REFERENCE_SET: 'prediction:detail',
  PARITY_SAMPLE: 'prediction:detail',
  REPORT: 'model:fairness',
};

/**
 * The bytes of an artefact for a person. Bytes that several versions name, or name as several kinds, need all that each
 * of these kinds needs: otherwise a draft that calls a parity sample its report would open it. Whoever uploaded the bytes
 * has them already, and gets them for as long as they may upload; what no version names exists for nobody else.
 * @throws NOT_FOUND, or FORBIDDEN naming the permission that is missing
 */
export async function readArtefact(ctx: Context, store: ArtefactStore, sha256Hex: string): Promise<Buffer> {
  demand(ctx, 'model:read');
  const [stored] = await ctx.db.query<{ isUploader: boolean; kinds: ArtefactKind[] }>(
    `SELECT a.uploaded_by = $2 AS "isUploader",
            ARRAY(SELECT DISTINCT va.kind FROM model_version_artefacts va WHERE va.sha256 = a.sha256) AS kinds
     FROM artefacts a WHERE a.sha256 = $1`,
    [digestBytes(sha256Hex, 'The artefact name'), ctx.actor.id],
  );
  const isOwn = stored !== undefined && stored.isUploader && may(ctx, 'model:register');
  if (!stored || (stored.kinds.length === 0 && !isOwn)) throw notFound(`There is no artefact ${sha256Hex} of any version here.`);
  if (!isOwn) for (const kind of stored.kinds) if (NEEDED[kind]) demand(ctx, NEEDED[kind]);
  const bytes = await store.demand(ctx.db, sha256Hex, 'artefact');
  // Durable before a byte is sent: if it cannot be recorded, nothing is read.
  if (!isOwn) await ctx.db.transaction((tx) => recordEvent(tx, { type: 'ARTEFACT_READ', id: sha256Hex, actor: ctx.actor.id, time: ctx.now(), payload: { sha256: sha256Hex, bytes: bytes.length } }));
  return bytes;
}
