import { badInput } from '../../base/index.js';
import { fitIsotonic } from './isotonic.js';
import { fitPlatt } from './platt.js';
import type { Calibration } from './types.js';

/** Below it isotonic regression fits noise (Niculescu-Mizil & Caruana 2005 see it overtake Platt from about 1,000 rows). */
export const LEAST_ISOTONIC_ROWS = 500;

/**
 * Learns how raw logits become calibrated log-odds, on rows that training did not see.
 * @param logits raw log-odds, finite
 * @param labels 1 = default, 0 = good; both must occur
 * @throws BAD_INPUT when only one outcome occurs, or for isotonic below 500 rows
 */
export function fitCalibration(kind: Calibration['kind'], logits: ArrayLike<number>, labels: ArrayLike<number>): Calibration {
  const rows = labels.length;
  const bad = Array.from(labels).reduce((sum, label) => sum + label, 0);
  if (bad === 0 || bad === rows) throw badInput(`Of ${rows} loans for calibration ${bad} defaulted; calibration needs loans of both outcomes.`);
  if (kind === 'platt') return fitPlatt(logits, labels);
  if (rows < LEAST_ISOTONIC_ROWS) throw badInput(`Isotonic calibration needs at least ${LEAST_ISOTONIC_ROWS} loans, but there are ${rows}; use platt.`);
  return fitIsotonic(logits, labels);
}
