import { createHash } from 'node:crypto';
import { chmod, cp, lstat, mkdir, stat } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { refused } from '../../base/index.js';

/** Where the server's programs and data lie, and as whom it runs (PostgreSQL refuses to run as root). */
export interface Place {
  readonly programs: string;
  readonly data: string;
  readonly runAs: { uid: number; gid: number } | undefined;
  /** Set when something else than the obvious was chosen; shown to the user. */
  readonly note: string | undefined;
}

/**
 * Chooses a place that the server's user can reach. Run by an ordinary user, everything stays where it is. Run by
 * root, the server runs as `postgres` or `nobody`, who may be unable to enter the project's folder: then the programs
 * are copied, and the data kept, below the system's folder for temporary files that survive a restart.
 */
export async function choosePlace(nativeFolder: string, home: string): Promise<Place> {
  const data = join(home, 'postgres');
  const programs = join(nativeFolder, 'bin');
  if (process.platform === 'win32' || userInfo().uid !== 0) return { programs, data, runAs: undefined, note: undefined };
  const runAs = await unprivilegedUser();
  if ((await othersCanEnter(nativeFolder)) && (await othersCanEnter(dirname(home)))) {
    await chmod(home, 0o711); // enter, not list: what is secret in it has modes of its own
    return { programs, data, runAs, note: undefined };
  }
  const refuge = await openRefuge(home);
  await cp(nativeFolder, join(refuge, 'native'), { recursive: true, verbatimSymlinks: true, force: true });
  return {
    programs: join(refuge, 'native', 'bin'),
    data: join(refuge, 'postgres'),
    runAs,
    note: `other users cannot enter this folder, so PostgreSQL (which refuses to run as root) keeps its data in ${refuge}`,
  };
}

/** Removes nothing: the folder of a home is always the same, so that a second run finds its data. */
async function openRefuge(home: string): Promise<string> {
  const name = `assay-${createHash('sha256').update(home).digest('hex').slice(0, 16)}`;
  const refuge = join((await isFolder('/var/tmp')) ? '/var/tmp' : tmpdir(), name);
  await mkdir(refuge, { recursive: true });
  // Anyone may put something of this name there beforehand, such as a link to another folder of root's.
  const found = await lstat(refuge);
  if (found.uid !== 0 || !found.isDirectory()) throw refused(`${refuge} belongs to somebody else. Remove it, or run as an ordinary user.`);
  await chmod(refuge, 0o711); // whatever the umask: the server's user has to pass
  return refuge;
}

const isFolder = async (path: string): Promise<boolean> => (await stat(path).catch(() => undefined))?.isDirectory() ?? false;

/** Whether a user who owns none of the folders on the way may pass them. */
export async function othersCanEnter(folder: string): Promise<boolean> {
  for (let path = folder; ; path = dirname(path)) {
    const found = await stat(path).catch(() => undefined);
    if (found && (found.mode & 0o001) === 0) return false;
    if (path === dirname(path)) return true;
  }
}

async function unprivilegedUser(): Promise<{ uid: number; gid: number }> {
  for (const user of ['postgres', 'nobody']) {
    try {
      const [uid, gid] = await Promise.all([idOf(user, '-u'), idOf(user, '-g')]);
      return { uid, gid };
    } catch {
      continue; // this machine has no such user; the next may exist
    }
  }
  throw refused('PostgreSQL refuses to run as root and there is neither a user "postgres" nor "nobody". Run as an ordinary user.');
}

const idOf = async (user: string, what: '-u' | '-g'): Promise<number> =>
  Number((await promisify(execFile)('id', [what, user])).stdout);
