interface Taker<Item> {
  resolve(result: IteratorResult<Item>): void;
  reject(error: unknown): void;
}

/** How many items may wait to be taken, and what becomes of one that finds no room. */
export interface Room {
  readonly most: number;
  /** The item is left out, or the stream fails with this error and lets go of everything that waits. */
  readonly whenFull: 'LEAVE_OUT' | (() => Error);
}

const DONE = { value: undefined, done: true } as const;

/** Items that one side pushes and the other takes, one by one. Bounded; ends at once when the taker leaves. */
export class Stream<Item> implements AsyncIterableIterator<Item> {
  private readonly waiting: Item[] = [];
  private readonly takers: Taker<Item>[] = [];
  private failure: { readonly error: unknown } | undefined;
  private ended = false;

  constructor(
    private readonly room: Room,
    /** Called once, when the stream ends, whoever ends it. */
    private readonly onEnd: () => void,
  ) {}

  push(item: Item): void {
    if (this.ended) return;
    const taker = this.takers.shift();
    if (taker) return taker.resolve({ value: item, done: false });
    if (this.waiting.length < this.room.most) return void this.waiting.push(item);
    if (this.room.whenFull !== 'LEAVE_OUT') this.fail(this.room.whenFull());
  }

  /** The taker is told the error next; what waited is let go. */
  fail(error: unknown): void {
    if (this.ended) return;
    const taker = this.takers.shift();
    if (taker) taker.reject(error);
    else this.failure = { error };
    this.end();
  }

  end(): void {
    if (this.ended) return;
    this.ended = true;
    this.waiting.length = 0;
    for (const taker of this.takers.splice(0)) taker.resolve(DONE);
    this.onEnd();
  }

  async next(): Promise<IteratorResult<Item>> {
    const { failure } = this;
    this.failure = undefined;
    if (failure) throw failure.error;
    if (this.waiting.length > 0) return { value: this.waiting.shift()!, done: false };
    if (this.ended) return DONE;
    return new Promise((resolve, reject) => this.takers.push({ resolve, reject }));
  }

  async return(): Promise<IteratorResult<Item>> {
    this.failure = undefined;
    this.end();
    return DONE;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

/**
 * What `map` makes of each item, one after another; where it makes undefined, nothing. Not a generator: those end only
 * once they stop waiting, this one ends its source at once.
 */
export function mapStream<From, To>(source: AsyncIterator<From>, map: (item: From) => Promise<To | undefined>): AsyncIterableIterator<To> {
  const leave = async (): Promise<IteratorResult<To>> => {
    await source.return?.();
    return DONE;
  };
  const next = async (): Promise<IteratorResult<To>> => {
    for (;;) {
      const { value, done } = await source.next();
      if (done) return DONE;
      const made = await map(value);
      if (made !== undefined) return { value: made, done: false };
    }
  };
  const stream: AsyncIterableIterator<To> = {
    next: () => next().catch((error: unknown) => leave().then(() => Promise.reject(error))),
    return: leave,
    [Symbol.asyncIterator]: () => stream,
  };
  return stream;
}
