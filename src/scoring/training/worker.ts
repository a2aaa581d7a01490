// Entry of the training process. It speaks to its parent only, over the channel of child_process.fork.
import { AssayError, messageOf } from '../../base/index.js';
import { loadTensorFlow } from './backend.js';
import type { HyperParameters } from './hyper-parameters.js';
import { layersModelOf, predictWithLayersModel, type LayersModelParts } from './layers-model.js';
import { trainMembers, type TrainedMembers, type TrainingData } from './train.js';
import type { Backend, EpochRecord } from './types.js';

export type WorkerTask =
  | { readonly kind: 'train'; readonly data: TrainingData; readonly settings: HyperParameters; readonly members: readonly number[] }
  | { readonly kind: 'write'; readonly model: LayersModelParts; readonly sample: Float32Array };

export type WorkerMessage =
  | { readonly kind: 'progress'; readonly record: EpochRecord }
  | ({ readonly kind: 'trained' } & TrainedMembers)
  | ({ readonly kind: 'written'; readonly layersModel: Uint8Array; readonly probabilities: Float32Array } & Backend)
  | { readonly kind: 'failed'; readonly message: string; readonly badInput: boolean };

const send = (message: WorkerMessage): Promise<void> =>
  new Promise((resolve, reject) => process.send!(message, (error: Error | null) => (error ? reject(error) : resolve())));

async function perform(task: WorkerTask): Promise<WorkerMessage> {
  if (task.kind === 'train') {
    const trained = await trainMembers(task.data, task.settings, task.members, (record) => void send({ kind: 'progress', record }));
    return { kind: 'trained', ...trained };
  }
  const { tf, backend } = await loadTensorFlow();
  const layersModel = await layersModelOf(tf, task.model);
  return { kind: 'written', layersModel, probabilities: await predictWithLayersModel(tf, layersModel, task.sample, task.model.width), ...backend };
}

// A training process never outlives its parent.
process.once('disconnect', () => process.exit());

process.once('message', (task: WorkerTask) => {
  void perform(task)
    .catch((error: unknown): WorkerMessage => ({ kind: 'failed', message: messageOf(error), badInput: error instanceof AssayError && error.code === 'BAD_INPUT' }))
    .then(send)
    .finally(() => process.disconnect());
});
