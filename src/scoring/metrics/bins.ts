import type { Steps } from './steps.js';

/** Rows of neighbouring scores. */
export interface MassBin {
  readonly count: number;
  /** Defaults; a step cut by an edge gives each side its share, so the order of tied rows never matters. */
  readonly bads: number;
  readonly meanScore: number;
  readonly highest: number;
  readonly lowest: number;
}

/** Running content of the bin that is being filled. */
interface Open {
  count: number;
  bads: number;
  total: number;
  highest: number;
}

const opened = (): Open => ({ count: 0, bads: 0, total: 0, highest: Number.NaN });

/** At most `bins` bins of equal size (to one row), from the highest score; none is empty. */
export function equalMassBins({ scores, bads, goods, bad, good }: Steps, bins: number): MassBin[] {
  const rows = bad + good;
  const sizes = Array.from({ length: bins }, (_, b) => Math.round(((b + 1) * rows) / bins) - Math.round((b * rows) / bins)).filter((size) => size > 0);
  const made: MassBin[] = [];
  let open = opened();
  // Runs for every resample of a bootstrap: no calls and no objects inside but one per bin.
  for (let step = 0; step < scores.length; step++) {
    const score = scores[step]!;
    const count = bads[step]! + goods[step]!;
    for (let left = count; left > 0; ) {
      const room = sizes[made.length]! - open.count;
      const taken = left < room ? left : room;
      if (open.count === 0) open.highest = score;
      open.count += taken;
      open.bads += (taken * bads[step]!) / count;
      open.total += taken * score;
      left -= taken;
      if (open.count < sizes[made.length]!) continue;
      made.push({ count: open.count, bads: open.bads, meanScore: open.total / open.count, highest: open.highest, lowest: score });
      open = opened();
    }
  }
  return made;
}
