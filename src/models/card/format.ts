import { showable } from '../../platform/index.js';
import type { Band, Cell } from './content.js';
import { cardTexts } from './view.js';

type Words = ReturnType<typeof cardTexts>;

/** Whole numbers in groups, others to four digits. */
export const numberText = (value: number): string => (Number.isInteger(value) ? value.toLocaleString('en-US') : String(Number(value.toPrecision(4))));

/** What a cell says, as plain text. */
export function cellText(cell: Cell, { percent }: Words): string {
  if (cell === null || cell === undefined || cell === '') return '–';
  if (typeof cell === 'string') return cell;
  if (typeof cell === 'number') return numberText(cell);
  if ('code' in cell) return cell.code;
  if ('mark' in cell) return cell.mark;
  return 'share' in cell ? percent(cell.share) : numberText(Number(cell.bar.toFixed(3)));
}

/** "below 1.6 %", "1.6 % to below 3.15 %", "34.2 % and above" */
export function bandText({ from, below }: Band, { policy, percent }: Words): string {
  if (from === 0) return policy.bandBelow(percent(below));
  return below === 1 ? policy.bandFrom(percent(from)) : policy.between(percent(from), percent(below));
}

/** Paragraphs of somebody's words, each with its lines. */
export const paragraphs = (text: string): string[][] => showable(text).trim().split(/\r?\n\s*\r?\n/).map((paragraph) => paragraph.split(/\r?\n/).map((line) => line.trim()));
