import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defaultSplit, describeFields, findSplit, readMapping, splitPathFor, type Mapping } from '../loans/index.js';
import type { Split } from '../models/index.js';
import { AssayError, badInput } from '../platform/index.js';
import { parseFeatureSpecs, proposeFeatureSpecs, type FeatureSpec } from '../scoring/index.js';

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

/** How far back the proposed features look, where the book goes as far. */
const MOST_PERIODS = 6;

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
  const specs = mapping.features ? specsOf(mapping.features, mappingPath) : proposeFeatureSpecs(describeFields(mapping), { periods: Math.max(2, Math.min(mapping.repayments.length || MOST_PERIODS, MOST_PERIODS)) });
  return { path, mapping, model, specs, split: await splitOf(path), key: await keyOf(options, mapping), synthetic: data === undefined };
}

function specsOf(features: NonNullable<Mapping['features']>, mappingPath = SYNTHETIC_MAPPING): FeatureSpec[] {
  try {
    return parseFeatureSpecs(features);
  } catch (error) {
    throw error instanceof AssayError ? badInput(`${mappingPath}: features: ${error.message}`) : error;
  }
}

async function splitOf(path: string): Promise<Split> {
  const parts = await findSplit(path);
  if (!parts) return { kind: 'hash', description: '80/20 by a seeded hash of the customer', partOf: ({ customerExternalId }) => defaultSplit(customerExternalId) };
  const description = `${basename(splitPathFor(path))}: ${parts.size} rows`;
  return { kind: 'file', description, partOf: ({ externalId }) => parts.get(externalId) };
}

async function keyOf({ data, seed, customers }: BookOptions, mapping: Mapping): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify(mapping));
  return hash.update(data === undefined ? JSON.stringify({ seed, customers }) : await readFile(data)).digest('hex');
}
