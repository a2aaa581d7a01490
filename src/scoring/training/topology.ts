import type { HistoryColumns } from './rows.js';

/** What a network is to look like. */
export interface Topology {
  readonly width: number;
  readonly hidden: readonly number[];
  /** A convolution over the history before the hidden layers. */
  readonly convolution?: HistoryColumns & { readonly window: number; readonly filters: number };
  /** Per column: +1 where the PD may only rise with it, −1 where it may only fall, 0 elsewhere. */
  readonly directions?: Int8Array;
}

/** One layer of weights to be made; the convolution, where there is one, comes first. */
export interface LayerPlan {
  readonly inputs: number;
  readonly units: number;
  /** Followed by a ReLU. */
  readonly hidden: boolean;
  /** Signs that the weights must keep, inputs × units, row-major, 0 is free; undefined where all are. */
  readonly signs: Int8Array | undefined;
}

/** Every second unit may only fall with the risk: pieces of both kinds keep a monotone network from being convex only. */
const unitSigns = (units: number): number[] => Array.from({ length: units }, (_, unit) => (unit % 2 === 0 ? 1 : -1));

function plan(from: readonly number[], to: readonly number[], hidden: boolean): LayerPlan {
  const signs = Int8Array.from(from.flatMap((i) => to.map((j) => i * j)));
  return { inputs: from.length, units: to.length, hidden, signs: signs.some((sign) => sign !== 0) ? signs : undefined };
}

const free = (units: number): number[] => Array.from({ length: units }, () => 0);

/**
 * The layers of a network and the signs that make it monotone (after Sill 1998 and Runje & Shankaranarayana 2023).
 *
 * Where a column declares a direction, every hidden unit gets a sign: + for one that may only rise with the risk, − for
 * one that may only fall. A weight from i to j must have the sign sᵢ·sⱼ, an output weight sᵢ; a declared column has its
 * direction as its sign, other columns are free in the first layer. Then the logit is monotone in each declared column
 * whatever the others are.
 */
export function planLayers({ width, hidden, convolution, directions }: Topology): LayerPlan[] {
  const direction = (column: number): number => directions?.[column] ?? 0;
  const constrained = directions?.some((sign) => sign !== 0) === true;
  const signsOf = constrained ? unitSigns : free;
  const layers: LayerPlan[] = [];
  let from = Array.from({ length: width }, (_, column) => direction(column));
  if (convolution) {
    const { columns, window, filters, staticColumns } = convolution;
    // A filter sees all windows, so a channel's direction must hold in each period; the periods of a feature share it.
    const channels = columns.slice(0, window).flat().map(direction);
    layers.push(plan(channels, signsOf(filters), true));
    const windows = columns.length - window + 1;
    from = [...Array.from({ length: windows }, () => signsOf(filters)).flat(), ...staticColumns.map(direction)];
  }
  for (const units of hidden) {
    layers.push(plan(from, signsOf(units), true));
    from = signsOf(units);
  }
  return [...layers, plan(from, [constrained ? 1 : 0], false)];
}
