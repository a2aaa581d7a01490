import { internal } from '../../base/index.js';
import type { HyperParameters } from '../training/hyper-parameters.js';
import { died, notStarted, startChild, type Child } from '../training/process.js';
import type { FoldOutcome } from './fit-fold.js';
import { bytesOf, type FoldData } from './folds.js';
import { Limited } from './limited.js';
import type { SearchMessage, SearchTask } from './worker.js';

const WORKER = new URL('./worker.js', import.meta.url);

export interface HandOptions {
  readonly foldData: (fold: number) => FoldData;
  /** Bytes of encoded folds that the process may keep. */
  readonly memory: number;
  /** The program to run; default the worker beside this file. */
  readonly program?: URL | undefined;
}

/**
 * One of the processes that a search keeps: TensorFlow is loaded once and a fold is sent once. A process that dies takes its
 * task with it; the next task starts a new one.
 */
export class Hand {
  private child: Child | undefined;
  /** What the process holds; the parent keeps no copy here, only the sizes. */
  private readonly sent: Limited<number>;
  private spentBefore = 0;
  private spentNow = 0;

  constructor(private readonly options: HandOptions) {
    this.sent = new Limited((bytes) => bytes, options.memory);
  }

  /** Processor seconds of all processes of this hand, as they last told. */
  get cpuSeconds(): number {
    return this.spentBefore + this.spentNow;
  }

  /** @throws INTERNAL with the last words of a process that dies, or with the sentence of a task that fails */
  train(fold: number, settings: HyperParameters, onEpoch: () => void): Promise<FoldOutcome> {
    const child = (this.child ??= this.start());
    return new Promise((resolve, reject) => {
      const listen = (message: SearchMessage): void => {
        if (message.kind === 'epoch') return onEpoch();
        this.spentNow = message.cpuSeconds;
        settle(() => (message.kind === 'trained' ? resolve(message.outcome) : reject(internal(message.message))));
      };
      const onClose = (code: number | null, signal: string | null): void => settle(() => reject(died(code, signal, child.lastWords())));
      const onError = (error: Error): void => settle(() => reject(notStarted(error)));
      const settle = (act: () => void): void => {
        child.process.off('message', listen).off('close', onClose).off('error', onError);
        act();
      };
      child.process.on('message', listen).on('close', onClose).on('error', onError);
      this.hold(child, fold);
      this.tell(child, { kind: 'train-fold', fold, settings });
    });
  }

  /** Ends the process at once and waits until it is gone. */
  async stop(): Promise<void> {
    const { child } = this;
    if (child === undefined) return;
    const gone = new Promise((resolve) => child.process.once('close', resolve));
    child.process.kill('SIGKILL');
    await gone;
  }

  private start(): Child {
    const child = startChild(this.options.program ?? WORKER);
    const forget = (): void => {
      if (this.child !== child) return;
      this.child = undefined;
      this.sent.clear();
      this.spentBefore += this.spentNow;
      this.spentNow = 0;
    };
    child.process.once('close', forget).once('error', forget);
    return child;
  }

  private hold(child: Child, fold: number): void {
    if (this.sent.get(fold) !== undefined) return;
    const data = this.options.foldData(fold);
    for (const gone of this.sent.set(fold, bytesOf(data))) this.tell(child, { kind: 'drop-fold', fold: gone });
    this.tell(child, { kind: 'hold-fold', fold, data });
  }

  /** A message that cannot be sent means a process that is dying; its end says why. */
  private tell({ process }: Child, task: SearchTask): void {
    process.send(task, () => {});
  }
}
