import type { Database, Transaction } from '../../src/platform/index.js';

/** Resolves in a later millisecond: what is recorded next is not of this one. */
export async function untilAfter(at: Date): Promise<void> {
  while (Date.now() <= at.getTime()) await new Promise((later) => void setImmediate(later));
}

/** A transaction of the application that has done its work and is not committed until `end`. */
export async function heldTransaction(db: Database, work: (tx: Transaction) => Promise<void> = async () => undefined): Promise<{ began: Date; end: () => Promise<void> }> {
  const holding = new Holding();
  const whole = db.transaction(async (tx) => {
    const [row] = await tx.query<{ at: Date }>('SELECT now() AS at');
    await work(tx);
    holding.began(row!.at);
    await holding.over;
  });
  const began = await Promise.race([holding.beginning, whole.then(() => Promise.reject(new Error('The transaction ended by itself.')))]);
  return {
    began,
    end: () => {
      holding.end();
      return whole;
    },
  };
}

class Holding {
  began!: (at: Date) => void;
  end!: () => void;
  readonly beginning = new Promise<Date>((resolve) => (this.began = resolve));
  readonly over = new Promise<void>((resolve) => (this.end = resolve));
}
