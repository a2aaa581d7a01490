import { textDigest, type AuditEventType } from '../audit/index.js';
import { canonicalJson, sha256 } from '../platform/index.js';

/** The columns of a row that are not null, as text. */
export type Row = Readonly<Record<string, string>>;

/** The events by which people, and nobody else, make and change rows of governance. */
const TYPES = [
  'ROLE_GRANTED', 'ROLE_ENDED', 'PROPOSED', 'PROPOSAL_CONFIRMED', 'PROPOSAL_DECLINED', 'POLICY_CHANGED', 'ARTEFACT_STORED', 'MODEL_REGISTERED', 'MODEL_UPDATED', 'MODEL_REVIEWED', 'TIER_CHANGED',
  'VERSION_REGISTERED', 'VERSION_EDITED', 'VERSION_SUBMITTED', 'VOTE_CAST', 'VERSION_VALIDATED', 'VERSION_APPROVED', 'VERSION_REJECTED', 'VERSION_WITHDRAWN', 'GATES_EVALUATED', 'GATE_WAIVED',
  'FINDING_RAISED', 'FINDING_REASSIGNED', 'FINDING_RESOLVED', 'RESOLUTION_ACCEPTED', 'RESOLUTION_REJECTED', 'VERSION_DEPLOYED', 'DEPLOYMENT_ENDED', 'MODEL_SUSPENDED', 'MODEL_RESUMED', 'VERSION_SUSPENDED',
  'VERSION_RESUMED', 'VERSION_RETIRED', 'DECISION_OVERRIDDEN', 'REVIEW_REQUESTED', 'REVIEW_RESOLVED', 'COUNTEROFFER_RECORDED', 'COUNTEROFFER_ACCEPTED', 'NOTICE_SENT', 'LEGAL_HOLD_PLACED', 'LEGAL_HOLD_LIFTED',
  'RETENTION_CHANGED', 'CUSTOMER_ERASED',
] as const satisfies readonly AuditEventType[];

type ActType = (typeof TYPES)[number];

export const ACT_TYPES: ReadonlySet<string> = new Set(TYPES);

/** An event without which a row cannot have come to be as it is. */
export interface Act {
  /** It is one of these. */
  readonly types: readonly ActType[];
  /** The member of its leaf by which it is found, and what it says there. */
  readonly of: readonly [member: 'id' | 'version' | 'resolution', value: string];
  /** What else its leaf says; nothing where it says null. What leaves of earlier releases do not have is not compared. */
  readonly says: Readonly<Record<string, string | undefined>>;
  /** One event tells of several rows of the table. */
  readonly shared?: true;
}

type Says = Act['says'];

const act = (type: ActType | readonly ActType[], id: string | undefined, says: Says = {}): Act => ({ types: [type].flat(), of: ['id', id ?? ''], says });
const onVersion = (type: ActType | readonly ActType[], version: string | undefined, says: Says = {}): Act => ({ types: [type].flat(), of: ['version', version ?? ''], says });
const shared = (one: Act): Act => ({ ...one, shared: true });

const said = (text: string | undefined): string | undefined => (text === undefined ? undefined : textDigest(text));
/** `\x…` */
const bytes = (text: string | undefined): string | undefined => text?.slice(2);
const digestOfBytes = (text: string | undefined): string | undefined => text && sha256(Buffer.from(text.slice(2), 'hex')).toString('hex');

function time(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const at = new Date(text);
  return Number.isNaN(at.getTime()) ? text : at.toISOString();
}

function digestOfJson(text: string | undefined): string {
  try {
    return sha256(canonicalJson(JSON.parse(text ?? ''))).toString('hex');
  } catch {
    return 'no JSON';
  }
}

const MADE: readonly ActType[] = ['VERSION_REGISTERED', 'VERSION_EDITED'];

/** What brought a version to its state; nothing more than its making for a draft. */
const STATES: Readonly<Record<string, ActType>> = {
  SUBMITTED: 'VERSION_SUBMITTED', VALIDATED: 'VERSION_VALIDATED', APPROVED: 'VERSION_APPROVED', REJECTED: 'VERSION_REJECTED', WITHDRAWN: 'VERSION_WITHDRAWN', SUSPENDED: 'VERSION_SUSPENDED', RETIRED: 'VERSION_RETIRED',
};

const STEPS: Readonly<Record<string, ActType>> = {
  REGISTER: 'VERSION_REGISTERED', EDIT: 'VERSION_EDITED', SUBMIT: 'VERSION_SUBMITTED', WITHDRAW: 'VERSION_WITHDRAWN', VALIDATE: 'VERSION_VALIDATED', INVALIDATE: 'VERSION_REJECTED', APPROVE: 'VERSION_APPROVED',
  REJECT: 'VERSION_REJECTED', DEPLOY: 'VERSION_DEPLOYED', SUSPEND: 'VERSION_SUSPENDED', RESUME: 'VERSION_RESUMED', RETIRE: 'VERSION_RETIRED',
};

/** People of a version: who registered, edited or submitted it did so; the others are named by who registered or edited it. */
const PARTS: Readonly<Record<string, ActType>> = { REGISTERED: 'VERSION_REGISTERED', EDITED: 'VERSION_EDITED', SUBMITTED: 'VERSION_SUBMITTED' };

/** By table: the acts whose events must be in the log for a row to be as it is. A table that is not here has none of its own. */
const ACTS: Readonly<Record<string, (row: Row) => readonly (Act | false)[]>> = {
  role_grants: (r) => [
    act('ROLE_GRANTED', r['id'], { user: r['user_id'], role: r['role'] }),
    r['valid_to'] !== undefined && act('ROLE_ENDED', r['id'], { user: r['user_id'], role: r['role'], actor: r['ended_by'] }),
  ],
  proposals: (r) => [act('PROPOSED', r['id'], { kind: r['kind'], subject: r['subject'], digest: digestOfJson(r['payload']), text: said(r['reason']), actor: r['proposed_by'] })],
  proposal_decisions: (r) => [act(r['verdict'] === 'CONFIRMED' ? 'PROPOSAL_CONFIRMED' : 'PROPOSAL_DECLINED', r['proposal_id'], { text: said(r['comment']), actor: r['decided_by'] })],
  governance_policies: (r) => [act('POLICY_CHANGED', r['id'], { policy: r['version'], digest: bytes(r['digest']) })],
  artefacts: (r) => [act('ARTEFACT_STORED', bytes(r['sha256']), { actor: r['uploaded_by'] })],

  models: (r) => [act('MODEL_REGISTERED', r['id']), r['tier'] !== 'HIGH' && act('TIER_CHANGED', r['id'], { to: r['tier'] })],
  model_facts: (r) => [
    r['id'] === r['model_id'] ? act('MODEL_REGISTERED', r['model_id'], { actor: r['by_user'] }) : act('MODEL_UPDATED', r['model_id'], {
      digest: sha256(canonicalJson({ owner: r['owner_id'] ?? null, permittedUse: r['permitted_use'] ?? null, limits: r['limits'] ?? null })).toString('hex'), text: said(r['reason']), actor: r['by_user'],
    }),
  ],
  model_reviews: (r) => [act('MODEL_REVIEWED', r['model_id'], { outcome: r['outcome'], next: time(r['next_review_at']), text: said(r['comment']), actor: r['reviewed_by'] })],
  model_tier_changes: (r) => [act('TIER_CHANGED', r['model_id'], { from: r['from_tier'], to: r['to_tier'], proposal: r['proposal_id'] })],

  model_versions: (r) => {
    const dossier = bytes(r['dossier_digest']);
    const state = STATES[r['state'] ?? ''];
    return [
      act('VERSION_REGISTERED', r['id'], { model: r['model_id'], actor: r['registered_by'] }),
      onVersion(MADE, r['id'], { dossier }),
      r['submitted_at'] !== undefined && act('VERSION_SUBMITTED', r['id'], { dossier, policy: r['policy_version'], validators: r['required_validators'], admins: r['required_admins'] }),
      state !== undefined && onVersion(state, r['id'], { dossier }),
    ];
  },
  model_version_artefacts: (r) => [shared(onVersion(MADE, r['version_id']))],
  model_version_contributors: (r) => {
    const own = PARTS[r['part'] ?? ''];
    return [own ? onVersion(own, r['version_id'], { actor: r['user_id'] }) : shared(onVersion(MADE, r['version_id']))];
  },
  model_version_votes: (r) => [act('VOTE_CAST', r['id'], { version: r['version_id'], dossier: bytes(r['dossier_digest']), role: r['role'], verdict: r['verdict'], text: said(r['comment']), actor: r['user_id'] })],
  model_version_transitions: (r) => [onVersion(STEPS[r['act'] ?? ''] ?? [], r['version_id'], { actor: r['user_id'], text: said(r['reason']) })],

  gate_evaluations: (r) => [act('GATES_EVALUATED', r['id'], { version: r['version_id'], dossier: bytes(r['dossier_digest']), stage: r['stage'], actor: r['by_user'] })],
  gate_results: (r) => [shared(act('GATES_EVALUATED', r['evaluation_id']))],
  gate_waivers: (r) => [act('GATE_WAIVED', r['id'], { version: r['version_id'], dossier: bytes(r['dossier_digest']), gate: r['gate'], proposal: r['proposal_id'], until: time(r['expires_at']) })],
  findings: (r) => [act('FINDING_RAISED', r['id'], { model: r['model_id'], version: r['version_id'], severity: r['severity'], text: said(`${r['title']}\n${r['text']}`), actor: r['raised_by'] })],
  finding_reassignments: (r) => [act('FINDING_REASSIGNED', r['finding_id'], { reassignment: r['id'], from: r['from_owner'], to: r['to_owner'], due: time(r['due_at']), text: said(r['reason']), actor: r['by_user'] })],
  finding_resolutions: (r) => [act('FINDING_RESOLVED', r['finding_id'], { resolution: r['id'], outcome: r['outcome'], text: said(r['text']), actor: r['proposed_by'] })],
  finding_verdicts: (r) => [{ types: [r['verdict'] === 'ACCEPTED' ? 'RESOLUTION_ACCEPTED' : 'RESOLUTION_REJECTED'], of: ['resolution', r['resolution_id'] ?? ''], says: { text: said(r['comment']), actor: r['decided_by'] } }],

  deployments: (r) => [
    act('VERSION_DEPLOYED', r['id'], { model: r['model_id'], version: r['version_id'], role: r['role'], share: r['share'] && String(Number(r['share'])), text: said(r['reason']), actor: r['by_user'] }),
    r['valid_to'] !== undefined && act('DEPLOYMENT_ENDED', r['id'], { text: said(r['end_reason']), actor: r['ended_by'] }),
  ],
  suspensions: (r) => {
    const of = r['version_id'] === undefined ? 'MODEL' : 'VERSION';
    const says = { model: r['model_id'], ...(r['version_id'] === undefined ? {} : { version: r['version_id'] }) };
    return [
      act(`${of}_SUSPENDED`, r['id'], { ...says, text: said(r['reason']), actor: r['by_user'] }),
      r['valid_to'] !== undefined && act(`${of}_RESUMED`, r['id'], { ...says, proposal: r['proposal_id'], actor: r['lifted_by'] }),
    ];
  },

  decision_overrides: (r) => [act('DECISION_OVERRIDDEN', r['id'], {
    customer: r['customer_id'], prediction: r['prediction_id'], replaced: r['replaced'], decision: r['decision'], reason: r['reason_code'], by: r['made_by'], expires: time(r['expires_at']), policy: r['policy_version'],
    proposal: r['proposal_id'], review: r['review_id'], comment: digestOfBytes(r['comment']),
  })],
  decision_reviews: (r) => [act('REVIEW_REQUESTED', r['id'], { customer: r['customer_id'], prediction: r['prediction_id'], due: time(r['due_at']), grounds: digestOfBytes(r['grounds']), actor: r['requested_by'] })],
  decision_review_outcomes: (r) => [act('REVIEW_RESOLVED', r['review_id'], { customer: r['customer_id'], outcome: r['outcome'], by: r['resolved_by'], override: r['override_id'], explanation: digestOfBytes(r['explanation']) })],
  counteroffers: (r) => [act('COUNTEROFFER_RECORDED', r['id'], { customer: r['customer_id'], prediction: r['prediction_id'], offered: time(r['offered_at']), reason: r['reason_code'], terms: digestOfBytes(r['terms']), actor: r['recorded_by'] })],
  counteroffer_acceptances: (r) => [act('COUNTEROFFER_ACCEPTED', r['counteroffer_id'], { customer: r['customer_id'], accepted: time(r['accepted_at']), actor: r['recorded_by'] })],
  adverse_action_notices: (r) => [act('NOTICE_SENT', r['id'], { customer: r['customer_id'], prediction: r['prediction_id'], kind: r['kind'], due: r['send_by'], sent: time(r['sent_at']), channel: r['channel'], actor: r['recorded_by'] })],

  retention_rules: (r) => [act('RETENTION_CHANGED', r['id'], { kind: r['record_kind'], regime: r['regime'], months: r['months'], inForce: r['in_force'], proposal: r['proposal_id'] })],
  legal_holds: (r) => [act('LEGAL_HOLD_PLACED', r['id'], { customer: r['customer_id'], reason: digestOfBytes(r['reason']), actor: r['placed_by'] })],
  legal_hold_ends: (r) => [act('LEGAL_HOLD_LIFTED', r['hold_id'], { customer: r['customer_id'], reason: digestOfBytes(r['reason']), actor: r['lifted_by'] })],
  erasures: (r) => [act('PROPOSAL_CONFIRMED', r['proposal_id'], { kind: 'ERASE_CUSTOMER', subject: r['customer_id'], made: r['id'] })],
  erasure_ends: (r) => [act('CUSTOMER_ERASED', r['customer_id'])],
};

/** What the log must tell for this row to be there as it is. */
export const actsOf = (table: string, row: Row): readonly Act[] => (ACTS[table]?.(row) ?? []).filter((one) => one !== false);

/** By table whose rows change as they are used: the acts that change one, each once. */
const CHANGED_BY: Readonly<Record<string, readonly [member: Act['of'][0], types: readonly ActType[]]>> = {
  role_grants: ['id', ['ROLE_ENDED']],
  model_versions: ['version', ['VERSION_EDITED', 'VERSION_SUBMITTED', 'VERSION_VALIDATED', 'VERSION_APPROVED', 'VERSION_REJECTED', 'VERSION_WITHDRAWN', 'VERSION_SUSPENDED', 'VERSION_RESUMED', 'VERSION_RETIRED']],
  deployments: ['id', ['DEPLOYMENT_ENDED']],
  suspensions: ['id', ['MODEL_RESUMED', 'VERSION_RESUMED']],
};

export const changedBy = (table: string): (typeof CHANGED_BY)[string] | undefined => CHANGED_BY[table];
