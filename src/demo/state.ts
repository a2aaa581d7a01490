import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { refused } from '../platform/index.js';

export type BookCounts = Record<'customers' | 'loans' | 'repayments' | 'outcomes' | 'rejected', number>;

/** How far an earlier demonstration in this folder came. */
export interface DemoState {
  readonly book: string;
  /** Absent when it was stopped while it imported; whether the import was committed, the database knows. */
  readonly counts?: BookCounts;
  /** Global id of the deployed version; absent when the demonstration was stopped before. */
  readonly versionId?: string;
}

const pathIn = (home: string): string => join(home, 'demo.json');

/** @throws REFUSED when the folder holds another book */
export async function readState(home: string, book: string): Promise<DemoState | undefined> {
  const text = await readFile(pathIn(home), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  const state = text === undefined ? undefined : parsed(text, home);
  if (state && state.book !== book) throw refused(`${home} holds another book. Add --reset to replace it, or set ASSAY_HOME to another folder to keep both.`);
  return state;
}

function parsed(text: string, home: string): DemoState {
  try {
    return JSON.parse(text) as DemoState;
  } catch {
    throw refused(`${pathIn(home)} cannot be read. Add --reset to start anew.`);
  }
}

/** Appears whole or not at all, so that a kill in mid-write does not lose how far the run came. */
export async function writeState(home: string, state: DemoState): Promise<void> {
  const unfinished = `${pathIn(home)}.part`;
  await writeFile(unfinished, `${JSON.stringify(state, null, 2)}\n`);
  await rename(unfinished, pathIn(home));
}
