import { readFile } from 'node:fs/promises';
import { badInput, messageOf } from '../../platform/index.js';
import { jsonMistake } from './json-mistake.js';
import { mappingSchema, nameMapping, type Mapping } from './mapping.js';
import { mistakeSentences } from './mistakes.js';
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
    throw badInput(parsed.error.issues.flatMap((issue) => mistakeSentences(issue, json)).map((sentence) => `${where}: ${sentence}`).join('\n'));
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
  return parseMapping(jsonOf(text.replace(/^\uFEFF/, ''), path), path);
}

function jsonOf(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw badInput(`${path}: the mapping is not JSON: ${jsonMistake(text)}`);
  }
}
