import { CsvError, parse, type Options } from 'csv-parse/sync';
import { readLines, type Line } from './lines.js';
import type { Mapping } from './mapping.js';

/** One record of the file: its cells, or why it has none. */
export interface SourceRecord {
  readonly line: number;
  readonly text: string;
  readonly cells?: string[];
  readonly problem?: string;
}

/** Longest cell and, within quotes, longest record, in characters. */
export const MAX_CELL = 65_535;

type Notation = Pick<Mapping['source'], 'delimiter' | 'quote'>;

/** The records of a file, blank lines left out. */
export async function* readRecords(
  path: string,
  source: Notation & Pick<Mapping['source'], 'encoding'>,
): AsyncGenerator<SourceRecord> {
  const cutter = new RecordCutter(source);
  for await (const lines of readLines(path, source.encoding)) yield* cutter.add(lines);
  yield* cutter.end();
}

/**
 * Joins lines to records (a quoted cell may hold line breaks) and cuts records into cells.
 *
 * The CSV library gives up on the whole rest of a file at a stray quote. Here a record that cannot be read costs
 * only its first line: reading goes on with the second, so one typing error never swallows a book.
 */
export class RecordCutter {
  private open: Line[] = [];
  private openLength = 0;
  private inQuotes = false;
  private ready: Line[][] = [];

  constructor(private readonly notation: Notation) {}

  /** Takes lines and returns the records that they complete. */
  add(lines: readonly Line[]): SourceRecord[] {
    const records: SourceRecord[] = [];
    for (const line of lines) this.take(line, records);
    this.flush(records);
    return records;
  }

  /** Returns what is left when the file has ended. */
  end(): SourceRecord[] {
    const records: SourceRecord[] = [];
    while (this.open.length > 0) this.giveUpFirstLine('a quote is opened and never closed', records);
    this.flush(records);
    return records;
  }

  private take(line: Line, records: SourceRecord[]): void {
    if (this.open.length === 0 && line.text.trim() === '') return;
    this.open.push(line);
    this.openLength += line.text.length;
    if (this.hasOddQuotes(line.text)) this.inQuotes = !this.inQuotes;
    if (!this.inQuotes) this.close();
    else if (this.openLength > MAX_CELL) {
      this.giveUpFirstLine(`a quote is opened and not closed within ${MAX_CELL} characters`, records);
    }
  }

  private close(): void {
    this.ready.push(this.open);
    [this.open, this.openLength, this.inQuotes] = [[], 0, false];
  }

  /** Rejects the first open line and reads the others again. */
  private giveUpFirstLine(problem: string, records: SourceRecord[]): void {
    this.flush(records);
    const [first, ...rest] = this.open;
    [this.open, this.openLength, this.inQuotes] = [[], 0, false];
    records.push({ line: first!.number, text: first!.text, problem });
    for (const line of rest) this.take(line, records);
  }

  private hasOddQuotes(text: string): boolean {
    const { quote } = this.notation;
    if (quote === false) return false;
    let odd = false;
    for (let at = text.indexOf(quote); at >= 0; at = text.indexOf(quote, at + 1)) odd = !odd;
    return odd;
  }

  /** Cuts all complete records at once; only when one of them is bad, each alone. */
  private flush(records: SourceRecord[]): void {
    const [ready, first] = [this.ready, this.ready[0]];
    this.ready = [];
    if (first === undefined) return;
    const cells = ready.some(hasOverlong) ? [] : cut(ready.map(textOf), this.notation);
    if (!(cells instanceof Error) && cells.length === ready.length) {
      for (const [i, lines] of ready.entries()) records.push({ line: lines[0]!.number, text: textOf(lines), cells: cells[i]! });
    } else {
      for (const lines of ready) this.cutOne(lines, records);
    }
  }

  private cutOne(lines: Line[], records: SourceRecord[]): void {
    const [first, ...rest] = lines;
    const parsed = first!.overlong ? 'the line is too long' : cellsOrProblem(textOf(lines), this.notation);
    if (typeof parsed !== 'string') {
      records.push({ line: first!.number, text: textOf(lines), cells: parsed });
      return;
    }
    records.push({ line: first!.number, text: first!.text, problem: parsed });
    const again = new RecordCutter(this.notation);
    records.push(...again.add(rest), ...again.end());
  }
}

const hasOverlong = (lines: readonly Line[]): boolean => lines.some(({ overlong }) => overlong);
const textOf = (lines: readonly Line[]): string => (lines.length === 1 ? lines[0]!.text : lines.map(({ text }) => text).join('\n'));

function csvOptions({ delimiter, quote }: Notation): Options {
  return { delimiter, quote, record_delimiter: '\n', relax_column_count: true, skip_empty_lines: false };
}

/** The records of some texts, or the library's complaint. Without a quote in sight, cells are what delimiters part. */
function cut(texts: readonly string[], notation: Notation): string[][] | Error {
  const { delimiter, quote } = notation;
  if (quote === false || !texts.some((text) => text.includes(quote))) return texts.map((text) => text.split(delimiter));
  try {
    return parse(texts.join('\n'), csvOptions(notation)) as unknown as string[][];
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** Where the library stopped; its own text counts lines of what it was given, not of the file. */
function columnOf(error: Error): string {
  const column: unknown = error instanceof CsvError ? error['column'] : undefined;
  return typeof column === 'number' ? ` of column ${column + 1}` : '';
}

function cellsOrProblem(text: string, notation: Notation): string[] | string {
  const records = cut([text], notation);
  if (records instanceof Error) return `the quotes${columnOf(records)} do not enclose the whole cell`;
  const [cells, ...more] = records;
  return cells !== undefined && more.length === 0 ? cells : 'the quotes do not enclose whole cells';
}
