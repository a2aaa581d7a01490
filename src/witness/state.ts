import { createHash } from 'node:crypto';
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { claim } from './claim.js';

/** What a witness cosigned last of each log. */
export interface WitnessStore {
  /** The cosigned note; undefined where there is none. */
  load(origin: string): Promise<string | undefined>;
  /** Durable when it resolves. */
  save(origin: string, note: string): Promise<void>;
  close(): Promise<void>;
}

const nameOf = (origin: string): string => `${createHash('sha256').update(origin).digest('hex')}.checkpoint`;

/**
 * A folder with a file for each log. One witness at a time owns it: two of them could cosign two histories.
 * @throws REFUSED where another one does
 */
export async function openState(folder: string): Promise<WitnessStore> {
  await mkdir(folder, { recursive: true });
  const owned = await claim(folder);
  return {
    load: (origin) => readFile(join(folder, nameOf(origin)), 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    }),
    save: async (origin, note) => {
      await owned.require();
      await writeDurably(folder, nameOf(origin), note);
      // What another one went on from meanwhile is not signed.
      await owned.require();
    },
    close: () => owned.release(),
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
