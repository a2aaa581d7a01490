import { encodeGlobalId, type Context } from '../platform/index.js';
import { bears, grantedNow, type Task, type TaskKind, type TaskSource } from '../security/index.js';
import { missingVotes, type Vote, type VotingAct } from './approval-policy.js';
import { VOTE_EXPIRED } from './evidence.queries.js';
import { ACTS, statesFor, type Act, type VersionState } from './lifecycle.js';
import { requiredOf, VOTER_ROLES, type VoterRole } from './policy/tiers.js';

/** A version that may wait for somebody, and since when it is in its state. */
interface Waiting {
  readonly id: string;
  readonly version: number;
  readonly model: string;
  readonly since: Date;
  readonly dueAt?: Date | null;
}

interface AwaitingVotes extends Waiting {
  readonly state: VersionState;
  readonly requiredValidators: number | null;
  readonly requiredAdmins: number | null;
  readonly dossierDigest: string;
  readonly votes: readonly Vote[];
  /** Of the roles in the token, those that are granted now. */
  readonly granted: readonly VoterRole[];
}

const WAITING = `v.id, v.version, m.name AS model,
  (SELECT max(t.recorded_at) FROM model_version_transitions t WHERE t.version_id = v.id) AS since`;
const VERSIONS = 'model_versions v JOIN models m ON m.id = v.model_id';

const toTask = (kind: TaskKind, { id, since, dueAt = null }: Waiting, text: string): Task =>
  ({ id: `${kind}:${id}`, kind, text, subject: encodeGlobalId({ type: 'ModelVersion', id }), since, dueAt });

const bearsFor = (ctx: Context, act: Act): boolean => bears(ctx, ACTS[act].role, ACTS[act].permission);

/** In which act a voter of each role is for a version. */
const ACT_OF: Readonly<Record<VoterRole, VotingAct>> = { VALIDATOR: 'VALIDATE', ADMIN: 'APPROVE' };

const AWAITING_VOTES = `
  SELECT ${WAITING}, v.state, v.required_validators AS "requiredValidators", v.required_admins AS "requiredAdmins", encode(v.dossier_digest, 'hex') AS "dossierDigest",
    ARRAY(SELECT r.role FROM unnest($2::text[]) AS r(role) WHERE ${grantedNow('$1', 'r.role')}) AS granted,
    coalesce((SELECT json_agg(json_build_object('userId', b.user_id, 'role', b.role, 'verdict', b.verdict,
                'dossierDigest', encode(b.dossier_digest, 'hex'), 'expired', ${VOTE_EXPIRED}))
              FROM model_version_votes b WHERE b.version_id = v.id), '[]') AS votes
  FROM ${VERSIONS}
  WHERE v.state = ANY($3) AND NOT is_maker($1, v.id)
    AND NOT EXISTS (SELECT FROM model_version_votes b WHERE b.version_id = v.id AND b.user_id = $1)
  ORDER BY v.id`;

/** Versions that lack a vote which the actor may cast: as no maker of theirs, for the first time, in a role held by token and by grant. */
const votes: TaskSource = async (ctx) => {
  const roles = VOTER_ROLES.filter((role) => bearsFor(ctx, ACT_OF[role]));
  if (roles.length === 0) return [];
  const states = new Set(Object.values(ACT_OF).flatMap(statesFor));
  const rows = await ctx.db.query<AwaitingVotes>(AWAITING_VOTES, [ctx.actor.id, roles, [...states]]);
  return rows.flatMap((row) => {
    const role = roleAsked(row);
    return role ? [toTask('VOTE', row, `Vote as ${role} on version ${row.version} of "${row.model}".`)] : [];
  });
};

/** Admins are asked once no validator is missing. */
function roleAsked({ dossierDigest, votes: cast, state, granted, ...row }: AwaitingVotes): VoterRole | undefined {
  const required = requiredOf(row);
  const [next] = required ? missingVotes(required, dossierDigest, cast) : [];
  return next && granted.includes(next.role) && statesFor(ACT_OF[next.role]).includes(state) ? next.role : undefined;
}

/** Approved versions that were never live, for those who make versions live, until the first of their votes expires. */
const deployments: TaskSource = async (ctx) => {
  if (!bearsFor(ctx, 'DEPLOY')) return [];
  const rows = await ctx.db.query<Waiting>(
    `SELECT ${WAITING},
       (SELECT min(b.recorded_at) FROM model_version_votes b WHERE b.version_id = v.id AND b.verdict = 'FOR') + make_interval(days => v.vote_days) AS "dueAt"
     FROM ${VERSIONS}
     WHERE v.state = 'APPROVED' AND NOT EXISTS (SELECT FROM deployments d WHERE d.version_id = v.id) AND has_required_votes(v)
       AND ${grantedNow('$1', `'${ACTS.DEPLOY.role}'`)}
     ORDER BY v.id`,
    [ctx.actor.id],
  );
  return rows.map((row) => toTask('DEPLOY', row, `Deploy version ${row.version} of "${row.model}", which is approved and was never live, before its votes expire.`));
};

/** The actor's own drafts. */
const drafts: TaskSource = async (ctx) => {
  if (!bearsFor(ctx, 'SUBMIT')) return [];
  const rows = await ctx.db.query<Waiting>(
    `SELECT ${WAITING} FROM ${VERSIONS} WHERE v.state = 'DRAFT' AND v.registered_by = $1 AND ${grantedNow('$1', `'${ACTS.SUBMIT.role}'`)} ORDER BY v.id`,
    [ctx.actor.id],
  );
  return rows.map((row) => toTask('SUBMIT', row, `Submit version ${row.version} of "${row.model}" to its voters.`));
};

/** What this room has for people to do. */
export const modelTaskSources: readonly TaskSource[] = [votes, deployments, drafts];
