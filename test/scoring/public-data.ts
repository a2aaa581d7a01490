import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parse } from 'csv-parse/sync';

const FOLDER = resolve('../shared/data');
const TAIWAN = `${FOLDER}/UCI_Credit_Card.csv`;
const GERMAN = `${FOLDER}/german.data`;

/** The public data sets lie beside the project, never in it. */
export const hasPublicData = existsSync(TAIWAN) && existsSync(GERMAN);

export interface TaiwanRow {
  readonly fields: Readonly<Record<string, string>>;
  readonly label: number;
  readonly part: string;
}

const OUTCOME = 'default.payment.next.month';

/** The first rows of "Default of Credit Card Clients" with the split beside them; all 30,000 without a number. */
export function readTaiwan(to = -1): TaiwanRow[] {
  const split = parse(readFileSync(TAIWAN.replace('.csv', '.split.csv')), { columns: true, to }) as { part: string }[];
  return (parse(readFileSync(TAIWAN), { columns: true, to }) as Record<string, string>[]).map((fields, i) => ({ fields, label: Number(fields[OUTCOME]), part: split[i]!.part }));
}

/** The 23 predictors. */
export const taiwanPredictors = ({ fields }: TaiwanRow): string[] => Object.keys(fields).filter((name) => name !== 'ID' && name !== OUTCOME);

/** 1,000 lines of 20 predictors and the outcome, 1 = bad here. */
export const readGerman = (): { fields: string[]; label: number }[] =>
  readFileSync(GERMAN, 'utf8').trim().split('\n').map((line) => line.split(' ')).map((cells) => ({ fields: cells.slice(0, 20), label: cells[20] === '2' ? 1 : 0 }));
