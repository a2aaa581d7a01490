import { barsHeight, barsOption } from './explanation.js';
import { DARK, FAINT, INK, legendOf, LIGHT, valueAxis, type Chart } from './style.js';
import type { PlotTexts } from './texts.js';
import type { PlotReport, PlottedEpoch, PlottedTrial } from './types.js';

const MOST_BARS = 20;

/** Population stability index by feature, with the customary lines of attention and action. */
export function driftChart(drift: NonNullable<PlotReport['drift']>, t: PlotTexts): Chart {
  const shown = drift.toSorted((a, b) => b.psi - a.psi).slice(0, MOST_BARS).map(({ label, psi }) => ({ label, value: psi }));
  return {
    name: 'drift', width: 760, height: barsHeight(shown.length), title: t.driftTitle, subtitle: t.driftSubtitle,
    description: t.driftSpoken(t.list(shown.map(({ label, value }) => `${label} ${value.toFixed(3)}`))),
    option: barsOption(shown, 'PSI', 3, [0.1, 0.25]),
  };
}

const GRID = { left: 84, right: 28, top: 92, bottom: 56 };

/** Training and validation loss of every ensemble member. */
export function historyChart(history: readonly PlottedEpoch[], t: PlotTexts): Chart {
  const members = [...new Set(history.map(({ member }) => member))];
  const lines = members.flatMap((member) => {
    const epochs = history.filter((epoch) => epoch.member === member);
    return [
      { type: 'line' as const, name: t.training, symbol: 'none', lineStyle: { color: LIGHT, width: 1.4, type: 'dashed' as const }, itemStyle: { color: LIGHT }, data: epochs.map(({ epoch, loss }) => [epoch, loss]) },
      { type: 'line' as const, name: t.validation, symbol: 'none', lineStyle: { color: DARK, width: 1.8 }, itemStyle: { color: DARK }, data: epochs.map(({ epoch, validationLoss }) => [epoch, validationLoss]) },
    ];
  });
  const least = Math.min(...history.map(({ validationLoss }) => validationLoss));
  return {
    name: 'history', width: 760, height: 440, title: t.historyTitle, subtitle: t.historySubtitle(members.length),
    description: t.historySpoken(history.length, members.length, least.toFixed(4)),
    option: { legend: legendOf([t.training, t.validation], 'line'), grid: GRID, xAxis: { ...valueAxis(t.epoch, { gap: 32 }), minInterval: 1 }, yAxis: { ...valueAxis(t.loss, { gap: 56 }), scale: true }, series: lines },
  };
}

/** AUC of every trial, and the best finished one so far. */
export function trialsChart(trials: readonly PlottedTrial[], t: PlotTexts): Chart {
  const points = (finished: boolean): [number, number][] => trials.filter((trial) => trial.finished === finished).map(({ number, auc }) => [number, auc]);
  const done = points(true).toSorted(([a], [b]) => a - b);
  let best = Number.NEGATIVE_INFINITY;
  const soFar = done.map(([number, auc]) => [number, (best = Math.max(best, auc))]);
  return {
    name: 'trials', width: 760, height: 440, title: t.trialsTitle, subtitle: t.trialsSubtitle(trials.length, done.length),
    description: t.trialsSpoken(trials.length, done.length === 0 ? undefined : best.toFixed(4)),
    option: {
      legend: legendOf([t.finished, t.givenUp, t.bestSoFar], 'symbol'),
      grid: GRID,
      xAxis: { ...valueAxis(t.trial, { gap: 32 }), minInterval: 1 },
      yAxis: { ...valueAxis(t.crossValidatedAuc, { gap: 56 }), scale: true },
      series: [
        { type: 'line', name: t.bestSoFar, step: 'end', symbol: 'none', lineStyle: { color: FAINT, width: 1.5 }, itemStyle: { color: FAINT }, data: soFar },
        { type: 'scatter', name: t.givenUp, symbol: 'emptyCircle', symbolSize: 8, itemStyle: { color: INK, opacity: 1 }, data: points(false) },
        { type: 'scatter', name: t.finished, symbol: 'circle', symbolSize: 9, itemStyle: { color: DARK, opacity: 1 }, data: done },
      ],
    },
  };
}
