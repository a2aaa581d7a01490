import { artefactScan, latency, parity, size } from './soundness.js';
import { calibration, dataQuality, discrimination, stability } from './performance.js';
import { explanation, fairness, findings, modelCard } from './understanding.js';
import { GATE_NAMES, type Gate, type GateEvidence, type GateName, type GateResult, type GateThresholds } from './types.js';

interface GateRule {
  /** What passing it means. */
  readonly asks: string;
  readonly unit: string | null;
  readonly judge: Gate;
  /** Why no waiver exists for it; absent where there may be one. */
  readonly notWaived?: string;
}

/** Every gate there is. */
export const GATES: Readonly<Record<GateName, GateRule>> = {
  PARITY: {
    asks: 'The compiled model gives the PDs of the model that was trained.',
    unit: 'PD',
    judge: parity,
    notWaived: 'What would be served is not what was validated. Export the model again.',
  },
  ARTEFACT_SCAN: {
    asks: 'The artefacts are sound, fit each other and run without harm.',
    unit: 'operators',
    judge: artefactScan,
    notWaived: 'Artefacts that cannot be loaded safely would endanger every other model. Register sound ones.',
  },
  DISCRIMINATION: { asks: 'It tells good from bad loans as well as the champion, on the same rows.', unit: 'AUC', judge: discrimination },
  CALIBRATION: { asks: 'Its PDs come true on the hold-out.', unit: 'PD', judge: calibration },
  STABILITY: { asks: 'Its PDs are spread on the hold-out as on the training loans.', unit: 'PSI', judge: stability },
  DATA_QUALITY: { asks: 'There is no grave finding in the training data.', unit: 'findings', judge: dataQuality },
  EXPLANATION: { asks: 'Its predictions can be explained in full.', unit: 'log-odds', judge: explanation },
  FAIRNESS: { asks: 'Its effect on groups is reported, and within the four-fifths ratio of the policy.', unit: 'ratio', judge: fairness },
  MODEL_CARD: { asks: 'Its card tells intended use, limitations, ethics and contact.', unit: 'sections', judge: modelCard },
  FINDINGS: {
    asks: 'No HIGH finding is open.',
    unit: 'findings',
    judge: findings,
    notWaived: 'A finding has a way of its own: its owner proposes to accept the risk (resolveFinding), and a validator decides.',
  },
  LATENCY: { asks: 'One explained prediction is fast enough.', unit: 'ms', judge: latency },
  SIZE: { asks: 'Its artefacts are small enough.', unit: 'bytes', judge: size },
};

export const WAIVABLE: readonly GateName[] = GATE_NAMES.filter((gate) => GATES[gate].notWaived === undefined);

/** A waiver that is in force. */
export interface WaiverInForce {
  readonly id: string;
  readonly gate: GateName;
}

/** Asks every gate. A failure under a waiver that is in force counts as WAIVED; what passes needs none. */
export function judgeGates(evidence: GateEvidence, thresholds: GateThresholds, waivers: readonly WaiverInForce[] = []): GateResult[] {
  return GATE_NAMES.map((gate) => {
    const { judge, unit } = GATES[gate];
    const { verdict, measured, threshold, source, text } = judge(evidence, thresholds);
    const waiver = verdict === 'FAIL' ? waivers.find((one) => one.gate === gate) : undefined;
    return { gate, verdict: waiver ? 'WAIVED' : verdict, measured, threshold, unit, source, text, waiverId: waiver?.id ?? null };
  });
}

export const failing = (results: readonly GateResult[]): GateResult[] => results.filter(({ verdict }) => verdict === 'FAIL');
