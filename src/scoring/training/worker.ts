// Entry of the training process. It speaks to its parent only, over the channel of child_process.fork.
import { AssayError, messageOf } from '../../platform/index.js';
import { loadTensorFlow } from './backend.js';
import type { HyperParameters } from './hyper-parameters.js';
import { predictWithLayersModel } from './layers-model.js';
import type { LabelledRows } from './member.js';
import { trainHere } from './train.js';
import type { TrainedModel, TrainingProgress } from './types.js';

export type WorkerTask =
  | { readonly kind: 'train'; readonly data: LabelledRows; readonly settings: HyperParameters }
  | { readonly kind: 'predict'; readonly layersModel: Uint8Array; readonly rows: Float32Array; readonly width: number };

export type WorkerMessage =
  | { readonly kind: 'progress'; readonly progress: TrainingProgress }
  | { readonly kind: 'trained'; readonly model: TrainedModel }
  | { readonly kind: 'predicted'; readonly probabilities: Float32Array }
  | { readonly kind: 'failed'; readonly message: string; readonly badInput: boolean };

const send = (message: WorkerMessage): Promise<void> =>
  new Promise((resolve, reject) => process.send!(message, (error: Error | null) => (error ? reject(error) : resolve())));

async function perform(task: WorkerTask): Promise<WorkerMessage> {
  if (task.kind === 'train') {
    const model = await trainHere(task.data, task.settings, (progress) => void send({ kind: 'progress', progress }));
    return { kind: 'trained', model };
  }
  const { tf } = await loadTensorFlow();
  return { kind: 'predicted', probabilities: await predictWithLayersModel(tf, task.layersModel, task.rows, task.width) };
}

// A training process never outlives its parent.
process.once('disconnect', () => process.exit());

process.once('message', (task: WorkerTask) => {
  void perform(task)
    .catch((error: unknown): WorkerMessage => ({ kind: 'failed', message: messageOf(error), badInput: error instanceof AssayError && error.code === 'BAD_INPUT' }))
    .then(send)
    .finally(() => process.disconnect());
});
