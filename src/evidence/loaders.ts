import type { EntryProof, TransparencyLog } from '../audit/index.js';
import type { LoaderDefinition } from '../platform/index.js';

/** Proofs of a page of events: one checkpoint and one statement for all of them. */
export const proofsOf = (log: TransparencyLog): LoaderDefinition<string, EntryProof | undefined> => ({ load: (ctx, ids) => log.proofs(ctx.db, ids) });

export const receiptsOf = (log: TransparencyLog): LoaderDefinition<string, string | undefined> => ({ load: (ctx, ids) => log.receipts(ctx.db, ids) });
