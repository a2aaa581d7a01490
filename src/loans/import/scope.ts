import { AssayError, badInput } from '../../platform/index.js';
import type { Mapping, MappingValue } from './mapping.js';
import { didYouMean } from './nearest.js';
import { quoted } from './refusal.js';

/** One row of the file as text. */
export interface RawRow {
  readonly cells: readonly string[];
  /** 1 for the first row of data; header and blank lines do not count. */
  readonly number: number;
}

/** How to get at the text of one column, and whether it is written as the file writes numbers. */
export interface Cell {
  readonly text: (row: RawRow) => string;
  readonly fromFile: boolean;
}

const COMMON_DELIMITERS = [',', ';', '\t', '|'];
const MOST_SHOWN = 20;

/** What the expressions of a mapping refer to: columns, constants, code lists. */
export class Scope {
  private readonly index: ReadonlyMap<string, number> | undefined;
  private readonly mistakes: string[] = [];
  /** Columns that the data lacks and that look like none of those it has. */
  private readonly strange: string[] = [];

  /** @param columns names of the file's columns, or undefined while the file has not been opened */
  constructor(
    readonly mapping: Mapping,
    readonly where: string,
    readonly columns: readonly string[] | undefined,
  ) {
    this.index = columns && new Map(columns.map((column, position) => [column, position]));
    this.checkColumns();
  }

  /** A mistake in the mapping, at a path of it. */
  problem(path: string, sentence: string): AssayError {
    return badInput(`${this.where}: ${path}: ${sentence}`);
  }

  cell(path: string, column: string): Cell {
    const { constants } = this.mapping;
    if (Object.hasOwn(constants, column)) {
      const constant = String(constants[column] ?? '');
      return { text: () => constant, fromFile: false };
    }
    const position = this.index?.get(column);
    if (position === undefined && this.columns !== undefined) this.noteMissing(path, column, this.columns);
    return { text: (row) => row.cells[position!]!.trim(), fromFile: true };
  }

  /** Compiles a part; a mistake in it is kept, so that the others are found too. */
  attempt<T>(compile: () => T): T | undefined {
    try {
      return compile();
    } catch (error) {
      if (!(error instanceof AssayError) || error.code !== 'BAD_INPUT') throw error;
      this.mistakes.push(error.message);
      return undefined;
    }
  }

  note(path: string, sentence: string): void {
    this.mistakes.push(this.problem(path, sentence).message);
  }

  /** @throws BAD_INPUT with all mistakes, if there are any */
  finish(): void {
    if (this.mistakes.length === 0) return;
    if (this.strange.length === 0) throw badInput(this.mistakes.join('\n'));
    const undivided = this.undivided();
    if (undivided !== undefined) throw badInput(`${this.where}: ${undivided}`);
    throw badInput([...this.mistakes, `${this.where}: ${this.columnsThereAre()}`].join('\n'));
  }

  private noteMissing(path: string, column: string, columns: readonly string[]): void {
    const guess = didYouMean(column, [...columns, ...Object.keys(this.mapping.constants)]);
    if (guess === '') this.strange.push(column);
    this.note(path, `the data has no column ${JSON.stringify(column)}.${guess}`);
  }

  /** What to say when the delimiter seems to part nothing. */
  private undivided(): string | undefined {
    const { delimiter } = this.mapping.source;
    const [only = '', ...others] = this.columns ?? [];
    if (others.length > 0 || !COMMON_DELIMITERS.some((other) => other !== delimiter && only.includes(other))) return undefined;
    return `the file has one column, ${quoted(only)}: is source.delimiter right (now ${JSON.stringify(delimiter)})?`;
  }

  private columnsThereAre(): string {
    const columns = this.columns ?? [];
    const more = columns.length > MOST_SHOWN ? ` and ${columns.length - MOST_SHOWN} more` : '';
    return `the columns of the data are ${columns.slice(0, MOST_SHOWN).map((column) => JSON.stringify(column)).join(', ')}${more}`;
  }

  codes(path: string, codes: string | Record<string, MappingValue>): Record<string, MappingValue> {
    if (typeof codes !== 'string') return codes;
    const lists = this.mapping.codeLists;
    if (!Object.hasOwn(lists, codes)) {
      const guess = didYouMean(codes, Object.keys(lists));
      throw this.problem(path, `there is no code list ${JSON.stringify(codes)} in codeLists.${guess}`);
    }
    return lists[codes]!;
  }

  private checkColumns(): void {
    const seen = new Set<string>();
    for (const column of this.columns ?? []) {
      if (seen.has(column)) throw this.problem('source.header', `column ${JSON.stringify(column)} appears twice`);
      if (Object.hasOwn(this.mapping.constants, column)) {
        throw this.problem(`constants.${column}`, 'the data has a column of this name; name the constant differently');
      }
      seen.add(column);
    }
  }
}
