import { readFile } from 'node:fs/promises';
import { parse } from 'csv-parse/sync';
import { badInput, messageOf } from '../../platform/index.js';

/** The cells of one column of a CSV file with a header. @throws BAD_INPUT when there is no such file or column */
export async function readColumn(path: string, column: string): Promise<string[]> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw badInput(`${path}: cannot be read: ${messageOf(error)}`);
  });
  const [header = [], ...rows] = rowsOf(path, text);
  const at = header.indexOf(column);
  if (at < 0) throw badInput(`${path}: there is no column "${column}". Name the one that holds the external ids with --column; there are: ${header.join(', ')}.`);
  return rows.map((row) => row[at]!).filter((cell) => cell !== '');
}

function rowsOf(path: string, text: string): string[][] {
  try {
    return parse(text, { bom: true, trim: true, skip_empty_lines: true });
  } catch (error) {
    throw badInput(`${path}: is not CSV: ${messageOf(error)}`);
  }
}
