import type { CustomSeriesRenderItem } from 'echarts';
import type { Curves } from '../metrics/curves.js';
import { DARK, FAINT, guide, INK, legendOf, LIGHT, modelLine, PALE, shareAxis, text, valueAxis, type Chart } from './style.js';
import type { PlotTexts } from './texts.js';
import type { PlottedModel, PlotReport } from './types.js';

const three = (x: number): string => x.toFixed(3);

const aucText = ({ curves, aucInterval }: PlottedModel): string =>
  `AUC ${three(curves.auc)}${aucInterval === undefined ? '' : ` (${three(aucInterval.low)}–${three(aucInterval.high)})`}`;

const outcomes = ({ rows, bads }: Curves, t: PlotTexts): string => t.outcomes(rows, bads);

/** ROC curve of one or two models with the point of the greatest separation. */
export function rocChart({ subject, models }: PlotReport, t: PlotTexts): Chart {
  const named = models.map((model) => ({ ...model, label: t.rocLegend(model.name, aucText(model), model.curves.ks.value) }));
  const series = named.map(({ label, curves }, i) => ({
    type: 'line' as const, name: label, symbol: 'none', lineStyle: modelLine(i), itemStyle: { color: modelLine(i).color },
    data: curves.roc.map(({ falsePositiveRate, truePositiveRate }) => [falsePositiveRate, truePositiveRate]),
  }));
  const points = named.map(({ curves: { ks } }, i) => ({
    type: 'scatter' as const, symbolSize: i === 0 ? 10 : 13, symbol: i === 0 ? 'circle' : 'diamond', z: 4, itemStyle: { color: modelLine(i).color, borderColor: INK, opacity: 1 }, data: [[ks.falsePositiveRate, ks.truePositiveRate]],
  }));
  return {
    name: 'roc', width: 600, height: 620, title: t.rocTitle(aucText(models[0]!)), subtitle: t.rocSubtitle(subject, outcomes(models[0]!.curves, t)),
    description: t.sentence([t.rocSpoken, ...named.map(({ label }) => label)]),
    option: {
      legend: { ...legendOf(named.map(({ label }) => label), 'line'), orient: 'vertical', itemGap: 8 },
      grid: { left: 72, right: 28, top: 66 + 20 * models.length, bottom: 56 },
      xAxis: shareAxis(t, t.rocX, 32, 1),
      yAxis: shareAxis(t, t.rocY, 48, 1),
      series: [guide([0, 0], [1, 1]), ...series, ...points],
    },
  };
}

const stroke = (x1: number, y1: number, x2: number, y2: number, color: string) => ({ type: 'line' as const, shape: { x1, y1, x2, y2 }, style: { stroke: color, lineWidth: 1.3 } });

/** Vertical interval with end strokes: x, low, high. */
const whisker = (color: string): CustomSeriesRenderItem => (_, api) => {
  const [x, low] = api.coord([api.value(0), api.value(1)]) as [number, number];
  const high = api.coord([api.value(0), api.value(2)])[1]!;
  return { type: 'group', children: [stroke(x, low, x, high, color), stroke(x - 4, low, x + 4, low, color), stroke(x - 4, high, x + 4, high, color)] };
};

function calibrationSeries({ name, curves }: PlottedModel, i: number) {
  const { color } = modelLine(i);
  return [
    { type: 'custom' as const, renderItem: whisker(color), data: curves.calibration.map(({ meanPd, low, high }) => [meanPd, low, high]), z: 2 },
    {
      type: 'line' as const, name, lineStyle: { ...modelLine(i), width: 1.5 }, symbol: i === 0 ? 'circle' : 'diamond', symbolSize: 9, itemStyle: { color, borderColor: color }, z: 3,
      data: curves.calibration.map(({ meanPd, defaultRate }) => [meanPd, defaultRate]),
    },
  ];
}

/** How many bins, with at least and at most how many loans. */
const binSizes = ({ calibration }: Curves): [number, number, number] => {
  const counts = calibration.map(({ count }) => count);
  return [counts.length, Math.min(...counts), Math.max(...counts)];
};

/** Default rate against mean PD in bins of equal size. */
export function calibrationChart({ subject, models }: PlotReport, t: PlotTexts): Chart {
  const top = Math.max(...models.flatMap(({ curves }) => curves.calibration.flatMap(({ high, meanPd }) => [high, meanPd])));
  const reach = Math.min(1, Math.ceil(top * 10) / 10);
  return {
    name: 'calibration', width: 600, height: 600, title: t.calibrationTitle, subtitle: t.calibrationSubtitle(subject, ...binSizes(models[0]!.curves)),
    description: t.calibrationSpoken(models[0]!.name, models[0]!.curves.calibration.map(({ meanPd, defaultRate }) => [t.percent(meanPd), t.percent(defaultRate)])),
    option: {
      legend: legendOf(models.map(({ name }) => name), 'symbol'),
      grid: { left: 72, right: 28, top: 88, bottom: 56 },
      xAxis: shareAxis(t, t.meanPd, 32, reach),
      yAxis: shareAxis(t, t.defaultRate, 48, reach),
      series: [guide([0, 0], [reach, reach]), ...models.flatMap(calibrationSeries)],
    },
  };
}

const topLabel = (formatter: (value: number) => string) => ({ show: true, position: 'top' as const, ...text(11), formatter: ({ value }: { readonly value: unknown }) => formatter(Number(value)) });

/** Cumulative gains and lift by tenth of falling PD. */
export function gainsChart({ subject, models }: PlotReport, t: PlotTexts): Chart {
  const gains = models.map(({ name, curves }, i) => ({
    type: 'line' as const, name, lineStyle: modelLine(i), symbol: i === 0 ? 'circle' : 'diamond', symbolSize: 7, itemStyle: { color: modelLine(i).color },
    data: [[0, 0], ...curves.lift.map(({ cumulativeRows, gain }) => [cumulativeRows, gain])],
  }));
  const lifts = models.map(({ name, curves }, i) => ({
    type: 'bar' as const, name, xAxisIndex: 1, yAxisIndex: 1, itemStyle: { color: modelLine(i).color, borderColor: INK, borderWidth: 0.6 }, ...(models.length === 1 ? { label: topLabel((lift) => lift.toFixed(2)) } : {}),
    data: curves.lift.map(({ lift }) => lift),
  }));
  const { lift } = models[0]!.curves;
  const average = { silent: true, symbol: 'none', lineStyle: { color: FAINT, type: 'dotted' as const }, label: { show: false }, data: [{ yAxis: 1 }] };
  return {
    name: 'gains', width: 960, height: 460, title: t.gainsTitle, subtitle: t.gainsSubtitle(subject),
    description: t.gainsSpoken(t.percent(lift[0]!.gain), lift[0]!.lift, t.percent(lift[Math.min(2, lift.length - 1)]!.gain)),
    option: {
      legend: legendOf(models.map(({ name }) => name), 'symbol'),
      grid: [{ left: 72, width: 370, top: 92, bottom: 56 }, { left: 540, right: 24, top: 92, bottom: 56 }],
      xAxis: [shareAxis(t, t.gainsX, 32, 1), { ...valueCategory(lift.map(({ decile }) => String(decile)), t.liftX), gridIndex: 1 }],
      yAxis: [shareAxis(t, t.gainsY, 48, 1), { ...valueAxis(t.liftY, { min: 0, gap: 34 }), gridIndex: 1 }],
      series: [guide([0, 0], [1, 1]), ...gains, ...lifts.map((bars, i) => (i === 0 ? Object.assign(bars, { markLine: average }) : bars))],
    },
  };
}

const valueCategory = (data: string[], name: string) => ({ type: 'category' as const, data, name, nameLocation: 'middle' as const, nameGap: 32, nameTextStyle: text(13), axisLabel: text(12), axisLine: { lineStyle: { color: INK } } });

/** Outline of a histogram as shares, closed at both ends: one corner per edge. */
function outline(edges: readonly number[], counts: readonly number[]): [number, number][] {
  const total = Math.max(1, counts.reduce((sum, count) => sum + count, 0));
  return edges.map((edge, i) => [edge, (counts[i] ?? 0) / total]);
}

/** Score points of goods and of bads, each as shares of its own. */
export function distributionChart({ subject, models }: PlotReport, t: PlotTexts): Chart {
  const { name, curves } = models[0]!;
  const { edges, goods, bads } = curves.distribution;
  const width = edges[1]! - edges[0]!;
  const step = { type: 'line' as const, step: 'end' as const, symbol: 'none' };
  return {
    name: 'distribution', width: 760, height: 460, title: t.distributionTitle(name), subtitle: t.distributionSubtitle(subject, outcomes(curves, t), Number(width.toFixed(2))),
    description: t.distributionSpoken(edges[0]!, edges.at(-1)!, curves.ks.value),
    option: {
      legend: legendOf([t.goods, t.bads], 'area'),
      grid: { left: 72, right: 28, top: 92, bottom: 56 },
      xAxis: valueAxis(t.points, { min: edges[0]!, max: edges.at(-1)!, gap: 32 }),
      yAxis: shareAxis(t, t.shareOfOutcome, 48),
      series: [
        { ...step, name: t.goods, data: outline(edges, goods), lineStyle: { color: DARK, width: 1.2 }, areaStyle: { color: PALE, opacity: 1 }, itemStyle: { color: PALE, borderColor: DARK, borderWidth: 1 } },
        { ...step, name: t.bads, data: outline(edges, bads), lineStyle: { color: INK, width: 2.5, type: 'dashed' as const }, areaStyle: { color: LIGHT, opacity: 0.35 }, itemStyle: { color: LIGHT, borderColor: INK, borderWidth: 1 } },
      ],
    },
  };
}
