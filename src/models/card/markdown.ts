import { showable } from '../../platform/index.js';
import type { Block, CardContent, Cell } from './content.js';
import { bandText, cellText, paragraphs } from './format.js';
import { cardTexts, timeText } from './view.js';

type Words = ReturnType<typeof cardTexts>;

/** A card as Markdown (CommonMark with tables). Plots are told in words. */
export function renderMarkdown({ language, title, subtitle, badge, tiles, sections }: CardContent): string {
  const t = cardTexts(language);
  const write = blockWriter(t);
  const figures = tiles.map(({ label, value, note }): Cell[] => [label, value, note]);
  const parts = [
    `# ${inline(title)}`,
    [subtitle, ...(badge ? [badge.text] : [])].map((one) => `**${inline(one)}**`).join(' · '),
    table(['', '', ''], figures, t),
    ...sections.flatMap(({ title: heading, blocks }) => [`## ${inline(heading)}`, ...blocks.map(write)]),
  ];
  return `${parts.join('\n\n')}\n`;
}

function blockWriter(t: Words): (block: Block) => string {
  let figures = 0;
  return (block) => {
    switch (block.kind) {
      case 'heading': return `### ${inline(block.text)}`;
      case 'text': return inline(block.text);
      case 'notice': return `> **${inline(block.text)}**`;
      case 'quote': return paragraphs(block.text).map((lines) => lines.map((line) => `> ${inline(line)}`).join('\\\n')).join('\n>\n');
      case 'list': return block.items.map((item) => `- ${inline(item)}`).join('\n');
      case 'facts': return block.rows.map(([label, value]) => `- **${inline(label)}**${t.colon}${cell(value, t)}`).join('\n');
      case 'table': return table(block.head, block.rows, t);
      case 'plot': return `*${t.sentences(t.figure((figures += 1), inline(block.caption)), inline(block.plot.description), t.plotElsewhere)}*`;
      case 'bands': return table(t.policy.head, block.bands.map((band) => [bandText(band, t), band.grade, t.names.decisions[band.decision]]), t);
      case 'steps': return block.steps.map(({ at, what, who, why }) => `- ${timeText(at)} **${inline(what)}** ${inline(who)}${why === undefined ? '' : `${t.colon}${inline(why)}`}`).join('\n');
      case 'commands': return `\`\`\`${block.language}\n${showable(block.text).replaceAll('```', '')}\n\`\`\``;
    }
  };
}

const table = (head: readonly string[], rows: readonly (readonly Cell[])[], t: Words): string =>
  [row(head.map(inline)), row(head.map(() => '---')), ...rows.map((cells) => row(cells.map((one) => cell(one, t))))].join('\n');

const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;

const PLAIN_CODE = /^[^`|\s][^`|\r\n]*$/;

function cell(value: Cell, t: Words): string {
  const told = cellText(value, t);
  return typeof value === 'object' && value !== null && 'code' in value && PLAIN_CODE.test(told) ? `\`${told}\`` : inline(told);
}

/**
 * Text on one line that stays text: no character of it means anything to Markdown or HTML, and no address in it becomes
 * a link.
 */
export function inline(text: string): string {
  const line = showable(text).replace(/\s+/g, ' ').trim();
  return line
    .replace(/[\\`*_{}[\]<>#|~&$!^]/g, '\\$&')
    .replace(/^([-+=])(?=[-+=\s]|$)/, '\\$1')
    .replace(/^(\d+)([.)])(?=\s|$)/, '$1\\$2')
    .replace(/:\/\//g, '\\://')
    .replace(/\bwww\./gi, (www) => `${www.slice(0, -1)}\\.`);
}
