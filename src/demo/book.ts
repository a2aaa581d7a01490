import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findSplit, readMapping, splitPathFor, type Mapping } from '../loans/index.js';
import { namedSplit, randomSplit, specsOfMapping, type Split } from '../models/index.js';
import { badInput } from '../platform/index.js';
import type { FeatureSpec } from '../scoring/index.js';

/** The book of a demonstration: the user's own file, or the synthetic one. */
export interface Book {
  readonly path: string;
  readonly mapping: Mapping;
  readonly model: NonNullable<Mapping['model']>;
  readonly specs: readonly FeatureSpec[];
  readonly split: Split;
  /** Tells whether a folder holds this book or another: mapping and data, or the seed and size they are made from. */
  readonly key: string;
  readonly synthetic: boolean;
}

const PROJECT = fileURLToPath(new URL('../../..', import.meta.url));
const SYNTHETIC_MAPPING = join(PROJECT, 'mappings/synthetic.json');

export interface BookOptions {
  readonly data?: string | undefined;
  readonly mapping?: string | undefined;
  /** Of the synthetic book. */
  readonly seed: number;
  readonly customers: number;
}

/** @throws BAD_INPUT when only one of data and mapping is given, a file is missing, or the mapping names no model */
export async function openBook(options: BookOptions, home: string): Promise<Book> {
  const { data, mapping: mappingPath } = options;
  if ((data === undefined) !== (mappingPath === undefined)) throw badInput('Give --data FILE and --mapping FILE together, or neither for the synthetic book.');
  if (data !== undefined && !existsSync(data)) throw badInput(`${data}: there is no such file. Give --data the path of a CSV file.`);
  const path = data ?? join(home, 'synthetic.csv');
  const mapping = await readMapping(mappingPath ?? SYNTHETIC_MAPPING);
  const { model } = mapping;
  if (!model) throw badInput(`${mappingPath}: the mapping needs "model": {name, purpose, products, horizonMonths} (docs/mapping.md).`);
  if (!mapping.outcome) throw badInput(`${mappingPath}: the mapping needs an "outcome": there is nothing to learn from without one.`);
  const specs = specsOfMapping(mapping, mappingPath ?? SYNTHETIC_MAPPING);
  return { path, mapping, model, specs, split: await splitOf(path), key: await keyOf(options, mapping), synthetic: data === undefined };
}

async function splitOf(path: string): Promise<Split> {
  const parts = await findSplit(path);
  return parts ? namedSplit(parts, splitPathFor(path)) : randomSplit();
}

async function keyOf({ data, seed, customers }: BookOptions, mapping: Mapping): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify(mapping));
  return hash.update(data === undefined ? JSON.stringify({ seed, customers }) : await readFile(data)).digest('hex');
}
