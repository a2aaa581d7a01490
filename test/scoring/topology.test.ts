import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { parseHyperParameters } from '../../src/scoring/index.js';
import { Random } from '../../src/scoring/random.js';
import { rateAt } from '../../src/scoring/training/member.js';
import { unfold } from '../../src/scoring/training/rows.js';
import { planLayers, type LayerPlan, type Topology } from '../../src/scoring/training/topology.js';
import { divideRows, topologyOf } from '../../src/scoring/training/train.js';

interface Weights {
  readonly plan: LayerPlan;
  readonly weights: Float64Array;
  readonly bias: Float64Array;
}

/** Random weights that keep the signs of their plan. */
function draw(plan: LayerPlan, random: Random): Weights {
  const weights = Float64Array.from({ length: plan.inputs * plan.units }, (_, i) => {
    const value = random.normal();
    const sign = plan.signs?.[i] ?? 0;
    return sign === 0 ? value : Math.abs(value) * sign;
  });
  return { plan, weights, bias: Float64Array.from({ length: plan.units }, () => random.normal()) };
}

function apply({ plan: { inputs, units, hidden }, weights, bias }: Weights, x: ArrayLike<number>): Float64Array {
  return Float64Array.from({ length: units }, (_, j) => {
    let sum = bias[j]!;
    for (let i = 0; i < inputs; i++) sum += x[i]! * weights[i * units + j]!;
    return hidden ? Math.max(sum, 0) : sum;
  });
}

/** The logit of one row, in plain arithmetic. */
function logit({ width, convolution }: Topology, layers: readonly Weights[], row: Float32Array): number {
  let x: Float64Array = Float64Array.from(row);
  let dense = layers;
  if (convolution) {
    const [filters, ...rest] = layers;
    const { windows, statics } = unfold(row, width, convolution, convolution.window);
    const size = filters!.plan.inputs;
    const seen = Array.from({ length: windows.length / size }, (_, w) => [...apply(filters!, windows.subarray(w * size, (w + 1) * size))]).flat();
    x = Float64Array.from([...seen, ...statics]);
    dense = rest;
  }
  for (const layer of dense) x = apply(layer, x);
  return x[0]!;
}

const HISTORY = { columns: [[0, 1], [2, 3], [4, 5]], staticColumns: [6, 7] };

const topologies: [string, Topology][] = [
  ['a perceptron', { width: 8, hidden: [6, 4], directions: Int8Array.of(1, 0, -1, 0, 0, 0, 1, 0) }],
  ['a linear model', { width: 8, hidden: [], directions: Int8Array.of(1, 0, -1, 0, 0, 0, 1, 0) }],
  ['a convolution', { width: 8, hidden: [6], convolution: { ...HISTORY, window: 2, filters: 4 }, directions: Int8Array.of(1, 0, 1, 0, 1, 0, -1, 0) }],
];

describe('monotone networks', () => {
  it.each(topologies)('%s never falls where a column may only raise the risk, nor rises where it may only lower it', (_, topology) => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e6 }), fc.constantFrom(...[...topology.directions!.keys()].filter((c) => topology.directions![c] !== 0)), (seed, column) => {
        const random = new Random(seed);
        const layers = planLayers(topology).map((plan) => draw(plan, random));
        const row = Float32Array.from({ length: topology.width }, () => random.normal());
        const values = Array.from({ length: 25 }, (_unused, i) => -3 + i / 4);
        const logits = values.map((x) => logit(topology, layers, row.with(column, x)));
        return logits.every((z, i) => i === 0 || (z - logits[i - 1]!) * topology.directions![column]! >= -1e-9);
      }),
      { numRuns: 200, seed: 1 },
    );
  });

  it('have units of both kinds in every hidden layer, so that they can bend both ways', () => {
    const [first, second] = planLayers(topologies[0]![1]);
    expect(new Set(first!.signs!.subarray(0, 6))).toEqual(new Set([1, -1]));
    expect(new Set(second!.signs)).toEqual(new Set([1, -1]));
  });

  it('are free where nothing is declared', () => {
    expect(planLayers({ width: 3, hidden: [4] }).map(({ signs }) => signs)).toEqual([undefined, undefined]);
  });
});

describe('unfolding a history', () => {
  it('lays out windows newest first, period by period, channel by channel', () => {
    const row = Float32Array.of(10, 11, 20, 21, 30, 31, 90, 91);
    expect(unfold(row, 8, HISTORY, 2)).toEqual({ windows: Float32Array.of(10, 11, 20, 21, 20, 21, 30, 31), statics: Float32Array.of(90, 91) });
  });

  it('shortens a window that is longer than the history', () => {
    const settings = parseHyperParameters({ family: 'cnn', convolution: { window: 9, filters: 4 } });
    expect(topologyOf({ width: 8, history: HISTORY }, settings).convolution).toMatchObject({ window: 3, filters: 4 });
  });

  it('is refused for a cnn without a history', () => {
    expect(() => topologyOf({ width: 8 }, parseHyperParameters({ family: 'cnn' }))).toThrow('no feature is a sequence of at least two periods');
  });
});

const rates = (schedule: 'cosine' | 'step' | 'constant'): number[] => [1, 6, 10].map((epoch) => rateAt(epoch, { learningRate: 1, schedule, epochs: 10 }));

describe('learning-rate schedules', () => {
  it('fall along a half cosine to a tenth, by halves in each fifth, or not at all', () => {
    expect(rates('cosine')[0]).toBeCloseTo(1, 12);
    expect(rates('cosine')[1]).toBeCloseTo(0.55, 12);
    expect(rateAt(11, { learningRate: 1, schedule: 'cosine', epochs: 10 })).toBeCloseTo(0.1, 12);
    expect(rates('step')).toEqual([1, 0.25, 0.0625]);
    expect(rates('constant')).toEqual([1, 1, 1]);
  });
});

describe('rows kept aside', () => {
  it('are another part for each member, every row once in a round, both outcomes in proportion', () => {
    const labels = Uint8Array.from({ length: 70 }, (_, i) => (i % 5 === 0 ? 1 : 0));
    const parts = Array.from({ length: 7 }, (_, i) => divideRows({ labels }, { validationFraction: 0.15, seed: 3 }, i + 1));
    expect(parts.flatMap(({ validation }) => [...validation]).sort((a, b) => a - b)).toEqual([...labels.keys()]);
    for (const { train, validation } of parts) {
      expect(train.length + validation.length).toBe(70);
      expect(validation.filter((row) => labels[row] === 1)).toHaveLength(2);
    }
    expect(divideRows({ labels }, { validationFraction: 0.15, seed: 3 }, 8)).toEqual(parts[0]);
  });

  it('never hold a loan of a customer whose other loan was learned from', () => {
    const units = Uint32Array.from({ length: 70 }, (_, i) => Math.floor(i / 3));
    const labels = Uint8Array.from({ length: 70 }, (_, i) => (i % 5 === 0 ? 1 : 0));
    for (let member = 1; member <= 7; member++) {
      const { train, validation } = divideRows({ labels, units }, { validationFraction: 0.15, seed: 3 }, member);
      const learned = new Set(Array.from(train, (row) => units[row]));
      expect(validation.length).toBeGreaterThan(0);
      expect(Array.from(validation).filter((row) => learned.has(units[row]))).toEqual([]);
    }
  });
});
