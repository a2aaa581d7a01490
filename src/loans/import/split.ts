import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';
import { badInput } from '../../platform/index.js';
import { didYouMean } from './nearest.js';
import { readRecords, type SourceRecord } from './records.js';

/** What a row of a book is for: to learn from, or to measure on. */
export type SplitPart = 'train' | 'holdout';

const HOLDOUT_SHARE = 0.2;
const COLUMNS = ['row', 'part', 'fold'];
const SPLIT_NOTATION = { delimiter: ',', quote: '"', encoding: 'utf8' } as const;

/** Where the split of a data file lies: `x.csv` → `x.split.csv`, `german.data` → `german.split.csv`. */
export function splitPathFor(dataPath: string): string {
  return join(dirname(dataPath), `${basename(dataPath, extname(dataPath))}.split.csv`);
}

/** The split beside a data file, or undefined when there is none. */
export async function findSplit(dataPath: string): Promise<Map<string, SplitPart> | undefined> {
  const path = splitPathFor(dataPath);
  return existsSync(path) ? readSplit(path) : undefined;
}

/**
 * Reads a split file: columns row (the loan's external id), part (train or holdout) and, ignored here, fold.
 * @throws BAD_INPUT naming the line that is wrong
 */
export async function readSplit(path: string): Promise<Map<string, SplitPart>> {
  const parts = new Map<string, SplitPart>();
  let header: Header | undefined;
  for await (const record of readRecords(path, SPLIT_NOTATION)) {
    if (header === undefined) header = readHeader(path, record);
    else readPart(path, record, header, parts);
  }
  if (parts.size === 0) throw badInput(`${path}: the split names no rows`);
  return parts;
}

/**
 * The part of a row without a split file: about one in five is held out unless told otherwise, by a hash of the id, so
 * that a row keeps its part whatever else is in the file. Give the customer's id to keep all loans of a customer on one side.
 */
export function defaultSplit(externalId: string, seed = 0, share = HOLDOUT_SHARE): SplitPart {
  const hash = createHash('sha256').update(`split ${seed} ${externalId}`).digest();
  return hash.readUInt32BE(0) / 2 ** 32 < share ? 'holdout' : 'train';
}

interface Header {
  width: number;
  row: number;
  part: number;
}

function readHeader(path: string, { cells = [] }: SourceRecord): Header {
  const unknown = cells.find((cell) => !COLUMNS.includes(cell));
  if (unknown !== undefined) {
    throw badInput(`${path}: line 1: unknown column ${JSON.stringify(unknown)}.${didYouMean(unknown, COLUMNS)}`);
  }
  const [row, part] = [cells.indexOf('row'), cells.indexOf('part')];
  if (row < 0 || part < 0) throw badInput(`${path}: line 1: a split file has the columns row and part`);
  return { width: cells.length, row, part };
}

function readPart(path: string, { cells, line }: SourceRecord, header: Header, parts: Map<string, SplitPart>): void {
  if (cells?.length !== header.width) throw badInput(`${path}: line ${line}: expected ${header.width} columns`);
  const [row, part] = [cells[header.row]!, cells[header.part]!];
  if (part !== 'train' && part !== 'holdout') {
    throw badInput(`${path}: line ${line}: part is ${JSON.stringify(part)}; expected train or holdout`);
  }
  if (parts.has(row)) throw badInput(`${path}: line ${line}: row ${JSON.stringify(row)} appears twice`);
  parts.set(row, part);
}
