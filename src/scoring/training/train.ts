import { setImmediate } from 'node:timers/promises';
import { fitPlatt } from '../calibration/platt.js';
import type { Calibration } from '../calibration/types.js';
import { Random } from '../random.js';
import { loadTensorFlow } from './backend.js';
import type { HyperParameters } from './hyper-parameters.js';
import { layersModelOf } from './layers-model.js';
import { MemberTraining, pick, type LabelledRows, type MemberRun } from './member.js';
import type { EpochRecord, Member, TrainedModel, TrainingProgress } from './types.js';

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

/** Turns epochs into progress with an estimate of the time left. */
function withTimeLeft(settings: HyperParameters, onProgress: (progress: TrainingProgress) => void): (record: EpochRecord) => void {
  const started = performance.now();
  let done = 0;
  return (record) => {
    done++;
    const left = (settings.ensemble - record.member) * settings.epochs + settings.epochs - record.epoch;
    const secondsLeft = ((performance.now() - started) / 1_000 / done) * left;
    onProgress({ ...record, members: settings.ensemble, epochs: settings.epochs, secondsLeft });
  };
}

async function trainMembers(runs: readonly MemberRun[]): Promise<{ members: Member[]; calibration: Calibration }> {
  const validation = runs[0]!.validation;
  const mean = new Float64Array(validation.labels.length);
  const members: Member[] = [];
  for (const run of runs) {
    const { member, validationLogits } = await new MemberTraining(run).train();
    validationLogits.forEach((logit, i) => (mean[i]! += logit / runs.length));
    members.push(member);
  }
  return { members, calibration: fitPlatt(mean, validation.labels) };
}

/** Trains the ensemble in this process; `trainMlp` runs it in a process of its own. */
export async function trainHere(data: LabelledRows, settings: HyperParameters, onProgress: (progress: TrainingProgress) => void): Promise<TrainedModel> {
  const started = performance.now();
  const { tf, backend } = await loadTensorFlow();
  const split = stratifiedSplit(data.labels, settings.validationFraction, new Random(settings.seed));
  const [train, validation] = [pick(data, split.train), pick(data, split.validation)];
  const history: EpochRecord[] = [];
  const tellTimeLeft = withTimeLeft(settings, onProgress);
  const onEpoch = (record: EpochRecord): Promise<void> => {
    history.push(record);
    tellTimeLeft(record);
    // Lets messages out, and notices a parent that is gone.
    return setImmediate();
  };
  const runs = Array.from({ length: settings.ensemble }, (_, i) => ({ tf, train, validation, settings, member: i + 1, onEpoch }));
  const { members, calibration } = await trainMembers(runs);
  const layersModel = await layersModelOf(tf, { width: data.width, members, calibration });
  return {
    ...backend,
    family: 'mlp',
    width: data.width,
    members,
    calibration,
    history,
    hyperParameters: settings,
    layersModel,
    trainingRows: split.train.length,
    validationRows: split.validation.length,
    seconds: (performance.now() - started) / 1_000,
  };
}
