import type { Curves } from '../metrics/curves.js';
import { driftChart, historyChart, trialsChart } from './course.js';
import { draw } from './draw.js';
import { dependenceChart, importanceChart, predictionChart } from './explanation.js';
import { calibrationChart, distributionChart, gainsChart, rocChart } from './performance.js';
import type { Chart } from './style.js';
import { plotTexts, type PlotTexts } from './texts.js';
import type { Plot, PlotReport } from './types.js';

const some = <T>(items: readonly T[] | undefined, chart: (items: readonly T[]) => Chart): Chart[] => (items === undefined || items.length === 0 ? [] : [chart(items)]);

type Part = (curves: Curves) => readonly unknown[];

/** Models of whose curves there is something to draw; none where the model of the report has nothing. */
const modelsWith = ({ models }: PlotReport, part: Part): PlotReport['models'] => (models[0] && part(models[0].curves).length > 0 ? models.filter(({ curves }) => part(curves).length > 0) : []);

function chartsOf(report: PlotReport): Chart[] {
  const t = plotTexts(report.language ?? 'en');
  const ofModels = (part: Part, chart: (report: PlotReport, t: PlotTexts) => Chart): Chart[] => some(modelsWith(report, part), (models) => chart({ ...report, models }, t));
  return [
    ...ofModels(({ roc }) => roc, rocChart),
    ...ofModels(({ calibration }) => calibration, calibrationChart),
    ...ofModels(({ lift }) => lift, gainsChart),
    ...ofModels(({ distribution }) => distribution.goods, distributionChart),
    ...some(report.importance, (importance) => importanceChart(importance, t)),
    ...some(report.prediction?.parts, () => predictionChart(report.prediction!, t)),
    ...some(report.dependence, (dependence) => dependenceChart(dependence, t)),
    ...some(report.drift, (drift) => driftChart(drift, t)),
    ...some(report.history, (history) => historyChart(history, t)),
    ...some(report.trials, (trials) => trialsChart(trials, t)),
  ];
}

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

/** What the same plots show, in words, without drawing them. */
export const describePlots = (report: PlotReport): Omit<Plot, 'svg'>[] => chartsOf(report).map(({ name, description }) => ({ name, description }));
