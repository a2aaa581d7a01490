import type { FeatureSpec, Language, ReadReport } from '../../scoring/index.js';
import type { MissingVotes, Verdict } from '../approval-policy.js';
import type { DeploymentRole } from '../deployment.entity.js';
import type { Dossier } from '../dossier.js';
import type { Tier, VoterRole } from '../policy/tiers.js';
import type { FindingSeverity } from '../findings/lifecycle.js';
import type { GateName, GateResult } from '../gates/types.js';
import type { ReviewOutcome } from '../inventory/inventory.queries.js';
import type { Act, VersionState } from '../lifecycle.js';
import type { Part } from '../version.entity.js';

export interface CardVote {
  readonly by: string;
  readonly role: VoterRole;
  readonly verdict: Verdict;
  readonly at: Date;
  readonly dossierDigest: string;
  readonly comment: string;
  readonly expired: boolean;
}

export interface CardDeployment {
  readonly role: DeploymentRole;
  /** Of a canary: its share of the requests. */
  readonly share: number | null;
  readonly from: Date;
  readonly to: Date | null;
  readonly by: string;
  readonly reason: string;
}

export type CardGate = Pick<GateResult, 'gate' | 'verdict' | 'measured' | 'threshold' | 'unit' | 'source' | 'text'>;

export interface CardFinding {
  readonly severity: FindingSeverity;
  readonly title: string;
  readonly owner: string;
  readonly dueAt: Date;
  readonly overdue: boolean;
  /** What was done about it, once a validator has accepted it; undefined while it is open. */
  readonly resolution: string | undefined;
}

export interface CardWaiver {
  readonly gate: GateName;
  readonly reason: string;
  readonly by: string;
  readonly secondBy: string;
  readonly expiresAt: Date;
  readonly inForce: boolean;
}

/** Why nothing is decided with it at present. */
export interface CardSuspension {
  /** The whole model, not this version alone. */
  readonly ofModel: boolean;
  readonly since: Date;
  readonly by: string;
  readonly reason: string;
}

/** A periodic review of the model. */
export interface CardReview {
  readonly outcome: ReviewOutcome;
  readonly by: string;
  readonly at: Date;
  readonly comment: string;
  readonly nextReviewAt: Date;
}

/** What the registry knows of a version beside its dossier. Persons by their names. */
export interface GovernanceFacts {
  readonly model: {
    readonly name: string;
    readonly purpose: string;
    readonly decisionPurpose: string;
    readonly products: readonly string[];
    readonly horizonMonths: number;
    readonly tier: Tier;
    readonly owner: string;
    readonly permittedUse: string | null;
    readonly limits: string | null;
    readonly nextReviewAt: Date;
    readonly reviewOverdue: boolean;
  };
  readonly globalId: string;
  readonly version: number;
  readonly state: VersionState;
  readonly registeredAt: Date;
  readonly makers: readonly { readonly name: string; readonly part: Part; readonly at: Date }[];
  readonly votes: readonly CardVote[];
  readonly missingVotes: readonly MissingVotes[];
  readonly steps: readonly { readonly act: Act; readonly at: Date; readonly by: string; readonly reason: string | null }[];
  readonly deployments: readonly CardDeployment[];
  /** As they were last evaluated for the record; empty before submission. What the reader may not see is left out. */
  readonly gates: readonly CardGate[];
  readonly waivers: readonly CardWaiver[];
  /** On the version, and on its model as a whole. */
  readonly findings: readonly CardFinding[];
  /** Of the model, oldest first. */
  readonly reviews: readonly CardReview[];
  readonly suspensions: readonly CardSuspension[];
}

/** All that a card is made of. What is absent is told as not recorded. */
export interface CardSource {
  readonly language: Language;
  /** Of a version that is not registered: what to call it. */
  readonly title: string;
  readonly dossier: Dossier;
  readonly digest: string;
  readonly report: ReadReport | undefined;
  readonly specs: readonly FeatureSpec[];
  /** Undefined for a version that is not registered. */
  readonly governance: GovernanceFacts | undefined;
  /** Whether the reader may see how groups of people fare. */
  readonly showsGroups: boolean;
}
