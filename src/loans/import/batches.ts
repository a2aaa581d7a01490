import { setImmediate } from 'node:timers/promises';

/** Long work of this process lets go after so many rows, so that the connection is fed while the database works. */
export const SLICE = 50;

/** Gathers what comes one by one into groups of at most `size`. */
export async function* batchesOf<T>(source: AsyncIterable<T>, size: number): AsyncGenerator<T[]> {
  let batch: T[] = [];
  for await (const one of source) {
    batch.push(one);
    if (batch.length % SLICE === 0) await setImmediate();
    if (batch.length < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

/** Fetches the next item while the present one is being worked on, and never more than one ahead. */
export async function* oneAhead<T>(source: AsyncIterable<T>): AsyncGenerator<T> {
  const iterator = source[Symbol.asyncIterator]();
  const fetchNext = (): Promise<IteratorResult<T, unknown>> => {
    const next = iterator.next();
    // Marks an early failure as handled; whoever awaits the item still receives it.
    next.catch(() => undefined);
    return next;
  };
  try {
    let next = fetchNext();
    for (let item = await next; !item.done; item = await next) {
      next = fetchNext();
      yield item.value;
    }
  } finally {
    await iterator.return?.();
  }
}
