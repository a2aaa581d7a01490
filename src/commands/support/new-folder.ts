import { readdir } from 'node:fs/promises';
import { badInput } from '../../platform/index.js';

/** What an earlier run left is never mixed with what this one writes. @throws BAD_INPUT unless the folder is empty or not there */
export async function requireNewFolder(folder: string, option = '--out'): Promise<void> {
  const held = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw badInput(`${option} ${folder}: cannot be used: ${error.message}`);
  });
  if (held.length > 0) throw badInput(`${option} ${folder}: is not empty. Name a new folder.`);
}
