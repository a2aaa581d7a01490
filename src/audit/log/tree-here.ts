import type { Queryable } from '../../platform/index.js';
import { Edge, type Hash } from '../merkle/index.js';
import { formatCheckpoint, formatKey, formatNote, verifyNote, type VerifierKey } from '../note/index.js';
import { originOf } from './key.js';
import type { TransparencyLog } from './log.js';
import { asNoteSignature, signaturesWithin, type HeadSignature } from './signatures.js';
import { appendEntries } from './store.js';

/** An epoch's tree as its entries make it, and the signatures that are kept of it and are true. */
export interface TreeHere {
  readonly epoch: number;
  /** Entries from the first on, up to the first that is missing. */
  readonly size: number;
  /** All that there are. */
  readonly entries: number;
  /** At the sizes that were asked for, and that of `own`, as far as the tree reaches. */
  readonly roots: ReadonlyMap<number, Hash>;
  /** The size of the largest head, of at most `most` entries, that a signer signed; 0 where there is none. */
  signedBy(signer: VerifierKey, most?: number): number;
  /** The largest head that the log itself signed, as a note; undefined where there is none. */
  readonly own: string | undefined;
}

/** Entries between which signatures are looked up. */
const STRIDE = 8_192;

/** Reads all entries: what tiles and heads say, and that there is a signature, is taken for nothing. */
export async function readTree(db: Queryable, { key, origin, policy }: TransparencyLog, epoch: number, sizes: readonly number[]): Promise<TreeHere> {
  const [{ count }] = (await db.query<{ count: number }>('SELECT count(*)::int AS count FROM log_entries WHERE epoch = $1', [epoch])) as [{ count: number }];
  const [edge, roots, signed, asked] = [Edge.empty(), new Map<number, Hash>(), new Map<string, number[]>(), new Set(sizes)];
  const own = key.verifier(epoch);
  const signers = [own, ...policy.witnesses.map((witness) => witness.key)];
  let last: { size: number; root: Hash; note: string } | undefined;
  const at = (size: number, stored: readonly HeadSignature[]): void => {
    const root = edge.root();
    if (asked.has(size)) roots.set(size, root);
    const text = formatCheckpoint({ origin: originOf(origin, epoch), size, root });
    for (const one of stored.filter((signature) => isTrue(text, signature))) {
      signed.set(formatKey(one.key), signed.get(formatKey(one.key)) ?? []);
      signed.get(formatKey(one.key))!.push(size);
      if (formatKey(one.key) === formatKey(own)) last = { size, root, note: formatNote({ text, signatures: [asNoteSignature(one)] }) };
    }
  };
  for (let there = true; there && edge.size < count; ) {
    const [from, to] = [edge.size, Math.min(count, edge.size + STRIDE)];
    const stored = await signaturesWithin(db, epoch, signers, from, to);
    const stops = new Set([...stored.keys(), ...[...asked].filter((size) => size > from && size <= to), to]);
    for (const size of [...stops].sort((a, b) => a - b)) {
      there = await appendEntries(db, epoch, edge, size);
      if (!there) break;
      at(size, stored.get(size) ?? []);
    }
  }
  if (last) roots.set(last.size, last.root);
  return { epoch, size: edge.size, entries: count, roots, own: last?.note, signedBy: (signer, most = Infinity) => signed.get(formatKey(signer))?.findLast((size) => size <= most) ?? 0 };
}

function isTrue(text: string, { key, bytes }: HeadSignature): boolean {
  try {
    return verifyNote({ text, signatures: [asNoteSignature({ key, bytes })] }, [key]).length > 0;
  } catch {
    return false;
  }
}
