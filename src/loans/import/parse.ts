import { readFile } from 'node:fs/promises';
import type { z } from 'zod';
import { badInput, messageOf } from '../../platform/index.js';
import { mappingKeys, mappingSchema, nameMapping, type Mapping } from './mapping.js';
import { didYouMean } from './nearest.js';
import { checkModelInputs } from './model-inputs.js';
import { compileRowReader } from './row-reader.js';
import { Scope } from './scope.js';

/**
 * A mapping from plain JSON, checked as far as it can be without the data.
 * @param where names the mapping in sentences, usually its file
 * @throws BAD_INPUT listing every mistake with its place
 */
export function parseMapping(json: unknown, where: string): Mapping {
  const parsed = mappingSchema.safeParse(json);
  if (!parsed.success) {
    throw badInput(parsed.error.issues.flatMap(sentences).map((sentence) => `${where}: ${sentence}`).join('\n'));
  }
  const { header } = parsed.data.source;
  const scope = new Scope(parsed.data, where, header === true ? undefined : header);
  checkModelInputs(scope);
  compileRowReader(scope);
  return nameMapping(parsed.data, where);
}

/** Reads and parses a mapping file. @throws BAD_INPUT when it is absent, is no JSON or is no mapping */
export async function readMapping(path: string): Promise<Mapping> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw badInput(`${path}: the mapping cannot be read: ${messageOf(error)}`);
  });
  let json: unknown;
  try {
    json = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    throw badInput(`${path}: the mapping is not JSON: ${messageOf(error)}`);
  }
  return parseMapping(json, path);
}

function placeOf(path: readonly PropertyKey[]): string {
  const place = path.map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`)).join('');
  return place === '' ? 'the mapping' : place.replace(/^\./, '');
}

function sentences(issue: z.core.$ZodIssue): string[] {
  const place = placeOf(issue.path);
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => `${place}: unknown key ${JSON.stringify(key)}.${didYouMean(key, mappingKeys)}`);
  }
  if (issue.code === 'invalid_type' && issue.input === undefined && /received undefined/.test(issue.message)) {
    return [`${place}: is missing; expected ${issue.expected}`];
  }
  return [`${place}: ${issue.message}`];
}
