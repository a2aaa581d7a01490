import { renderPlots, type Plot, type VersionReport } from '../../scoring/index.js';

const MOST_FEATURES = 12;

/** The plots of a version's report. */
export function plotsOf({ evaluation, rows, comparison, importance, partialDependence, example, quality, history, search }: VersionReport): Promise<Plot[]> {
  const measured = evaluation.measuredOn === 'holdout' ? rows.holdout : rows.training;
  const strongest = importance.features.slice(0, MOST_FEATURES);
  const dependence = strongest.flatMap(({ feature }) => partialDependence.filter((one) => one.feature === feature));
  return renderPlots({
    subject: `${evaluation.measuredOn === 'holdout' ? 'hold-out' : 'training'}, ${measured.toLocaleString('en-US')} loans`,
    models: [
      { name: 'this version', curves: evaluation.curves, aucInterval: evaluation.metrics.intervals.auc },
      ...(comparison ? [{ name: comparison.champion.replace(/ \(.*\)$/, ''), curves: comparison.curves }] : []),
    ],
    importance: strongest.map(({ label, meanAbsolute }) => ({ label, importance: meanAbsolute })),
    prediction: { baselineLogit: example.baselineLogit, logit: example.logit, parts: example.attributions.map(({ label, contribution }) => ({ label, attribution: contribution })) },
    dependence: dependence.map(({ label, points }) => ({ label, points: points.map(({ value, meanPd }) => ({ at: typeof value === 'boolean' ? String(value) : value, pd: meanPd })) })),
    drift: quality.findings.filter(({ check }) => check === 'drift').map(({ feature = '', value }) => ({ label: feature, psi: value })),
    history,
    trials: (search?.trials ?? []).flatMap(({ trial, rungs, status }) => {
      const last = rungs.at(-1);
      return last ? [{ number: trial, auc: last.auc, finished: status === 'FINISHED' }] : [];
    }),
  });
}
