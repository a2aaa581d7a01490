import { messageOf, type Queryable } from '../../platform/index.js';
import type { Hash } from '../merkle/index.js';
import { formatCheckpoint, formatKey, NOTE_KEY, parseKey, verifyNote, type VerifierKey } from '../note/index.js';
import type { LogVerifier } from './key.js';
import { asNoteSignature } from './signatures.js';

/** Keys that one has from elsewhere than the database that is verified. */
export interface TrustedKeys {
  readonly log: LogVerifier;
  readonly witnesses: readonly VerifierKey[];
}

interface Stored {
  readonly size: string;
  readonly signer: string;
  readonly signature: Buffer;
}

/**
 * Whether the signatures of heads that are kept are of the tree as its entries make it, and by keys that are trusted. Without
 * these each names its key, the log's own its origin too, and whose it is nobody knows.
 */
export class SignatureCheck {
  private bySize = new Map<number, Stored[]>();
  private readonly own: VerifierKey | undefined;
  private readonly trusted: ReadonlySet<string>;
  /** How many fit. */
  count = 0;
  /** The largest size that a trusted key signed. */
  covers = 0;
  /** Whether what stands is signed, by a trusted key where any are. */
  provesEnd = false;
  private opened = false;

  constructor(
    private readonly db: Queryable,
    private readonly epoch: number,
    private readonly problem: (text: string) => void,
    keys: TrustedKeys | undefined,
    /** How many entries stand. */
    private readonly end: number,
  ) {
    this.own = keys?.log.verifier(epoch);
    this.trusted = new Set([...(this.own ? [this.own] : []), ...(keys?.witnesses ?? [])].map(formatKey));
  }

  /** Those of heads with more than `above` entries, and at most `upTo`. */
  async read(above: number, upTo: number): Promise<void> {
    const rows = await this.db.query<Stored>('SELECT size, signer, signature FROM log_signatures WHERE epoch = $1 AND size > $2 AND size <= $3 ORDER BY size, signer', [this.epoch, above, upTo]);
    this.bySize = new Map();
    for (const row of rows) this.bySize.set(Number(row.size), [...(this.bySize.get(Number(row.size)) ?? []), row]);
  }

  has(size: number): boolean {
    return this.bySize.has(size);
  }

  compare(size: number, root: Hash): void {
    const stored = this.bySize.get(size)!;
    const origin = this.originOf(stored);
    if (origin === undefined) return this.problem(`Epoch ${this.epoch} has a signature of ${size} entries, but none by the log itself.`);
    const text = formatCheckpoint({ origin: this.own?.name ?? origin, size, root });
    for (const { signer, signature } of stored) this.compareOne(size, text, signer, signature);
  }

  private compareOne(size: number, text: string, signer: string, bytes: Buffer): void {
    const name = signer.split('+')[0];
    try {
      const key = parseKey(signer);
      if (this.own && key.type === NOTE_KEY && formatKey(key) !== formatKey(this.own)) return this.problem(`A signature of ${size} entries of epoch ${this.epoch} is kept as the log's, by a key of ${name} that is not the log's.`);
      verifyNote({ text, signatures: [asNoteSignature({ key, bytes })] }, [key]);
      this.count += 1;
      this.fits(size, key);
    } catch (error) {
      this.problem(`${name} signed another tree with ${size} entries of epoch ${this.epoch} than the entries make, or what is kept of it was changed: ${messageOf(error)}`);
    }
  }

  private fits(size: number, key: VerifierKey): void {
    if (size === 1 && this.own && formatKey(key) === formatKey(this.own)) this.opened = true;
    if (this.trusted.has(formatKey(key))) this.covers = Math.max(this.covers, size);
    if (size === this.end && (!this.own || this.trusted.has(formatKey(key)))) this.provesEnd = true;
  }

  /** The name of the log, which is that of its key. */
  private originOf(stored: readonly Stored[]): string | undefined {
    for (const { signer } of stored) {
      try {
        const { name, type } = parseKey(signer);
        if (type === NOTE_KEY) return name;
      } catch {
        // Told where its signature is compared.
      }
    }
    return undefined;
  }

  async nothingBeyond(size: number): Promise<void> {
    if (this.own && this.epoch > 1 && !this.opened) this.problem(`Epoch ${this.epoch} was not opened with the log's key: no signature by it is kept of the first entry.`);
    const [beyond] = await this.db.query<{ size: string | null }>('SELECT max(size) AS size FROM log_signatures WHERE epoch = $1', [this.epoch]);
    if (Number(beyond!.size ?? 0) > size) this.problem(`A head of epoch ${this.epoch} with ${beyond!.size} entries was signed, but ${size} are there.`);
  }
}
