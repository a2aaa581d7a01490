import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import { defaultSplit, readSplit, type SplitPart, type TrainingLoan } from '../../loans/index.js';
import { badInput } from '../../platform/index.js';

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
    const times = loans.map(({ decisionAt }) => decisionAt.getTime());
    const sorted = times.toSorted((a, b) => a - b);
    const line = sorted[Math.round(sorted.length * (1 - share))];
    if (line === undefined || line === sorted[0]) throw badInput('The loans cannot be split by time: too many of them were decided at the first moment. Use --split random:0.2 or a split file.');
    return times.map((time) => (time >= line ? 'holdout' : 'train'));
  },
});

/** As a file says (docs/mapping.md); loans that it does not name are left out. */
export function namedSplit(parts: ReadonlyMap<string, SplitPart>, path: string): Split {
  return { kind: 'file', description: `${basename(path)}: ${parts.size} rows`, partsOf: (loans) => loans.map(({ externalId }) => parts.get(externalId)) };
}

/**
 * The split that a person asks for: `random:0.2`, `time:0.2`, or the path of a split file.
 * @throws BAD_INPUT for anything else
 */
export async function parseSplit(text: string, seed: number): Promise<Split> {
  const [, kind, share = String(HOLDOUT_SHARE)] = /^(random|time)(?::(.*))?$/.exec(text) ?? [];
  if (kind === undefined) {
    if (!existsSync(text)) throw badInput(`--split ${text}: give random:0.2, time:0.2, or the path of a split file with the columns row and part (docs/mapping.md).`);
    return namedSplit(await readSplit(text), text);
  }
  const held = Number(share);
  if (!(held >= 0.01 && held <= 0.9)) throw badInput(`--split ${text}: the share that is held out lies between 0.01 and 0.9.`);
  return kind === 'random' ? randomSplit(seed, held) : timeSplit(held);
}

const percent = (share: number): string => `${Number((100 * share).toFixed(1))} %`;
