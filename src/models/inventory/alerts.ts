import type { LoaderDefinition } from '../../platform/index.js';

interface AlertRow {
  readonly modelId: string;
  readonly code: AlertCode;
  /** What the sentence needs: a title, the number of a version, a date. */
  readonly detail: string;
  readonly since: Date;
}

/** Everything that somebody should look at, by model: what it means, and how it is said. */
export const ALERTS = {
  REVIEW_OVERDUE: { description: 'The time of its review has passed.', says: (day: string) => `Its review was due on ${day}. A VALIDATOR who does not own it: reviewModel.` },
  REVIEW_DUE_SOON: { description: 'It is to be reviewed within 30 days.', says: (day: string) => `Its review is due on ${day}.` },
  UNFIT: { description: 'Its last review found it unfit; what it decides goes to a person.', says: (day: string) => `The review of ${day} found it unfit: decisions are REFER until a VALIDATOR reviews it anew (reviewModel). An ADMIN: suspendModel, or deploy a better version and have it reviewed.` },
  WAIVER_EXPIRED: { description: 'A waiver of a version that decides has expired; its decisions go to a person.', says: (gate: string) => `The waiver of the gate ${gate} has expired: its decisions are REFER until the gate is waived anew (waiveGate) or another version is deployed.` },
  FINDING_OVERDUE: { description: 'A finding was not resolved in time.', says: (title: string) => `The finding “${title}” is overdue.` },
  HIGH_FINDING_LIVE: { description: 'A HIGH finding is open on what decides.', says: (title: string) => `The HIGH finding “${title}” is open on a version that decides.` },
  SUSPENDED: { description: 'It, or a version of it, is suspended.', says: (what: string) => `${what} is suspended. Two ADMINs lift that: resumeModel, resumeVersion.` },
  VOTES_EXPIRING: { description: 'Votes for a version that was not deployed expire within 14 days, or have.', says: (version: string) => `Votes for version ${version} expire within 14 days, or have expired: deploy it, or have it voted on again as a new version.` },
  NO_PERMITTED_USE: { description: 'What it may be used for is not stated.', says: () => 'Its permitted use is not stated. Its owner or an ADMIN: updateModel.' },
} as const;

export type AlertCode = keyof typeof ALERTS;

export interface Alert {
  readonly code: AlertCode;
  readonly text: string;
  readonly since: Date;
}

const DAY = `'YYYY-MM-DD'`;
/** Champions, and canaries for their share. */
const DECIDING = `deployments d JOIN model_versions v ON v.id = d.version_id AND d.role <> 'CHALLENGER' AND d.valid_to IS NULL`;

/** Parts of one statement, each: model, code, detail, since. */
const PARTS: Readonly<Record<AlertCode, string>> = {
  REVIEW_OVERDUE: `SELECT m.id, to_char(m.next_review_at AT TIME ZONE 'UTC', ${DAY}), m.next_review_at FROM models m WHERE m.next_review_at <= clock_timestamp()`,
  REVIEW_DUE_SOON: `SELECT m.id, to_char(m.next_review_at AT TIME ZONE 'UTC', ${DAY}), m.next_review_at - interval '30 days' FROM models m
    WHERE m.next_review_at > clock_timestamp() AND m.next_review_at <= clock_timestamp() + interval '30 days'`,
  UNFIT: `SELECT r.model_id, to_char(r.recorded_at AT TIME ZONE 'UTC', ${DAY}), r.recorded_at FROM models m
    JOIN LATERAL (SELECT * FROM model_reviews n WHERE n.model_id = m.id ORDER BY n.recorded_at DESC, n.id DESC LIMIT 1) r ON r.outcome = 'UNFIT'`,
  WAIVER_EXPIRED: `SELECT v.model_id, w.gate || ' of version ' || v.version, max(w.expires_at) FROM ${DECIDING} JOIN gate_waivers w ON w.version_id = v.id AND w.dossier_digest = v.dossier_digest
    WHERE waiver_expired(v.id) GROUP BY v.id, w.gate HAVING max(w.expires_at) <= clock_timestamp()`,
  FINDING_OVERDUE: `SELECT f.model_id, f.title, f.due_at FROM finding_states f WHERE f.state <> 'CLOSED' AND f.due_at <= clock_timestamp()`,
  HIGH_FINDING_LIVE: `SELECT f.model_id, f.title, min(greatest(f.recorded_at, d.valid_from)) FROM ${DECIDING}
    JOIN finding_states f ON f.model_id = v.model_id AND coalesce(f.version_id, v.id) = v.id AND f.severity = 'HIGH' AND f.state <> 'CLOSED' GROUP BY f.id, f.model_id, f.title`,
  SUSPENDED: `SELECT s.model_id, coalesce('Version ' || v.version, 'The model'), s.valid_from FROM suspensions s LEFT JOIN model_versions v ON v.id = s.version_id WHERE s.valid_to IS NULL`,
  VOTES_EXPIRING: `SELECT v.model_id, v.version::text, min(b.recorded_at) + make_interval(days => v.vote_days - 14) FROM model_versions v
    JOIN model_version_votes b ON b.version_id = v.id AND b.verdict = 'FOR' AND b.dossier_digest = v.dossier_digest
    WHERE v.state IN ('SUBMITTED', 'VALIDATED', 'APPROVED') AND NOT EXISTS (SELECT FROM deployments d WHERE d.version_id = v.id)
      AND b.recorded_at <= clock_timestamp() - make_interval(days => v.vote_days - 14) GROUP BY v.id`,
  NO_PERMITTED_USE: `SELECT m.id, '', m.recorded_at FROM models m WHERE m.permitted_use IS NULL`,
};

const ALL = Object.entries(PARTS).map(([code, part]) => `SELECT '${code}' AS code, part.* FROM (${part}) part (model_id, detail, since)`).join(' UNION ALL ');

/** What should be looked at of each model, the oldest first. One statement for any number of models. */
export const alertsOfModel: LoaderDefinition<string, Alert[]> = {
  load: async (ctx, ids) => {
    const rows = await ctx.db.query<AlertRow>(`SELECT model_id AS "modelId", code, detail, since FROM (${ALL}) found WHERE model_id = ANY($1) ORDER BY since, code, detail`, [ids]);
    const alerts = new Map<string, Alert[]>(ids.map((id) => [id, []]));
    for (const { modelId, code, detail, since } of rows) alerts.get(modelId)!.push({ code, text: ALERTS[code].says(detail), since });
    return ids.map((id) => alerts.get(id)!);
  },
};
