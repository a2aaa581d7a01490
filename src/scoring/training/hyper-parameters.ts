import { z } from 'zod';
import { parseWith } from '../validation.js';

const shape = z.strictObject({
  /** scorecard: logistic regression; mlp: multilayer perceptron; cnn: 1-D convolution over the repayment history beside the other features. */
  family: z.enum(['scorecard', 'mlp', 'cnn']).default('mlp'),
  /** Units of each hidden layer (ReLU); none makes a logistic regression. A scorecard has none. */
  layers: z.array(z.int().min(1).max(1_024)).max(6).default([32, 16]),
  /** Of a cnn: periods that a filter sees at once, and how many filters there are. */
  convolution: z.strictObject({ window: z.int().min(1).max(24), filters: z.int().min(1).max(256) }).default({ window: 3, filters: 16 }),
  /** Share of hidden units silenced at each training step. */
  dropout: z.number().min(0).max(0.9).default(0.1),
  /** Penalty on squared weights, added to the loss. */
  l2: z.number().min(0).max(1).default(1e-4),
  /** What training minimises: cross-entropy, or the mean squared error of the probability. */
  loss: z.enum(['cross-entropy', 'mse']).default('cross-entropy'),
  /** Adam step at the start. */
  learningRate: z.number().positive().max(1).default(2e-3),
  /** cosine: falls to a tenth along a half cosine; step: halves in each fifth of the epochs; constant. */
  schedule: z.enum(['cosine', 'step', 'constant']).default('cosine'),
  /** Rows of a training step; without it about a fiftieth of the rows, from 32 to 256. */
  batchSize: z.int().min(1).max(65_536).optional(),
  epochs: z.int().min(1).max(10_000).default(40),
  /** Epochs without a better validation loss before a member stops. */
  patience: z.int().min(1).max(10_000).default(8),
  /** Weights of a good and of a bad outcome in the loss. */
  classWeights: z.strictObject({ good: z.number().positive(), bad: z.number().positive() }).optional(),
  /** Networks trained from different seeds, whose logits are averaged. */
  ensemble: z.int().min(1).max(32).default(4),
  /** Share of the training rows kept aside for early stopping and calibration. */
  validationFraction: z.number().min(0.02).max(0.5).default(0.15),
  /** How log-odds are calibrated on the rows kept aside. */
  calibration: z.enum(['platt', 'isotonic']).default('platt'),
  seed: z.int().min(0).max(0x7fff_ffff).default(1),
});

export type HyperParameters = z.infer<typeof shape>;
/** What of them applies to a scorecard. */
export type ScorecardSettings = Pick<HyperParameters, 'family' | 'l2' | 'classWeights' | 'validationFraction' | 'calibration' | 'seed'>;
export type HyperParametersInput = z.input<typeof shape>;

/** Small books need small steps: with a few steps an epoch a network would hardly move. */
export const batchSizeOf = ({ batchSize }: Pick<HyperParameters, 'batchSize'>, rows: number): number =>
  batchSize ?? 2 ** Math.min(8, Math.max(5, Math.round(Math.log2(rows / 50))));

/** Hyper-parameters from untrusted JSON, defaults filled in. @throws BAD_INPUT with a sentence. */
export const parseHyperParameters = (json: unknown): HyperParameters => parseWith(shape, json, 'set of hyper-parameters') as HyperParameters;
