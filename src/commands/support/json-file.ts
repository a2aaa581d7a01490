import { readFile } from 'node:fs/promises';
import { badInput, messageOf } from '../../platform/index.js';

/** The JSON of a file that a person named. @throws BAD_INPUT naming the file */
export async function readJson(path: string): Promise<unknown> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw badInput(error.code === 'ENOENT' ? `${path}: there is no such file.` : `${path}: cannot be read: ${messageOf(error)}`);
  });
  try {
    return JSON.parse(text);
  } catch (error) {
    throw badInput(`${path}: is not JSON: ${messageOf(error)}.`);
  }
}
