// Entry of a search process: it keeps the folds it is given and trains one trial at a time. It speaks to its parent only.
import { internal, messageOf } from '../../base/index.js';
import type { HyperParameters } from '../training/hyper-parameters.js';
import { cpuSeconds, fitFold, type FoldOutcome } from './fit-fold.js';
import type { FoldData } from './folds.js';

export type SearchTask =
  | { readonly kind: 'hold-fold'; readonly fold: number; readonly data: FoldData }
  | { readonly kind: 'drop-fold'; readonly fold: number }
  | { readonly kind: 'train-fold'; readonly fold: number; readonly settings: HyperParameters };

export type SearchMessage =
  | { readonly kind: 'epoch' }
  | { readonly kind: 'trained'; readonly outcome: FoldOutcome; readonly cpuSeconds: number }
  | { readonly kind: 'failed'; readonly message: string; readonly cpuSeconds: number };

const held = new Map<number, FoldData>();

/** A parent that is gone ends this process by `disconnect`; there is nobody to tell. */
const send = (message: SearchMessage): void => void process.send?.(message, () => {});

async function train(fold: number, settings: HyperParameters): Promise<void> {
  const data = held.get(fold);
  if (data === undefined) throw internal(`Fold ${fold} was not sent to this process.`);
  const outcome = await fitFold(data, settings, () => send({ kind: 'epoch' }));
  send({ kind: 'trained', outcome, cpuSeconds: cpuSeconds() });
}

process.on('message', (task: SearchTask) => {
  if (task.kind === 'hold-fold') held.set(task.fold, task.data);
  else if (task.kind === 'drop-fold') held.delete(task.fold);
  else void train(task.fold, task.settings).catch((error: unknown) => send({ kind: 'failed', message: messageOf(error), cpuSeconds: cpuSeconds() }));
});

// Ctrl-C reaches the whole group: the parent decides, or a trial would be recorded as failed that was only stopped.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => {});
process.once('disconnect', () => process.exit());
