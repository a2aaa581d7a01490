import { isFailure, type GateEvidence, type GateFinding } from './types.js';

interface Judged extends Pick<GateFinding, 'measured' | 'threshold' | 'source'> {
  /** What was found. */
  readonly says: string;
  /** What would satisfy the gate. */
  readonly remedy: string;
}

/** PASS or FAIL; a failure says what would satisfy the gate. */
export const judged = (passes: boolean, { says, remedy, ...figures }: Judged): GateFinding =>
  passes ? { verdict: 'PASS', ...figures, text: says } : { verdict: 'FAIL', ...figures, text: `${says} ${remedy}` };

/** FAIL for want of the figure itself. */
export const missing = ({ says, remedy, source, threshold = null }: Pick<Judged, 'says' | 'remedy' | 'source'> & { threshold?: number | null }): GateFinding =>
  judged(false, { measured: null, threshold, source, says, remedy });

/** FAIL for a figure that nobody measured but the words of its makers: what no report backs. */
export const unbacked = ({ scan }: GateEvidence, what: string, { source, threshold = null }: { readonly source: string; readonly threshold?: number | null }): GateFinding =>
  isFailure(scan)
    ? missing({ source, threshold, says: `No report backs ${what}: the artefacts do not fit each other (see the gate ARTEFACT_SCAN).`, remedy: 'Register the version again from sound artefacts.' })
    : missing({ source, threshold, says: `No report backs ${what}.`, remedy: 'Build the version with a report (assay train, assay register --onnx), and register that.' });

export const notApplicable = (source: string, text: string, threshold: number | null = null): GateFinding => ({ verdict: 'NOT_APPLICABLE', measured: null, threshold, source, text });

/** A figure as people read it. */
export const told = (value: number): string => (Number.isInteger(value) ? value.toLocaleString('en') : String(Number(value.toPrecision(3))));
