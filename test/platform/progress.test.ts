import { describe, expect, it, jest } from '@jest/globals';
import { Stages } from '../../src/platform/index.js';

/** Collects what is written. */
function sink(isTTY = false) {
  const written: string[] = [];
  return { isTTY, written, write: (text: string) => void written.push(text), text: () => written.join('') };
}

/** Runs with a clock that stands still until it is moved. */
async function withClock(work: (move: (milliseconds: number) => void) => Promise<void>): Promise<void> {
  let now = 1_000;
  const clock = jest.spyOn(performance, 'now').mockImplementation(() => now);
  try {
    await work((milliseconds) => void (now += milliseconds));
  } finally {
    clock.mockRestore();
  }
}

describe('stages', () => {
  it('say what was done, how it came out and how long it took; and give the result', () =>
    withClock(async (move) => {
      const out = sink();
      const stages = new Stages(out);
      const result = await stages.run('import', 'Importing the book', async () => (move(1_250), 42), (rows) => `${rows} rows`);
      expect(result).toBe(42);
      expect(out.text()).toBe('✓ Importing the book 42 rows (1.3 s)\n');
      expect(stages.seconds).toEqual({ import: 1.25 });
    }));

  it('add up the seconds of a stage that runs twice', () =>
    withClock(async (move) => {
      const stages = new Stages(sink());
      await stages.run('score', 'Scoring', async () => move(500));
      await stages.run('score', 'Scoring', async () => move(250));
      expect(stages.seconds).toEqual({ score: 0.75 });
    }));

  it('mark a stage that failed and pass its error on', async () => {
    const out = sink();
    const stages = new Stages(out);
    const broken = stages.run('train', 'Training', () => Promise.reject(new Error('no data')));
    await expect(broken).rejects.toThrow('no data');
    expect(out.text()).toBe('✗ Training failed\n');
    expect(stages.seconds).toEqual({});
  });

  it('show share, speed and time left of work with a known total', () =>
    withClock(async (move) => {
      const out = sink();
      await new Stages(out).run('import', 'Importing', async (progress) => {
        move(4_000);
        progress.advance(2_000, 10_000, 'rows');
      });
      expect(out.written[0]).toBe('  Importing … 2,000 of 10,000 (20 %) rows, 500/s, about 16 s left\n');
    }));

  it('show count and speed where the total is not known', () =>
    withClock(async (move) => {
      const out = sink();
      await new Stages(out).run('import', 'Importing', async (progress) => {
        move(4_000);
        progress.advance(2_000, undefined, 'rows');
      });
      expect(out.written[0]).toBe('  Importing … 2,000 rows, 500/s\n');
    }));

  it('do not flood a log: at most one line in two seconds', () =>
    withClock(async (move) => {
      const out = sink();
      await new Stages(out).run('train', 'Training', async (progress) => {
        for (let epoch = 1; epoch <= 100; epoch += 1) {
          move(100);
          progress.update(`epoch ${epoch}`);
        }
      });
      expect(out.written).toEqual([20, 40, 60, 80, 100].map((epoch) => `  Training … epoch ${epoch}\n`).concat('✓ Training (10.0 s)\n'));
    }));

  it('rewrite one line in a terminal', () =>
    withClock(async (move) => {
      const out = sink(true);
      await new Stages(out).run('train', 'Training', async (progress) => {
        move(200);
        progress.update('epoch 1');
      });
      expect(out.written).toEqual(['  Training …', '\r\u001B[2K  Training … epoch 1', '\r\u001B[2K✓ Training (0.2 s)\n']);
    }));

  it('say a line of their own between stages', () => {
    const out = sink();
    new Stages(out).say('The data is synthetic.');
    expect(out.text()).toBe('The data is synthetic.\n');
  });
});
