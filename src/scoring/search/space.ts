import { z } from 'zod';
import { badInput, canonicalJson } from '../../base/index.js';
import { Random } from '../random.js';
import { parseHyperParameters, type HyperParametersInput } from '../training/hyper-parameters.js';
import type { Family } from '../training/types.js';
import { parseWith } from '../validation.js';

/** What a search may vary. Epochs and the size of the ensemble belong to the rungs, the seed to the search. */
const SEARCHED = ['layers', 'convolution', 'dropout', 'l2', 'loss', 'learningRate', 'schedule', 'batchSize', 'patience', 'classWeights'] as const;
type Searched = (typeof SEARCHED)[number];

const distributionShape = z
  .strictObject({
    /** One of these, each equally likely. */
    choices: z.array(z.json()).min(1).max(1_000).optional(),
    /** Or a number between these, uniform on the scale. */
    min: z.number().optional(),
    max: z.number().optional(),
    scale: z.enum(['linear', 'log']).optional(),
  })
  .superRefine(({ choices, min, max, scale }, context) => {
    const problem = (message: string): void => context.addIssue({ code: 'custom', message });
    if (choices !== undefined) return (min ?? max ?? scale) === undefined ? undefined : problem('give either choices, or min and max');
    if (min === undefined || max === undefined || min >= max) return problem('give choices, or a min below a max');
    return scale === 'log' && min <= 0 ? problem('a logarithmic scale needs a min above 0') : undefined;
  });

const spaceShape = z.partialRecord(z.enum(SEARCHED), distributionShape);

type Distribution = z.infer<typeof distributionShape>;

/** From where the settings of trials are drawn: a distribution for each hyper-parameter that is searched. */
export type SearchSpace = z.infer<typeof spaceShape>;

/** Settings without a seed. */
export type Settings = Omit<HyperParametersInput, 'seed'>;

/** A numbered set of settings to be tried. */
export interface Trial {
  /** From 1; the first is the settings that the search starts from. */
  readonly trial: number;
  readonly settings: Settings;
}

const NETWORK: SearchSpace = {
  layers: { choices: [[16], [32], [64], [32, 16], [48, 24], [64, 32], [96, 48], [128, 64], [64, 32, 16]] },
  dropout: { min: 0, max: 0.5 },
  l2: { min: 1e-6, max: 3e-3, scale: 'log' },
  learningRate: { min: 3e-4, max: 1e-2, scale: 'log' },
  schedule: { choices: ['cosine', 'step', 'constant'] },
  batchSize: { choices: [128, 256, 512] },
  classWeights: { choices: [1, 2, 4].map((bad) => ({ good: 1, bad })) },
};

const DEFAULTS: Readonly<Record<Family, SearchSpace>> = {
  scorecard: { l2: { min: 1e-7, max: 1e-1, scale: 'log' } },
  mlp: NETWORK,
  cnn: { ...NETWORK, convolution: { choices: [2, 3, 4].flatMap((window) => [8, 16, 32].map((filters) => ({ window, filters }))) } },
};

/** What is searched for a family unless the modeller says otherwise. */
export const defaultSpace = (family: Family): SearchSpace => DEFAULTS[family];

/**
 * A search space from untrusted JSON, e.g. `{ "dropout": { "min": 0, "max": 0.5 }, "layers": { "choices": [[32], [64, 32]] } }`.
 * Whatever could be drawn from it is a sound hyper-parameter.
 * @throws BAD_INPUT with a sentence
 */
export function parseSearchSpace(json: unknown): SearchSpace {
  const space = parseWith(spaceShape, json, 'search space') as SearchSpace;
  for (const key of keysOf(space)) {
    const { choices, min, max } = space[key]!;
    for (const value of choices ?? [min, max]) parseHyperParameters({ [key]: value });
  }
  if (keysOf(space).length === 0) throw badInput('The search space is empty; give at least one hyper-parameter with choices or a range.');
  return space;
}

/** In a fixed order, so that the order in a file does not change the draws. */
const keysOf = (space: SearchSpace): Searched[] => SEARCHED.filter((key) => space[key] !== undefined);

/** Three digits: readable, and the same on machines whose logarithms differ in the last bit. */
const rounded = (value: number): number => Number(value.toPrecision(3));

function draw({ choices, min = 0, max = 1, scale }: Distribution, random: Random): unknown {
  const u = random.uniform();
  if (choices !== undefined) return choices[Math.floor(u * choices.length)];
  if (scale === 'log') return rounded(Math.exp(Math.log(min) + u * Math.log(max / min)));
  return rounded(min + u * (max - min));
}

const TRIES = 20;
/**
 * Seeded list of distinct trials: the given settings first, then random draws from the space over them. The same on every
 * machine; a longer list begins with the shorter one. Shorter than asked where the space has no more settings.
 */
export function drawTrials(space: SearchSpace, settings: Settings, count: number, seed: number): Trial[] {
  const random = new Random(seed);
  const trials: Trial[] = [{ trial: 1, settings }];
  const seen = new Set([canonicalJson(parseHyperParameters(settings))]);
  for (let tries = 0; trials.length < count && tries < TRIES * count; tries++) {
    const drawn: Settings = { ...settings, ...Object.fromEntries(keysOf(space).map((key) => [key, draw(space[key]!, random)])) };
    const name = canonicalJson(parseHyperParameters(drawn));
    if (!seen.has(name)) trials.push({ trial: trials.length + 1, settings: drawn });
    seen.add(name);
  }
  return trials;
}
