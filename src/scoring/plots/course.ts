import { barsHeight, barsOption } from './explanation.js';
import { DARK, FAINT, INK, legendOf, LIGHT, valueAxis, type Chart } from './style.js';
import type { PlotReport, PlottedEpoch, PlottedTrial } from './types.js';

const MOST_BARS = 20;

/** Population stability index by feature, with the customary lines of attention and action. */
export function driftChart(drift: NonNullable<PlotReport['drift']>): Chart {
  const shown = drift.toSorted((a, b) => b.psi - a.psi).slice(0, MOST_BARS).map(({ label, psi }) => ({ label, value: psi }));
  return {
    name: 'drift', width: 760, height: barsHeight(shown.length), title: 'Drift', subtitle: 'Population stability index; by convention 0.1 asks for attention and 0.25 for action',
    description: `Population stability index. ${shown.map(({ label, value }) => `${label} ${value.toFixed(3)}`).join('; ')}.`,
    option: barsOption(shown, 'PSI', 3, [0.1, 0.25]),
  };
}

const GRID = { left: 84, right: 28, top: 92, bottom: 56 };

/** Training and validation loss of every ensemble member. */
export function historyChart(history: readonly PlottedEpoch[]): Chart {
  const members = [...new Set(history.map(({ member }) => member))];
  const lines = members.flatMap((member) => {
    const epochs = history.filter((epoch) => epoch.member === member);
    return [
      { type: 'line' as const, name: 'training', symbol: 'none', lineStyle: { color: LIGHT, width: 1.4, type: 'dashed' as const }, itemStyle: { color: LIGHT }, data: epochs.map(({ epoch, loss }) => [epoch, loss]) },
      { type: 'line' as const, name: 'validation', symbol: 'none', lineStyle: { color: DARK, width: 1.8 }, itemStyle: { color: DARK }, data: epochs.map(({ epoch, validationLoss }) => [epoch, validationLoss]) },
    ];
  });
  const least = Math.min(...history.map(({ validationLoss }) => validationLoss));
  return {
    name: 'history', width: 760, height: 440, title: 'Course of training', subtitle: `Loss by epoch, ${members.length === 1 ? 'one network' : `${members.length} networks`}`,
    description: `${history.length} epochs of ${members.length} networks; the least validation loss is ${least.toFixed(4)}.`,
    option: { legend: legendOf(['training', 'validation'], 'line'), grid: GRID, xAxis: { ...valueAxis('Epoch', { gap: 32 }), minInterval: 1 }, yAxis: { ...valueAxis('Loss', { gap: 56 }), scale: true }, series: lines },
  };
}

/** AUC of every trial, and the best finished one so far. */
export function trialsChart(trials: readonly PlottedTrial[]): Chart {
  const points = (finished: boolean): [number, number][] => trials.filter((trial) => trial.finished === finished).map(({ number, auc }) => [number, auc]);
  const done = points(true).toSorted(([a], [b]) => a - b);
  let best = Number.NEGATIVE_INFINITY;
  const soFar = done.map(([number, auc]) => [number, (best = Math.max(best, auc))]);
  return {
    name: 'trials', width: 760, height: 440, title: 'Search', subtitle: `${trials.length} trials, ${done.length} of them measured on all folds`,
    description: done.length === 0 ? `${trials.length} trials, none measured on all folds.` : `${trials.length} trials; the best AUC of those measured on all folds is ${best.toFixed(4)}.`,
    option: {
      legend: legendOf(['finished', 'given up early', 'best so far'], 'symbol'),
      grid: GRID,
      xAxis: { ...valueAxis('Trial', { gap: 32 }), minInterval: 1 },
      yAxis: { ...valueAxis('AUC, cross-validated', { gap: 56 }), scale: true },
      series: [
        { type: 'line', name: 'best so far', step: 'end', symbol: 'none', lineStyle: { color: FAINT, width: 1.5 }, itemStyle: { color: FAINT }, data: soFar },
        { type: 'scatter', name: 'given up early', symbol: 'emptyCircle', symbolSize: 8, itemStyle: { color: INK, opacity: 1 }, data: points(false) },
        { type: 'scatter', name: 'finished', symbol: 'circle', symbolSize: 9, itemStyle: { color: DARK, opacity: 1 }, data: done },
      ],
    },
  };
}
