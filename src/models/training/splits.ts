import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import { defaultSplit, readSplit, type SplitPart, type TrainingLoan } from '../../loans/index.js';
import { badInput } from '../../platform/index.js';
import { timeSplit as splitByTime } from '../../scoring/index.js';

/** How the known loans are divided into those to learn from and those to measure on. */
export interface Split {
  /** For the dossier: `random`, `time` or `file`. */
  readonly kind: string;
  /** What it was read from or seeded with; for the dossier. */
  readonly description: string;
  readonly seed?: number;
  /** The part of each loan, in order; undefined for a loan that is left out. */
  partsOf(loans: readonly TrainingLoan[]): (SplitPart | undefined)[];
}

const HOLDOUT_SHARE = 0.2;

/** By a seeded hash of the customer: all loans of a customer are on one side, and stay there when the book grows. */
export const randomSplit = (seed = 0, share = HOLDOUT_SHARE): Split => ({
  kind: 'random',
  description: `${percent(share)} held out by a seeded hash of the customer`,
  seed,
  partsOf: (loans) => loans.map(({ customerExternalId }) => defaultSplit(customerExternalId, seed, share)),
});

/** The loans decided last are held out, as a version meets them once it is live; loans of one moment stay together. */
export const timeSplit = (share = HOLDOUT_SHARE): Split => ({
  kind: 'time',
  description: `the ${percent(share)} decided last held out`,
  partsOf: (loans) => {
    const held = new Set(splitByTime(loans.map(({ decisionAt }) => decisionAt.toISOString()), share).holdout);
    return loans.map((_, row) => (held.has(row) ? 'holdout' : 'train'));
  },
});

/** As a file says (docs/mapping.md); loans that it does not name are left out. */
export function namedSplit(parts: ReadonlyMap<string, SplitPart>, path: string): Split {
  return { kind: 'file', description: `${basename(path)}: ${parts.size} rows`, partsOf: (loans) => loans.map(({ externalId }) => parts.get(externalId)) };
}

/**
 * The split that a person asks for: `random:0.2`, `random:0.2:7` (another draw), `time:0.2`, or the path of a split file.
 * The draw does not depend on the seed of training: versions trained with other seeds keep the same hold-out, and none is
 * measured on loans that the one before it has learned from.
 * @throws BAD_INPUT for anything else
 */
export async function parseSplit(text: string): Promise<Split> {
  const [, kind, share, seed] = /^(random|time)(?::([^:]*))?(?::(.*))?$/.exec(text) ?? [];
  if (kind === undefined) {
    if (!existsSync(text)) throw badInput(`--split ${text}: give random:0.2, time:0.2, or the path of a split file with the columns row and part (docs/mapping.md).`);
    return namedSplit(await readSplit(text), text);
  }
  const held = share === undefined ? HOLDOUT_SHARE : Number(share);
  if (!(held >= 0.01 && held <= 0.9)) throw badInput(`--split ${text}: the share that is held out lies between 0.01 and 0.9.`);
  return kind === 'random' ? randomSplit(drawOf(seed, text), held) : timed(held, seed, text);
}

function drawOf(seed: string | undefined, text: string): number {
  if (seed !== undefined && !/^\d{1,9}$/.test(seed)) throw badInput(`--split ${text}: what follows the share names another draw, by a whole number: random:0.2:7.`);
  return Number(seed ?? 0);
}

function timed(share: number, seed: string | undefined, text: string): Split {
  if (seed !== undefined) throw badInput(`--split ${text}: a split by time has no draw; write time:${share}.`);
  return timeSplit(share);
}

const percent = (share: number): string => `${Number((100 * share).toFixed(1))} %`;
