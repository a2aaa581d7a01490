import type { Rung } from './budget.js';

/** A piece of work: one trial on one fold of a rung. */
export interface Piece {
  readonly trial: number;
  readonly rung: number;
  readonly fold: number;
}

/** Epochs of a piece where no member stops early. */
const epochsOf = ({ epochs, ensemble }: Rung): number => epochs * ensemble;

/**
 * How long a search still takes. Rungs differ in epochs and in members, so the unit is the epoch; a trial that ran before
 * has its own speed, others are taken for the average.
 */
export class Estimate {
  private readonly speeds = new Map<number, number>();
  private seconds = 0;
  private epochs = 0;
  private readonly running = new Map<string, number>();

  constructor(
    private readonly rungs: readonly Rung[],
    private readonly processes: number,
  ) {}

  /** Notes a finished piece; early stopping is part of its speed. */
  finished(piece: Piece, seconds: number): void {
    const epochs = epochsOf(this.rungs[piece.rung - 1]!);
    this.seconds += seconds;
    this.epochs += epochs;
    this.speeds.set(piece.trial, seconds / epochs);
    this.running.delete(nameOf(piece));
  }

  epoch(piece: Piece): void {
    this.running.set(nameOf(piece), (this.running.get(nameOf(piece)) ?? 0) + 1);
  }

  /** Seconds per epoch of a trial. */
  speedOf(trial: number): number {
    return this.speeds.get(trial) ?? this.seconds / this.epochs;
  }

  /**
   * Undefined until something was finished.
   * @param waiting pieces of this rung that are not finished; later rungs are added, their trials not yet known
   */
  secondsLeft(waiting: readonly Piece[], rung: number): number | undefined {
    if (this.epochs === 0) return undefined;
    const now = waiting.reduce((sum, piece) => sum + this.left(piece) * this.speedOf(piece.trial), 0);
    const later = this.rungs.slice(rung).reduce((sum, each) => sum + each.trials * each.folds * epochsOf(each), 0);
    return (now + (later * this.seconds) / this.epochs) / this.processes;
  }

  private left(piece: Piece): number {
    return Math.max(epochsOf(this.rungs[piece.rung - 1]!) - (this.running.get(nameOf(piece)) ?? 0), 0);
  }
}

export const nameOf = ({ trial, rung, fold }: Piece): string => `${trial}/${rung}/${fold}`;
