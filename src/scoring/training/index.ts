import { badInput, internal } from '../../platform/index.js';
import { firstNotFinite } from '../numbers.js';
import { parseHyperParameters } from './hyper-parameters.js';
import { runInProcess } from './process.js';
import type { TrainedModel, TrainingProgress, TrainingRequest } from './types.js';

function requireSoundRows({ rows, labels, width }: TrainingRequest): void {
  if (!Number.isInteger(width) || width < 1) throw badInput(`The width is ${width}; it must be the whole number of columns of a row.`);
  if (rows.length !== labels.length * width) throw badInput(`${labels.length} labels with ${width} columns need ${labels.length * width} numbers, but there are ${rows.length}.`);
  const broken = firstNotFinite(rows);
  if (broken >= 0) throw badInput(`Row ${Math.floor(broken / width)}, column ${broken % width} is not a finite number; encode rows with the feature schema before training.`);
  const odd = labels.findIndex((label) => label > 1);
  if (odd >= 0) throw badInput(`The label of row ${odd} is ${labels[odd]}; a label is 1 (default) or 0 (good).`);
  const bad = labels.reduce((sum, label) => sum + label, 0);
  if (bad < 2 || labels.length - bad < 2) throw badInput(`Training needs at least two loans of each outcome, but ${bad} of ${labels.length} defaulted; add loans with known outcomes.`);
}

/**
 * Trains a seed ensemble of multilayer perceptrons in a child process. Same seed, data and backend → same weights.
 * @throws BAD_INPUT for unsound rows or hyper-parameters, UNAVAILABLE when `signal` stops it, INTERNAL when the process dies
 */
export async function trainMlp(request: TrainingRequest, onProgress: (progress: TrainingProgress) => void = () => {}, signal?: AbortSignal): Promise<TrainedModel> {
  requireSoundRows(request);
  const settings = parseHyperParameters(request.hyperParameters);
  const { rows, labels, width } = request;
  const message = await runInProcess(
    { kind: 'train', data: { rows, labels, width }, settings },
    { ...(signal && { signal }), onMessage: (m) => m.kind === 'progress' && onProgress(m.progress) },
  );
  if (message.kind !== 'trained') throw internal('The training process answered something else than a model.');
  return message.model;
}

/** The TensorFlow.js LayersModel of a trained model, for provenance: one JSON document. */
export const saveLayersModel = (trained: Pick<TrainedModel, 'layersModel'>): Uint8Array => trained.layersModel;

/** TensorFlow's own calibrated probabilities for row-major rows, computed from the saved LayersModel in a child process. */
export async function referencePredictions(trained: Pick<TrainedModel, 'layersModel' | 'width'>, rows: Float32Array): Promise<Float32Array> {
  const { layersModel, width } = trained;
  const message = await runInProcess({ kind: 'predict', layersModel, rows, width });
  if (message.kind !== 'predicted') throw internal('The TensorFlow process answered something else than predictions.');
  return message.probabilities;
}
