import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { parseHyperParameters } from '../../../src/scoring/index.js';
import { parseSearchBudget, planRungs } from '../../../src/scoring/search/budget.js';
import { defaultSpace, drawTrials, parseSearchSpace } from '../../../src/scoring/search/space.js';

const seeds = fc.integer({ min: 0, max: 0x7fff_ffff });
const families = fc.constantFrom('scorecard' as const, 'mlp' as const, 'cnn' as const);

describe('trials', () => {
  it('are the same for the same seed, and a longer list begins with the shorter one', () => {
    fc.assert(
      fc.property(families, seeds, fc.integer({ min: 1, max: 20 }), (family, seed, count) => {
        const trials = drawTrials(defaultSpace(family), { family }, count, seed);
        expect(trials).toHaveLength(count);
        expect(drawTrials(defaultSpace(family), { family }, 2 * count, seed).slice(0, count)).toEqual(trials);
      }),
      { numRuns: 30 },
    );
  });

  it('are known for a known seed, on every machine', () => {
    const space = parseSearchSpace({ l2: { min: 1e-6, max: 1e-2, scale: 'log' }, layers: { choices: [[8], [16, 8]] }, dropout: { min: 0, max: 0.5 } });
    expect(drawTrials(space, {}, 4, 7).map(({ settings }) => settings)).toEqual([
      {},
      { layers: [16, 8], dropout: 0.131, l2: 0.000018 },
      { layers: [8], dropout: 0.378, l2: 0.000409 },
      { layers: [16, 8], dropout: 0.382, l2: 0.00000472 },
    ]);
  });

  it('begin with the settings that the search starts from, and keep what the space does not name', () => {
    const settings = { family: 'mlp' as const, calibration: 'isotonic' as const, dropout: 0.3 };
    const [first, ...drawn] = drawTrials(defaultSpace('mlp'), settings, 5, 1);
    expect(first).toEqual({ trial: 1, settings });
    for (const trial of drawn) expect(trial.settings.calibration).toBe('isotonic');
  });

  it('are sound hyper-parameters within their ranges, with three digits', () => {
    fc.assert(
      fc.property(families, seeds, (family, seed) => {
        for (const { settings } of drawTrials(defaultSpace(family), { family }, 8, seed).slice(1)) {
          const { l2, learningRate, dropout } = parseHyperParameters(settings);
          expect(l2).toBeGreaterThanOrEqual(1e-7);
          expect(l2).toBeLessThanOrEqual(0.1);
          expect(Number(l2.toPrecision(3))).toBe(l2);
          if (family === 'scorecard') continue;
          expect(learningRate).toBeGreaterThanOrEqual(3e-4);
          expect(learningRate).toBeLessThanOrEqual(1e-2);
          expect(dropout).toBeLessThanOrEqual(0.5);
        }
      }),
      { numRuns: 30 },
    );
  });

  it('spread evenly over the decades of a logarithmic range', () => {
    const space = parseSearchSpace({ l2: { min: 1e-6, max: 1e-2, scale: 'log' } });
    const below = drawTrials(space, {}, 1_001, 3).slice(1).filter(({ settings }) => settings.l2! < 1e-4);
    expect(below.length / 1_000).toBeCloseTo(0.5, 1);
  });

  it('of neighbouring seeds have nothing in common', () => {
    const space = parseSearchSpace({ dropout: { min: 0, max: 0.5 } });
    const firsts = Array.from({ length: 400 }, (_, seed) => drawTrials(space, {}, 2, seed)[1]!.settings.dropout!);
    expect(firsts.reduce((sum, x) => sum + x, 0) / 400).toBeCloseTo(0.25, 1);
    expect(firsts.filter((x) => x < 0.05).length).toBeGreaterThan(20);
    expect(firsts.filter((x) => x > 0.45).length).toBeGreaterThan(20);
    expect(new Set(firsts.slice(0, 10)).size).toBe(10);
  });

  it('are never the same twice, and fewer where the space has no more', () => {
    const space = parseSearchSpace({ schedule: { choices: ['cosine', 'step'] }, batchSize: { choices: [64, 256] } });
    const trials = drawTrials(space, { schedule: 'cosine', batchSize: 64 }, 30, 5);
    expect(trials.map(({ trial }) => trial)).toEqual([1, 2, 3, 4]);
    expect(new Set(trials.map(({ settings }) => JSON.stringify(parseHyperParameters(settings)))).size).toBe(4);
  });
});

describe('a search space', () => {
  it.each([
    [{}, 'The search space is empty'],
    [{ colour: { choices: [1] } }, 'search space is not valid'],
    [{ epochs: { choices: [10] } }, 'search space is not valid'],
    [{ dropout: { min: 0.5, max: 0.1 } }, 'search space is not valid at dropout: give choices, or a min below a max'],
    [{ dropout: { min: 0, max: 1 } }, 'hyper-parameters is not valid at dropout'],
    [{ l2: { min: 0, max: 0.1, scale: 'log' } }, 'a logarithmic scale needs a min above 0'],
    [{ l2: { choices: [0.1], max: 1 } }, 'give either choices, or min and max'],
    [{ layers: { choices: [[0]] } }, 'hyper-parameters is not valid at layers[0]'],
    [{ batchSize: { min: 0.5, max: 100 } }, 'hyper-parameters is not valid at batchSize'],
  ])('is refused with a sentence where something unsound could be drawn (%#)', (space, sentence) => {
    expect(() => parseSearchSpace(space)).toThrow(sentence);
  });
});

describe('a budget', () => {
  it('halves 30 trials to 10 and 4 that are trained in full on every fold', () => {
    const budget = parseSearchBudget('mlp');
    expect(planRungs(budget, 30, { epochs: 40, ensemble: 4 })).toEqual([
      { rung: 1, trials: 30, folds: 1, epochs: 12, ensemble: 1 },
      { rung: 2, trials: 10, folds: 2, epochs: 24, ensemble: 1 },
      { rung: 3, trials: 4, folds: 3, epochs: 40, ensemble: 4 },
    ]);
  });

  it('lets every trial of a scorecard see every fold', () => {
    expect(planRungs(parseSearchBudget('scorecard'), 30, { family: 'scorecard' })).toMatchObject([{ trials: 30, folds: 3 }]);
  });

  it.each([
    [{ trials: 0 }, 'search budget is not valid at trials'],
    [{ criterion: 'accuracy' }, 'search budget is not valid at criterion'],
    [{ folds: 2 }, 'a rung cannot use more than the 2 folds there are'],
    [{ rungs: [{ trials: 0.5, folds: 1, epochs: 1, ensemble: 1 }] }, 'all trials take part in the first rung'],
    [{ rungs: [{ trials: 1, folds: 1, epochs: 1, ensemble: 1 }, { trials: 0.1, folds: 1, epochs: 1, ensemble: 1 }, { trials: 0.5, folds: 1, epochs: 1, ensemble: 1 }] }, 'no more trials than the one before'],
    [3, 'search budget is not valid'],
  ])('is refused with a sentence when unsound (%#)', (budget, sentence) => {
    expect(() => parseSearchBudget('mlp', budget)).toThrow(sentence);
  });
});
