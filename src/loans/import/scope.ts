import { badInput, type AssayError } from '../../platform/index.js';
import type { Mapping, MappingValue } from './mapping.js';
import { didYouMean } from './nearest.js';

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

/** What the expressions of a mapping refer to: columns, constants, code lists. */
export class Scope {
  private readonly index: ReadonlyMap<string, number> | undefined;

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
    if (position === undefined && this.columns !== undefined) {
      const known = [...this.columns, ...Object.keys(constants)];
      throw this.problem(path, `the data has no column ${JSON.stringify(column)}.${didYouMean(column, known)}`);
    }
    return { text: (row) => row.cells[position!]!.trim(), fromFile: true };
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
