import { AssayError, internal } from '../base/index.js';

export interface BatcherOptions {
  /** Most items in one batch. */
  readonly most: number;
  /** Most items waiting; beyond it the caller is told to come back. */
  readonly queue: number;
  /** Batches running at the same time. */
  readonly parallel: number;
}

interface Waiting<Item, Result> {
  readonly item: Item;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Lets concurrent callers share batches. Under no load an item runs at once; under load items gather while the
 * batches before them run, so that batch size adapts to the load and no timer adds latency.
 */
export class Batcher<Item, Result> {
  private waiting: Waiting<Item, Result>[] = [];
  private running = 0;
  private scheduled = false;

  constructor(
    private readonly work: (items: readonly Item[]) => Promise<readonly (Result | Error)[]>,
    private readonly options: BatcherOptions,
  ) {}

  /** @throws UNAVAILABLE when the queue is full */
  add(item: Item): Promise<Result> {
    if (this.waiting.length >= this.options.queue) {
      return Promise.reject(new AssayError('UNAVAILABLE', `The server is busy: ${this.options.queue} requests are waiting. Repeat with the same requestId in a few seconds.`));
    }
    return new Promise((resolve, reject) => {
      this.waiting.push({ item, resolve, reject });
      this.schedule();
    });
  }

  private schedule(): void {
    if (this.scheduled || this.running >= this.options.parallel || this.waiting.length === 0) return;
    this.scheduled = true;
    setImmediate(() => {
      this.scheduled = false;
      void this.runBatch();
    });
  }

  private async runBatch(): Promise<void> {
    const batch = this.waiting.splice(0, this.options.most);
    this.running += 1;
    this.schedule();
    try {
      const results = await this.work(batch.map(({ item }) => item));
      if (results.length !== batch.length) throw internal(`A batch of ${batch.length} items gave ${results.length} results.`);
      for (const [index, { resolve, reject }] of batch.entries()) {
        const result = results[index]!;
        if (result instanceof Error) reject(result);
        else resolve(result);
      }
    } catch (error) {
      for (const { reject } of batch) reject(error);
    } finally {
      this.running -= 1;
      this.schedule();
    }
  }
}
