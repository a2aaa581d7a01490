import { chown, mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { badInput } from '../../base/index.js';
import { othersCanEnter, type Place } from './place.js';

/** A segment that is not full is archived after this many seconds: what a lost disk can cost at most. */
const ARCHIVE_SECONDS = 60;

/**
 * Settings with which a server copies its write-ahead log into a folder: a segment appears whole and synced, its name too, is never
 * written over, and archiving it again (after a crash) succeeds only where it is the same.
 */
export async function archiveSettings(place: Place, folder: string): Promise<string[]> {
  await makeEnterable(place, folder);
  return ['archive_mode=on', `archive_timeout=${ARCHIVE_SECONDS}`, `archive_command=${archiveCommand(folder)}`];
}

function archiveCommand(folder: string): string {
  if (process.platform === 'win32') return `if not exist "${percent(folder)}\\%f" copy "%p" "${percent(folder)}\\%f"`;
  const to = (name: string): string => shellPath(folder, name);
  return `if test -f ${to('%f')}; then cmp -s %p ${to('%f')}; else cp %p ${to('%f.part')} && sync ${to('%f.part')} && mv ${to('%f.part')} ${to('%f')} && sync ${shellPath(folder, '')}; fi`;
}

/** With which a recovering server fetches segments from the first of these folders that has them. */
export function restoreCommand(folders: readonly string[]): string {
  if (process.platform === 'win32') return folders.map((folder) => `copy "${percent(folder)}\\%f" "%p"`).join(' || ');
  return folders.map((folder) => `test -f ${shellPath(folder, '%f')} && cp ${shellPath(folder, '%f')} %p`).join(' || ');
}

const percent = (path: string): string => path.replaceAll('%', '%%');

/** PostgreSQL fills in what stands after a percent sign; the shell takes the rest as it is. */
const shellPath = (folder: string, name: string): string => `'${percent(folder).replaceAll(`'`, `'\\''`)}'/${name}`;

/** Made where it is missing, and the server's user's own: another may run the server than who starts it. */
async function makeEnterable(place: Place, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o711 }).catch((error: NodeJS.ErrnoException) => {
    throw badInput(`EMBEDDED_WAL_ARCHIVE ${folder}: cannot be made: ${error.message}`);
  });
  if (!place.runAs) return;
  if (!(await othersCanEnter(dirname(folder)))) throw badInput(`EMBEDDED_WAL_ARCHIVE ${folder}: PostgreSQL, which does not run as root, cannot enter it. Let others pass the folders above it (chmod o+x), or name another.`);
  await chown(folder, place.runAs.uid, place.runAs.gid);
}
