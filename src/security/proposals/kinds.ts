import type { Context, Transaction } from '../../platform/index.js';
import type { Permission, Role } from '../access/permissions.js';

/** Everything that takes two people. */
export const PROPOSAL_KINDS = {
  GRANT_ROLE: 'A role that votes, or that keeps the roles, for a person.',
  CHANGE_POLICY: 'Another governance policy.',
  CHANGE_TIER: 'Another materiality tier for a model.',
  WAIVE_GATE: 'A version passes although a gate fails, for a time.',
  RESUME_MODEL: 'A suspended model decides again.',
  RESUME_VERSION: 'A suspended version may be deployed again.',
  ERASE_CUSTOMER: 'The personal data of a customer is destroyed, for good.',
  CHANGE_RETENTION: 'Records of a kind are kept longer, or shorter, under a regime.',
  OVERRIDE_DECISION: 'A decision other than the recorded one, above the limit for one person.',
} as const;

export type ProposalKindName = keyof typeof PROPOSAL_KINDS;

/** Something put forward that takes effect when a second person confirms it. */
export interface Proposal<Payload extends object = object> {
  readonly id: string;
  readonly kind: ProposalKindName;
  /** What it is about: the row id of a person, a model, a version, a prediction. */
  readonly subject: string;
  readonly payload: Payload;
  readonly proposedBy: string;
  readonly reason: string;
}

/** How proposals of a kind are made, confirmed and carried out. Each room offers the kinds that are its own. */
export interface ProposalKind<Payload extends object = object, Prepared = unknown> {
  readonly name: ProposalKindName;
  /** To propose and to confirm. */
  readonly permission: Permission;
  /** One of them is in the token and granted in the database, of who proposes and of who confirms. */
  readonly roles: readonly Role[];
  /** What people say to it is not kept, where it would name somebody whose data is about to go. */
  readonly wordless?: boolean;
  /** What it would do, in one sentence without personal data. */
  describe(payload: Payload): string;
  /** Whether this person may take part (that nobody confirms their own goes without saying), and the thing can still be done. */
  check?(tx: Transaction, ctx: Context, proposal: Omit<Proposal<Payload>, 'id'>): Promise<void>;
  /** What takes long, such as loading a model, before the transaction of the confirmation begins. */
  prepare?(ctx: Context, proposal: Proposal<Payload>): Promise<Prepared>;
  /** Does it, in the transaction of the confirmation. @returns the id of what it made */
  execute(tx: Transaction, ctx: Context, proposal: Proposal<Payload>, prepared: Prepared): Promise<string>;
  /** Once it is committed. */
  after?(ctx: Context): Promise<void> | void;
  /** What the database refused, as a sentence. */
  translate?(error: unknown): unknown;
}
