import { messageOf, type Queryable } from '../../platform/index.js';
import type { Hash } from '../merkle/index.js';
import { formatCheckpoint, NOTE_KEY, parseKey, verifyNote } from '../note/index.js';
import { asNoteSignature } from './signatures.js';

interface Stored {
  readonly size: string;
  readonly signer: string;
  readonly signature: Buffer;
}

/**
 * Whether the signatures of heads that are kept are of the tree as its entries make it. Each names its key, the log's own its
 * origin too; whether that is a key one trusts, who verifies with keys from elsewhere knows.
 */
export class SignatureCheck {
  private bySize = new Map<number, Stored[]>();
  /** How many fit. */
  count = 0;

  constructor(
    private readonly db: Queryable,
    private readonly epoch: number,
    private readonly problem: (text: string) => void,
  ) {}

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
    const text = formatCheckpoint({ origin, size, root });
    for (const { signer, signature } of stored) this.compareOne(size, text, signer, signature);
  }

  private compareOne(size: number, text: string, signer: string, bytes: Buffer): void {
    const name = signer.split('+')[0];
    try {
      const key = parseKey(signer);
      verifyNote({ text, signatures: [asNoteSignature({ key, bytes })] }, [key]);
      this.count += 1;
    } catch (error) {
      this.problem(`${name} signed another tree with ${size} entries of epoch ${this.epoch} than the entries make, or what is kept of it was changed: ${messageOf(error)}`);
    }
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
    const [beyond] = await this.db.query<{ size: string | null }>('SELECT max(size) AS size FROM log_signatures WHERE epoch = $1', [this.epoch]);
    if (Number(beyond!.size ?? 0) > size) this.problem(`A head of epoch ${this.epoch} with ${beyond!.size} entries was signed, but ${size} are there.`);
  }
}
