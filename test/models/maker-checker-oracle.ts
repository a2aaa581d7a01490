import type { Queryable } from '../../src/platform/index.js';

export interface Bypass {
  readonly rule: string;
  readonly versionId: string;
}

/**
 * What may never be, each told from recorded evidence alone and written apart from the services and triggers that
 * prevent it: votes, grants, contributors, transitions, deployments and the leaves of the log.
 */
const NEVER: Readonly<Record<string, string>> = {
  'maker voted': `SELECT b.version_id FROM model_version_votes b
    JOIN model_version_contributors c ON c.version_id = b.version_id AND c.user_id = b.user_id`,
  'voted twice': `SELECT b.version_id FROM model_version_votes b GROUP BY b.version_id, b.user_id HAVING count(*) > 1`,
  'vote on another dossier': `SELECT b.version_id FROM model_version_votes b JOIN model_versions v ON v.id = b.version_id
    WHERE v.state <> 'DRAFT' AND b.dossier_digest <> v.dossier_digest AND b.recorded_at >= v.submitted_at`,
  'voter without grant': `SELECT b.version_id FROM model_version_votes b
    WHERE NOT EXISTS (SELECT FROM role_grants g WHERE g.user_id = b.user_id AND g.role = b.role
                        AND g.valid_from <= b.recorded_at AND (g.valid_to IS NULL OR g.valid_to >= b.recorded_at))`,
  'too few votes': `SELECT v.id FROM model_versions v JOIN models m ON m.id = v.model_id
    CROSS JOIN (VALUES ('HIGH', 'VALIDATOR', 1), ('HIGH', 'ADMIN', 2), ('MEDIUM', 'VALIDATOR', 1), ('MEDIUM', 'ADMIN', 1), ('LOW', 'ADMIN', 1)) AS need (tier, role, people)
    WHERE v.state IN ('APPROVED', 'SUSPENDED', 'RETIRED') AND need.tier = m.tier
      AND (SELECT count(DISTINCT b.user_id) FROM model_version_votes b
           WHERE b.version_id = v.id AND b.role = need.role AND b.verdict = 'FOR' AND b.dossier_digest = v.dossier_digest) < need.people`,
  'rejected but approved': `SELECT v.id FROM model_versions v JOIN model_version_votes b ON b.version_id = v.id
    WHERE v.state IN ('APPROVED', 'SUSPENDED', 'RETIRED') AND b.verdict = 'AGAINST'`,
  'deployed without approval': `SELECT d.version_id FROM deployments d
    WHERE NOT EXISTS (SELECT FROM model_version_transitions t WHERE t.version_id = d.version_id AND t.to_state = 'APPROVED' AND t.recorded_at <= d.valid_from)`,
  'dossier changed after submission': `SELECT v.id FROM model_versions v JOIN audit_intake a ON a.type = 'VERSION_SUBMITTED'
    WHERE v.state <> 'DRAFT' AND convert_from(a.leaf, 'UTF8')::jsonb ->> 'version' = v.id::text
      AND convert_from(a.leaf, 'UTF8')::jsonb ->> 'dossier' <> encode(v.dossier_digest, 'hex')`,
  'artefact changed after submission': `SELECT v.id FROM model_versions v JOIN model_version_artefacts a ON a.version_id = v.id
    WHERE v.state <> 'DRAFT' AND v.dossier <> '{}' AND position(encode(a.sha256, 'hex') IN v.dossier) = 0`,
  'two champions': `SELECT a.version_id FROM deployments a JOIN deployments b ON b.model_id = a.model_id AND b.id <> a.id
    WHERE a.role = 'CHAMPION' AND b.role = 'CHAMPION' AND tstzrange(a.valid_from, a.valid_to) && tstzrange(b.valid_from, b.valid_to)`,
};

export async function bypasses(db: Queryable): Promise<Bypass[]> {
  const found: Bypass[] = [];
  for (const [rule, sql] of Object.entries(NEVER)) {
    for (const row of await db.query<Record<string, string>>(sql)) found.push({ rule, versionId: Object.values(row)[0]! });
  }
  return found;
}
