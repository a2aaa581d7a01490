import { open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Waits until the names in a folder are on disk; Windows has no way to ask for it. */
export async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Puts a text in the place of a file: a crash leaves the old one or the new one. @param draft in the same folder */
export async function replaceDurably(path: string, draft: string, text: string): Promise<void> {
  const file = await open(draft, 'w', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(draft, path);
  await syncFolder(dirname(path));
}
