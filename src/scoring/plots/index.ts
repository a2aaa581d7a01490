import { driftChart, historyChart, trialsChart } from './course.js';
import { draw } from './draw.js';
import { dependenceChart, importanceChart, predictionChart } from './explanation.js';
import { calibrationChart, distributionChart, gainsChart, rocChart } from './performance.js';
import type { Chart } from './style.js';
import type { Plot, PlotReport } from './types.js';

const some = <T>(items: readonly T[] | undefined, chart: (items: readonly T[]) => Chart): Chart[] => (items === undefined || items.length === 0 ? [] : [chart(items)]);

const chartsOf = (report: PlotReport): Chart[] => [
  ...some(report.models, () => rocChart(report)),
  ...some(report.models, () => calibrationChart(report)),
  ...some(report.models, () => gainsChart(report)),
  ...some(report.models, () => distributionChart(report)),
  ...some(report.importance, importanceChart),
  ...some(report.prediction?.parts, () => predictionChart(report.prediction!)),
  ...some(report.dependence, dependenceChart),
  ...some(report.drift, driftChart),
  ...some(report.history, historyChart),
  ...some(report.trials, trialsChart),
];

/**
 * The plots of a report as SVG documents that stand alone: no scripts, no fonts or images from elsewhere, legible in
 * grey print, with a title and description for screen readers. The same report gives the same bytes.
 * @returns one plot for each part that is present, in the order of the model's life
 */
export async function renderPlots(report: PlotReport): Promise<Plot[]> {
  const plots: Plot[] = [];
  for (const chart of chartsOf(report)) plots.push(await draw(chart));
  return plots;
}
