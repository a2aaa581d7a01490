import { REFER_CAUSES, type LoadedVersion } from '../../models/index.js';
import { encodeInputs, type Encoded, type InputValue, type NoveltyFinding } from '../../scoring/index.js';
import type { PredictionBody, RecordedExplanation, RecordedOutputs, RecordedSimulation } from '../record/body.js';
import type { Outcome, Score } from '../scoring/item.js';
import { predictVectors, scoreVectors } from '../scoring/score.js';
import type { PredictionReplay } from './prediction.types.js';

const OTHER_RUNTIME_TOLERANCE = 1e-5;

/** How far a part of a record is from what comes out today. */
interface Compared {
  readonly difference: number;
  readonly same: boolean;
}

/**
 * Replays a body on this runtime, a what-if with every state on its way.
 * @param explained false for what a challenger said: it is recorded without an explanation
 * @throws BAD_INPUT when the record does not fit the version's feature schema
 */
export async function replayBody(version: LoadedVersion, body: PredictionBody, { explained = true } = {}): Promise<PredictionReplay> {
  const { outputs, explanation, simulation } = body;
  const [again] = await scoresOf(version, [encodeInputs(version.schema, valuesOf(body.inputs))]);
  const { difference: maxAbsDifference, same } = together([
    explained ? compareScore(again!, outputs!, explanation, simulation === undefined) : compareOutcome(again!, outputs!, true),
    ...(simulation ? await replaySimulation(version, simulation, valuesOf(body.inputs)) : []),
  ]);
  const { runtime } = version.scorer;
  const tolerance = runtime === body.runtime ? 0 : OTHER_RUNTIME_TOLERANCE;
  const reproduced = same && maxAbsDifference <= tolerance;
  return { reproduced, maxAbsDifference, runtime, recordedRuntime: body.runtime ?? '' };
}

const valuesOf = (inputs: PredictionBody['inputs']): InputValue[] => inputs.map(([value]) => value);

const scoresOf = (version: LoadedVersion, rows: readonly Encoded[]): Promise<Score[]> =>
  scoreVectors(version, rows.map(({ vector }) => vector), rows.map(({ inputs }) => inputs));

/** The distance is Assay's own arithmetic on the recorded inputs: no runtime may change a bit of it. Records made before there was one lack it. */
const isSameNovelty = (again: NoveltyFinding | undefined, recorded: NoveltyFinding | undefined): boolean =>
  recorded === undefined || (again?.distance === recorded.distance && again.threshold === recorded.threshold && again.novel === recorded.novel);

/** Causes outside the version: a person decided, whatever its policy said. */
const OUTSIDE: ReadonlySet<string | null> = new Set(REFER_CAUSES);

function compareOutcome(again: Outcome, recorded: RecordedOutputs, decides: boolean): Compared {
  const difference = Math.max(Math.abs(again.pd - recorded.pd), Math.abs(again.logit - recorded.logit));
  const decision = OUTSIDE.has(recorded.cause) ? 'REFER' : again.decision;
  const same = again.grade === recorded.grade && (decides ? decision : null) === recorded.decision && isSameNovelty(again.novelty, recorded.novelty);
  return { difference, same };
}

/** A list that is shorter or longer is another one, however near the numbers are. */
const compareNumbers = (again: readonly number[], recorded: readonly number[]): Compared => ({
  difference: again.reduce((most, value, index) => Math.max(most, Math.abs(value - (recorded[index] ?? value))), 0),
  same: again.length === recorded.length,
});

const together = (parts: readonly Compared[]): Compared => ({
  difference: Math.max(0, ...parts.map(({ difference }) => difference)),
  same: parts.every(({ same }) => same),
});

function compareExplanation(again: RecordedExplanation, recorded: RecordedExplanation | null): Compared {
  if (!recorded) return { difference: 0, same: false };
  const { difference, same } = together([
    compareNumbers([again.baselineLogit, again.logit, again.residual], [recorded.baselineLogit, recorded.logit, recorded.residual]),
    compareNumbers(again.attributions, recorded.attributions),
    compareNumbers(again.standardErrors ?? [], recorded.standardErrors ?? []),
  ]);
  return { difference, same: same && again.method === recorded.method };
}

const compareScore = (again: Score, recorded: RecordedOutputs, explanation: RecordedExplanation | null, decides: boolean): Compared =>
  together([compareOutcome(again, recorded, decides), compareExplanation(again.explanation, explanation)]);

/** The states are made of the baseline and the recorded changes alone; the last must be the prediction's own inputs. */
async function replaySimulation(version: LoadedVersion, { baseline, steps }: RecordedSimulation, last: readonly InputValue[]): Promise<Compared[]> {
  const values = valuesOf(baseline.inputs);
  const [first] = await scoresOf(version, [encodeInputs(version.schema, values)]);
  const states = steps.map(({ moved }) => {
    for (const [index, value] of moved) values[index] = value;
    return encodeInputs(version.schema, values);
  });
  const again = await predictVectors(version, states.map(({ vector }) => vector), states.map(({ inputs }) => inputs));
  return [
    compareScore(first!, baseline.outputs, baseline.explanation, true),
    ...steps.map(({ outputs }, index) => compareOutcome(again[index]!, outputs, true)),
    { difference: 0, same: JSON.stringify(values) === JSON.stringify(last) },
  ];
}
