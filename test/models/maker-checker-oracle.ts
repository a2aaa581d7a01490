import type { Queryable } from '../../src/platform/index.js';
import type { Ordered } from './maker-checker-steps.js';

export interface Bypass {
  readonly rule: Rule;
  /** The version, or the model, proposal, policy or person that it is about. */
  readonly subject: string;
}

/** What the oracle is told beside the evidence. */
export interface Told {
  readonly ordered: Ordered;
  /** The first keepers of roles, whom nobody but the installation named. */
  readonly keepers: readonly string[];
}

/**
 * Who made what, without the table in which the service keeps it: what the test ordered, what the leaves of the log say,
 * who registered, and who uploaded what the dossier names.
 */
const EVIDENCE = `
  ordered(version_id, user_id) AS (SELECT * FROM unnest($1::uuid[], $2::uuid[])),
  first_keepers(user_id) AS (SELECT unnest($3::uuid[])),
  leaves AS (SELECT type, convert_from(unpacked_leaf(leaf), 'UTF8')::jsonb AS leaf FROM audit_intake),
  makers AS MATERIALIZED (
    SELECT version_id, user_id FROM ordered
    UNION SELECT (leaf ->> 'version')::uuid, (leaf ->> 'actor')::uuid FROM leaves WHERE type IN ('VERSION_REGISTERED', 'VERSION_EDITED', 'VERSION_SUBMITTED')
    UNION SELECT id, registered_by FROM model_versions
    UNION SELECT v.id, a.uploaded_by FROM model_versions v CROSS JOIN LATERAL jsonb_each_text(v.dossier::jsonb -> 'artefacts') named
      JOIN artefacts a ON a.sha256 = decode(named.value, 'hex')),
  approved AS (SELECT * FROM model_versions WHERE state IN ('APPROVED', 'SUSPENDED', 'RETIRED')),
  confirmations AS (
    SELECT p.*, d.decided_by, d.recorded_at AS decided_at FROM proposals p JOIN proposal_decisions d ON d.proposal_id = p.id WHERE d.verdict = 'CONFIRMED'),
  -- Of what was written in the same second nobody can tell from the rows which was committed first: both tiers count.
  tiers AS (
    SELECT v.id AS version_id, v.policy_version, at.tier FROM model_versions v JOIN models m ON m.id = v.model_id
    CROSS JOIN (VALUES (interval '0'), (interval '1 second')) before(back)
    CROSS JOIN LATERAL (SELECT coalesce(
      (SELECT c.to_tier FROM model_tier_changes c WHERE c.model_id = m.id AND c.recorded_at <= v.submitted_at - back ORDER BY c.recorded_at DESC LIMIT 1),
      (SELECT c.from_tier FROM model_tier_changes c WHERE c.model_id = m.id ORDER BY c.recorded_at LIMIT 1), m.tier) AS tier) at),
  needs AS (
    SELECT t.version_id, role, min((g.body::jsonb #>> ARRAY['tiers', t.tier, 'votes', role])::integer) AS people
    FROM tiers t JOIN governance_policies g ON g.version = t.policy_version CROSS JOIN unnest(ARRAY['VALIDATOR', 'ADMIN']) role GROUP BY t.version_id, role)`;

/** When a row was really written: its transaction may have begun, and waited, long before. Its id tells; forged ones have none that does. */
const written = (row: string, begun: string): string => `greatest(${row}.${begun}, uuid_extract_timestamp(${row}.id))`;
/** Whether somebody held one of the roles at a time. */
const held = (person: string, roles: string, at: string): string =>
  `EXISTS (SELECT FROM role_grants g WHERE g.user_id = ${person} AND g.role IN (${roles}) AND g.valid_from <= ${at} AND (g.valid_to IS NULL OR g.valid_to >= ${at}))`;
const made = (person: string, version: string): string => `EXISTS (SELECT FROM makers k WHERE k.user_id = ${person} AND k.version_id = ${version})`;
/** Two different people, both with the role when they acted, confirmed exactly this. */
const byTwo = (proposal: string, kind: string, subject: string, roles: string): string =>
  `EXISTS (SELECT FROM confirmations c WHERE c.id = ${proposal} AND c.kind = '${kind}' AND c.subject = ${subject} AND c.proposed_by <> c.decided_by
     AND ${held('c.proposed_by', roles, written('c', 'recorded_at'))} AND ${held('c.decided_by', roles, 'c.decided_at')})`;

/** What may never be, each told from evidence alone and written apart from the services and triggers that prevent it. */
const NEVER = {
  'maker voted': `SELECT b.version_id FROM model_version_votes b JOIN makers k ON k.version_id = b.version_id AND k.user_id = b.user_id`,
  'voted twice': `SELECT b.version_id FROM model_version_votes b GROUP BY b.version_id, b.user_id HAVING count(*) > 1`,
  'vote on another dossier': `SELECT b.version_id FROM model_version_votes b JOIN model_versions v ON v.id = b.version_id
    WHERE v.state <> 'DRAFT' AND b.dossier_digest <> v.dossier_digest AND b.recorded_at >= v.submitted_at`,
  'voter without grant': `SELECT b.version_id FROM model_version_votes b WHERE NOT ${held('b.user_id', 'b.role', 'b.recorded_at')}`,
  'voted while keeping the roles': `SELECT b.version_id FROM model_version_votes b JOIN role_grants k ON k.user_id = b.user_id AND k.role = 'ACCESS_ADMIN'
    WHERE ${written('k', 'valid_from')} <= b.recorded_at AND (k.valid_to IS NULL OR k.valid_to > b.recorded_at)`,
  'kept the roles and held a vote at one time': `SELECT k.user_id FROM role_grants k JOIN role_grants g ON g.user_id = k.user_id
    WHERE k.role = 'ACCESS_ADMIN' AND g.role IN ('VALIDATOR', 'ADMIN')
      AND (k.valid_to IS NULL OR ${written('g', 'valid_from')} + interval '1 millisecond' < k.valid_to) AND (g.valid_to IS NULL OR ${written('k', 'valid_from')} + interval '1 millisecond' < g.valid_to)`,
  'a role granted by one': `SELECT g.user_id FROM role_grants g WHERE g.role IN ('VALIDATOR', 'ADMIN', 'ACCESS_ADMIN')
    AND g.user_id NOT IN (SELECT user_id FROM first_keepers)
    AND NOT EXISTS (SELECT FROM confirmations c WHERE c.id = g.proposal_id AND c.kind = 'GRANT_ROLE' AND c.subject = g.user_id AND c.payload ->> 'role' = g.role
                      AND c.proposed_by <> c.decided_by AND g.user_id NOT IN (c.proposed_by, c.decided_by))`,
  'confirmed by who proposed it': `SELECT c.subject FROM confirmations c WHERE c.proposed_by = c.decided_by`,
  'too few votes': `SELECT v.id FROM approved v JOIN needs n ON n.version_id = v.id
    WHERE (SELECT count(DISTINCT b.user_id) FROM model_version_votes b
           WHERE b.version_id = v.id AND b.role = n.role AND b.verdict = 'FOR' AND b.dossier_digest = v.dossier_digest) < n.people`,
  'submitted under another policy': `SELECT v.id FROM model_versions v JOIN governance_policies g ON g.version = v.policy_version
    LEFT JOIN governance_policies next ON next.version = g.version + 1
    WHERE v.state <> 'DRAFT' AND (v.submitted_at < g.recorded_at OR v.submitted_at > ${written('next', 'recorded_at')} + interval '1 second')`,
  'a policy by one': `SELECT g.id FROM governance_policies g JOIN governance_policies before ON before.version = g.version - 1
    WHERE NOT ${byTwo('g.proposal_id', 'CHANGE_POLICY', 'before.id', `'ADMIN'`)}`,
  'a tier by one': `SELECT t.model_id FROM model_tier_changes t WHERE NOT ${byTwo('t.proposal_id', 'CHANGE_TIER', 't.model_id', `'ADMIN'`)}`,
  'waived by one': `SELECT w.version_id FROM gate_waivers w WHERE NOT ${byTwo('w.proposal_id', 'WAIVE_GATE', 'w.version_id', `'VALIDATOR', 'ADMIN'`)}`,
  'waived by a maker': `SELECT w.version_id FROM gate_waivers w JOIN confirmations c ON c.id = w.proposal_id
    WHERE ${made('c.proposed_by', 'w.version_id')} OR ${made('c.decided_by', 'w.version_id')}`,
  'approved though a gate failed': `SELECT v.id FROM approved v WHERE NOT EXISTS (
    SELECT FROM gate_evaluations e JOIN gate_results r ON r.evaluation_id = e.id LEFT JOIN gate_waivers w ON w.id = r.waiver_id
    WHERE e.version_id = v.id AND e.stage = 'APPROVAL' AND e.dossier_digest = v.dossier_digest
    GROUP BY e.id, e.recorded_at HAVING count(*) = 12 AND bool_and(r.verdict IN ('PASS', 'NOT_APPLICABLE')
      OR r.verdict = 'WAIVED' AND w.version_id = v.id AND w.gate = r.gate AND w.dossier_digest = v.dossier_digest AND e.recorded_at BETWEEN w.recorded_at AND w.expires_at))`,
  'rejected but approved': `SELECT v.id FROM approved v JOIN model_version_votes b ON b.version_id = v.id WHERE b.verdict = 'AGAINST'`,
  'deployed without approval': `SELECT d.version_id FROM deployments d
    WHERE NOT EXISTS (SELECT FROM model_version_transitions t WHERE t.version_id = d.version_id AND t.to_state = 'APPROVED' AND t.recorded_at <= d.valid_from)`,
  'dossier changed after submission': `SELECT v.id FROM model_versions v JOIN leaves l ON l.type = 'VERSION_SUBMITTED' AND l.leaf ->> 'version' = v.id::text
    WHERE v.state <> 'DRAFT' AND l.leaf ->> 'dossier' <> encode(v.dossier_digest, 'hex')`,
  'artefact changed after submission': `SELECT v.id FROM model_versions v JOIN model_version_artefacts a ON a.version_id = v.id
    WHERE v.state <> 'DRAFT' AND position(encode(a.sha256, 'hex') IN v.dossier) = 0`,
  'two champions': `SELECT a.version_id FROM deployments a JOIN deployments b ON b.model_id = a.model_id AND b.id <> a.id
    WHERE a.role = 'CHAMPION' AND b.role = 'CHAMPION' AND tstzrange(a.valid_from, a.valid_to) && tstzrange(b.valid_from, b.valid_to)`,
} as const;

export type Rule = keyof typeof NEVER;
export const RULES = Object.keys(NEVER) as Rule[];

export async function bypasses(db: Pick<Queryable, 'query'>, { ordered: { makers }, keepers }: Told): Promise<Bypass[]> {
  const told = [makers.map(([version]) => version), makers.map(([, user]) => user), keepers];
  const found: Bypass[] = [];
  for (const rule of RULES) {
    // Every parameter has its place in every statement, used or not.
    const rows = await db.query<{ subject: string }>(`WITH ${EVIDENCE}, found(subject) AS (${NEVER[rule]}) SELECT DISTINCT subject FROM found`, told);
    for (const { subject } of rows) found.push({ rule, subject });
  }
  return found;
}
