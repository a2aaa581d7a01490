import type { CustomSeriesRenderItem } from 'echarts';
import { sigmoid } from '../numbers.js';
import { ALARM, categoryAxis, DARK, FAINT, INK, labelWidth, PALE, shareAxis, text, valueAxis, type Chart } from './style.js';
import type { PlotTexts } from './texts.js';
import type { PlottedDependence, PlottedImportance, PlottedPrediction } from './types.js';

const MOST_BARS = 20;

const signed = (x: number): string => `${x < 0 ? '−' : '+'}${Math.abs(x).toFixed(2)}`;

export interface Bar {
  readonly label: string;
  readonly value: number;
}

/** Horizontal bars, the greatest on top, with their values; `lines` are drawn across. */
export function barsOption(bars: readonly Bar[], axis: string, digits: number, lines: readonly number[] = []): Chart['option'] {
  const labels = bars.map(({ label }) => label);
  const marks = { silent: true, symbol: 'none', lineStyle: { color: ALARM, type: 'dashed' as const }, label: { ...text(11), position: 'start' as const, formatter: '{c}' }, data: lines.map((at) => ({ xAxis: at })) };
  const least = Math.max(...lines, 0);
  return {
    grid: { left: labelWidth(labels) + 28, right: 60, top: 80, bottom: 56 },
    xAxis: { ...valueAxis(axis, { min: 0, gap: 32 }), max: ({ max }: { readonly max: number }) => (max < least ? least * 1.1 : null) },
    yAxis: { ...categoryAxis(labels, '', labelWidth(labels)), inverse: true },
    series: [{
      type: 'bar', data: bars.map(({ value }) => value), barMaxWidth: 20, itemStyle: { color: DARK }, markLine: marks,
      label: { show: true, position: 'right', ...text(11), formatter: ({ value }) => Number(value).toFixed(digits) },
    }],
  };
}

export const barsHeight = (count: number): number => 150 + 26 * count;

/** Mean absolute attribution of the strongest features. */
export function importanceChart(importance: readonly PlottedImportance[], t: PlotTexts): Chart {
  const shown = importance.toSorted((a, b) => b.importance - a.importance).slice(0, MOST_BARS).map(({ label, importance: value }) => ({ label, value }));
  return {
    name: 'importance', width: 760, height: barsHeight(shown.length), title: t.importanceTitle, subtitle: t.importanceSubtitle(shown.length, importance.length),
    description: t.importanceSpoken(t.list(shown.map(({ label, value }) => `${label} ${value.toFixed(3)}`))),
    option: barsOption(shown, t.importanceX, 3),
  };
}

interface Move {
  readonly label: string;
  readonly from: number;
  readonly to: number;
}

const MOST_MOVES = 12;

/** From the baseline through the strongest attributions, then all others together, to the logit. */
function movesOf({ baselineLogit, logit, parts }: PlottedPrediction, t: PlotTexts): Move[] {
  const strongest = parts.toSorted((a, b) => Math.abs(b.attribution) - Math.abs(a.attribution)).slice(0, MOST_MOVES);
  let at = baselineLogit;
  const moves = strongest.map(({ label, value, attribution }): Move => ({ label: value === undefined ? label : `${label} = ${value}`, from: at, to: (at += attribution) }));
  const rest = Math.abs(logit - at) > 5e-4 ? [{ label: parts.length > MOST_MOVES ? t.othersAndResidual(parts.length - MOST_MOVES) : t.residual, from: at, to: logit }] : [];
  return [...moves, ...rest];
}

/** A bar from one log-odds to the next, a stroke down to the next bar, and the amount in a column beside the plot. */
const moveShape: CustomSeriesRenderItem = ({ coordSys }, api) => {
  const row = api.value(0);
  const [from, to] = [Number(api.value(1)), Number(api.value(2))];
  const [x1, y] = api.coord([from, row]) as [number, number];
  const x2 = api.coord([to, row])[0]!;
  const { x: left, width } = coordSys as typeof coordSys & { readonly x: number; readonly width: number };
  return {
    type: 'group',
    children: [
      { type: 'rect', shape: { x: Math.min(x1, x2), y: y - 8, width: Math.max(1, Math.abs(x2 - x1)), height: 16 }, style: { fill: to > from ? ALARM : PALE, stroke: INK, lineWidth: 0.6 } },
      { type: 'line', shape: { x1: x2, y1: y + 8, x2, y2: y + 18 }, style: { stroke: FAINT, lineWidth: 1 } },
      { type: 'text', style: { text: signed(to - from), x: left + width + 10, y, verticalAlign: 'middle', fill: INK, font: '11px Helvetica, Arial, sans-serif' } },
    ],
  };
};

/** The ends of a range that was cut to fit are no round numbers. */
const withoutEndLabels = (axis: ReturnType<typeof valueAxis>) => ({ ...axis, axisLabel: { ...axis.axisLabel, showMinLabel: false, showMaxLabel: false } });

/** How one applicant's log-odds come about. */
export function predictionChart(prediction: PlottedPrediction, t: PlotTexts): Chart {
  const moves = movesOf(prediction, t);
  const { baselineLogit, logit } = prediction;
  const labels = moves.map(({ label }) => label);
  const reached = moves.flatMap(({ from, to }) => [from, to]);
  const margin = 0.08 * (Math.max(...reached) - Math.min(...reached)) + 0.05;
  return {
    name: 'prediction', width: 820, height: barsHeight(moves.length), title: t.predictionTitle, subtitle: t.predictionSubtitle(t.percent(sigmoid(baselineLogit)), signed(baselineLogit), t.percent(sigmoid(logit)), signed(logit)),
    description: t.predictionSpoken(t.list(moves.map(({ label, from, to }) => t.pair(label, signed(to - from))))),
    option: {
      grid: { left: labelWidth(labels) + 28, right: 60, top: 80, bottom: 56 },
      xAxis: withoutEndLabels(valueAxis(t.logOdds, { gap: 32, min: Math.floor((Math.min(...reached) - margin) * 10) / 10, max: Math.ceil((Math.max(...reached) + margin) * 10) / 10 })),
      yAxis: { ...categoryAxis(labels, '', labelWidth(labels)), inverse: true },
      series: [{
        type: 'custom', z: 3, renderItem: moveShape, encode: { x: [1, 2], y: 0 }, data: moves.map(({ from, to }, row) => [row, from, to]),
        markLine: { silent: true, z: 1, symbol: 'none', label: { show: false }, lineStyle: { color: INK, type: 'dashed' }, data: [{ xAxis: baselineLogit }, { xAxis: logit }] },
      }],
    },
  };
}

const COLUMNS = 3;
const PANEL = { width: 230, height: 150, left: 72, top: 108, acrossStep: 304, downStep: 232 };
const MOST_PANELS = 12;

const compact = (x: number): string => (Math.abs(x) >= 10_000 ? `${Number((x / 1000).toPrecision(3))}k` : String(Number(x.toPrecision(3))));

interface Scale {
  readonly max: number;
  readonly interval: number;
}

/** A scale of shares with at most four intervals up to the highest. */
function shareScale(highest: number): Scale {
  const interval = [0.01, 0.02, 0.05, 0.1, 0.2, 0.25].find((candidate) => highest / candidate <= 4) ?? 0.25;
  return { interval, max: interval * Math.max(1, Math.ceil(highest / interval - 1e-9)) };
}

const rangeOf = ({ label, points }: PlottedDependence, { percent }: PlotTexts): [string, string, string] => {
  const pds = points.map(({ pd }) => pd);
  return [label, percent(Math.min(...pds)), percent(Math.max(...pds))];
};

/** One small chart: a line over numbers, points over categories. */
function panel({ label, points }: PlottedDependence, i: number, { max, interval }: Scale, t: PlotTexts) {
  const left = PANEL.left + (i % COLUMNS) * PANEL.acrossStep;
  const top = PANEL.top + Math.floor(i / COLUMNS) * PANEL.downStep;
  const numeric = points.every(({ at }) => typeof at === 'number');
  const xAxis = numeric
    ? { ...valueAxis('', { formatter: compact }), scale: true, splitNumber: 3 }
    : { ...categoryAxis(points.map(({ at }) => String(at)), '', 70), axisLabel: { ...text(11), rotate: points.length > 4 ? 40 : 0, width: 70, overflow: 'truncate' as const, interval: 0 } };
  return {
    title: { text: label, left, top: top - 26, textStyle: { ...text(12), fontWeight: 'bold' as const, width: PANEL.width + 10, overflow: 'truncate' as const } },
    grid: { left, top, width: PANEL.width, height: PANEL.height },
    xAxis: { ...xAxis, gridIndex: i },
    yAxis: { ...shareAxis(t, '', 44, max), gridIndex: i, interval },
    series: {
      type: 'line' as const, xAxisIndex: i, yAxisIndex: i, symbol: numeric ? 'none' : 'circle', symbolSize: 9, itemStyle: { color: DARK }, lineStyle: numeric ? { color: DARK, width: 2.2 } : { width: 0 },
      data: points.map(({ at, pd }) => (numeric ? [at, pd] : pd)),
    },
  };
}

/** Mean PD as single features change, on one scale of PD. */
export function dependenceChart(dependence: readonly PlottedDependence[], t: PlotTexts): Chart {
  const shown = dependence.slice(0, MOST_PANELS);
  const scale = shareScale(Math.max(...shown.flatMap(({ points }) => points.map(({ pd }) => pd))));
  const panels = shown.map((feature, i) => panel(feature, i, scale, t));
  return {
    name: 'dependence', width: PANEL.left + Math.min(COLUMNS, shown.length) * PANEL.acrossStep, height: PANEL.top + Math.ceil(shown.length / COLUMNS) * PANEL.downStep - 20,
    title: t.dependenceTitle, subtitle: t.dependenceSubtitle,
    description: t.dependenceSpoken(shown.map((feature) => rangeOf(feature, t))),
    option: {
      title: panels.map(({ title }) => title),
      grid: panels.map(({ grid }) => grid),
      xAxis: panels.map(({ xAxis }) => xAxis),
      yAxis: panels.map(({ yAxis }) => yAxis),
      series: panels.map(({ series }) => series),
    },
  };
}
