import type { Verdict } from './approval-policy.js';
import type { Tier, VoterRole } from './policy/tiers.js';
import type { DeploymentRole } from './deployment.entity.js';
import type { Act, VersionState } from './lifecycle.js';
import type { ArtefactKind, Part } from './version.entity.js';

export interface ModelRow {
  readonly id: string;
  readonly name: string;
  readonly purpose: string;
  readonly decisionPurpose: string;
  readonly products: string[];
  readonly horizonMonths: number;
  readonly tier: Tier;
  readonly ownerId: string;
  readonly permittedUse: string | null;
  readonly limits: string | null;
  readonly nextReviewAt: Date;
  readonly reviewOverdue: boolean;
  readonly recordedAt: Date;
}

/** Without the dossier's text, which is read only when asked for. */
export interface VersionRow {
  readonly id: string;
  readonly modelId: string;
  readonly version: number;
  readonly state: VersionState;
  readonly dossierDigest: string;
  readonly registeredBy: string;
  /** What it needs, frozen when it was submitted; null of a DRAFT. */
  readonly policyVersion: number | null;
  readonly requiredValidators: number | null;
  readonly requiredAdmins: number | null;
  readonly voteDays: number | null;
  readonly submittedAt: Date | null;
  readonly recordedAt: Date;
}

export interface DeploymentRow {
  readonly id: string;
  readonly modelId: string;
  readonly versionId: string;
  readonly role: DeploymentRole;
  /** Of a canary. */
  readonly share: number | null;
  readonly validFrom: Date;
  readonly validTo: Date | null;
  readonly byUser: string;
  readonly reason: string;
  readonly endedBy: string | null;
  readonly endReason: string | null;
}

export interface ArtefactRow {
  readonly versionId: string;
  readonly kind: ArtefactKind;
  readonly sha256: string;
  readonly bytes: number;
}

export interface ContributorRow {
  readonly versionId: string;
  readonly userId: string;
  readonly part: Part;
  readonly recordedAt: Date;
}

export interface VoteRow {
  readonly id: string;
  readonly versionId: string;
  readonly userId: string;
  readonly role: VoterRole;
  readonly verdict: Verdict;
  readonly dossierDigest: string;
  readonly comment: string;
  readonly expired: boolean;
  readonly recordedAt: Date;
}

export interface TransitionRow {
  readonly versionId: string;
  readonly act: Act;
  readonly from: VersionState | null;
  readonly to: VersionState;
  readonly userId: string;
  readonly reason: string | null;
  readonly recordedAt: Date;
}
