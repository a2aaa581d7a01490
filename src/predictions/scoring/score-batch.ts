import type { LoadedVersion } from '../../models/index.js';
import type { Challenge, Encoding, Outcome, Prepared, Problem, ScoredItem } from './item.js';
import { problemOf } from './problem.js';
import { predictVectors, scoreStates, scoreVectors } from './score.js';

/** What became of each row of a batch: whoever decides, explained, and each challenger, not explained. */
export interface BatchScores {
  readonly deciding: ReadonlyMap<Prepared, ScoredItem | Problem>;
  readonly challengers: ReadonlyMap<Challenge, Outcome | Problem>;
}

export async function scoreBatch(prepared: readonly Prepared[]): Promise<BatchScores> {
  const [first] = prepared;
  const failed = (error: unknown): Problem => ({ ...problemOf(first!.item.ctx, error), status: 'FAILED' });
  const challenges = prepared.flatMap((one) => one.challenges);
  return {
    deciding: await byVersion(prepared, scoreRows, failed),
    challengers: await byVersion(challenges, (version, rows) => predictVectors(version, rows.map(({ vector }) => vector!), rows.map(({ inputs }) => inputs)), failed),
  };
}

/** One run of each version's graph; a graph that fails is the problem of its rows. */
async function byVersion<Row extends Encoding, Result>(
  all: readonly Row[],
  score: (version: LoadedVersion, rows: readonly Row[]) => Promise<readonly Result[]>,
  failed: (error: unknown) => Problem,
): Promise<Map<Row, Result | Problem>> {
  const ready = all.filter(({ vector }) => vector !== undefined);
  const results = new Map<Row, Result | Problem>();
  for (const version of new Set(ready.map((one) => one.version!))) {
    const rows = ready.filter((one) => one.version === version);
    try {
      for (const [index, result] of (await score(version, rows)).entries()) results.set(rows[index]!, result);
    } catch (error) {
      const problem = failed(error);
      for (const row of rows) results.set(row, problem);
    }
  }
  return results;
}

async function scoreRows(version: LoadedVersion, rows: readonly Prepared[]): Promise<ScoredItem[]> {
  const scores = await scoreVectors(version, rows.map(({ vector }) => vector!), rows.map(({ inputs }) => inputs));
  const whatIfs = rows.filter(({ simulated }) => simulated !== undefined);
  const simulated = await scoreStates(version, whatIfs.map((row) => row.simulated!));
  const byRow = new Map(whatIfs.map((row, index) => [row, simulated[index]!]));
  return scores.map((score, index) => referred(rows[index]!, Object.assign({ simulated: byRow.get(rows[index]!) }, score)));
}

/** The model was found unfit, or its review or a waiver of the version ran out: it scores, and a person decides, whatever its policy says. */
function referred({ route }: Prepared, score: ScoredItem): ScoredItem {
  return route?.refer ? { ...score, decision: 'REFER', cause: route.refer } : score;
}
