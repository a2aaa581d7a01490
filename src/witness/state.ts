import { createHash } from 'node:crypto';
import { mkdir, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isAlive, refused } from '../platform/index.js';

/** What a witness cosigned last of each log. */
export interface WitnessStore {
  /** The cosigned note; undefined where there is none. */
  load(origin: string): Promise<string | undefined>;
  /** Durable when it resolves. */
  save(origin: string, note: string): Promise<void>;
  close(): Promise<void>;
}

const nameOf = (origin: string): string => `${createHash('sha256').update(origin).digest('hex')}.checkpoint`;

/** A folder with a file for each log. One witness at a time owns it. @throws REFUSED where another one does */
export async function openState(folder: string): Promise<WitnessStore> {
  await mkdir(folder, { recursive: true });
  const release = await claim(folder);
  return {
    load: (origin) => readFile(join(folder, nameOf(origin)), 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    }),
    save: (origin, note) => writeDurably(folder, nameOf(origin), note),
    close: release,
  };
}

/** The file, and that it has this name: a crash leaves the old one or the new one. */
async function writeDurably(folder: string, name: string, text: string): Promise<void> {
  const draft = join(folder, `${name}.draft`);
  const file = await open(draft, 'w', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(draft, join(folder, name));
  const directory = await open(folder, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/** Two witnesses over one folder could cosign two histories. */
async function claim(folder: string): Promise<() => Promise<void>> {
  const path = join(folder, 'witness.pid');
  for (;;) {
    const taken = await writeFile(path, String(process.pid), { flag: 'wx' }).then(() => true, (error: NodeJS.ErrnoException) => {
      if (error.code === 'EEXIST') return false;
      throw error;
    });
    if (taken) return () => rm(path, { force: true });
    const holder = Number(await readFile(path, 'utf8').catch(() => ''));
    if (holder > 0 && holder !== process.pid && isAlive(holder)) throw refused(`Another witness (process ${holder}) uses ${folder}. Stop it, or name another folder. If that process is no witness, remove ${path}.`);
    await rm(path, { force: true });
  }
}
