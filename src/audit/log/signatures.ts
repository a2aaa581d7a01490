import type { Queryable, Transaction } from '../../platform/index.js';
import { formatCheckpoint, formatKey, formatNote, parseKey, type NoteSignature, type VerifierKey } from '../note/index.js';
import type { Head } from './store.js';

/** A signature of a head as it is stored: the log's own, or a witness's. */
export interface HeadSignature {
  readonly key: VerifierKey;
  readonly bytes: Buffer;
  /** When it came to be known here. */
  readonly recordedAt: Date;
}

/** Once for each signer, whoever of several servers is first. */
export async function keepSignature(tx: Transaction, { epoch, size }: Pick<Head, 'epoch' | 'size'>, key: VerifierKey, bytes: Uint8Array): Promise<void> {
  await tx.query('INSERT INTO log_signatures (epoch, size, signer, signature) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING', [epoch, size, formatKey(key), bytes]);
}

/** All signatures of one head, in the order in which they came. */
export async function signaturesOf(db: Queryable, { epoch, size }: Pick<Head, 'epoch' | 'size'>): Promise<HeadSignature[]> {
  const rows = await db.query<{ signer: string; signature: Buffer; recorded_at: Date }>('SELECT signer, signature, recorded_at FROM log_signatures WHERE epoch = $1 AND size = $2 ORDER BY recorded_at, signer', [epoch, size]);
  return rows.map(({ signer, signature, recorded_at }) => ({ key: parseKey(signer), bytes: signature, recordedAt: recorded_at }));
}

/** What these signers are said to have signed of heads with more than `above` entries, and at most `upTo`, by size. */
export async function signaturesWithin(db: Queryable, epoch: number, signers: readonly VerifierKey[], above: number, upTo: number): Promise<Map<number, HeadSignature[]>> {
  const rows = await db.query<{ size: string; signer: string; signature: Buffer; recorded_at: Date }>(
    'SELECT size, signer, signature, recorded_at FROM log_signatures WHERE epoch = $1 AND signer = ANY($2::text[]) AND size > $3 AND size <= $4', [epoch, signers.map(formatKey), above, upTo]);
  const bySize = new Map<number, HeadSignature[]>();
  for (const { size, signer, signature, recorded_at } of rows) bySize.set(Number(size), [...(bySize.get(Number(size)) ?? []), { key: parseKey(signer), bytes: signature, recordedAt: recorded_at }]);
  return bySize;
}

/** Of which at most so many are looked at: signatures that are none cannot hide those before them. */
const MOST_SIZES = 8;

/** The largest sizes of the epoch, at most `most`, of which it is said that so many of these signers signed them. */
export async function sizesSignedBy(db: Queryable, epoch: number, signers: readonly VerifierKey[], quorum: number, most?: number): Promise<number[]> {
  const rows = await db.query<{ size: string }>(
    `SELECT size FROM log_signatures WHERE epoch = $1 AND signer = ANY($2::text[]) AND ($4::bigint IS NULL OR size <= $4) GROUP BY size HAVING count(*) >= $3 ORDER BY size DESC LIMIT ${MOST_SIZES}`,
    [epoch, signers.map(formatKey), quorum, most ?? null]);
  return rows.map(({ size }) => Number(size));
}

/** What each of these signers signed last of the epoch. */
export async function newestOfEach(db: Queryable, epoch: number, signers: readonly VerifierKey[]): Promise<Map<string, { size: number; recordedAt: Date }>> {
  const rows = await db.query<{ signer: string; size: string; recorded_at: Date }>(
    `SELECT k.signer, s.size, s.recorded_at FROM unnest($2::text[]) AS k (signer)
     JOIN LATERAL (SELECT size, recorded_at FROM log_signatures WHERE epoch = $1 AND signer = k.signer ORDER BY size DESC LIMIT 1) s ON true`,
    [epoch, signers.map(formatKey)]);
  return new Map(rows.map(({ signer, size, recorded_at }) => [signer, { size: Number(size), recordedAt: recorded_at }]));
}

export const asNoteSignature = ({ key, bytes }: Pick<HeadSignature, 'key' | 'bytes'>): NoteSignature => ({ name: key.name, keyId: key.id, bytes });

/** The signed note of a head. */
export const noteOf = (origin: string, { size, root }: Pick<Head, 'size' | 'root'>, signatures: readonly NoteSignature[]): string =>
  formatNote({ text: formatCheckpoint({ origin, size, root }), signatures });
