import { inOrder, type LoaderDefinition } from '../platform/index.js';
import { parseFeatureSchema, type FeatureSchema } from '../scoring/index.js';
import { readDossier, type Dossier } from './dossier.js';
import { listsOf } from './model.queries.js';
import type { ArtefactRow, ContributorRow, TransitionRow, VoteRow } from './rows.js';
import { jsonOf } from './verify-version.js';

/** Whether a vote `b` on a version `v` was cast longer ago than its policy lets votes count. */
export const VOTE_EXPIRED = 'b.recorded_at <= clock_timestamp() - make_interval(days => v.vote_days)';

export const artefactsOfVersion = listsOf<ArtefactRow>(
  `va.version_id AS "versionId", va.kind, encode(va.sha256, 'hex') AS sha256, octet_length(a.bytes) AS bytes`,
  'model_version_artefacts va JOIN artefacts a ON a.sha256 = va.sha256',
  'va.version_id',
  'va.kind',
);

export const contributorsOfVersion = listsOf<ContributorRow>(
  'c.version_id AS "versionId", c.user_id AS "userId", c.part, c.recorded_at AS "recordedAt"',
  'model_version_contributors c',
  'c.version_id',
  'c.recorded_at, c.part',
);

export const votesOnVersion = listsOf<VoteRow>(
  `b.id, b.version_id AS "versionId", b.user_id AS "userId", b.role, b.verdict,
   encode(b.dossier_digest, 'hex') AS "dossierDigest", b.comment, ${VOTE_EXPIRED} AS expired, b.recorded_at AS "recordedAt"`,
  'model_version_votes b JOIN model_versions v ON v.id = b.version_id',
  'b.version_id',
  'b.id',
);

export const transitionsOfVersion = listsOf<TransitionRow>(
  't.version_id AS "versionId", t.act, t.from_state AS "from", t.to_state AS "to", t.user_id AS "userId", t.reason, t.recorded_at AS "recordedAt"',
  'model_version_transitions t',
  't.version_id',
  't.id',
);

export interface DossierText {
  readonly id: string;
  readonly canonical: string;
  readonly dossier: Dossier;
}

/** Dossiers in full, each checked against its digest. */
export const dossiersOfVersion: LoaderDefinition<string, DossierText | undefined> = {
  load: async (ctx, ids) => {
    const rows = await ctx.db.query<{ id: string; canonical: string; digest: string }>(
      `SELECT id, dossier AS canonical, encode(dossier_digest, 'hex') AS digest FROM model_versions WHERE id = ANY($1)`,
      [ids],
    );
    return inOrder(ids, rows.map(({ id, canonical, digest }) => ({ id, canonical, dossier: readDossier(canonical, digest) })), ({ id }) => id);
  },
};

/** Feature schemas as the versions' artefacts have them. */
export const featureSchemasOfVersion: LoaderDefinition<string, FeatureSchema | undefined> = {
  load: async (ctx, ids) => {
    const rows = await ctx.db.query<{ id: string; bytes: Buffer }>(
      `SELECT va.version_id AS id, a.bytes FROM model_version_artefacts va JOIN artefacts a ON a.sha256 = va.sha256
       WHERE va.kind = 'FEATURE_SCHEMA' AND va.version_id = ANY($1)`,
      [ids],
    );
    const schemas = new Map(rows.map(({ id, bytes }) => [id, parseFeatureSchema(jsonOf(bytes, 'feature schema'))]));
    return ids.map((id) => schemas.get(id));
  },
};
