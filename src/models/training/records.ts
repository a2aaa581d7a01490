import { asDecided, gather, type TrainingLoan } from '../../loans/index.js';
import { refused, type Queryable } from '../../platform/index.js';
import type { GatheredRecord } from '../../scoring/index.js';
import type { KeyRing } from '../../security/index.js';

/** Loans with their known outcomes, in the same order; 1 = default. */
export interface LabelledLoans {
  readonly loans: readonly TrainingLoan[];
  readonly labels: Uint8Array;
}

const GATHERED_AT_ONCE = 1_000;

/** The loans' records as of their decisions, a batch in memory at a time. */
export async function* recordsOf(db: Queryable, keys: KeyRing, loans: readonly TrainingLoan[]): AsyncGenerator<GatheredRecord> {
  for (let from = 0; from < loans.length; from += GATHERED_AT_ONCE) {
    const batch = loans.slice(from, from + GATHERED_AT_ONCE);
    for (const [index, gathered] of (await gather(db, keys, asDecided(batch))).entries()) {
      if (!gathered || gathered.erased) throw refused(`Loan ${batch[index]!.externalId} changed while training read it. Train again.`);
      yield gathered.record;
    }
  }
}
