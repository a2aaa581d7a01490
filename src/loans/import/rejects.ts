import { open, rm, type FileHandle } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import { badInput, messageOf } from '../../platform/index.js';
import type { RejectedRow } from './book-row.js';

/** Where rejected rows go while a book is imported. */
export interface RejectSink {
  /** Where they can be found, as a part of a sentence. */
  readonly where: string;
  /** How the caller asks for the good rows nevertheless, as a part of a sentence. */
  readonly toSkip: string;
  add(rejected: readonly RejectedRow[]): Promise<void>;
}

/** `x.csv` → `x.rejected.csv`, beside it. */
export function rejectsPathFor(dataPath: string): string {
  return join(dirname(dataPath), `${basename(dataPath, extname(dataPath))}.rejected.csv`);
}

const csvCell = (text: string): string => `"${text.replaceAll('"', '""')}"`;

/** A CSV file of rejected rows (line, reason, raw), made with the first of them; only its owner may read it. */
export class RejectsFile implements RejectSink {
  readonly toSkip = 'repeat with --skip-bad';
  private handle: FileHandle | undefined;

  private constructor(readonly path: string) {}

  get where(): string {
    return `the reasons are in ${this.path}`;
  }

  /** Whether anything was rejected, so that there is a file. */
  get exists(): boolean {
    return this.handle !== undefined;
  }

  /** Removes what an earlier import left there, so that a file means rejected rows of this one. */
  static async at(path: string): Promise<RejectsFile> {
    await rm(path, { force: true }).catch((error: unknown) => {
      throw badInput(`${path}: an earlier file of rejected rows cannot be replaced: ${messageOf(error)}`);
    });
    return new RejectsFile(path);
  }

  async add(rejected: readonly RejectedRow[]): Promise<void> {
    if (rejected.length === 0) return;
    this.handle ??= await this.create();
    const lines = rejected.map(({ line, reason, raw }) => `${line},${csvCell(reason)},${csvCell(raw)}\n`);
    await this.handle.write(lines.join(''));
  }

  async close(): Promise<void> {
    await this.handle?.close();
  }

  private async create(): Promise<FileHandle> {
    const handle = await open(this.path, 'w', 0o600).catch((error: unknown) => {
      throw badInput(`${this.path}: rejected rows cannot be written there: ${messageOf(error)}. Name another file for them.`);
    });
    await handle.write('line,reason,raw\n');
    return handle;
  }
}

/** Keeps rejected rows in memory, for a bounded number of rows. */
export class RejectsList implements RejectSink {
  readonly where = 'the reasons follow';
  readonly toSkip = 'repeat with onError SKIP';
  readonly rejected: RejectedRow[] = [];

  async add(rejected: readonly RejectedRow[]): Promise<void> {
    this.rejected.push(...rejected);
  }
}
