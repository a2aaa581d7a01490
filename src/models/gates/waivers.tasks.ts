import { encodeGlobalId } from '../../platform/index.js';
import { grantedNow, may, type TaskSource } from '../../security/index.js';
import type { GateName } from './types.js';

interface Expiring {
  readonly versionId: string;
  readonly version: number;
  readonly model: string;
  readonly gate: GateName;
  readonly expiresAt: Date;
  readonly since: Date;
  readonly expired: boolean;
}

const NOTICE = `interval '14 days'`;

/** Waivers under which a version decides and that expire within 14 days, or have, for those who may renew them. */
const toRenew: TaskSource = async (ctx) => {
  if (!may(ctx, 'gate:waive')) return [];
  const rows = await ctx.db.query<Expiring>(
    `SELECT v.id AS "versionId", v.version, m.name AS model, w.gate, max(w.expires_at) AS "expiresAt", max(w.expires_at) - ${NOTICE} AS since,
       max(w.expires_at) <= clock_timestamp() AS expired
     FROM deployments d JOIN model_versions v ON v.id = d.version_id JOIN models m ON m.id = v.model_id
     JOIN gate_waivers w ON w.version_id = v.id AND w.dossier_digest = v.dossier_digest
     WHERE d.role <> 'CHALLENGER' AND d.valid_to IS NULL AND NOT is_maker($1, v.id) AND (${grantedNow('$1', `'VALIDATOR'`)} OR ${grantedNow('$1', `'ADMIN'`)})
     GROUP BY v.id, m.name, w.gate HAVING max(w.expires_at) <= clock_timestamp() + ${NOTICE} ORDER BY max(w.expires_at)`,
    [ctx.actor.id],
  );
  return rows.map(({ versionId, version, model, gate, expiresAt, since, expired }) => ({
    id: `WAIVER_EXPIRES:${versionId} ${gate}`,
    kind: 'WAIVER_EXPIRES',
    text: `The waiver of the gate ${gate} of version ${version} of "${model}" ${expired ? 'has expired: its decisions are REFER' : 'expires'}. Waive it anew, or deploy another version.`,
    subject: encodeGlobalId({ type: 'ModelVersion', id: versionId }),
    since,
    dueAt: expiresAt,
  }));
};

/** What waivers wait for. */
export const waiverTaskSources: readonly TaskSource[] = [toRenew];
