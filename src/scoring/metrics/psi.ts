import { badInput } from '../../base/index.js';

/** A share of zero would make the logarithm infinite; the usual floor. */
const FLOOR = 1e-4;

/**
 * Population stability index Σ (aᵢ − eᵢ)·ln(aᵢ / eᵢ) over bins.
 * @param expected shares per bin of the reference population, summing to 1
 * @param actual shares per bin now
 * @throws BAD_INPUT on unequal lengths
 */
export function psi(expected: ArrayLike<number>, actual: ArrayLike<number>): number {
  if (expected.length !== actual.length) throw badInput(`PSI compares bin by bin, but there are ${expected.length} and ${actual.length} bins; use the edges stored with the version for both.`);
  let sum = 0;
  for (let i = 0; i < expected.length; i++) {
    const e = Math.max(expected[i]!, FLOOR);
    const a = Math.max(actual[i]!, FLOOR);
    sum += (a - e) * Math.log(a / e);
  }
  return sum;
}

/** Inner edges that cut the values into `bins` parts of equal size; ties make fewer. Stored with the version, never re-made. */
export function psiEdges(values: ArrayLike<number>, bins = 10): number[] {
  const sorted = Float64Array.from(values).sort();
  const edges = Array.from({ length: bins - 1 }, (_, i) => sorted[Math.floor(((i + 1) * sorted.length) / bins)] ?? 0);
  return [...new Set(edges)];
}

/** Share of the values in each of the edges.length + 1 bins; a value equal to an edge belongs above it. */
export function binShares(values: ArrayLike<number>, edges: readonly number[]): number[] {
  const counts = Array.from({ length: edges.length + 1 }, () => 0);
  for (let i = 0; i < values.length; i++) {
    const above = edges.findIndex((edge) => values[i]! < edge);
    counts[above < 0 ? edges.length : above]!++;
  }
  return counts.map((count) => count / Math.max(1, values.length));
}
