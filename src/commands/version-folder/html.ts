/** Text as it may stand in HTML. */
export const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

/** What a cell shows: a number with so many digits as help, anything else as text. */
export function shown(value: unknown): string {
  if (value === null || value === undefined) return '–';
  if (typeof value === 'number') return Number.isInteger(value) ? value.toLocaleString('en-US') : String(Number(value.toPrecision(5)));
  return escaped(typeof value === 'string' ? value : JSON.stringify(value));
}

const cellOf = (value: unknown): string => `<td${typeof value === 'number' ? ' class="n"' : ''}>${shown(value)}</td>`;

export function tableOf(head: readonly string[], rows: readonly (readonly unknown[])[]): string {
  const body = rows.map((row) => `<tr>${row.map(cellOf).join('')}</tr>`);
  const header = head.length === 0 ? '' : `<thead><tr>${head.map((name) => `<th>${escaped(name)}</th>`).join('')}</tr></thead>`;
  return `<table>${header}<tbody>${body.join('')}</tbody></table>`;
}

/** A section that is left out where there is nothing to show. */
export const sectionOf = (title: string, ...parts: readonly (string | undefined)[]): string => {
  const content = parts.filter((part) => part !== undefined && part !== '').join('\n');
  return content === '' ? '' : `<section><h2>${escaped(title)}</h2>\n${content}\n</section>`;
};

const STYLE = `body{font:15px/1.5 system-ui,sans-serif;max-width:960px;margin:2em auto;padding:0 1em;color:#111}
h1{font-size:1.6em}h2{font-size:1.2em;border-bottom:1px solid #999;margin-top:2em}
table{border-collapse:collapse;margin:.8em 0}td,th{padding:.15em .8em .15em 0;text-align:left;vertical-align:top;border-bottom:1px solid #ddd}
.n{text-align:right;font-variant-numeric:tabular-nums}figure{margin:1em 0}svg{max-width:100%;height:auto}`;

/** One self-contained page: no script, no font, no file beside it. */
export const documentOf = (title: string, body: string): string =>
  `<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>${escaped(title)}</title>\n<style>${STYLE}</style></head>\n<body>\n${body}\n</body></html>\n`;
