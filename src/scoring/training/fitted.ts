import { fitPlatt } from '../calibration/platt.js';
import type { Calibration } from '../calibration/types.js';
import type { HyperParameters } from './hyper-parameters.js';
import type { LabelledRows } from './rows.js';
import { fitScorecard } from './scorecard.js';
import { divideRows, type TrainedMember, type TrainingData } from './train.js';
import type { Member } from './types.js';

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
function unseen({ labels }: LabelledRows, settings: HyperParameters, members: readonly TrainedMember[]): { logits: Float64Array; labels: Uint8Array } {
  const sums = new Float64Array(labels.length);
  const counts = new Uint8Array(labels.length);
  members.forEach(({ validationLogits }, i) =>
    divideRows({ labels }, settings, i + 1).validation.forEach((row, at) => {
      sums[row]! += validationLogits[at]!;
      counts[row]!++;
    }),
  );
  const rows = Uint32Array.from(labels, (_, row) => row).filter((row) => counts[row]! > 0);
  return { logits: Float64Array.from(rows, (row) => sums[row]! / counts[row]!), labels: Uint8Array.from(rows, (row) => labels[row]!) };
}

/** Joins the members of an ensemble, calibrated on the rows that they kept aside. */
export function joinMembers(data: LabelledRows, settings: HyperParameters, members: readonly TrainedMember[]): Fitted {
  const { logits, labels } = unseen(data, settings, members);
  const trainingRows = data.labels.length - members[0]!.validationLogits.length;
  return { members: members.map(({ member }) => member), calibration: fitPlatt(logits, labels), trainingRows, validationRows: logits.length };
}

/** A scorecard: one convex problem over all rows; what it fits is calibrated unless classes were weighted. */
export function fitLinear(data: TrainingData, settings: HyperParameters): Fitted {
  const { rows, labels, width, directions } = data;
  const layer = fitScorecard({ rows, labels, width, settings, directions });
  const logits = Float64Array.from(labels, (_, row) => layer.weights.reduce((sum, w, c) => sum + w * rows[row * width + c]!, layer.bias[0]!));
  return { members: [{ layers: [layer], bestEpoch: 0 }], calibration: fitPlatt(logits, labels), trainingRows: labels.length, validationRows: 0 };
}
