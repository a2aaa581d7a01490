import { AssayError, internal, messageOf } from '../../base/index.js';
import type { Rung } from './budget.js';
import { Estimate, nameOf, type Piece } from './estimate.js';
import type { Hand } from './hand.js';
import type { Journal, TrialRecord } from './journal.js';
import type { SearchPlan } from './plan.js';
import { ranked, rungResult, type RungResult } from './ranking.js';
import type { SearchProgress } from './types.js';

const stopped = (): AssayError => new AssayError('UNAVAILABLE', 'The search was stopped before it finished; start it again with the same folder to go on.');

export interface SearchTools {
  readonly journal: Pick<Journal, 'append' | 'records'>;
  readonly hands: readonly Hand[];
  readonly onProgress: (progress: SearchProgress) => void;
  readonly signal: AbortSignal;
}

/** Successive halving: in each rung the best of the rung before are trained longer, on more folds. */
export class Search {
  private readonly records = new Map<string, TrialRecord>();
  private readonly estimate: Estimate;
  private best: SearchProgress['best'];

  constructor(
    private readonly plan: SearchPlan,
    private readonly tools: SearchTools,
  ) {
    this.estimate = new Estimate(plan.rungs, tools.hands.length);
    for (const record of tools.journal.records) this.note(record);
  }

  /** All records, in no particular order. */
  get all(): readonly TrialRecord[] {
    return [...this.records.values()];
  }

  /**
   * A rung ends before the next begins, and its order comes from its numbers alone: which process was quicker decides nothing.
   * @returns the trials that came through, best first
   * @throws UNAVAILABLE when stopped, INTERNAL when every trial failed
   */
  async run(): Promise<number[]> {
    let trials = this.plan.trials.map(({ trial }) => trial);
    for (const rung of this.plan.rungs) {
      const chosen = trials.slice(0, rung.trials);
      await this.climb(rung, chosen);
      const results = new Map(chosen.map((trial) => [trial, this.resultOf(trial, rung)]));
      trials = ranked(results, this.plan.budget.criterion);
      if (trials.length === 0) throw this.allFailed(rung);
    }
    return trials;
  }

  resultOf(trial: number, rung: Rung): RungResult | undefined {
    return rungResult(this.all.filter((record) => record.trial === trial), rung, this.plan.budget.criterion);
  }

  private async climb(rung: Rung, trials: readonly number[]): Promise<void> {
    const pieces = trials.flatMap((trial) => Array.from({ length: rung.folds }, (_, fold): Piece => ({ trial, rung: rung.rung, fold })));
    const waiting = new Set(pieces.filter((piece) => !this.records.has(nameOf(piece))));
    // The slowest first, so that the processes end the rung at about the same time.
    const queue = [...waiting].sort((a, b) => this.costOf(b) - this.costOf(a) || a.trial - b.trial || a.fold - b.fold);
    const work = async (hand: Hand): Promise<void> => {
      for (let piece = queue.shift(); piece !== undefined; piece = queue.shift()) await this.perform(hand, piece, waiting);
    };
    await Promise.all(this.tools.hands.map(work)).catch((error: unknown) => {
      queue.length = 0;
      throw error;
    });
  }

  private costOf({ trial, rung }: Piece): number {
    return rung === 1 ? 0 : this.estimate.speedOf(trial);
  }

  private async perform(hand: Hand, piece: Piece, waiting: Set<Piece>): Promise<void> {
    const record = await this.fit(hand, piece, waiting);
    await this.tools.journal.append(record);
    waiting.delete(piece);
    this.note(record);
    this.tell(piece, waiting);
  }

  private async fit(hand: Hand, piece: Piece, waiting: ReadonlySet<Piece>): Promise<TrialRecord> {
    const { signal } = this.tools;
    if (signal.aborted) throw stopped();
    const settings = this.plan.settingsOf(piece);
    const started = performance.now();
    const onEpoch = (): void => {
      this.estimate.epoch(piece);
      this.tell(piece, waiting);
    };
    try {
      return { ...piece, settings, status: 'FINISHED', ...(await hand.train(piece.fold, settings, onEpoch)) };
    } catch (error) {
      if (signal.aborted) throw stopped();
      return { ...piece, settings, status: 'FAILED', message: messageOf(error), seconds: (performance.now() - started) / 1_000 };
    }
  }

  private note(record: TrialRecord): void {
    this.records.set(nameOf(record), record);
    this.estimate.finished(record, record.seconds);
    const rung = this.plan.rungs[record.rung - 1]!;
    const result = this.resultOf(record.trial, rung);
    if (result === undefined) return;
    const { criterion } = this.plan.budget;
    const rival = this.best?.rung === rung.rung ? this.resultOf(this.best.trial, rung) : undefined;
    const [first] = ranked(new Map([[record.trial, result], ...(rival ? [[this.best!.trial, rival] as const] : [])]), criterion);
    if (first === record.trial) this.best = { trial: record.trial, rung: result.rung, logLoss: result.logLoss, brier: result.brier, auc: result.auc };
  }

  private tell({ trial, rung }: Piece, waiting: ReadonlySet<Piece>): void {
    const { rungs } = this.plan;
    const total = rungs.reduce((sum, each) => sum + each.trials * each.folds, 0);
    const secondsLeft = this.estimate.secondsLeft([...waiting], rung);
    this.tools.onProgress({ rung, rungs: rungs.length, done: this.records.size, total, trial, ...(this.best && { best: this.best }), secondsLeft });
  }

  private allFailed({ rung }: Rung): AssayError {
    const failure = this.all.find((record) => record.rung === rung && record.status === 'FAILED');
    const why = failure?.status === 'FAILED' ? ` Trial ${failure.trial}: ${failure.message}` : '';
    return internal(`Every trial failed in rung ${rung} of the search; see the record in its folder.${why}`);
  }
}
