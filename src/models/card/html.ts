import { showable } from '../../platform/index.js';
import type { Band, Block, CardContent, CardPlot, Cell, Section, Step, Tile } from './content.js';
import { bandText, cellText, numberText, paragraphs } from './format.js';
import { STYLE } from './style.js';
import { cardTexts, timeText } from './view.js';

type Words = ReturnType<typeof cardTexts>;

/** Text as it may stand in HTML, in an attribute too. */
const escaped = (text: string): string => showable(text).replace(/[&<>"']/g, (mark) => `&#${mark.charCodeAt(0)};`);

/** A card is looked at without any right of its own: no script, nothing fetched, nothing sent. */
export const CARD_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/** A card as one self-contained page. */
export function renderHtml({ language, title, subtitle, badge, tiles, sections }: CardContent): string {
  const t = cardTexts(language);
  const write = sectionWriter(t);
  const state = badge ? `<span class="badge ${badge.tone}">${escaped(badge.text)}</span>` : '';
  return `<!doctype html>
<html lang="${t.html}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${CARD_POLICY}"><title>${escaped(title)} · ${escaped(subtitle)}</title>
<style>${STYLE}</style></head>
<body>
<header><div><p>${escaped(subtitle)}</p><h1>${escaped(title)}</h1>${state}</div></header>
<main>
<div class="tiles">${tiles.map(tile).join('')}</div>
<div class="columns">
<nav><p>${escaped(t.contents)}</p><ol>${sections.map(({ id, title: name }) => `<li><a href="#${id}">${escaped(name)}</a></li>`).join('')}</ol></nav>
<div>
${sections.map(write).join('\n')}
</div></div></main>
</body></html>
`;
}

const tile = ({ label, value, note }: Tile): string => `<div class="tile"><span class="label">${escaped(label)}</span><b>${escaped(value)}</b><span>${escaped(note)}</span></div>`;

function sectionWriter(t: Words): (section: Section) => string {
  let figures = 0;
  const number = (): number => (figures += 1);
  return ({ id, title, blocks }) => `<section id="${id}"><h2>${escaped(title)}</h2>\n${withPlots(blocks, t, number)}\n</section>`;
}

/** Plots that follow one another stand side by side. */
function withPlots(blocks: readonly Block[], t: Words, number: () => number): string {
  const written: string[] = [];
  let row: string[] = [];
  const endRow = (): void => {
    if (row.length > 0) written.push(`<div class="plots">${row.join('\n')}</div>`);
    row = [];
  };
  for (const block of blocks) {
    if (block.kind === 'plot') row.push(figure(block.plot, t.figure(number(), block.caption)));
    else {
      endRow();
      written.push(blockHtml(block, t));
    }
  }
  endRow();
  return written.join('\n');
}

function blockHtml(block: Exclude<Block, { kind: 'plot' }>, t: Words): string {
  switch (block.kind) {
    case 'heading': return `<h3>${escaped(block.text)}</h3>`;
    case 'text': return `<p>${escaped(block.text)}</p>`;
    case 'notice': return `<p class="notice">${escaped(block.text)}</p>`;
    case 'quote': return `<blockquote>${paragraphs(block.text).map((lines) => `<p>${lines.map(escaped).join('<br>')}</p>`).join('')}</blockquote>`;
    case 'list': return `<ul>${block.items.map((item) => `<li>${escaped(item)}</li>`).join('')}</ul>`;
    case 'facts': return `<dl>${block.rows.map(([label, value]) => `<div><dt>${escaped(label)}</dt><dd>${cellHtml(value, t)}</dd></div>`).join('')}</dl>`;
    case 'table': return tableHtml(block.head, block.rows, t);
    case 'bands': return bandsHtml(block.bands, t);
    case 'steps': return `<ol class="steps">${block.steps.map(stepHtml).join('')}</ol>`;
    case 'commands': return `<pre>${escaped(block.text)}</pre>`;
  }
}

/** Wide plots take the whole row. */
const WIDE = 640;

function figure({ svg = '', description }: CardPlot, caption: string): string {
  const width = Number(/^<svg [^>]*?width="(\d+)"/.exec(svg)?.[1] ?? 0);
  return `<figure${width > WIDE ? ' class="full"' : ''}>${svg || `<p>${escaped(description)}</p>`}<figcaption>${escaped(caption)}</figcaption></figure>`;
}

function tableHtml(head: readonly string[], rows: readonly (readonly Cell[])[], t: Words): string {
  const numeric = head.map((_, column) => rows.some((cells) => isNumeric(cells[column])));
  const align = (column: number): string => (numeric[column] ? ' class="n"' : '');
  const look = (cell: Cell, column: number): string => align(column) || (isShort(cellText(cell, t)) ? ' class="s"' : '');
  const header = head.map((name, column) => `<th scope="col"${align(column) || (isShort(name) ? ' class="s"' : '')}>${escaped(name)}</th>`).join('');
  const body = rows.map((cells) => `<tr>${cells.map((cell, column) => `<td${look(cell, column)}>${cellHtml(cell, t)}</td>`).join('')}</tr>`).join('\n');
  return `<div class="wide"><table><thead><tr>${header}</tr></thead><tbody>${body}</tbody></table></div>`;
}

const SHORT = 22;

/** Short enough to stay on one line; a Chinese character takes the place of two. */
const isShort = (text: string): boolean => [...text].reduce((width, character) => width + (character > '\u2E7F' ? 2 : 1), 0) <= SHORT;

const isNumeric = (cell: Cell): boolean => typeof cell === 'number' || (typeof cell === 'object' && cell !== null && 'share' in cell);

function cellHtml(cell: Cell, t: Words): string {
  const told = escaped(cellText(cell, t));
  if (typeof cell !== 'object' || cell === null) return told;
  if ('code' in cell) return `<code>${told}</code>`;
  if ('mark' in cell) return `<span class="${cell.tone}">${told}</span>`;
  return 'bar' in cell ? barHtml(cell, told) : told;
}

function barHtml({ bar, most, line }: Extract<Cell, { readonly bar: number }>, told: string): string {
  const percent = (value: number): string => numberText(Math.min(100, Math.max(0, most > 0 ? Number(((100 * value) / most).toFixed(1)) : 0)));
  const limit = line === undefined ? '' : `<u style="left:${percent(line)}%"></u>`;
  return `<span class="bar${line !== undefined && bar < line ? ' low' : ''}"><i style="width:${percent(bar)}%"></i>${limit}</span>${told}`;
}

const MOST_BANDS = 14;

/** Bands side by side, each as wide as the others: on a scale of PD the best grades would not be seen. */
function bandsHtml(bands: readonly Band[], t: Words): string {
  if (bands.length > MOST_BANDS) return tableHtml(t.policy.head, bands.map((band) => [bandText(band, t), band.grade, t.names.decisions[band.decision]]), t);
  const cells = bands.map((band) => `<div class="${band.decision}" title="${escaped(bandText(band, t))}"><b>${escaped(band.grade)}</b>${escaped(t.names.decisions[band.decision])}${band.from === 0 ? '' : `<em>${escaped(t.percent(band.from))}</em>`}</div>`);
  return `<div class="bands">${cells.join('')}</div>`;
}

const stepHtml = ({ at, what, who, why }: Step): string =>
  `<li><b>${escaped(what)}</b> ${escaped(who)}<time datetime="${at.toISOString()}">${timeText(at)}</time>${why === undefined ? '' : `<q>${escaped(why)}</q>`}</li>`;
