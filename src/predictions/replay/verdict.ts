import { isBitStable, isSameRuntime, type Fingerprint } from './fingerprint.js';

/** What a replay comes to. */
export type Verdict = 'IDENTICAL' | 'WITHIN_TOLERANCE' | 'DIFFERENT' | 'NOT_REPLAYABLE';

/** What keeps a prediction from being replayed. */
export type Obstacle = 'ERASED' | 'NOT_WITNESSED' | 'RECORD_CHANGED' | 'COLUMNS_CHANGED' | 'VERSION_CHANGED' | 'ARTEFACT_MISSING' | 'ARTEFACT_CHANGED' | 'NOT_LOADABLE';

/** On another runtime than that which predicted: in the PD, and in log-odds and attributions for each unit of the log-odds. A float of 4 is 5e-7 from the next. */
export const OTHER_RUNTIME_TOLERANCE = 1e-6;

/** Largest absolute differences, by what differs. */
export interface Differences {
  readonly pd: number;
  readonly logit: number;
  readonly scorePoints: number;
  /** Log-odds: attributions, their standard errors, baseline and residual. */
  readonly attributions: number;
}

/** How far a part of a record is from what comes out today. */
export interface Compared extends Differences {
  /** The largest of them as it is judged: log-odds in relation to their size, where that is above 1. */
  readonly off: number;
  /** Whether all that is no number came out the same: grade, decision, method, how many of each. */
  readonly same: boolean;
}

export const NONE: Compared = { pd: 0, logit: 0, scorePoints: 0, attributions: 0, off: 0, same: true };

export const together = (parts: readonly Compared[]): Compared =>
  parts.reduce((a, b) => ({
    pd: Math.max(a.pd, b.pd),
    logit: Math.max(a.logit, b.logit),
    scorePoints: Math.max(a.scorePoints, b.scorePoints),
    attributions: Math.max(a.attributions, b.attributions),
    off: Math.max(a.off, b.off),
    same: a.same && b.same,
  }), NONE);

/** Score points are the same number as the PD on another scale: they are told, and judged by it. */
export const largestOf = ({ pd, logit, attributions }: Differences): number => Math.max(pd, logit, attributions);

/** What was computed again, beside the record. */
export interface Computed {
  readonly verdict: Exclude<Verdict, 'NOT_REPLAYABLE'>;
  readonly differences: Differences;
  /** How far apart they may be. */
  readonly tolerance: number;
  readonly recorded: Fingerprint;
  readonly replaying: Fingerprint;
}

/** Why nothing was computed. */
export interface NotReplayable {
  readonly verdict: 'NOT_REPLAYABLE';
  readonly obstacle: Obstacle;
  /** One sentence: what is wrong, and where. */
  readonly problem: string;
  readonly recorded: Fingerprint;
  readonly replaying: Fingerprint;
}

export type Replayed = Computed | NotReplayable;

export function judged({ same, off, ...differences }: Compared, recorded: Fingerprint, replaying: Fingerprint): Computed {
  const tolerance = isSameRuntime(recorded, replaying) && isBitStable(replaying) ? 0 : OTHER_RUNTIME_TOLERANCE;
  const largest = largestOf(differences);
  const identical = same && largest === 0 && differences.scorePoints === 0;
  const near = same && tolerance > 0 && off <= tolerance;
  return { verdict: identical ? 'IDENTICAL' : near ? 'WITHIN_TOLERANCE' : 'DIFFERENT', differences, tolerance, recorded, replaying };
}
