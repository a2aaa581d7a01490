import { REFER_CAUSES, type LoadedVersion } from '../../models/index.js';
import { encodeInputs, type Encoded, type InputValue, type NoveltyFinding } from '../../scoring/index.js';
import type { PredictionBody, RecordedExplanation, RecordedOutputs, RecordedSimulation } from '../record/body.js';
import type { Outcome, Score } from '../scoring/item.js';
import { predictVectors, scoreVectors } from '../scoring/score.js';
import { NONE, together, type Compared } from './verdict.js';

/** A record with a score, to be computed again. */
export interface Replayable {
  readonly body: PredictionBody & { readonly outputs: RecordedOutputs };
  /** False for what a challenger said: it is recorded without an explanation. */
  readonly explained: boolean;
}

/**
 * Computes records of one version again, all in one run of the graph and one pass of explanations; what-ifs with every
 * state on their way, one by one. In the order asked for.
 * @throws BAD_INPUT when a record does not fit the version's feature schema
 */
export async function recompute(version: LoadedVersion, asked: readonly Replayable[]): Promise<Compared[]> {
  const rows = asked.map(({ body }) => encodeInputs(version.schema, valuesOf(body.inputs)));
  const pick = (explained: boolean): number[] => asked.flatMap((one, index) => (one.explained === explained ? [index] : []));
  const [scored, predicted] = [pick(true), pick(false)];
  const found = new Map<number, Compared>();
  for (const [at, score] of (await scoresOf(version, scored.map((index) => rows[index]!))).entries()) {
    const { body } = asked[scored[at]!]!;
    found.set(scored[at]!, compareScore(score, body.outputs, body.explanation, body.simulation === undefined));
  }
  for (const [at, outcome] of (await outcomesOf(version, predicted.map((index) => rows[index]!))).entries()) {
    found.set(predicted[at]!, compareOutcome(outcome, asked[predicted[at]!]!.body.outputs, true));
  }
  const compared: Compared[] = [];
  for (const [index, { body }] of asked.entries()) {
    compared.push(together([found.get(index)!, ...(body.simulation ? await recomputeSimulation(version, body.simulation, valuesOf(body.inputs)) : [])]));
  }
  return compared;
}

const valuesOf = (inputs: PredictionBody['inputs']): InputValue[] => inputs.map(([value]) => value);

const scoresOf = async (version: LoadedVersion, rows: readonly Encoded[]): Promise<Score[]> =>
  rows.length === 0 ? [] : scoreVectors(version, rows.map(({ vector }) => vector), rows.map(({ inputs }) => inputs));

const outcomesOf = async (version: LoadedVersion, rows: readonly Encoded[]): Promise<Outcome[]> =>
  rows.length === 0 ? [] : predictVectors(version, rows.map(({ vector }) => vector), rows.map(({ inputs }) => inputs));

/** The distance is Assay's own arithmetic on the recorded inputs: no runtime may change a bit of it. Records made before there was one lack it. */
const isSameNovelty = (again: NoveltyFinding | undefined, recorded: NoveltyFinding | undefined): boolean =>
  recorded === undefined || (again?.distance === recorded.distance && again.threshold === recorded.threshold && again.novel === recorded.novel);

/** Causes outside the version: a person decided, whatever its policy said. */
const OUTSIDE: ReadonlySet<string | null> = new Set(REFER_CAUSES);

function compareOutcome(again: Outcome, recorded: RecordedOutputs, decides: boolean): Compared {
  const decision = OUTSIDE.has(recorded.cause) ? 'REFER' : again.decision;
  const same = again.grade === recorded.grade && (decides ? decision : null) === recorded.decision && isSameNovelty(again.novelty, recorded.novelty);
  const [pd, logit] = [apart(again.pd, recorded.pd), apart(again.logit, recorded.logit)];
  return { pd, logit, scorePoints: apart(again.points, recorded.points), attributions: 0, off: Math.max(pd, logit / sizeOf(recorded.logit)), same };
}

/** What is no number is as far apart as can be. */
function apart(a: number, b: number): number {
  const difference = Math.abs(a - b);
  return Number.isNaN(difference) ? Infinity : difference;
}

/** Floats are the further from each other the larger they are. */
const sizeOf = (logit: number): number => Math.max(1, Math.abs(logit));

/** A list that is shorter or longer is another one, however near the numbers are. */
function compareNumbers(again: readonly number[], recorded: readonly number[], size: number): Compared {
  const attributions = again.reduce((most, value, index) => Math.max(most, apart(value, recorded[index] ?? value)), 0);
  return { ...NONE, attributions, off: attributions / size, same: again.length === recorded.length };
}

function compareExplanation(again: RecordedExplanation, recorded: RecordedExplanation | null): Compared {
  if (!recorded) return { ...NONE, same: false };
  const size = sizeOf(recorded.logit);
  return together([
    compareNumbers([again.baselineLogit, again.logit, again.residual], [recorded.baselineLogit, recorded.logit, recorded.residual], size),
    compareNumbers(again.attributions, recorded.attributions, size),
    compareNumbers(again.standardErrors ?? [], recorded.standardErrors ?? [], size),
    { ...NONE, same: again.method === recorded.method },
  ]);
}

const compareScore = (again: Score, recorded: RecordedOutputs, explanation: RecordedExplanation | null, decides: boolean): Compared =>
  together([compareOutcome(again, recorded, decides), compareExplanation(again.explanation, explanation)]);

/** The states are made of the baseline and the recorded changes alone; the last must be the prediction's own inputs. */
async function recomputeSimulation(version: LoadedVersion, { baseline, steps }: RecordedSimulation, last: readonly InputValue[]): Promise<Compared[]> {
  const values = valuesOf(baseline.inputs);
  const [first] = await scoresOf(version, [encodeInputs(version.schema, values)]);
  const states = steps.map(({ moved }) => {
    for (const [index, value] of moved) values[index] = value;
    return encodeInputs(version.schema, values);
  });
  const again = await outcomesOf(version, states);
  return [
    compareScore(first!, baseline.outputs, baseline.explanation, true),
    ...steps.map(({ outputs }, index) => compareOutcome(again[index]!, outputs, true)),
    { ...NONE, same: JSON.stringify(values) === JSON.stringify(last) },
  ];
}
