import type { OutcomeSummary, PairCount, PairSummary } from './comparison.queries.js';
import { ChallengerComparison, type SwapSet } from './comparison.types.js';

const total = (cells: readonly PairCount[], of: 'pairs' | 'known' | 'defaults'): number => cells.reduce((sum, cell) => sum + cell[of], 0);

function swapSet(cells: readonly PairCount[]): SwapSet {
  const [pairs, known, defaults] = [total(cells, 'pairs'), total(cells, 'known'), total(cells, 'defaults')];
  return { pairs, known, defaults, defaultRate: known > 0 ? defaults / known : null };
}

/** Puts together what the database counted. */
export function comparisonOf({ said, cells, shift, ks }: PairSummary, outcomes: OutcomeSummary): ChallengerComparison {
  const pairs = total(cells, 'pairs');
  const agreed = total(cells.filter(({ decision, would_decide }) => decision === would_decide), 'pairs');
  return Object.assign(new ChallengerComparison(), {
    pairs,
    incomplete: said - pairs,
    agreementRate: pairs > 0 ? agreed / pairs : null,
    matrix: cells.map(({ decision, would_decide: wouldDecide, pairs: count }) => ({ decision, wouldDecide, pairs: count })),
    swapIn: swapSet(cells.filter(({ decision, would_decide }) => decision !== 'APPROVE' && would_decide === 'APPROVE')),
    swapOut: swapSet(cells.filter(({ decision, would_decide }) => decision === 'APPROVE' && would_decide !== 'APPROVE')),
    scoreShift: shift,
    ks,
    outcomes,
  });
}
