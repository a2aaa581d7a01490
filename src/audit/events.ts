import type { ReadKind } from '../platform/index.js';

/** Lowercase hexadecimal text of bytes. */
export type Hex = string;

/**
 * Everything that can be an audit event, each with its own payload: an unknown event does not compile. Payloads hold
 * pseudonyms and digests only, no personal data, because leaves outlive an erasure. `text` is the digest of what the person
 * said with the act (comment, reason, text): SHA-256 of its UTF-8.
 */
export interface AuditPayloads {
  /** The digest of what was imported is keyed: it may be of one person. Those of earlier releases are plain (`sourceSha256`), with the file's name. */
  BOOK_IMPORTED: { source: 'FILE' | 'ROWS'; sourceHmac: Hex; customers: number; loans: number; repayments: number; outcomes: number; rejected: number };
  CUSTOMER_RECORDED: { customer: string };
  CUSTOMER_UPDATED: { customer: string };
  LOAN_RECORDED: LoanPayload;
  LOAN_UPDATED: LoanPayload;
  REPAYMENTS_RECORDED: LoanPayload & { count: number };
  OUTCOME_RECORDED: LoanPayload & { outcome: string };
  ROLE_GRANTED: { user: string; role: string };
  ROLE_ENDED: { user: string; role: string };
  /** What takes two people: put forward by one, decided by another. */
  PROPOSED: ProposalPayload & Said;
  PROPOSAL_CONFIRMED: ProposalPayload & Said & { made: string };
  PROPOSAL_DECLINED: ProposalPayload & Said;
  POLICY_CHANGED: { policy: number; digest: Hex };
  MODEL_REGISTERED: { model: string };
  /** Bytes are here that were not, or somebody else handed them in again. */
  ARTEFACT_STORED: { sha256: Hex; bytes: number };
  VERSION_REGISTERED: VersionPayload;
  VERSION_EDITED: VersionPayload & { before: Hex };
  VERSION_SUBMITTED: VersionPayload & { policy: number; validators: number; admins: number };
  /** One person's vote. Whether it moved the version is an event of its own. */
  VOTE_CAST: VersionPayload & Said & { role: 'VALIDATOR' | 'ADMIN'; verdict: 'FOR' | 'AGAINST' };
  VERSION_VALIDATED: VersionPayload;
  VERSION_APPROVED: VersionPayload;
  VERSION_REJECTED: VersionPayload;
  VERSION_WITHDRAWN: VersionPayload & Said;
  DECISION_OVERRIDDEN: DecisionPayload & {
    replaced: string; decision: string; reason: string; by: string; expires: string; policy: number; proposal: string | null; review: string | null; comment: Hex;
  };
  REVIEW_REQUESTED: DecisionPayload & { due: string; grounds: Hex };
  REVIEW_RESOLVED: DecisionPayload & { outcome: string; by: string; override: string | null; explanation: Hex };
  /** Records of earlier releases have no reason. */
  COUNTEROFFER_RECORDED: DecisionPayload & { offered: string; reason: string | null; terms: Hex | null };
  COUNTEROFFER_ACCEPTED: DecisionPayload & { accepted: string };
  NOTICE_SENT: DecisionPayload & { kind: string; due: string; sent: string; channel: string };
  /** What all gates said; the digest is over the results, canonical JSON. */
  GATES_EVALUATED: VersionPayload & { evaluation: string; stage: 'SUBMISSION' | 'APPROVAL'; results: Hex; failed: number; waived: number };
  GATE_WAIVED: VersionPayload & { gate: string; proposal: string; until: string };
  /** The text is title, line feed, text. */
  FINDING_RAISED: FindingPayload & Said & { severity: 'HIGH' | 'MEDIUM' | 'LOW' };
  FINDING_REASSIGNED: FindingPayload & Said & { reassignment: string; from: string; to: string; due: string };
  FINDING_RESOLVED: FindingPayload & Said & { resolution: string; outcome: 'REMEDIED' | 'RISK_ACCEPTED' };
  RESOLUTION_ACCEPTED: FindingPayload & Said & { resolution: string };
  RESOLUTION_REJECTED: FindingPayload & Said & { resolution: string };
  /** What the inventory says since; the digest is over owner, permitted use and limits, canonical JSON. */
  MODEL_UPDATED: Said & { model: string; digest: Hex };
  MODEL_REVIEWED: Said & { model: string; outcome: 'FIT' | 'FIT_WITH_CONDITIONS' | 'UNFIT'; next: string };
  TIER_CHANGED: { model: string; from: string; to: string; proposal: string };
  VERSION_DEPLOYED: VersionPayload & Said & { deployment: string; role: string; share: number | null };
  DEPLOYMENT_ENDED: VersionPayload & Said & { deployment: string; role: string; cause: string };
  MODEL_ROLLED_BACK: Said & { model: string; from: string; to: string; deployment: string };
  MODEL_SUSPENDED: Said & { model: string; suspension: string };
  MODEL_RESUMED: { model: string; suspension: string; proposal: string };
  /** `fallback` is the deployment that took over; null where a person decides from then on, or nothing was decided. */
  VERSION_SUSPENDED: VersionPayload & Said & { suspension: string; fallback: string | null };
  VERSION_RESUMED: VersionPayload & { suspension: string; proposal: string };
  VERSION_RETIRED: VersionPayload & Said;
  /** `manifest` is the SHA-256 of the backup's manifest, which names every file of it with its digest. */
  BACKUP_TAKEN: { kind: BackupKind; manifest: Hex };
  /** The first event of a database that was restored; `until` is the moment that was asked for. */
  DATABASE_RESTORED: { kind: BackupKind; manifest: Hex; until: string | null };
  /**
   * The first entry of a new tree, after a restore or a fork. `predecessor` is the signed note of the last checkpoint that is known of
   * the epoch before, witnessed where one is; `signed` a larger one that only the log signed. Of that epoch `kept` entries are proven to
   * be here, and `lost` that were signed are not.
   */
  EPOCH_OPENED: Said & { epoch: number; origin: string; predecessor: string; signed: string | null; kept: number; lost: number };
  /**
   * A server that knew no checkpoint of the log was told by an operator to go on from the head of `size` entries. `checkpoint` is the signed
   * note that somebody kept, out of which it grew; null where nobody kept one, so that nothing tells whether the log was larger.
   */
  CHECKPOINT_ADOPTED: { epoch: number; size: number; root: Hex; checkpoint: string | null };
  /** The reason is sealed under the customer's key: SHA-256 of its ciphertext. */
  LEGAL_HOLD_PLACED: { customer: string; hold: string; reason: Hex };
  LEGAL_HOLD_LIFTED: { customer: string; hold: string; reason: Hex };
  RETENTION_CHANGED: { rule: string; kind: string; regime: string; products: string[]; months: number; inForce: boolean; proposal: string };
  /** Written when the key is gone. What is left is pseudonymous; proofs of earlier entries still verify. */
  CUSTOMER_ERASED: { customer: string; erasure: string; basis: string; proposal: string };
  /** Somebody looked for a person by what is stored sealed; not what they looked for. */
  CUSTOMERS_LOOKED_UP: { by: string[]; found: string[] };
  /** Before anything is done to keys: where the event that tells of its end does not follow, it failed on the way, or was stopped. */
  KEYS_ACT_BEGUN: { act: 'ROTATION'; keys: RotatedKeys } | { act: 'RETIREMENT'; keys: 'KEY_ENCRYPTION_KEY' } | { act: 'BACKUP'; keys: 'KEY_STORE' };
  /** Key-encryption keys of these versions were taken out of their file. */
  KEYS_RETIRED: { versions: number[] };
  /** Everybody's wrapped keys were copied: SHA-256 of the copy. */
  KEYS_BACKED_UP: { sha256: Hex };
  /** `version` is that of the key-encryption key or the index key that holds since; null for data keys, each of which has its own. */
  KEYS_ROTATED: { keys: RotatedKeys; entries: number; version: number | null };
  /** What one request read of what not everybody may see: ids of customers, of `PREDICTION` those of predictions. One of as many parts as it took. */
  PERSONAL_DATA_READ: { reads: Partial<Record<ReadKind, readonly string[]>>; part: number; parts: number };
  ARTEFACT_READ: { sha256: Hex; bytes: number };
  ACT_REFUSED: { act: string; subject: string; code: string; rule?: string };
  SCORING_UNRESOLVED: { request: Hex; code: string };
  /** Evidence is taken out: of whom or what, before anything is; `scope` is the digest of all that was asked for, canonical JSON. */
  EXPORT_BEGUN: { export: string; scope: Hex; customer: string | null; version: string | null };
  /** An export that had begun earlier goes on, by whomever; likewise before anything more is taken. */
  EXPORT_RESUMED: { export: string; scope: Hex; customer: string | null; version: string | null };
  /** A file of an export was fetched, by whomever. */
  EXPORT_READ: { export: string; file: Hex };
  EXPORT_COMPLETED: { export: string; manifest: Hex; predictions: number; events: number };
  PREDICTION_RECORDED: PredictionPayload;
  /**
   * A row of governance came, changed or went: written by the database itself. Its actor is the role of the database that wrote.
   * Digests are over the row's columns (docs/record-format.md); null for no row.
   */
  ROW_WRITTEN: { table: string; row: Hex | null; replaced: Hex | null };
}

type BackupKind = 'BASE' | 'DUMP';

type RotatedKeys = 'KEY_ENCRYPTION_KEY' | 'DATA_KEYS' | 'INDEX_KEY';

/** What a person said with an act. */
interface Said {
  readonly text: Hex;
}

interface ProposalPayload {
  proposal: string;
  kind: string;
  subject: string;
  /** SHA-256 of the canonical payload: what exactly was proposed. */
  digest: Hex;
}

/** What people do about a decision; free text as the SHA-256 of its ciphertext. */
interface DecisionPayload {
  customer: string;
  prediction: string;
}

interface LoanPayload {
  customer: string;
  loan: string;
}

interface VersionPayload {
  model: string;
  version: string;
  dossier: Hex;
}

interface FindingPayload {
  finding: string;
  model: string;
  /** Null where it is about the model as a whole. */
  version: string | null;
}

interface PredictionPayload {
  /** SHA-256 of the model artefact; null where no version was reached. */
  artefact: Hex | null;
  dossier: Hex | null;
  deployment: string | null;
  status: string;
  /** SHA-256 of the stored ciphertext: the stored bytes can be checked without the key. */
  record: Hex;
  /** HMAC-SHA256(r, canonical(everything else in the record)); `r` lies inside the ciphertext. */
  commitment: Hex;
  /** SHA-256(row salt ‖ canonical(every other stored column)): no clear column can be changed unseen. */
  columns: Hex;
}

export type AuditEventType = keyof AuditPayloads;

/** One event: its type, the id of the thing it is about, who did it and when. */
export type AuditEvent = {
  [Type in AuditEventType]: { type: Type; id: string; actor: string; time: Date; payload: AuditPayloads[Type] };
}[AuditEventType];
