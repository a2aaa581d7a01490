import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import { badInput } from '../base/index.js';

export interface Fingerprint {
  /** Lower-case hex. */
  readonly sha256: string;
  readonly rows: number;
}

/** SHA-256 over rows in order, each as RFC 8785 canonical JSON and a line feed; memory does not grow with the rows. */
export class RowFingerprint {
  private readonly hash = createHash('sha256');
  private rows = 0;

  /** @throws BAD_INPUT for a row that JSON cannot say (NaN, infinity, undefined) */
  add(row: unknown): void {
    this.hash.update(canonical(row, this.rows));
    this.hash.update('\n');
    this.rows++;
  }

  /** The fingerprint of the rows so far. */
  digest(): Fingerprint {
    return { sha256: this.hash.copy().digest('hex'), rows: this.rows };
  }
}

function canonical(row: unknown, index: number): string {
  try {
    const text = canonicalize(row);
    if (text !== undefined) return text;
  } catch (error) {
    throw badInput(`Row ${index} of the training data has no canonical form (${error instanceof Error ? error.message : String(error)}); give plain JSON with finite numbers.`);
  }
  throw badInput(`Row ${index} of the training data is undefined; give plain JSON.`);
}

/** Names a data set by its content, so that a dossier can say exactly which rows trained a version. */
export async function fingerprintRows(rows: Iterable<unknown> | AsyncIterable<unknown>): Promise<Fingerprint> {
  const fingerprint = new RowFingerprint();
  for await (const row of rows) fingerprint.add(row);
  return fingerprint.digest();
}
