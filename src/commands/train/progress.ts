import type { Comparison, TrainedVersion } from '../../models/index.js';
import type { SearchProgress, TrainingProgress } from '../../scoring/index.js';

const left = (seconds: number): string => (seconds < 120 ? `${Math.ceil(seconds)} s` : `${Math.ceil(seconds / 60)} min`);

export const describeSearch = ({ rung, rungs, done, total, trial, best, secondsLeft }: SearchProgress): string =>
  [
    `search: rung ${rung} of ${rungs}, ${done} of ${total} fits, trial ${trial}`,
    ...(best ? [`best so far trial ${best.trial}, AUC ${best.auc.toFixed(4)}, log loss ${best.logLoss.toFixed(4)}`] : []),
    ...(secondsLeft === undefined ? [] : [`about ${left(secondsLeft)} left`]),
  ].join(', ');

export const describeTraining = ({ member, members, epoch, validationAuc, secondsLeft }: TrainingProgress): string =>
  `network ${member} of ${members}, epoch ${epoch}, validation AUC ${validationAuc.toFixed(4)}, at most ${left(secondsLeft)} left`;

export function describeTrained({ bundle: { metrics, backend, trainingData, hyperParameters }, search }: TrainedVersion): string {
  const searched = search ? `best of ${search.trials.length} trials: trial ${search.best.trial}; ` : '';
  return `${searched}${hyperParameters.family} on ${trainingData.rows} loans, TensorFlow.js ${backend}, hold-out AUC ${metrics.holdout?.auc.toFixed(4) ?? 'none'}`;
}

export const describeComparison = ({ auc, championAuc, rows, p }: Comparison): string =>
  `AUC ${auc.toFixed(4)} against ${championAuc.toFixed(4)} on ${rows} loans, p ${p === null ? 'not defined' : p.toPrecision(2)}`;
