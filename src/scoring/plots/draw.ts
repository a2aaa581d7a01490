import { showable } from '../../base/index.js';
import { INK, text, type Chart } from './style.js';
import type { Plot } from './types.js';

const escaped = (plain: string): string => plain.replace(/[&<>"]/g, (mark) => `&#${mark.charCodeAt(0)};`);

/**
 * The SVG without what serves a mouse, with ids that depend on nothing but the chart (ECharts counts its charts in them),
 * and with a title and a description for screen readers.
 */
function finished(svg: string, { name, title, subtitle, description }: Chart): string {
  const still = svg
    .replace(/<style\s*>.*?<\/style>\n?/s, '')
    .replace(/ (?:class="zr\d+-cls-\d+"|ecmeta_\w+="[^"]*"|pointer-events="\w+")/g, '')
    .replace(/zr\d+-/g, `${name}-`);
  const heading = subtitle === undefined ? title : `${title}. ${subtitle}`;
  const spoken = `<title id="${name}-title">${escaped(heading)}</title>\n<desc id="${name}-desc">${escaped(description)}</desc>`;
  return still.replace(/^<svg ([^>]*)>/, (_, attributes: string) => `<svg ${attributes} role="img" aria-labelledby="${name}-title ${name}-desc">\n${spoken}`);
}

/** Draws a chart on the server; the charting library is loaded by the first one. */
export async function draw(chart: Chart): Promise<Plot> {
  const { init } = await import('echarts');
  const { width, height, title, subtitle, option } = chart;
  const canvas = init(null, null, { renderer: 'svg', ssr: true, width, height });
  try {
    const heading = { text: title, left: 16, top: 12, textStyle: { ...text(16), fontWeight: 'bold' as const }, subtextStyle: { ...text(12), lineHeight: 16 }, itemGap: 6, ...(subtitle === undefined ? {} : { subtext: subtitle }) };
    const further = option.title === undefined ? [] : [option.title].flat();
    canvas.setOption({ animation: false, backgroundColor: '#ffffff', textStyle: text(12, INK), ...option, title: [heading, ...further] });
    return { name: chart.name, svg: showable(finished(canvas.renderToSVGString(), chart)), description: chart.description };
  } finally {
    canvas.dispose();
  }
}
