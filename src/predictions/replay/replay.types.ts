import { Field, Float, ObjectType, registerEnumType } from 'type-graphql';
import type { Execution, Fingerprint } from './fingerprint.js';
import { largestOf, type Differences, type Obstacle, type Replayed, type Verdict } from './verdict.js';

const byName = <Name extends string>(...names: Name[]): { readonly [N in Name]: N } => Object.fromEntries(names.map((name) => [name, name])) as { [N in Name]: N };

export const ReplayVerdict = byName<Verdict>('IDENTICAL', 'WITHIN_TOLERANCE', 'DIFFERENT', 'NOT_REPLAYABLE');
registerEnumType(ReplayVerdict, {
  name: 'ReplayVerdict',
  description: 'What a replay came to.',
  valuesConfig: {
    IDENTICAL: { description: 'Every number is the recorded one, to the bit.' },
    WITHIN_TOLERANCE: { description: 'On another runtime than that which predicted, or one that does not promise bits: PD, log-odds and attributions are within 1e-6 (of log-odds above 1: for each unit), and all else is the same.' },
    DIFFERENT: { description: 'A number is further off, or grade, decision or method is another.' },
    NOT_REPLAYABLE: { description: 'Nothing was computed: see `obstacle` and `problem`.' },
  },
});

export const ReplayObstacle = byName<Obstacle>('ERASED', 'NOT_WITNESSED', 'RECORD_CHANGED', 'COLUMNS_CHANGED', 'VERSION_CHANGED', 'ARTEFACT_MISSING', 'ARTEFACT_CHANGED', 'NOT_LOADABLE');
registerEnumType(ReplayObstacle, {
  name: 'ReplayObstacle',
  description: 'What keeps a prediction from being replayed.',
  valuesConfig: {
    ERASED: { description: 'The customer was erased; as it should be.' },
    NOT_WITNESSED: { description: 'No event of the log tells of it, or what the event said cannot be read any more.' },
    RECORD_CHANGED: { description: 'The stored record is not the one that was logged.' },
    COLUMNS_CHANGED: { description: 'A column of it, such as PD, grade, decision or who asked, is not what was logged.' },
    VERSION_CHANGED: { description: 'The dossier of its version is not the one that was logged.' },
    ARTEFACT_MISSING: { description: 'An artefact of its version is not stored any more.' },
    ARTEFACT_CHANGED: { description: 'An artefact of its version does not have its digest any more.' },
    NOT_LOADABLE: { description: 'Artefacts are those that were logged, but this release cannot compute with them.' },
  },
});

export const RuntimeExecution = byName<Execution>('NATIVE', 'WASM', 'JAVASCRIPT');
registerEnumType(RuntimeExecution, {
  name: 'RuntimeExecution',
  description: 'By what a runtime computes.',
  valuesConfig: {
    NATIVE: { description: 'A library of machine code.' },
    WASM: { description: 'WebAssembly.' },
    JAVASCRIPT: { description: 'JavaScript.' },
  },
});

@ObjectType({ description: 'What computed a prediction. Null is what a record of an earlier release does not say.', simpleResolvers: true })
export class RuntimeFingerprint implements Fingerprint {
  readonly runtime!: string;
  @Field(() => String, { description: 'All of it, in one line.' }) text!: string;
  @Field(() => String, { nullable: true, description: 'The library: onnxruntime-node, or tfjs.' }) library!: string | null;
  @Field(() => String, { nullable: true, description: 'Its version.' }) version!: string | null;
  @Field(() => String, { nullable: true, description: 'Its backend: cpu; of tfjs tensorflow, wasm or cpu.' }) backend!: string | null;
  @Field(() => RuntimeExecution, { nullable: true, description: 'By what it computes.' }) execution!: Execution | null;
  @Field(() => String, { nullable: true, description: 'The operating system, such as linux.' }) platform!: string | null;
  @Field(() => String, { nullable: true, description: 'The architecture of the processor, such as x64.' }) architecture!: string | null;
  @Field(() => String, { nullable: true, description: 'The version of Node.' }) node!: string | null;
  @Field(() => String, { nullable: true, description: 'The model of the processor.' }) cpu!: string | null;
}

@ObjectType({ description: 'Largest absolute differences between what was recorded and what came out again. Null is a number that is none.', simpleResolvers: true })
export class ReplayDifferences {
  @Field(() => Float, { nullable: true, description: 'Of the PD.' }) pd!: number | null;
  @Field(() => Float, { nullable: true, description: 'Of the log-odds.' }) logit!: number | null;
  @Field(() => Float, { nullable: true, description: 'Of the score points: the PD on another scale, by which it is judged.' }) scorePoints!: number | null;
  @Field(() => Float, { nullable: true, description: 'Of attributions, their standard errors, baseline and residual, in log-odds.' }) attributions!: number | null;
}

@ObjectType({ description: 'The prediction computed again from its record and artefact alone, after both were checked against the log.', simpleResolvers: true })
export class PredictionReplay {
  @Field(() => ReplayVerdict, { description: 'What it came to.' }) verdict!: Verdict;
  @Field(() => Boolean, { description: 'Whether PD, grade, decision, novelty and explanation came out the same; to the bit on the same runtime, within 1e-6 on another.' }) reproduced!: boolean;
  @Field(() => Float, { nullable: true, description: 'Largest absolute difference over PD, log-odds, attributions, their standard errors and the residual; null where nothing was computed.' }) maxAbsDifference!: number | null;
  @Field(() => ReplayDifferences, { nullable: true, description: 'The differences by what differs; null where nothing was computed.' }) differences!: ReplayDifferences | null;
  @Field(() => Float, { nullable: true, description: 'How far apart they may be: 0 on the runtime that predicted, else 1e-6; null where nothing was computed.' }) tolerance!: number | null;
  @Field(() => ReplayObstacle, { nullable: true, description: 'What kept it from being replayed; null where it was.' }) obstacle!: Obstacle | null;
  @Field(() => String, { nullable: true, description: 'The same in a sentence: what is wrong, and where.' }) problem!: string | null;
  @Field(() => String, { description: 'The runtime that replayed.' }) runtime!: string;
  @Field(() => String, { description: 'The runtime that predicted.' }) recordedRuntime!: string;
  @Field(() => RuntimeFingerprint, { description: 'What replayed, in parts.' }) fingerprint!: Fingerprint;
  @Field(() => RuntimeFingerprint, { description: 'What predicted, in parts.' }) recordedFingerprint!: Fingerprint;
}

const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);

const toDifferences = ({ pd, logit, scorePoints, attributions }: Differences): ReplayDifferences => ({ pd: finite(pd), logit: finite(logit), scorePoints: finite(scorePoints), attributions: finite(attributions) });

export function toReplay(replayed: Replayed): PredictionReplay {
  const { verdict, recorded, replaying } = replayed;
  const computed = 'differences' in replayed ? replayed : undefined;
  const stopped = 'obstacle' in replayed ? replayed : undefined;
  return {
    verdict,
    reproduced: verdict === 'IDENTICAL' || verdict === 'WITHIN_TOLERANCE',
    maxAbsDifference: computed ? finite(largestOf(computed.differences)) : null,
    differences: computed ? toDifferences(computed.differences) : null,
    tolerance: computed?.tolerance ?? null,
    obstacle: stopped?.obstacle ?? null,
    problem: stopped?.problem ?? null,
    runtime: replaying.runtime,
    recordedRuntime: recorded.runtime,
    fingerprint: replaying,
    recordedFingerprint: recorded,
  };
}
