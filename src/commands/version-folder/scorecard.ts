import { scorecardTable } from '../../models/index.js';
import type { Scorecard } from '../../scoring/index.js';

/** A scorecard for the printer and for a spreadsheet: one line for each bin. */
export function scorecardFiles(scorecard: Scorecard): Record<'scorecard.md' | 'scorecard.csv', string> {
  const { introduction, head, rows } = scorecardTable(scorecard);
  const lines = rows.map((row) => row.map(String));
  return {
    'scorecard.md': ['# Scorecard', '', introduction, '', markdownRow(head), markdownRow(head.map(() => '---')), ...lines.map(markdownRow), ''].join('\n'),
    'scorecard.csv': [head, ...lines].map((cells) => `${cells.map(csvCell).join(',')}\n`).join(''),
  };
}

const markdownRow = (cells: readonly string[]): string => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;

const csvCell = (text: string): string => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
