import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, readFile, type FileHandle } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { badInput, messageOf } from '../../base/index.js';
import { syncFolder } from '../durable.js';

/** A file of a backup, by its path from the folder's top with forward slashes. */
export interface BackupFile {
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}

const CHUNK = 1024 * 1024;

/** A data folder has thousands of small files: most of the time to copy one is waiting for the disk. */
const AT_ONCE = 8;

/** Works on all of them, some at once. */
export async function forAll<Item>(items: readonly Item[], work: (item: Item) => Promise<unknown>): Promise<void> {
  let next = 0;
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    while (next < items.length) await work(items[next++]!);
  }));
}

/** Copies a file that may grow meanwhile. @param durably waits until the copy is on disk @returns undefined where it has gone */
export async function copyFile(from: string, to: string, durably: boolean): Promise<Omit<BackupFile, 'path'> | undefined> {
  const source = await open(from).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (!source) return undefined;
  try {
    await mkdir(dirname(to), { recursive: true });
    const target = await open(to, 'wx', 0o600);
    try {
      const copied = await pour(source, target);
      if (durably) await target.sync();
      return copied;
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
}

async function pour(source: FileHandle, target: FileHandle): Promise<Omit<BackupFile, 'path'>> {
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafe(CHUNK);
  for (let bytes = 0; ; ) {
    const { bytesRead } = await source.read(buffer, 0, CHUNK);
    if (bytesRead === 0) return { bytes, sha256: hash.digest('hex') };
    hash.update(buffer.subarray(0, bytesRead));
    // A disk that fills up may take a part and say so; the next attempt fails.
    for (let written = 0; written < bytesRead; ) written += (await target.write(buffer, written, bytesRead - written)).bytesWritten;
    bytes += bytesRead;
  }
}

/** Writes a file and waits until it is on disk, and its folder knows it. */
export async function writeDurably(path: string, text: string): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await syncFolder(dirname(path));
}

/** Waits until the names in a folder and all below it are on disk: what was copied is there after a power cut. */
export async function syncFolders(top: string): Promise<void> {
  await forAll((await walk(top)).folders, (path) => syncFolder(join(top, path)));
  await syncFolder(top);
}

export async function sha256OfFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: CHUNK })) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

/** Every file and folder below, with forward slashes. */
export async function walk(folder: string): Promise<{ files: string[]; folders: string[] }> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const pathOf = (entry: (typeof entries)[number]): string => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/');
  return { files: entries.filter((entry) => entry.isFile()).map(pathOf), folders: entries.filter((entry) => entry.isDirectory()).map(pathOf) };
}

/** What a backup says of itself. It is written last: a folder without it holds no whole backup. */
export const MANIFEST = 'manifest.json';

/** @throws BAD_INPUT where the folder holds no backup of this kind */
export async function readManifest<Manifest extends { readonly format: string }>(folder: string, format: string): Promise<Manifest> {
  const path = join(folder, MANIFEST);
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw badInput(error.code === 'ENOENT' ? `${folder}: holds no whole backup: there is no ${MANIFEST}, which is written last.` : `${path}: cannot be read: ${error.message}`);
  });
  try {
    const manifest = JSON.parse(text) as Manifest;
    if (manifest.format === format) return manifest;
    throw new Error(`it is of format "${String(manifest.format).slice(0, 40)}", not "${format}".`);
  } catch (error) {
    throw badInput(`${path}: is not the manifest of such a backup: ${messageOf(error)}`);
  }
}

/** A path of a manifest must stay within its folder, whoever wrote it. @throws BAD_INPUT */
export function within(folder: string, path: string): string {
  if (path === '' || path.startsWith('/') || path.split('/').some((part) => part === '..' || part.includes('\\') || part.includes('\0'))) {
    throw badInput(`${join(folder, MANIFEST)}: names the file "${path.slice(0, 100)}", which is not within the folder.`);
  }
  return join(folder, ...path.split('/'));
}
