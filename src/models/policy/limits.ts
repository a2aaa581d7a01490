import type { PolicyBody } from './policy.js';

interface Limit {
  readonly path: string;
  readonly of: (body: PolicyBody) => number;
  readonly least: number;
  readonly most: number;
}

const limit = (path: string, of: Limit['of'], [least, most]: readonly [number, number]): Limit => ({ path, of, least, most });

/** Between which values two ADMINs may set what holds models back: with more than these a gate, a vote or a waiver would mean nothing. The database holds the same. */
export const LIMITS: readonly Limit[] = [
  limit('voteDays', ({ voteDays }) => voteDays, [1, 90]),
  limit('waiverDays', ({ waiverDays }) => waiverDays, [1, 180]),
  limit('gates.aucMargin', ({ gates }) => gates.aucMargin, [0, 0.05]),
  limit('gates.mostCalibrationError', ({ gates }) => gates.mostCalibrationError, [0, 0.2]),
  limit('gates.mostPsi', ({ gates }) => gates.mostPsi, [0, 0.5]),
  limit('gates.mostResidual', ({ gates }) => gates.mostResidual, [0, 0.5]),
  limit('gates.leastFairnessRatio', ({ gates }) => gates.leastFairnessRatio, [0.5, 1]),
  limit('gates.mostMilliseconds', ({ gates }) => gates.mostMilliseconds, [0, 2_000]),
  limit('gates.mostBytes', ({ gates }) => gates.mostBytes, [1, 512 * 1024 * 1024]),
];

/** The first value that lies outside of its limits. */
export function outsideLimits(body: PolicyBody): { readonly path: string; readonly value: number; readonly least: number; readonly most: number } | undefined {
  const found = LIMITS.find(({ of, least, most }) => of(body) < least || of(body) > most);
  return found && { path: found.path, value: found.of(body), least: found.least, most: found.most };
}
