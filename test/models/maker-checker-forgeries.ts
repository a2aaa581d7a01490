import type { Rule } from './maker-checker-oracle.js';

/** Whom and what the control forges with. */
export interface Stage {
  /** Submitted, of tier LOW, and of a model of its own; nobody voted yet. */
  readonly low: string;
  readonly lowModel: string;
  /** The same of tier HIGH. */
  readonly high: string;
  /** Who registered both, and who built what they name: nothing but the file says so. */
  readonly maker: string;
  readonly builder: string;
  /** Who trained the first: only the test knows, for what the service wrote of it is erased. */
  readonly trainer: string;
  /** Both with current grants of the roles that vote; neither made anything. */
  readonly one: string;
  readonly other: string;
  /** A person with no grant at all. */
  readonly stranger: string;
  readonly keeper: string;
}

type Statement = readonly [sql: string, ...parameters: unknown[]];

interface Forged {
  readonly sql: readonly Statement[];
  /** What it must be found under. */
  readonly subject: string;
}

const vote = (version: string, who: string, { role = 'ADMIN', verdict = 'FOR', digest = 'v.dossier_digest' } = {}): Statement => [
  `INSERT INTO model_version_votes (id, version_id, user_id, role, verdict, dossier_digest, comment)
   SELECT gen_random_uuid(), v.id, $2, '${role}', '${verdict}', ${digest}, 'x' FROM model_versions v WHERE v.id = $1`, version, who];
const state = (version: string, to = 'APPROVED'): Statement => [`UPDATE model_versions SET state = '${to}' WHERE id = $1`, version];
const grant = (who: string, role: string): Statement => [`INSERT INTO role_grants (id, user_id, role, granted_by, reason) SELECT gen_random_uuid(), $1, '${role}', id, 'x' FROM users WHERE issuer = 'assay'`, who];
const champion = (model: string, version: string, who: string): Statement => [
  `INSERT INTO deployments (id, model_id, version_id, role, valid_from, by_user, reason) VALUES (gen_random_uuid(), $1, $2, 'CHAMPION', now(), $3, 'x')`, model, version, who];

const PROPOSAL = '00000000-0000-4000-8000-0000000000aa';
const confirmed = (kind: string, subject: string, by: string, other: string, payload: object = {}): Statement[] => [
  [`INSERT INTO proposals (id, kind, subject, payload, proposed_by, reason, recorded_at, expires_at) VALUES ($1, $2, $3, $4, $5, 'x', clock_timestamp(), now() + interval '1 day')`, PROPOSAL, kind, subject, JSON.stringify(payload), by],
  [`INSERT INTO proposal_decisions (proposal_id, decided_by, verdict, comment, recorded_at) VALUES ($1, $2, 'CONFIRMED', 'x', clock_timestamp())`, PROPOSAL, other],
];
const waiver = (version: string): Statement => [
  `INSERT INTO gate_waivers (id, version_id, gate, dossier_digest, reason, proposal_id, expires_at)
   SELECT gen_random_uuid(), id, 'MODEL_CARD', dossier_digest, 'x', $2, now() + interval '1 day' FROM model_versions WHERE id = $1`, version, PROPOSAL];

/** One bypass of each kind, which only a superuser can write, with every rule of the database switched off. */
export const forgeries = (at: Stage): Readonly<Record<Rule, readonly Forged[]>> => {
  const inLow = (...sql: readonly Statement[]): Forged => ({ sql, subject: at.low });
  /** The table that the service keeps is emptied first: the oracle must know without it. */
  const erased: Statement = ['DELETE FROM model_version_contributors WHERE version_id = $1', at.low];
  const policy: Statement = [`INSERT INTO governance_policies (id, version, body, digest, recorded_at)
    SELECT $1, version + 1, body, digest, clock_timestamp() FROM governance_policies ORDER BY version DESC LIMIT 1`, PROPOSAL];
  return {
    'maker voted': [at.maker, at.builder, at.trainer].map((who) => inLow(erased, vote(at.low, who))),
    'voted twice': [inLow(['ALTER TABLE model_version_votes DROP CONSTRAINT model_version_votes_version_id_user_id_key'], vote(at.low, at.one), vote(at.low, at.one, { role: 'VALIDATOR' }))],
    'vote on another dossier': [inLow(vote(at.low, at.one, { digest: `sha256('x')` }))],
    'voter without grant': [inLow(vote(at.low, at.stranger))],
    'voted while keeping the roles': [inLow(vote(at.low, at.keeper))],
    'kept the roles and held a vote at one time': [{ sql: [grant(at.keeper, 'ADMIN')], subject: at.keeper }],
    'a role granted by one': [{ sql: [grant(at.stranger, 'VALIDATOR')], subject: at.stranger }],
    'confirmed by who proposed it': [inLow(...confirmed('WAIVE_GATE', at.low, at.one, at.one))],
    'too few votes': [inLow(state(at.low)), { sql: [vote(at.high, at.one, { role: 'VALIDATOR' }), vote(at.high, at.other), state(at.high)], subject: at.high }],
    'submitted under another policy': [inLow(policy, ['UPDATE model_versions SET policy_version = policy_version + 1 WHERE id = $1', at.low])],
    'a policy by one': [{ sql: [policy], subject: PROPOSAL }],
    'a tier by one': [{ sql: [['INSERT INTO model_tier_changes (id, model_id, from_tier, to_tier, proposal_id) VALUES ($1, $2, $3, $4, $1)', PROPOSAL, at.lowModel, 'HIGH', 'LOW']], subject: at.lowModel }],
    'waived by one': [inLow(waiver(at.low)), inLow(...confirmed('WAIVE_GATE', at.low, at.one, at.one), waiver(at.low)), inLow(...confirmed('WAIVE_GATE', at.low, at.one, at.stranger), waiver(at.low))],
    'waived by a maker': [at.maker, at.builder, at.trainer].map((who) => inLow(erased, ...confirmed('WAIVE_GATE', at.low, at.one, who), waiver(at.low))),
    'approved though a gate failed': [inLow(vote(at.low, at.one), state(at.low))],
    'rejected but approved': [inLow(vote(at.low, at.other), vote(at.low, at.one, { verdict: 'AGAINST' }), state(at.low))],
    'deployed without approval': [inLow(champion(at.lowModel, at.low, at.one))],
    'dossier changed after submission': [inLow([`UPDATE model_versions SET dossier = '{}', dossier_digest = sha256('{}') WHERE id = $1`, at.low])],
    'artefact changed after submission': [inLow([`UPDATE model_version_artefacts SET sha256 = sha256('x') WHERE version_id = $1 AND kind = 'ONNX'`, at.low])],
    'two champions': [inLow(['ALTER TABLE deployments DROP CONSTRAINT one_champion'], champion(at.lowModel, at.low, at.one), champion(at.lowModel, at.high, at.one))],
  };
};
