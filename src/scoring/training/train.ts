import { setImmediate } from 'node:timers/promises';
import { badInput } from '../../base/index.js';
import { Random } from '../random.js';
import { loadTensorFlow } from './backend.js';
import type { HyperParameters } from './hyper-parameters.js';
import { MemberTraining } from './member.js';
import { outcomesOfUnits } from '../splits/units.js';
import { pick, type HistoryColumns, type LabelledRows } from './rows.js';
import type { Topology } from './topology.js';
import type { Backend, EpochRecord, Member } from './types.js';

/** The rows of one division, encoded by constants that were learned without those kept aside. */
export interface EncodedPart {
  readonly train: LabelledRows;
  readonly held: LabelledRows;
}

/** What the members of an ensemble are trained from. */
export interface TrainingData extends LabelledRows {
  /** The customer of each row, by number: loans of a customer are never on both sides of a division. */
  readonly units?: Uint32Array | undefined;
  /** Division by division, where the encoding itself knows outcomes (weight of evidence); see divideRows. */
  readonly parts?: readonly EncodedPart[] | undefined;
  readonly directions?: Int8Array | undefined;
  readonly history?: HistoryColumns | undefined;
}

export interface RowDivision {
  readonly train: Uint32Array;
  readonly validation: Uint32Array;
}

/** The fold of each row: customers with and without a default in the same proportion in every fold. */
function foldOfRows({ labels, units }: Pick<TrainingData, 'labels' | 'units'>, folds: number, random: Random): Uint8Array {
  const fold = foldOfUnits(units === undefined ? labels : outcomesOfUnits(labels, units), folds, random);
  return units === undefined ? fold : Uint8Array.from(units, (unit) => fold[unit]!);
}

function foldOfUnits(labels: Uint8Array, folds: number, random: Random): Uint8Array {
  const fold = new Uint8Array(labels.length);
  for (const label of [0, 1]) {
    const indices = random.shuffle(Uint32Array.from([...labels.keys()].filter((i) => labels[i] === label)));
    for (const [i, index] of indices.entries()) fold[index] = Math.floor((i * folds) / indices.length);
  }
  return fold;
}

/** How many parts the rows are cut into, of which a member keeps one aside. */
export const foldsOf = ({ validationFraction }: Pick<HyperParameters, 'validationFraction'>): number => Math.max(2, Math.round(1 / validationFraction));

/**
 * The rows that a member learns from, and those it keeps aside. Members keep different parts aside in turn, so that
 * together they learn from every row and each row kept aside is judged by a network that never saw it.
 * @param member from 1
 */
export function divideRows({ labels, units }: Pick<TrainingData, 'labels' | 'units'>, { validationFraction, seed }: Pick<HyperParameters, 'validationFraction' | 'seed'>, member: number): RowDivision {
  const folds = foldsOf({ validationFraction });
  const fold = foldOfRows({ labels, units }, folds, new Random(seed));
  const aside = (member - 1) % folds;
  const rows = Uint32Array.from(labels, (_, i) => i);
  return { train: rows.filter((row) => fold[row] !== aside), validation: rows.filter((row) => fold[row] === aside) };
}

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
  /** Raw logits of the rows it kept aside, in the order of `divideRows`. */
  readonly validationLogits: Float32Array;
}

export interface TrainedMembers extends Backend {
  readonly members: readonly TrainedMember[];
}

/** Trains some members of an ensemble in this process; each depends on its number and the seed alone. */
export async function trainMembers(data: TrainingData, settings: HyperParameters, numbers: readonly number[], onEpoch: (record: EpochRecord) => void): Promise<TrainedMembers> {
  const { tf, backend } = await loadTensorFlow();
  const topology = topologyOf(data, settings);
  const told = (record: EpochRecord): Promise<void> => {
    onEpoch(record);
    // Lets messages out, and notices a parent that is gone.
    return setImmediate();
  };
  const members: TrainedMember[] = [];
  for (const member of numbers) {
    const { train, validation } = divideRows(data, settings, member);
    members.push(await new MemberTraining({ tf, train: pick(data, train), validation: pick(data, validation), settings, topology, member, onEpoch: told }).train());
  }
  return { ...backend, members };
}
