import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { open } from 'lmdb';
import { refused } from '../../platform/index.js';

/**
 * Copies the local key store while it is in use; what is copied is of one moment.
 * @throws REFUSED where there is none
 */
export async function backupLocalKeyStore(path: string, to: string): Promise<void> {
  await access(join(path, 'data.mdb')).catch(() => {
    throw refused(`There is no key store at ${path}. KEY_STORE or ASSAY_HOME tells where it is.`);
  });
  const database = open({ path, noSubdir: false });
  try {
    // Compacted: pages that held what was destroyed are not copied.
    await database.backup(to, true);
  } finally {
    await database.close();
  }
}
