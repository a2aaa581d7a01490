import { chown, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { badInput, messageOf, refused } from '../../base/index.js';
import { BASE_FORMAT, majorOf, type BaseManifest } from '../backup/base.js';
import { copyFile, forAll, readManifest, within, type BackupFile } from '../backup/files.js';
import { archiveSettings, restoreCommand } from './archive.js';
import { freePort, isThere, newPassword, readIfThere, startServer, stopLeftover, stopServer, SUPERUSER } from './embedded.js';
import { choosePlace, type Place } from './place.js';
import { nativeFolder, run } from './programs.js';

export interface Recovery {
  readonly home: string;
  /** The folder of a base backup. */
  readonly from: string;
  /** Where more of the write-ahead log is: archives, or the pg_wal of a data folder whose disk still reads. */
  readonly archives: readonly string[];
  /** The last moment that is restored; without it all that is there. */
  readonly until: Date | undefined;
  /** Which history of the archive to follow: latest, current, or a number. */
  readonly timeline: string;
  /** Into which the recovered server's own log goes. */
  readonly archive: string | undefined;
}

export interface Recovered {
  /** Where the data that was there before lies now. */
  readonly aside: string | undefined;
  /** The time of the last transaction that was restored; undefined where none came after the backup. */
  readonly lastCommit: string | undefined;
}

type Progress = (said: string) => void;

/**
 * Restores a base backup of the embedded server and replays the write-ahead log upon it. What was there before is set
 * aside, and only once the recovery has succeeded.
 * @throws REFUSED where the backup was changed or the log does not reach so far; nothing is changed then
 */
export async function recoverEmbeddedPostgres(recovery: Recovery, progress: Progress): Promise<Recovered> {
  const manifest = await readManifest<BaseManifest>(recovery.from, BASE_FORMAT);
  if (recovery.until && recovery.until < new Date(manifest.endedAt)) {
    throw badInput(`--until ${recovery.until.toISOString()}: this backup was whole only at ${manifest.endedAt}. Give a later time, or an earlier backup.`);
  }
  await mkdir(recovery.home, { recursive: true });
  const place = await choosePlace(nativeFolder(), recovery.home);
  await stopLeftover(place);
  const draft: Place = { ...place, data: `${place.data}.recovering` };
  await rm(draft.data, { recursive: true, force: true });
  try {
    await lay(recovery.from, manifest, draft, progress);
    const lastCommit = await replay(recovery, draft, progress);
    await setPassword(recovery.home, draft);
    return { aside: await takePlace(place, draft), lastCommit };
  } catch (error) {
    await rm(draft.data, { recursive: true, force: true });
    throw error;
  }
}

/** Every file as the manifest has it. */
async function lay(from: string, manifest: BaseManifest, { data, runAs, programs }: Place, progress: Progress): Promise<void> {
  await mkdir(data, { recursive: true, mode: 0o700 });
  for (const folder of [...manifest.folders, 'pg_wal', 'pg_wal/archive_status', 'pg_replslot']) await mkdir(within(data, folder), { recursive: true, mode: 0o700 });
  const all = [...manifest.files.map((file) => ({ file, in: 'data', to: data })), ...manifest.wal.map((file) => ({ file, in: 'wal', to: join(data, 'pg_wal') }))];
  let done = 0;
  await forAll(all, async ({ file, in: part, to }) => {
    await layOne(within(join(from, part), file.path), within(to, file.path), file);
    progress(`${(done += 1)} of ${all.length} files`);
  });
  await writeFile(join(data, 'recovery.signal'), '', { mode: 0o600 });
  const built = await run({ programs, data, runAs, note: undefined }, 'postgres', ['--version']);
  const major = await majorOf(data);
  if (!new RegExp(`\\) ${major}[.\\w]`).test(built)) throw refused(`The backup is of PostgreSQL ${major}; this Assay has ${built.trim()}. Restore it with the release of Assay that took it, then use backup dump and restore dump.`);
  if (runAs) await giveTo(data, runAs);
}

async function layOne(from: string, to: string, { path, sha256, bytes }: BackupFile): Promise<void> {
  // The recovering server makes all of it durable before it begins.
  const copied = await copyFile(from, to, false);
  if (!copied) throw refused(`${from}: is missing from the backup.`);
  if (copied.sha256 !== sha256) throw refused(`${from}: was changed after the backup: ${path} had ${bytes} bytes with SHA-256 ${sha256}, not ${copied.sha256}.`);
}

async function giveTo(folder: string, { uid, gid }: { uid: number; gid: number }): Promise<void> {
  await chown(folder, uid, gid);
  await forAll(await readdir(folder, { recursive: true }), (entry) => chown(join(folder, entry), uid, gid));
}

/** Lets the server replay the log to the end or to the moment, and ends it in order. */
async function replay({ from, archives, until, timeline, archive }: Recovery, place: Place, progress: Progress): Promise<string | undefined> {
  const heard = new Heard(progress);
  const target = until ? [`recovery_target_time=${until.toISOString().replace('T', ' ').replace('Z', '+00')}`, 'recovery_target_action=promote'] : [];
  const archiving = archive === undefined ? ['archive_mode=off'] : await archiveSettings(place, archive);
  // The backup's own segments are in place already; a command is needed all the same.
  const fetch = `restore_command=${archives.length > 0 ? restoreCommand(archives) : 'exit 1'}`;
  try {
    const server = await startServer(place, await freePort(), ['hot_standby=off', fetch, `recovery_target_timeline=${timeline}`, ...target, ...archiving], (text) => heard.add(text));
    await stopServer(server);
    return heard.lastCommit;
  } catch (error) {
    throw heard.outOfReach ? refused(`The write-ahead log ends before ${until?.toISOString() ?? 'the backup is whole'}: its last transaction is of ${heard.lastCommit ?? 'before the end of the backup'}. Name every folder that holds more of it with --archive, or an earlier time. (${from})`) : error;
  }
}

/** What a recovering server says of how far it is. */
class Heard {
  private text = '';
  lastCommit: string | undefined;
  outOfReach = false;

  constructor(private readonly progress: Progress) {}

  add(chunk: string): void {
    this.text = (this.text + chunk).slice(-10_000);
    const segment = [...this.text.matchAll(/restored log file "([0-9A-F]+)"/g)].at(-1)?.[1];
    if (segment) this.progress(`log ${segment} replayed`);
    this.lastCommit = [...this.text.matchAll(/last completed transaction was at log time ([^\n]+)/g)].at(-1)?.[1] ?? this.lastCommit;
    this.outOfReach ||= this.text.includes('recovery ended before configured recovery target was reached') || this.text.includes('WAL ends before');
  }
}

/** The backup holds no password that this home knows: the superuser gets the home's, alone with the data, before any server runs. */
async function setPassword(home: string, place: Place): Promise<void> {
  const path = join(home, 'postgres.password');
  const password = (await readIfThere(path))?.trim() || newPassword();
  if (!/^[0-9a-f]+$/.test(password)) throw refused(`${path}: is not a password that Assay made. Move it away; another is made.`);
  await run(place, 'postgres', ['--single', '-D', place.data, 'postgres'], `ALTER ROLE ${SUPERUSER} PASSWORD '${password}';\n`);
  await writeFile(path, `${password}\n`, { mode: 0o600 });
}

async function takePlace(place: Place, draft: Place): Promise<string | undefined> {
  const aside = (await isThere(place.data)) ? `${place.data}.before-${new Date().toISOString().replaceAll(/[:.]/g, '-')}` : undefined;
  if (aside !== undefined) await rename(place.data, aside);
  await rename(draft.data, place.data).catch(async (error: unknown) => {
    if (aside !== undefined) await rename(aside, place.data);
    throw refused(`${place.data}: the recovered data cannot be put in place: ${messageOf(error)}`);
  });
  return aside;
}
