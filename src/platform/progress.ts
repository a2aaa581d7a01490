/** Where progress is written; standard error in the commands, so that standard output holds results only. */
export interface ProgressSink {
  write(text: string): unknown;
  readonly isTTY?: boolean;
}

/** Told by a stage while it runs. */
export interface StageProgress {
  /** What is being done right now, e.g. "epoch 3 of 60". */
  update(detail: string): void;
  /** Work done of a known total: shows the share, the speed and the time left. */
  advance(done: number, total: number | undefined, unit: string): void;
}

const PLAIN_INTERVAL = 2_000;
const TTY_INTERVAL = 100;

/** Runs stages one after the other, shows each with its progress, and remembers their seconds. */
export class Stages {
  readonly seconds: Record<string, number> = {};

  constructor(private readonly sink: ProgressSink) {}

  /** @param describe one line about the result, shown when the stage is done */
  async run<T>(name: string, title: string, work: (progress: StageProgress) => Promise<T>, describe?: (result: T) => string): Promise<T> {
    const line = new StageLine(this.sink, title);
    const started = performance.now();
    try {
      const result = await work(line);
      const seconds = (performance.now() - started) / 1_000;
      this.seconds[name] = Math.round(((this.seconds[name] ?? 0) + seconds) * 100) / 100;
      line.end('✓', `${describe?.(result) ?? ''} (${seconds.toFixed(1)} s)`.trim());
      return result;
    } catch (error) {
      line.end('✗', 'failed');
      throw error;
    }
  }

  /** A line of its own, outside any stage. */
  say(text: string): void {
    this.sink.write(`${text}\n`);
  }
}

class StageLine implements StageProgress {
  private readonly started = performance.now();
  private shownAt: number;

  constructor(private readonly sink: ProgressSink, private readonly title: string) {
    this.shownAt = this.started;
    if (sink.isTTY) sink.write(`  ${title} …`);
  }

  update(detail: string): void {
    const now = performance.now();
    if (now - this.shownAt < (this.sink.isTTY ? TTY_INTERVAL : PLAIN_INTERVAL)) return;
    this.shownAt = now;
    this.sink.write(this.sink.isTTY ? `\r\u001B[2K  ${this.title} … ${detail}` : `  ${this.title} … ${detail}\n`);
  }

  advance(done: number, total: number | undefined, unit: string): void {
    const seconds = Math.max((performance.now() - this.started) / 1_000, 0.001);
    const rate = done / seconds;
    const share = total ? ` of ${count(total)} (${Math.floor((100 * done) / total)} %)` : '';
    const left = total && rate > 0 ? `, about ${Math.ceil((total - done) / rate)} s left` : '';
    this.update(`${count(done)}${share} ${unit}, ${count(Math.round(rate))}/s${left}`);
  }

  end(mark: string, detail: string): void {
    this.sink.write(`${this.sink.isTTY ? '\r\u001B[2K' : ''}${mark} ${this.title} ${detail}\n`);
  }
}

const count = (value: number): string => value.toLocaleString('en-US');
