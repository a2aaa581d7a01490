import type { Database } from '../../src/platform/index.js';

/** About whom and what a forgery is: the one who acts, a version and its model, and somebody who keeps the roles. */
interface About {
  readonly userId: string;
  readonly versionId: string;
  readonly modelId: string;
  readonly keeperId: string;
}

type Statement = readonly [sql: string, ...parameters: (keyof About)[]];

/** The newest proposal about something, which may have been confirmed for something else. */
const proposal = (about: string): string => `(SELECT p.id FROM proposals p WHERE p.subject = ${about} ORDER BY p.recorded_at DESC LIMIT 1)`;

/** What somebody does with the application's password, past the services. */
const FORGERIES = {
  'forge vote': [[`INSERT INTO model_version_votes (id, version_id, user_id, role, verdict, dossier_digest, comment)
    SELECT gen_random_uuid(), id, $2, 'ADMIN', 'FOR', dossier_digest, 'forged' FROM model_versions WHERE id = $1`, 'versionId', 'userId']],
  'forge approval': [[`UPDATE model_versions SET state = 'APPROVED' WHERE id = $1`, 'versionId']],
  'forge deployment': [[`INSERT INTO deployments (id, model_id, version_id, role, valid_from, by_user, reason)
    VALUES (gen_random_uuid(), $1, $2, 'CHAMPION', clock_timestamp(), $3, 'forged')`, 'modelId', 'versionId', 'userId']],
  'swap dossier': [[`UPDATE model_versions SET dossier = '{}', dossier_digest = sha256('{}') WHERE id = $1 AND state <> 'DRAFT'`, 'versionId']],
  'swap artefact': [[`UPDATE model_version_artefacts SET sha256 = (SELECT sha256 FROM artefacts LIMIT 1) WHERE version_id = $1`, 'versionId']],
  'erase a part': [[`DELETE FROM model_version_contributors WHERE version_id = $1 AND user_id = $2`, 'versionId', 'userId']],
  'forge waiver': [[`INSERT INTO gate_waivers (id, version_id, gate, dossier_digest, reason, proposal_id, expires_at)
    SELECT gen_random_uuid(), id, 'MODEL_CARD', dossier_digest, 'forged', ${proposal('$1')}, now() + interval '1 day' FROM model_versions WHERE id = $1`, 'versionId']],
  'forge tier': [[`INSERT INTO model_tier_changes (id, model_id, from_tier, to_tier, proposal_id)
    SELECT gen_random_uuid(), id, tier, CASE tier WHEN 'LOW' THEN 'MEDIUM' ELSE 'LOW' END, ${proposal('$1')} FROM models WHERE id = $1`, 'modelId']],
  'forge grant': [[`INSERT INTO role_grants (id, user_id, role, granted_by, reason, proposal_id)
    VALUES (gen_random_uuid(), $1, 'ADMIN', $2, 'forged', ${proposal('$1')})`, 'userId', 'keeperId']],
  'confirm alone': [
    [`INSERT INTO proposals (id, kind, subject, payload, proposed_by, reason, expires_at)
      VALUES (gen_random_uuid(), 'CHANGE_TIER', $1, '{"tier": "LOW"}', $2, 'forged', now() + interval '1 day')`, 'modelId', 'userId'],
    [`INSERT INTO proposal_decisions (proposal_id, decided_by, verdict, comment) VALUES (${proposal('$1')}, $2, 'CONFIRMED', 'forged')`, 'modelId', 'userId'],
  ],
} as const satisfies Readonly<Record<string, readonly Statement[]>>;

export type Forgery = keyof typeof FORGERIES;
export const FORGED = Object.keys(FORGERIES) as Forgery[];

export const asPlainSql = (db: Database, forgery: Forgery, about: About): Promise<void> =>
  db.transaction(async (tx) => {
    for (const [sql, ...parameters] of FORGERIES[forgery] as readonly Statement[]) await tx.query(sql, parameters.map((name) => about[name]));
  });
