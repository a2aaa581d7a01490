import type { HyperParameters, HyperParametersInput } from './hyper-parameters.js';

export interface TrainingRequest {
  /** Row-major model inputs, n × width, all finite. */
  readonly rows: Float32Array;
  /** 1 = default, 0 = good; one per row. */
  readonly labels: Uint8Array;
  readonly width: number;
  readonly hyperParameters: HyperParametersInput;
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

/** One network: hidden ReLU layers, then one linear unit. */
export interface Member {
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

/** PD = sigmoid(slope · logit + intercept); slope > 0 keeps the order of applicants. */
export interface Platt {
  readonly slope: number;
  readonly intercept: number;
}

export interface Backend {
  /** TensorFlow backend that did the arithmetic: tensorflow, wasm or cpu. */
  readonly backend: string;
  readonly tfVersion: string;
}

export interface TrainedModel extends Backend {
  readonly width: number;
  readonly members: readonly Member[];
  readonly platt: Platt;
  readonly history: readonly EpochRecord[];
  readonly hyperParameters: HyperParameters;
  /** The same model as a TensorFlow.js LayersModel, one JSON document with the weights in base64. */
  readonly layersModel: Uint8Array;
  readonly trainingRows: number;
  readonly validationRows: number;
  readonly seconds: number;
}
