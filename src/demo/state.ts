import { readFile, writeFile } from 'node:fs/promises';
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
  const text = await readFile(pathIn(home), 'utf8').catch(() => undefined);
  const state = text === undefined ? undefined : (JSON.parse(text) as DemoState);
  if (state && state.book !== book) throw refused(`${home} holds another book. Add --reset to replace it, or set ASSAY_HOME to another folder to keep both.`);
  return state;
}

export const writeState = (home: string, state: DemoState): Promise<void> => writeFile(pathIn(home), `${JSON.stringify(state, null, 2)}\n`);
