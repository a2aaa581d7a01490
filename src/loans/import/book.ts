import { badInput } from '../../platform/index.js';
import { rejectedRow, type BookEntry, type BookRow } from './book-row.js';
import { nameOf, type Mapping } from './mapping.js';
import { MAX_CELL, readRecords, type SourceRecord } from './records.js';
import { Refusal } from './refusal.js';
import { compileRowReader } from './row-reader.js';
import { Scope } from './scope.js';
import type { Read } from './sections.js';

/**
 * Reads a book row by row; memory stays flat and the file is read no faster than the rows are taken.
 * A bad row comes out as rejected, with its reason; it never stops the rows after it.
 * @throws BAD_INPUT when the file cannot be read, has no rows, or lacks a column that the mapping names
 */
export async function* readBook(path: string, mapping: Mapping): AsyncGenerator<BookEntry> {
  const reader = new BookReader(path, mapping);
  for await (const record of readRecords(path, mapping.source)) {
    const entry = reader.read(record);
    if (entry !== undefined) yield entry;
  }
  if (reader.rows === 0) throw badInput(`${path}: the file has no rows of data; export it again or name another file`);
}

class BookReader {
  /** Rows of data seen, good or bad. */
  rows = 0;
  private width = 0;
  private readRow: Read<Omit<BookRow, 'line'>> | undefined;

  constructor(
    private readonly path: string,
    private readonly mapping: Mapping,
  ) {
    const { header } = mapping.source;
    if (header !== true) this.useColumns(header);
  }

  /** An entry for a row of data, nothing for the header. */
  read(record: SourceRecord): BookEntry | undefined {
    if (this.readRow === undefined) {
      if (record.cells === undefined) throw badInput(`${this.path}: the header cannot be read: ${record.problem}`);
      this.useColumns(record.cells.map((cell) => cell.trim()));
      return undefined;
    }
    this.rows += 1;
    return this.readData(record, this.readRow);
  }

  private useColumns(columns: readonly string[]): void {
    this.width = columns.length;
    this.readRow = compileRowReader(new Scope(this.mapping, nameOf(this.mapping), columns));
  }

  private readData(record: SourceRecord, readRow: Read<Omit<BookRow, 'line'>>): BookEntry {
    try {
      const cells = this.checkCells(record);
      return { row: { line: record.line, ...readRow({ cells, number: this.rows }) }, raw: record.text };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return { rejected: rejectedRow({ row: record, raw: record.text }, error.message) };
    }
  }

  private checkCells({ cells, problem }: SourceRecord): readonly string[] {
    if (cells === undefined) throw new Refusal(problem ?? 'the row cannot be read');
    if (cells.length !== this.width) {
      throw new Refusal(`the row has ${cells.length} columns; expected ${this.width}`);
    }
    const oversize = cells.findIndex((cell) => cell.length > MAX_CELL);
    if (oversize >= 0) {
      throw new Refusal(`column ${oversize + 1} has ${cells[oversize]!.length} characters; at most ${MAX_CELL} are read`);
    }
    return cells;
  }
}
