import { Readable } from 'node:stream';
import { recordEvent } from '../audit/index.js';
import { badInput, internal, sha256, type Context, type Queryable, type Transaction } from '../platform/index.js';
import { governed } from './governed.js';
import { digestBytes } from './hex.js';

export interface StoredArtefact {
  readonly sha256: string;
  readonly bytes: number;
  /** False where the same bytes were stored before. */
  readonly created: boolean;
}

/** Artefacts by digest, in the database, so that every replica has them. What is stored never changes. */
export class ArtefactStore {
  /**
   * Stores the bytes that have this digest; storing them again changes nothing. Whoever stores them built a part of each
   * version that names them, so it is an act like registering one, and asked for before a byte is taken in.
   * @param stream is not destroyed when refused, so that an HTTP answer can still be sent
   * @throws BAD_INPUT when there are more than `maxBytes`, none, or they have another digest
   */
  async put(ctx: Context, sha256Hex: string, stream: AsyncIterable<Uint8Array>, maxBytes: number): Promise<StoredArtefact> {
    const digest = digestBytes(sha256Hex, 'The artefact name');
    const act = { name: 'STORE_ARTEFACT', subject: sha256Hex, permission: 'model:register', role: 'MODEL_OWNER' } as const;
    await governed(ctx, act, async () => undefined);
    const bytes = await receive(stream, digest, maxBytes);
    return governed(ctx, act, (tx) => store(tx, ctx, digest, bytes));
  }

  /** The bytes, checked against their digest; undefined when there are none of that name. */
  async get(db: Queryable, sha256Hex: string): Promise<Buffer | undefined> {
    const digest = digestBytes(sha256Hex, 'The artefact name');
    const [row] = await db.query<{ bytes: Buffer }>('SELECT bytes FROM artefacts WHERE sha256 = $1', [digest]);
    if (row && !sha256(row.bytes).equals(digest)) throw internal(`The stored artefact ${sha256Hex} does not have its digest any more.`);
    return row?.bytes;
  }

  /** @throws BAD_INPUT, saying how to upload it, when it is not stored */
  async demand(db: Queryable, sha256Hex: string, what: string): Promise<Buffer> {
    const bytes = await this.get(db, sha256Hex);
    if (!bytes) throw badInput(`The ${what} ${sha256Hex} is not stored here. Upload it first: PUT /artifacts/${sha256Hex}`);
    return bytes;
  }
}

async function receive(stream: AsyncIterable<Uint8Array>, digest: Buffer, maxBytes: number): Promise<Buffer> {
  const bytes = await collect(stream, maxBytes);
  const found = sha256(bytes);
  if (found.equals(digest)) return bytes;
  throw badInput(`The ${bytes.length} bytes received have the digest ${found.toString('hex')}, not ${digest.toString('hex')}. Send the file unchanged, under its own digest.`);
}

async function store(tx: Transaction, ctx: Context, digest: Buffer, bytes: Buffer): Promise<StoredArtefact> {
  const inserted = await tx.query('INSERT INTO artefacts (sha256, bytes, uploaded_by) VALUES ($1, $2, $3) ON CONFLICT (sha256) DO NOTHING RETURNING 1', [digest, bytes, ctx.actor.id]);
  const stored = { sha256: digest.toString('hex'), bytes: bytes.length, created: inserted.length > 0 };
  const [before] = stored.created ? [] : await tx.query<{ uploader: string }>('SELECT uploaded_by AS uploader FROM artefacts WHERE sha256 = $1', [digest]);
  if (before?.uploader !== ctx.actor.id) {
    await recordEvent(tx, { type: 'ARTEFACT_STORED', id: stored.sha256, actor: ctx.actor.id, time: ctx.now(), payload: { sha256: stored.sha256, bytes: stored.bytes } });
  }
  return stored;
}

async function collect(stream: AsyncIterable<Uint8Array>, maxBytes: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  const source = stream instanceof Readable ? (stream.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>) : stream;
  for await (const chunk of source) {
    size += chunk.length;
    if (size > maxBytes) throw badInput(`The artefact is larger than ${maxBytes} bytes, the most that is accepted here. Send a smaller one.`);
    chunks.push(chunk);
  }
  if (size === 0) throw badInput('The artefact is empty. Send its bytes as the body of the request.');
  return Buffer.concat(chunks, size);
}
