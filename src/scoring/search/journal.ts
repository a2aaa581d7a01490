import { mkdirSync } from 'node:fs';
import { open, readFile, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { badInput, messageOf } from '../../base/index.js';
import { parseWith } from '../validation.js';

/** The file in the folder of a search where every trial is recorded, one JSON object a line. */
export const JOURNAL = 'trials.jsonl';

const place = { trial: z.int().min(1), rung: z.int().min(1), fold: z.int().min(0), settings: z.record(z.string(), z.unknown()) };

const recordShape = z.discriminatedUnion('status', [
  z.strictObject({
    ...place,
    status: z.literal('FINISHED'),
    logLoss: z.number(),
    brier: z.number(),
    auc: z.number(),
    epochs: z.int(),
    bestEpochs: z.array(z.int()).readonly(),
    trainingLoss: z.number().nullable(),
    validationLoss: z.number().nullable(),
    backend: z.string(),
    seconds: z.number(),
    cpuSeconds: z.number(),
  }),
  z.strictObject({ ...place, status: z.literal('FAILED'), message: z.string(), seconds: z.number() }),
]);

/** One trial on one fold of one rung: what came of it. */
export type TrialRecord = z.infer<typeof recordShape>;

const headerShape = z.looseObject({ format: z.literal(1), digest: z.string() });

/** The first line: what is searched, by whose digest a file is recognised. */
export interface JournalHeader {
  readonly format: 1;
  /** SHA-256 over everything that decides the results, lower-case hex. */
  readonly digest: string;
  readonly [detail: string]: unknown;
}

function parseLine<T>(shape: z.ZodType<T>, line: string, path: string, number: number): T {
  const what = `line ${number} of ${path}`;
  try {
    return parseWith(shape, JSON.parse(line), what);
  } catch (error) {
    throw badInput(`The search cannot be resumed: ${messageOf(error)} (${what}); remove the damaged line, or take another folder.`);
  }
}

/** Whole lines only: a last line that the power cut in two was never finished. */
function wholeLines(text: string): { lines: string[]; bytes: number } {
  const end = text.lastIndexOf('\n') + 1;
  return { lines: text.slice(0, end).split('\n').slice(0, -1), bytes: Buffer.byteLength(text.slice(0, end)) };
}

/** The record of a search: append-only, on disk before the search goes on. */
export class Journal {
  private constructor(
    private readonly file: FileHandle,
    /** What was finished before. */
    readonly records: readonly TrialRecord[],
  ) {}

  /**
   * Opens the journal in a folder, made where absent, and reads what was finished before.
   * @throws BAD_INPUT when the folder holds the journal of another search, or a damaged one
   */
  static async open(folder: string, header: JournalHeader): Promise<Journal> {
    mkdirSync(folder, { recursive: true });
    const path = join(folder, JOURNAL);
    const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return '';
      throw badInput(`The record of the search cannot be read from ${path}: ${error.message}.`);
    });
    const { lines, bytes } = wholeLines(text);
    const [first, ...rest] = lines;
    if (first !== undefined && parseLine(headerShape, first, path, 1).digest !== header.digest) {
      throw badInput(`${path} records another search (other rows, features, space, budget, settings or seed); take another folder, or the settings it was started with.`);
    }
    const records = rest.map((line, i) => parseLine(recordShape, line, path, i + 2));
    const file = await open(path, 'a');
    await file.truncate(bytes);
    const journal = new Journal(file, records);
    if (first === undefined) await journal.write(header);
    return journal;
  }

  append(record: TrialRecord): Promise<void> {
    return this.write(record);
  }

  close(): Promise<void> {
    return this.file.close();
  }

  private async write(value: unknown): Promise<void> {
    await this.file.appendFile(`${JSON.stringify(value)}\n`);
    await this.file.datasync();
  }
}
