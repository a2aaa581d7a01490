import type { ParityReport, ReadReport } from '../../scoring/index.js';
import type { Dossier } from '../dossier.js';

export const GATE_NAMES = [
  'PARITY', 'ARTEFACT_SCAN', 'DISCRIMINATION', 'CALIBRATION', 'STABILITY', 'DATA_QUALITY', 'EXPLANATION', 'FAIRNESS', 'MODEL_CARD', 'FINDINGS', 'LATENCY', 'SIZE',
] as const;

/** An automatic check that a version must pass. */
export type GateName = (typeof GATE_NAMES)[number];

export const GATE_VERDICTS = ['PASS', 'FAIL', 'WAIVED', 'NOT_APPLICABLE'] as const;

export type GateVerdict = (typeof GATE_VERDICTS)[number];

/** The limits of the gates, from the governed policy. */
export interface GateThresholds {
  /** By how much the AUC may lie below that of the champion. */
  readonly aucMargin: number;
  /** Expected calibration error. */
  readonly mostCalibrationError: number;
  /** Population stability index of the PD, training against hold-out. */
  readonly mostPsi: number;
  /** Log-odds that 95 % of the explanations may leave over. */
  readonly mostResidual: number;
  /** Approval rate of a group ÷ that of the group approved most often. */
  readonly leastFairnessRatio: number;
  /** Of one explained prediction. */
  readonly mostMilliseconds: number;
  /** Of all artefacts together. */
  readonly mostBytes: number;
}

/** What one gate found. */
export interface GateFinding {
  readonly verdict: Exclude<GateVerdict, 'WAIVED'>;
  /** Null where there is nothing to measure. */
  readonly measured: number | null;
  readonly threshold: number | null;
  /** Where the figure is from. */
  readonly source: string;
  /** What was found, and where the gate fails what would satisfy it. */
  readonly text: string;
}

/** What one gate says of a version. */
export interface GateResult extends Omit<GateFinding, 'verdict'> {
  readonly gate: GateName;
  readonly verdict: GateVerdict;
  readonly unit: string | null;
  /** The waiver under which it counts as passed. */
  readonly waiverId: string | null;
}

/** Something that could not be done to the artefacts, in a sentence. */
export interface Failure {
  readonly failed: string;
}

export interface Latency {
  /** Median of one explained prediction. */
  readonly milliseconds: number;
  readonly predictions: number;
  /** What ran it, as predictions record it. */
  readonly runtime: string;
  /** How it explains. */
  readonly method: string;
}

/** What was found by loading and running the artefacts, here and now. */
export interface Measured {
  readonly dossier: Dossier;
  readonly dossierDigest: string;
  /** The report of its making; absent where the dossier names none, or it cannot be read. */
  readonly report: ReadReport | undefined;
  /** Of all artefacts that are stored. */
  readonly bytes: number;
  readonly scan: { readonly operators: number } | Failure;
  readonly parity: ParityReport | Failure;
  /** Absent where the artefacts cannot be loaded. */
  readonly explanation: { readonly features: number; readonly withoutReasonCode: readonly string[]; readonly referenceRows: number } | undefined;
  readonly latency: Latency | Failure;
}

export interface Champion {
  readonly versionId: string;
  readonly version: number;
}

/** What the gates look at. */
export interface GateEvidence extends Measured {
  /** The version that decides today. */
  readonly champion: Champion | undefined;
  /** Titles of the open HIGH findings on the version and its model. */
  readonly openHighFindings: readonly string[];
}

export type Gate = (evidence: GateEvidence, thresholds: GateThresholds) => GateFinding;

export const isFailure = (result: object): result is Failure => 'failed' in result;
