import { recordEvents } from '../audit/index.js';
import type { Database, Logger, Transaction } from '../platform/index.js';
import type { KeyRing } from '../security/index.js';
import { erasedAfter, erasedLately, forgetIdentifiers, identifiedAfter, openErasures, type ErasureRow } from './retention.queries.js';

const EVERY_MILLISECONDS = 5_000;
/** Longer than two looks, so that none is missed by a look that came late. */
const LATELY_SECONDS = 60;
const BATCH = 500;
const NOBODY = '00000000-0000-0000-0000-000000000000';

/**
 * Carries out what was decided. The decision is a row, so that a crash at any moment leaves it to be finished by whichever
 * server looks next: first the key is destroyed, then, in one transaction, the end and its event are written. A customer
 * whose event is in the log has no key, and one whose key is gone without an event has a decision that says why.
 */
export class Erasures {
  private timer: NodeJS.Timeout | undefined;
  private working: Promise<unknown> = Promise.resolve();
  private stopped = false;

  constructor(
    private readonly db: Database,
    private readonly keys: KeyRing,
    private readonly log: Logger,
  ) {}

  /** Looks at once and from then on every few seconds. What cannot be finished now, as when the key store is away, is tried again. */
  start(): void {
    const beat = async (first: boolean): Promise<void> => {
      this.working = this.look(first).catch((error: unknown) => this.log.error({ err: error }, 'an erasure could not be finished; tried again'));
      await this.working;
      if (!this.stopped) this.timer = setTimeout(() => void beat(false), EVERY_MILLISECONDS).unref();
    };
    void beat(true);
  }

  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.working;
  }

  /** Finishes all that was decided. @returns how many */
  async finish(): Promise<number> {
    const open = await this.db.transaction(openErasures);
    if (open.length === 0) return 0;
    await this.keys.destroyAll(open.map(({ customerId }) => customerId));
    return this.db.transaction((tx) => end(tx, open));
  }

  /**
   * Destroys again what came back: a key store that was restored from a backup has keys of people who were erased since.
   * @returns how many there were
   */
  async reconcile(): Promise<number> {
    let back = 0;
    for (let after = NOBODY; ; ) {
      const from = after;
      const ids = await this.db.transaction((tx) => erasedAfter(tx, from, BATCH));
      if (ids.length === 0) return back;
      const stored = await this.keys.store.getAll(ids);
      const returned = ids.filter((_, index) => stored[index] !== undefined);
      if (returned.length > 0) await this.keys.destroyAll(returned);
      back += returned.length;
      after = ids.at(-1)!;
    }
  }

  /**
   * Takes rows of the blind index away whose customers have no key: a database that was restored from before their erasure
   * has them again. They are derived: `assay keys index` writes those of a key that comes back.
   * @returns of how many customers
   */
  async forgetKeyless(): Promise<number> {
    let keyless = 0;
    for (let after = NOBODY; ; ) {
      const from = after;
      const ids = await this.db.transaction((tx) => identifiedAfter(tx, from, BATCH));
      if (ids.length === 0) return keyless;
      const stored = await this.keys.store.getAll(ids);
      const without = ids.filter((_, index) => stored[index] === undefined);
      if (without.length > 0) await this.db.transaction((tx) => forgetIdentifiers(tx, without));
      keyless += without.length;
      after = ids.at(-1)!;
    }
  }

  private async look(first: boolean): Promise<void> {
    // Another server may have erased them: what it destroyed is not remembered here.
    // Read where it is written: a reader's server may be behind.
    this.keys.forget(await this.db.transaction((tx) => erasedLately(tx, LATELY_SECONDS)));
    const back = first ? await this.reconcile() : 0;
    if (back > 0) this.log.warn({ customers: back }, 'the key store had keys of customers who were erased, as one restored from a backup has; they are destroyed again');
    await this.finish();
    const keyless = first ? await this.forgetKeyless() : 0;
    if (keyless > 0) this.log.warn({ customers: keyless }, 'the blind index had rows of customers without a key, as in a database that was restored from before their erasure; they are gone');
  }
}

/** Of several servers that finish the same, one writes the event. */
async function end(tx: Transaction, open: readonly ErasureRow[]): Promise<number> {
  const ids = open.map(({ customerId }) => customerId);
  const rows = await tx.query<{ customerId: string; at: Date }>(
    'INSERT INTO erasure_ends (customer_id) SELECT * FROM unnest($1::uuid[]) ORDER BY 1 ON CONFLICT DO NOTHING RETURNING customer_id AS "customerId", recorded_at AS at',
    [ids],
  );
  await forgetIdentifiers(tx, ids);
  const ended = new Map(rows.map(({ customerId, at }) => [customerId, at]));
  await recordEvents(tx, open.flatMap(({ id, customerId, basis, proposalId, orderedBy }) => {
    const time = ended.get(customerId);
    return time ? [{ type: 'CUSTOMER_ERASED', id: customerId, actor: orderedBy, time, payload: { customer: customerId, erasure: id, basis, proposal: proposalId } } as const] : [];
  }));
  return rows.length;
}
