import { closeSync, fsyncSync, openSync, readSync, writeSync } from 'node:fs';

/** What is looked for at once: shorter than any part of a key that would be of use. */
const PIECE = 8;
const WINDOW = 8 * 1024 * 1024;

/**
 * Overwrites with zeros, wherever it is in a file, what is left of destroyed values. LMDB copies pages and leaves the old
 * ones, and moves values within a page; a value may thus lie in free pages or gaps, whole or in part. Neither is ever
 * read again. To be called while the store's write lock is held, after the values are durably gone from its tree.
 * @param secrets random bytes, so that 8 of them are nowhere by chance
 * @returns how many pieces were found
 */
export function overwriteResidue(path: string, secrets: readonly Uint8Array[]): number {
  const pieces = secrets.flatMap(piecesOf);
  if (pieces.length === 0) return 0;
  const file = openSync(path, 'r+');
  try {
    const offsets = offsetsOf(file, pieces);
    for (const offset of offsets) writeSync(file, Buffer.alloc(PIECE), 0, PIECE, offset);
    fsyncSync(file);
    return offsets.length;
  } finally {
    closeSync(file);
  }
}

function piecesOf(secret: Uint8Array): Buffer[] {
  const bytes = Buffer.from(secret);
  const starts = Array.from({ length: Math.floor(bytes.length / PIECE) }, (_, index) => index * PIECE);
  if (bytes.length % PIECE > 0 && bytes.length >= PIECE) starts.push(bytes.length - PIECE);
  return starts.map((start) => bytes.subarray(start, start + PIECE));
}

function offsetsOf(file: number, pieces: readonly Buffer[]): number[] {
  const byStart = new Map<number, Buffer[]>();
  for (const piece of pieces) byStart.set(piece.readUInt32LE(0), [...(byStart.get(piece.readUInt32LE(0)) ?? []), piece]);
  const found: number[] = [];
  const window = Buffer.alloc(WINDOW + PIECE);
  for (let at = 0; ; at += WINDOW) {
    const read = readSync(file, window, 0, window.length, at);
    if (read < PIECE) return found;
    const view = window.subarray(0, read);
    if (pieces.length <= FEW) for (const piece of pieces) found.push(...occurrences(view, piece, at));
    else found.push(...occurrencesOfMany(view, byStart, at));
  }
}

/** Up to so many, the library's search for one at a time is faster. */
const FEW = 24;

function occurrences(view: Buffer, piece: Buffer, base: number): number[] {
  const found: number[] = [];
  for (let at = view.indexOf(piece); at >= 0; at = view.indexOf(piece, at + 1)) found.push(base + at);
  return found;
}

function occurrencesOfMany(view: Buffer, byStart: ReadonlyMap<number, Buffer[]>, base: number): number[] {
  const found: number[] = [];
  const last = view.length - PIECE;
  for (let at = 0; at <= last; at += 1) {
    const word = (view[at]! | (view[at + 1]! << 8) | (view[at + 2]! << 16) | (view[at + 3]! << 24)) >>> 0;
    const candidates = byStart.get(word);
    if (candidates?.some((piece) => view.compare(piece, 0, PIECE, at, at + PIECE) === 0)) found.push(base + at);
  }
  return found;
}
