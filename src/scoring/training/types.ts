import type { Calibration } from '../calibration/types.js';
import type { HyperParameters, HyperParametersInput, ScorecardSettings } from './hyper-parameters.js';
import type { HistoryColumns, LabelledRows } from './rows.js';
import type { EncodedPart } from './train.js';

export interface TrainingRequest extends LabelledRows {
  readonly hyperParameters: HyperParametersInput;
  /** Row-major model inputs whose probabilities TensorFlow shall tell; for parity. */
  readonly sample?: Float32Array | undefined;
  /** See TrainingData. */
  readonly units?: Uint32Array | undefined;
  readonly parts?: readonly EncodedPart[] | undefined;
  /** Per column: +1 where the PD may only rise with it, −1 where it may only fall, 0 elsewhere. */
  readonly directions?: Int8Array | undefined;
  /** Which columns are repayment histories; a cnn needs them. */
  readonly history?: HistoryColumns | undefined;
}

export interface TrainingProgress {
  /** Ensemble member being trained, from 1. */
  readonly member: number;
  readonly members: number;
  readonly epoch: number;
  readonly epochs: number;
  /** Mean training loss of the epoch. */
  readonly loss: number;
  readonly validationLoss: number;
  readonly validationAuc: number;
  /** Upper estimate: no member stops early. */
  readonly secondsLeft: number;
}

export interface DenseLayer {
  /** inputs × units, row-major. */
  readonly weights: Float32Array;
  readonly bias: Float32Array;
  readonly inputs: number;
  readonly units: number;
}

/**
 * A 1-D convolution over repayment periods, as a shared dense layer over unfolded windows (ReLU).
 * Window w covers periods w … w + window − 1; its inputs are ordered period by period, channel by channel. The static
 * columns join the filters' outputs in the first dense layer.
 */
export interface Convolution extends HistoryColumns {
  readonly window: number;
  readonly filters: number;
  /** (window · channels) × filters, row-major. */
  readonly weights: Float32Array;
  readonly bias: Float32Array;
}

/**
 * One network: hidden ReLU layers, then one linear unit. With a convolution the first layer's inputs are
 * (periods − window + 1) · filters activations, window by window, followed by the static columns.
 * A scorecard has the linear unit alone.
 */
export interface Member {
  readonly convolution?: Convolution;
  readonly layers: readonly DenseLayer[];
  readonly bestEpoch: number;
}

export interface EpochRecord {
  readonly member: number;
  readonly epoch: number;
  readonly loss: number;
  readonly validationLoss: number;
  readonly validationAuc: number;
}

export interface Backend {
  /** TensorFlow backend that did the arithmetic: tensorflow, wasm or cpu. */
  readonly backend: string;
  readonly tfVersion: string;
}

/** logistic scorecard on weight-of-evidence bins; multilayer perceptron; 1-D convolution over the repayment history */
export type Family = 'scorecard' | 'mlp' | 'cnn';

export interface TrainedModel extends Backend {
  readonly family: Family;
  readonly width: number;
  readonly members: readonly Member[];
  readonly calibration: Calibration;
  readonly history: readonly EpochRecord[];
  readonly hyperParameters: HyperParameters | ScorecardSettings;
  /** The same model as a TensorFlow.js LayersModel, one JSON document with the weights in base64. */
  readonly layersModel: Uint8Array;
  /** TensorFlow's own calibrated probabilities of the sample of the request, computed from the saved LayersModel. */
  readonly sampleProbabilities: Float32Array;
  readonly trainingRows: number;
  readonly validationRows: number;
  readonly seconds: number;
}
