import type { BuildProgress } from '../../scoring/index.js';

const left = (seconds: number): string => (seconds < 120 ? `${Math.ceil(seconds)} s` : `${Math.ceil(seconds / 60)} min`);

/** How far a build is, in one line for people. */
export function progressText(at: BuildProgress): string {
  if (at.stage === 'assess') return 'measuring and explaining';
  if (at.stage === 'cross-validate') return `fold ${at.fold} of ${at.folds}, AUC ${at.auc.toFixed(4)}`;
  if (at.stage === 'train') return `network ${at.member} of ${at.members}, epoch ${at.epoch}, validation AUC ${at.validationAuc.toFixed(4)}, at most ${left(at.secondsLeft)} left`;
  return [
    `search: rung ${at.rung} of ${at.rungs}, ${at.done} of ${at.total} fits, trial ${at.trial}`,
    ...(at.best ? [`best so far trial ${at.best.trial}, AUC ${at.best.auc.toFixed(4)}, log loss ${at.best.logLoss.toFixed(4)}`] : []),
    ...(at.secondsLeft === undefined ? [] : [`about ${left(at.secondsLeft)} left`]),
  ].join(', ');
}
