import { fitCalibration } from '../calibration/fit.js';
import type { Calibration } from '../calibration/types.js';
import type { HyperParameters } from './hyper-parameters.js';
import { pick, type LabelledRows } from './rows.js';
import { fitScorecard } from './scorecard.js';
import { divideRows, foldsOf, type EncodedPart, type TrainedMember, type TrainingData } from './train.js';
import type { DenseLayer, Member } from './types.js';

/** What training finds, before it is written in any format. */
export interface Fitted {
  readonly members: readonly Member[];
  readonly calibration: Calibration;
  /** Rows that the first member learned from. */
  readonly trainingRows: number;
  /** Rows that some member kept aside, on which the calibration was fitted. */
  readonly validationRows: number;
}

/** For each row kept aside by some member: its outcome and the mean logit of the members that never saw it. */
function unseen({ labels, units }: TrainingData, settings: HyperParameters, members: readonly TrainedMember[]): { logits: Float64Array; labels: Uint8Array } {
  const sums = new Float64Array(labels.length);
  const counts = new Uint8Array(labels.length);
  members.forEach(({ validationLogits }, i) =>
    divideRows({ labels, units }, settings, i + 1).validation.forEach((row, at) => {
      sums[row]! += validationLogits[at]!;
      counts[row]!++;
    }),
  );
  const rows = Uint32Array.from(labels, (_, row) => row).filter((row) => counts[row]! > 0);
  return { logits: Float64Array.from(rows, (row) => sums[row]! / counts[row]!), labels: Uint8Array.from(rows, (row) => labels[row]!) };
}

/** Joins the members of an ensemble, calibrated on the rows that they kept aside. */
export function joinMembers(data: TrainingData, settings: HyperParameters, members: readonly TrainedMember[]): Fitted {
  const { logits, labels } = unseen(data, settings, members);
  const trainingRows = data.labels.length - members[0]!.validationLogits.length;
  return { members: members.map(({ member }) => member), calibration: fitCalibration(settings.calibration, logits, labels), trainingRows, validationRows: logits.length };
}

const logitsOf = ({ weights, bias, inputs }: DenseLayer, rows: Float32Array): Float32Array =>
  Float32Array.from({ length: rows.length / inputs }, (_, row) => weights.reduce((sum, w, c) => sum + w * rows[row * inputs + c]!, bias[0]!));

function divided(data: TrainingData, settings: HyperParameters, member: number): EncodedPart {
  const { train, validation } = divideRows(data, settings, member);
  return { train: pick(data, train), held: pick(data, validation) };
}

/**
 * A scorecard: one convex problem over all rows. It is calibrated on rows kept aside in turn by fits that are then
 * thrown away, with bins learned without those rows: bins that know the outcomes would look surer than they are.
 */
export function fitLinear(data: TrainingData, settings: HyperParameters): Fitted {
  const { labels, directions } = data;
  const fit = (part: LabelledRows): DenseLayer => fitScorecard({ ...part, settings, directions });
  const aside = Array.from({ length: foldsOf(settings) }, (_, i): TrainedMember => {
    const { train, held } = data.parts?.[i] ?? divided(data, settings, i + 1);
    const layer = fit(train);
    return { member: { layers: [layer], bestEpoch: 0 }, validationLogits: logitsOf(layer, held.rows) };
  });
  const { calibration } = joinMembers(data, settings, aside);
  return { members: [{ layers: [fit(data)], bestEpoch: 0 }], calibration, trainingRows: labels.length, validationRows: labels.length };
}
