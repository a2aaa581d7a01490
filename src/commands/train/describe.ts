import type { TrainedVersion } from '../../models/index.js';

/** What came of a training, in one line. */
export function describeTrained({ bundle: { report, backend, trainingData } }: TrainedVersion): string {
  const { family, search, evaluation, comparison } = report;
  const searched = search ? `best of ${search.trials.length} trials: trial ${search.best.trial}; ` : '';
  const p = comparison?.test.p;
  const compared = comparison ? `; the champion has ${comparison.test.aucB.toFixed(4)} on ${comparison.rows} loans, p ${p === null || p === undefined ? 'not defined' : p.toPrecision(2)}` : '';
  return `${searched}${family} on ${trainingData.rows} loans, ${family === 'foreign' ? backend : `TensorFlow.js ${backend}`}, ${evaluation.measuredOn} AUC ${evaluation.metrics.auc.toFixed(4)}${compared}`;
}
