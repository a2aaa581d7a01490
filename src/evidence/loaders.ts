import type { EntryProof, TransparencyLog } from '../audit/index.js';
import { shared, type LoaderDefinition } from '../platform/index.js';

/** Proofs of a page of events: one checkpoint and one statement for all of them. */
export const proofsOf = (log: TransparencyLog): LoaderDefinition<string, EntryProof | undefined> => ({ load: (ctx, ids) => log.proofs(ctx.db, ids) });

export function receiptsOf(log: TransparencyLog): LoaderDefinition<string, string | undefined> {
  const receipts = shared((db, ids: readonly string[]) => log.receipts(db, ids));
  return { load: (ctx, ids) => receipts(ctx.db, ids) };
}
