import { setImmediate } from 'node:timers/promises';
import { badInput } from '../../platform/index.js';
import { Random } from '../random.js';
import { loadTensorFlow } from './backend.js';
import type { HyperParameters } from './hyper-parameters.js';
import { MemberTraining } from './member.js';
import { pick, type HistoryColumns, type LabelledRows } from './rows.js';
import type { Topology } from './topology.js';
import type { Backend, EpochRecord, Member } from './types.js';

/** What the members of an ensemble are trained from. */
export interface TrainingData extends LabelledRows {
  readonly directions?: Int8Array | undefined;
  readonly history?: HistoryColumns | undefined;
}

/** Splits rows into training and validation, bads and goods in the same proportion. */
export function stratifiedSplit(labels: Uint8Array, fraction: number, random: Random): { train: Uint32Array; validation: Uint32Array } {
  const train: number[] = [];
  const validation: number[] = [];
  for (const label of [0, 1]) {
    const indices = random.shuffle(Uint32Array.from([...labels.keys()].filter((i) => labels[i] === label)));
    const kept = Math.max(1, Math.round(indices.length * fraction));
    for (const [i, index] of indices.entries()) (i < kept ? validation : train).push(index);
  }
  return { train: Uint32Array.from(train).sort(), validation: Uint32Array.from(validation).sort() };
}

/** The rows that all members learn from, and those kept aside; the same for the same seed. */
export const divideRows = ({ labels }: LabelledRows, { validationFraction, seed }: HyperParameters): { train: Uint32Array; validation: Uint32Array } =>
  stratifiedSplit(labels, validationFraction, new Random(seed));

/** @throws BAD_INPUT when a cnn has no history to look at */
export function topologyOf({ width, directions, history }: Omit<TrainingData, 'rows' | 'labels'>, { family, layers: hidden, convolution }: HyperParameters): Topology {
  const common = { width, hidden, ...(directions && { directions }) };
  if (family !== 'cnn') return common;
  const periods = history?.columns.length ?? 0;
  if (history === undefined || periods < 2) throw badInput('A cnn looks at the repayment history, but no feature is a sequence of at least two periods; add sequence features, or take the family mlp.');
  return { ...common, convolution: { ...history, ...convolution, window: Math.min(convolution.window, periods) } };
}

export interface TrainedMember {
  readonly member: Member;
  /** Raw logits of the rows kept aside, in the order of `divideRows`. */
  readonly validationLogits: Float32Array;
}

export interface TrainedMembers extends Backend {
  readonly members: readonly TrainedMember[];
}

/** Trains some members of an ensemble in this process; each depends on its number and the seed alone. */
export async function trainMembers(data: TrainingData, settings: HyperParameters, numbers: readonly number[], onEpoch: (record: EpochRecord) => void): Promise<TrainedMembers> {
  const { tf, backend } = await loadTensorFlow();
  const split = divideRows(data, settings);
  const [train, validation] = [pick(data, split.train), pick(data, split.validation)];
  const topology = topologyOf(data, settings);
  const told = (record: EpochRecord): Promise<void> => {
    onEpoch(record);
    // Lets messages out, and notices a parent that is gone.
    return setImmediate();
  };
  const members: TrainedMember[] = [];
  for (const member of numbers) members.push(await new MemberTraining({ tf, train, validation, settings, topology, member, onEpoch: told }).train());
  return { ...backend, members };
}
