import type { Scorecard, ScorecardFeature } from '../../scoring/index.js';

export const SCORECARD_HEAD = ['Attribute', 'Bin', 'Loans', 'Defaults', 'Weight of evidence', 'Points'];

/** A scorecard for the printer and for a spreadsheet: one line for each bin. */
export function scorecardFiles(scorecard: Scorecard): Record<'scorecard.md' | 'scorecard.csv', string> {
  const rows = scorecard.features.flatMap((feature) => binRows(feature).map((row) => row.map(String)));
  return {
    'scorecard.md': ['# Scorecard', '', introduction(scorecard), '', markdownRow(SCORECARD_HEAD), markdownRow(SCORECARD_HEAD.map(() => '---')), ...rows.map(markdownRow), ''].join('\n'),
    'scorecard.csv': [SCORECARD_HEAD, ...rows].map((cells) => `${cells.map(csvCell).join(',')}\n`).join(''),
  };
}

/** The bins of one attribute as they are printed. */
export function binRows({ label, period, bins }: ScorecardFeature): (string | number)[][] {
  const name = period === undefined ? label : `${label}, ${period === 0 ? 'newest period' : `${period} periods earlier`}`;
  return bins.map((bin) => [name, bin.label, bin.rows, bin.bads, Number(bin.woe.toFixed(4)), Number(bin.points.toFixed(1))]);
}

export const introduction = ({ scale: { points, odds, doubling }, basePoints }: Scorecard): string =>
  `Points = ${basePoints.toFixed(1)} + the points of one bin of each attribute. ${points} points stand for odds of default of 1 : ${Math.round(1 / odds)}; ${doubling} points more halve the odds.`;

const markdownRow = (cells: readonly string[]): string => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;

const csvCell = (text: string): string => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
