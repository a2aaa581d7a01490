import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { Batcher } from '../../src/platform/index.js';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Batches that finish when told to. */
function gated() {
  const running: { items: readonly number[]; finish: () => void }[] = [];
  const work = (items: readonly number[]): Promise<number[]> =>
    new Promise((resolve) => running.push({ items, finish: () => resolve(items.map((item) => item * 10)) }));
  return { running, work };
}

describe('the batcher', () => {
  it('gives every caller the result of their own item', async () => {
    const batcher = new Batcher<number, number>(async (items) => items.map((item) => item * 10), { most: 4, queue: 100, parallel: 2 });
    const items = Array.from({ length: 25 }, (_, index) => index);
    expect(await Promise.all(items.map((item) => batcher.add(item)))).toEqual(items.map((item) => item * 10));
  });

  it('works on items in the order of their arrival, at most so many in a batch', async () => {
    const batches: number[][] = [];
    const batcher = new Batcher<number, number>(async (items) => (batches.push([...items]), [...items]), { most: 4, queue: 100, parallel: 1 });
    await Promise.all(Array.from({ length: 10 }, (_, index) => batcher.add(index)));
    expect(batches).toEqual([[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]);
  });

  it('runs so many batches side by side and no more; what arrives meanwhile shares the next one', async () => {
    const { running, work } = gated();
    const batcher = new Batcher(work, { most: 2, queue: 100, parallel: 2 });
    const results = Promise.all([1, 2, 3, 4, 5].map((item) => batcher.add(item)));
    for (let turns = 0; turns < 5; turns += 1) await turn();
    expect(running.map(({ items }) => items)).toEqual([[1, 2], [3, 4]]);
    const late = batcher.add(6);
    running[1]!.finish();
    for (let turns = 0; turns < 5; turns += 1) await turn();
    expect(running.map(({ items }) => items)).toEqual([[1, 2], [3, 4], [5, 6]]);
    for (const { finish } of running) finish();
    expect(await results).toEqual([10, 20, 30, 40, 50]);
    expect(await late).toBe(60);
  });

  it('runs a lone item without waiting for others', async () => {
    const { running, work } = gated();
    const result = new Batcher(work, { most: 256, queue: 10, parallel: 1 }).add(7);
    await turn();
    expect(running).toHaveLength(1);
    running[0]!.finish();
    expect(await result).toBe(70);
  });

  it('fails one item without touching the others of its batch', async () => {
    const batcher = new Batcher<number, number>(
      async (items) => items.map((item) => (item % 2 === 0 ? item : new Error(`odd ${item}`))),
      { most: 10, queue: 10, parallel: 1 },
    );
    const settled = await Promise.allSettled([1, 2, 3].map((item) => batcher.add(item)));
    expect(settled.map((one) => (one.status === 'fulfilled' ? one.value : (one.reason as Error).message))).toEqual(['odd 1', 2, 'odd 3']);
  });

  it('fails all of a batch whose work fails, and goes on with the next', async () => {
    let calls = 0;
    const work = async (items: readonly number[]): Promise<number[]> => {
      calls += 1;
      if (calls === 1) throw new Error('the database went away');
      return [...items];
    };
    const batcher = new Batcher(work, { most: 2, queue: 10, parallel: 1 });
    const settled = await Promise.allSettled([1, 2, 3].map((item) => batcher.add(item)));
    expect(settled.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'fulfilled']);
    expect(await batcher.add(4)).toBe(4);
  });

  it('fails a batch whose work forgot an item, rather than answering with nothing', async () => {
    const batcher = new Batcher<number, number>(async (items) => items.slice(1), { most: 10, queue: 10, parallel: 1 });
    const settled = await Promise.allSettled([1, 2].map((item) => batcher.add(item)));
    expect(settled.map((one) => (one.status === 'rejected' ? (one.reason as { code: string }).code : one))).toEqual(['INTERNAL', 'INTERNAL']);
  });

  it('refuses what exceeds its queue, and takes items again when there is room', async () => {
    const { running, work } = gated();
    const batcher = new Batcher(work, { most: 1, queue: 2, parallel: 1 });
    const first = batcher.add(1);
    await turn();
    const waiting = [batcher.add(2), batcher.add(3)];
    await expect(batcher.add(4)).rejects.toMatchObject({ code: 'UNAVAILABLE', message: expect.stringContaining('Repeat with the same requestId') as unknown });
    running[0]!.finish();
    expect(await first).toBe(10);
    await turn();
    const again = batcher.add(5);
    for (let done = 1; done < 4; done += 1) {
      for (let turns = 0; turns < 3; turns += 1) await turn();
      running[done]!.finish();
    }
    expect(await Promise.all([...waiting, again])).toEqual([20, 30, 50]);
  });

  it('answers every item exactly once, whatever arrives when and fails where', async () => {
    const scenario = fc.record({
      waves: fc.array(fc.array(fc.constantFrom('ok', 'item fails', 'batch fails'), { maxLength: 12 }), { maxLength: 6 }),
      most: fc.integer({ min: 1, max: 5 }),
      parallel: fc.integer({ min: 1, max: 3 }),
    });
    await fc.assert(fc.asyncProperty(scenario, async ({ waves, most, parallel }) => {
      let running = 0;
      const seen: number[] = [];
      const work = async (items: readonly { index: number; fate: string }[]): Promise<(number | Error)[]> => {
        running += 1;
        expect(running).toBeLessThanOrEqual(parallel);
        expect(items.length).toBeLessThanOrEqual(most);
        await turn();
        running -= 1;
        seen.push(...items.map(({ index }) => index));
        if (items.some(({ fate }) => fate === 'batch fails')) throw new Error('batch');
        return items.map(({ index, fate }) => (fate === 'ok' ? index : new Error('item')));
      };
      const batcher = new Batcher(work, { most, queue: 1_000, parallel });
      const answers: Promise<string>[] = [];
      for (const wave of waves) {
        for (const fate of wave) {
          const index = answers.length;
          answers.push(batcher.add({ index, fate }).then((got) => (got === index && fate === 'ok' ? 'answered' : 'wrong'), () => 'failed'));
        }
        await turn();
      }
      expect(await Promise.all(answers)).not.toContain('wrong');
      expect(seen.sort((a, b) => a - b)).toEqual(answers.map((_, index) => index));
    }), { numRuns: 60 });
  });
});
