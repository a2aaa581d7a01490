import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { modelFeatures } from '../../../src/scoring/features/fit.js';
import type { SearchData } from '../../../src/scoring/search/folds.js';
import type { SearchResult } from '../../../src/scoring/search/types.js';
import { curvedBook, numeric, specsOf } from '../support.js';

/** Folders that end with the tests. */
export class Folders {
  private readonly all: string[] = [];

  next(): string {
    const folder = mkdtempSync(join(tmpdir(), 'assay-search-'));
    this.all.push(folder);
    return folder;
  }

  /** A program for worker processes, written for the occasion. */
  program(source: string): URL {
    const path = join(this.next(), 'worker.mjs');
    writeFileSync(path, source);
    return pathToFileURL(path);
  }

  remove(): void {
    for (const folder of this.all) rmSync(folder, { recursive: true, force: true });
  }
}

/** A small book with a learnable signal, as the search takes it. */
export function searchBook(rows: number): SearchData {
  const book = curvedBook(11, rows);
  const specs = modelFeatures(specsOf(numeric('x'), numeric('y')));
  return { specs, labels: book.labels, raw: Array.from({ length: rows }, (_, i) => [book.rows[2 * i]!, book.rows[2 * i + 1]!]) };
}

/**
 * A worker that trains nothing: its log loss depends on the settings, fold and epochs alone, and it answers after a time
 * that does not. `act(task)` may do something else first; what it returns is told instead.
 */
export const pretended = (act = ''): string => `
import { appendFileSync } from 'node:fs';
const folds = [];
process.on('SIGINT', () => {});
process.once('disconnect', () => process.exit());
process.on('message', (task) => {
  if (task.kind === 'hold-fold') return folds.push(task.fold);
  if (task.kind !== 'train-fold') return;
  const { fold, settings } = task;
  ${act}
  const logLoss = 0.4 + Math.abs(Math.log10(settings.l2) + 4) / 100 + fold / 1000 + 1 / (1000 * settings.epochs);
  const outcome = { logLoss, brier: logLoss / 3, auc: 1 - logLoss / 2, epochs: settings.epochs, bestEpochs: [1], trainingLoss: null, validationLoss: null, backend: 'pretended', seconds: 0.01, cpuSeconds: 0.01 };
  process.send({ kind: 'epoch' });
  setTimeout(() => process.send({ kind: 'trained', outcome, cpuSeconds: 1 }), Math.random() * 8);
});
`;

/** What must not depend on time, place or interruption. */
export const lasting = (result: SearchResult): unknown =>
  JSON.parse(JSON.stringify(result, (key, value: unknown) => (key === 'seconds' || key === 'run' ? undefined : value)));
