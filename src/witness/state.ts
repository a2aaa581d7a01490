import { createHash } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { replaceDurably } from '../platform/index.js';
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
      const path = join(folder, nameOf(origin));
      await replaceDurably(path, `${path}.draft`, note);
      // What another one went on from meanwhile is not signed.
      await owned.require();
    },
    close: () => owned.release(),
  };
}
