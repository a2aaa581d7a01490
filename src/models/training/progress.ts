import type { BuildProgress } from '../../scoring/index.js';

const left = (seconds: number | undefined): string => (seconds === undefined ? '' : `, at most ${Math.ceil(seconds)} s left`);

/** How far a build is, in one line for people. */
export function progressText(progress: BuildProgress): string {
  if (progress.stage === 'assess') return 'measuring and explaining';
  if (progress.stage === 'search') {
    const { rung, rungs, done, total, best, secondsLeft } = progress;
    const so = best === undefined ? '' : `, best so far AUC ${best.auc.toFixed(4)} (trial ${best.trial})`;
    return `search: round ${rung} of ${rungs}, ${done} of ${total} fits${so}${left(secondsLeft)}`;
  }
  const { member, members, epoch, validationAuc, secondsLeft } = progress;
  return `network ${member} of ${members}, epoch ${epoch}, validation AUC ${validationAuc.toFixed(4)}${left(secondsLeft)}`;
}
