import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { badInput, messageOf } from '../../platform/index.js';

/** A physical line without its line break; `overlong` when the rest of it was dropped. */
export interface Line {
  readonly number: number;
  readonly text: string;
  readonly overlong: boolean;
}

/** Longest line that is kept whole, in characters. */
export const MAX_LINE = 1 << 20;

/** Small, so that reading ahead never keeps the process from the database for more than some milliseconds. */
const CHUNK_BYTES = 1 << 16;

/**
 * The lines of a text file, in groups as they are read from disk; memory does not grow with the file or its lines.
 * Breaks are LF or CRLF; a byte-order mark is dropped.
 */
export async function* readLines(path: string, encoding: BufferEncoding): AsyncGenerator<Line[]> {
  await checkFile(path);
  const cutter = new LineCutter();
  for await (const chunk of createReadStream(path, { encoding, highWaterMark: CHUNK_BYTES })) {
    yield cutter.add(chunk as string);
  }
  yield cutter.end();
}

/** @throws BAD_INPUT when there is no such file */
export async function checkFile(path: string): Promise<void> {
  const info = await stat(path).catch((error: unknown) => {
    throw badInput(`${path}: the data cannot be read: ${messageOf(error)}`);
  });
  if (!info.isFile()) throw badInput(`${path}: is not a file; name the file with the data`);
}

class LineCutter {
  private count = 0;
  private pending = '';
  private overlong = false;

  add(chunk: string): Line[] {
    const text = this.count === 0 && this.pending === '' ? chunk.replace(/^\uFEFF/, '') : chunk;
    const pieces = text.split('\n');
    const last = pieces.pop()!;
    const lines = pieces.map((piece) => this.close(piece));
    this.extend(last);
    return lines;
  }

  end(): Line[] {
    return this.pending === '' && !this.overlong ? [] : [this.close('')];
  }

  private extend(piece: string): void {
    if (this.overlong) return;
    this.pending += piece;
    if (this.pending.length > MAX_LINE) [this.pending, this.overlong] = [this.pending.slice(0, MAX_LINE), true];
  }

  private close(piece: string): Line {
    this.extend(piece);
    const text = this.pending.endsWith('\r') ? this.pending.slice(0, -1) : this.pending;
    const line = { number: ++this.count, text, overlong: this.overlong };
    [this.pending, this.overlong] = ['', false];
    return line;
  }
}
