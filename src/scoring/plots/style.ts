import type { EChartsOption } from 'echarts';
import type { PlotTexts } from './texts.js';

/** A chart before it is drawn. */
export interface Chart {
  readonly name: string;
  readonly width: number;
  readonly height: number;
  /** Told to a screen reader: what the chart shows, with its main figures. */
  readonly description: string;
  readonly title: string;
  readonly subtitle?: string;
  readonly option: EChartsOption;
}

/** Dark and light enough apart to be told from one another in grey print; lines differ in dashes too. */
export const INK = '#222222';
export const FAINT = '#8a8a8a';
export const GRID_LINE = '#e3e3e3';
export const DARK = '#12436d';
export const LIGHT = '#e8a33d';
export const PALE = '#bcd4e6';
export const ALARM = '#a32020';

const FONT = "Helvetica, Arial, 'PingFang SC', 'Microsoft YaHei', 'Noto Sans CJK SC', sans-serif";

export const text = (fontSize: number, color = INK) => ({ fontFamily: FONT, fontSize, color });

interface AxisOptions {
  readonly min?: number;
  readonly max?: number;
  readonly formatter?: (value: number) => string;
  /** Distance of the name from the axis, pixels. */
  readonly gap?: number;
}

const axisLook = (name: string, gap: number) => ({
  name,
  nameLocation: 'middle' as const,
  nameGap: gap,
  nameTextStyle: text(13),
  axisLine: { show: true, onZero: false, lineStyle: { color: INK } },
  axisTick: { show: true },
});

/** A numeric axis whose name stands along it. */
export const valueAxis = (name: string, { gap = 30, formatter, ...range }: AxisOptions = {}) => ({
  type: 'value' as const,
  ...axisLook(name, gap),
  ...range,
  axisLabel: { ...text(12), ...(formatter === undefined ? {} : { formatter }) },
  splitLine: { lineStyle: { color: GRID_LINE } },
});

export const shareAxis = ({ percent }: PlotTexts, name: string, gap = 30, max?: number) => valueAxis(name, { min: 0, formatter: percent, gap, ...(max === undefined ? {} : { max }) });

/** A category axis; names too long for `width` pixels are cut. */
export const categoryAxis = (data: readonly string[], name = '', width = 240) => ({
  type: 'category' as const,
  ...axisLook(name, 30),
  data: [...data],
  axisTick: { show: false },
  axisLabel: { ...text(12), width, overflow: 'truncate' as const, interval: 0 },
});

/** A Chinese character is as wide as it is high. */
const widthOf = (label: string): number => [...label].reduce((width, character) => width + (character > '\u2E7F' ? 12.5 : 7), 0);

/** Pixels that the longest label needs beside the plot, in steps that keep it readable. */
export const labelWidth = (labels: readonly string[]): number => Math.min(280, Math.max(80, Math.ceil(Math.max(...labels.map(widthOf)))));

/** Lines of the first and the second model. */
export const modelLine = (index: number) => ({ color: index === 0 ? DARK : LIGHT, width: 2.5, type: index === 0 ? ('solid' as const) : ('dashed' as const) });

/** Names of the series under the subtitle; `mark` is what stands before them. */
export const legendOf = (names: readonly string[], mark: 'line' | 'area' | 'symbol') => ({
  data: [...names],
  left: 16,
  top: 56,
  itemGap: 28,
  textStyle: text(12),
  selectedMode: false as const,
  ...(mark === 'area' ? { icon: 'rect' } : { itemWidth: 34 }),
  ...(mark === 'line' ? { itemStyle: { opacity: 0 } } : {}),
});

/** A thin dotted line of comparison, from one point to another. */
export const guide = (from: readonly [number, number], to: readonly [number, number], name = '') => ({
  type: 'line' as const,
  name,
  data: [[...from], [...to]],
  symbol: 'none',
  silent: true,
  lineStyle: { color: FAINT, width: 1, type: 'dotted' as const },
});
