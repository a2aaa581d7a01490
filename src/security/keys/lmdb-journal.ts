import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, openSync, readdirSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';

const NAME = /^gone-[0-9a-f]{16}$/;
const UUID_BYTES = 16;
const HEAD = UUID_BYTES + 2;

/** What left the tree of a key store and must still be overwritten in its file: the random part of a wrapped key. */
export interface Gone {
  /** The sixteen bytes of the customer's uuid. */
  readonly id: Buffer;
  readonly secret: Buffer;
}

/**
 * Notes what is about to leave the tree, in a file beside it, so that a process which dies before it has overwritten all of
 * it leaves what finds the bytes. To be called with the store's write lock held, before anything is removed. Durable.
 */
export function writeJournal(folder: string, gone: readonly Gone[]): string {
  const path = join(folder, `gone-${randomBytes(8).toString('hex')}`);
  withFile(path, 'wx', (file) => writeWhole(file, Buffer.concat(gone.flatMap(({ id, secret }) => [id, lengthOf(secret), secret]))));
  syncFolder(folder);
  return path;
}

export const journalsIn = (folder: string): string[] => readdirSync(folder).filter((name) => NAME.test(name)).map((name) => join(folder, name));

/** As far as it was written; nothing where another process has finished it. */
export function readJournal(path: string): Gone[] {
  const gone: Gone[] = [];
  const bytes = unlessGone(() => readFileSync(path)) ?? Buffer.alloc(0);
  for (let at = 0; at + HEAD <= bytes.length; ) {
    const end = at + HEAD + bytes.readUInt16BE(at + UUID_BYTES);
    if (end > bytes.length) break;
    gone.push({ id: bytes.subarray(at, at + UUID_BYTES), secret: bytes.subarray(at + HEAD, end) });
    at = end;
  }
  return gone;
}

/** Overwrites a journal with zeros before it goes. */
export function destroyJournal(path: string): void {
  unlessGone(() => withFile(path, 'r+', (file) => writeWhole(file, Buffer.alloc(statSync(path).size))));
  rmSync(path, { force: true });
}

function withFile(path: string, flags: string, work: (file: number) => void): void {
  const file = openSync(path, flags, 0o600);
  try {
    work(file);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function writeWhole(file: number, bytes: Buffer): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at, bytes.length - at, at);
}

function syncFolder(folder: string): void {
  const file = openSync(folder, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function unlessGone<Result>(work: () => Result): Result | undefined {
  try {
    return work();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function lengthOf(secret: Buffer): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(secret.length);
  return length;
}
