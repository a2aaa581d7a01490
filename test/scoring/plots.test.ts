import { beforeAll, describe, expect, it } from '@jest/globals';
import { curves, renderPlots, type Plot, type PlotReport } from '../../src/scoring/index.js';
import { normalBook } from './scored-books.js';

const book = normalBook(1, 300, 100, 1.1);
const coarse = book.pds.map((pd) => Math.round(pd * 5) / 5);

const report: PlotReport = {
  subject: 'hold-out <2024>',
  models: [
    { name: 'candidate', curves: curves(book.labels, book.pds), aucInterval: { low: 0.7, high: 0.8 } },
    { name: 'champion v3', curves: curves(book.labels, coarse) },
  ],
  importance: [{ label: 'Payments & fees', importance: 0.1 }, { label: 'Credit utilisation', importance: 0.4 }],
  prediction: { baselineLogit: -2, logit: -0.9, parts: [{ label: 'Credit utilisation', value: '92 %', attribution: 1.5 }, { label: 'Payment ratio', value: '0.4', attribution: -0.3 }] },
  dependence: [
    { label: 'Credit utilisation', points: [{ at: 0, pd: 0.1 }, { at: 1, pd: 0.3 }] },
    { label: 'Home', points: [{ at: 'owned', pd: 0.15 }, { at: 'rented', pd: 0.2 }] },
  ],
  drift: [{ label: 'PD', psi: 0.02 }, { label: 'Income', psi: 0.31 }],
  history: [{ member: 1, epoch: 1, loss: 0.6, validationLoss: 0.61 }, { member: 1, epoch: 2, loss: 0.5, validationLoss: 0.55 }],
  trials: [{ number: 1, auc: 0.77, finished: true }, { number: 2, auc: 0.75, finished: false }, { number: 3, auc: 0.78, finished: true }],
};

/** Names of the elements left open, or closed out of turn: none in a well-formed document. */
function unbalanced(svg: string): string[] {
  const open: string[] = [];
  for (const [, closing, name, selfClosing] of svg.matchAll(/<(\/?)([a-zA-Z]+)(?:\s[^<>]*?)?(\/?)>/g)) {
    if (closing === '/') {
      if (open.pop() !== name) return [name!];
    } else if (selfClosing !== '/') open.push(name!);
  }
  return open;
}

const texts = (svg: string): string[] => [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, text]) => text!);

describe('plots of a report', () => {
  let plots: Plot[];
  const svgOf = (name: string): string => plots.find((plot) => plot.name === name)!.svg;

  beforeAll(async () => {
    plots = await renderPlots(report);
  });

  it('are one for each part, in a fixed order', () => {
    expect(plots.map(({ name }) => name)).toEqual(['roc', 'calibration', 'gains', 'distribution', 'importance', 'prediction', 'dependence', 'drift', 'history', 'trials']);
  });

  it('are well-formed and stand alone: no script, style sheet, font, image or address', () => {
    for (const { svg } of plots) {
      expect(svg.startsWith('<svg ')).toBe(true);
      expect(unbalanced(svg)).toEqual([]);
      expect(svg).not.toMatch(/<(script|style|image|foreignObject)|@import|url\((?!#)|NaN|undefined/);
      expect(svg.match(/https?:[^"]*/g)).toEqual(['http://www.w3.org/2000/svg', 'http://www.w3.org/1999/xlink']);
    }
  });

  it('speak to a screen reader, with the figures', () => {
    expect(svgOf('roc')).toMatch(/^<svg [^>]*role="img" aria-labelledby="roc-title roc-desc">\n<title id="roc-title">ROC: AUC 0\.\d{3} \(0\.700–0\.800\)\. hold-out &#60;2024&#62;/);
    expect(svgOf('importance')).toContain('Credit utilisation 0.400; Payments &#38; fees 0.100');
    expect(svgOf('trials')).toContain('the best AUC of those measured on all folds is 0.7800');
  });

  it('have the same bytes every time', async () => {
    expect(await renderPlots(report)).toEqual(plots);
  });

  it('show champion and candidate together, each with its AUC', () => {
    const legend = texts(svgOf('roc')).filter((text) => text.includes('AUC') && text.includes('KS'));
    expect(legend).toHaveLength(2);
    expect(legend[0]).toMatch(/^candidate: AUC 0\.\d{3} \(0\.700–0\.800\), KS/);
    expect(legend[1]).toMatch(/^champion v3: AUC 0\.\d{3}, KS/);
  });

  it('lead one prediction from the baseline to the log-odds, the unexplained rest told', () => {
    expect(texts(svgOf('prediction'))).toEqual(expect.arrayContaining(['Credit utilisation = 92 %', '+1.50', 'Payment ratio = 0.4', '−0.30', 'residual', '−0.10']));
  });

  it('leave out what a report does not have', async () => {
    expect(await renderPlots({ subject: 'training', models: [], trials: [] })).toEqual([]);
    const only = await renderPlots({ subject: 'training', models: [report.models[0]!] });
    expect(only.map(({ name }) => name)).toEqual(['roc', 'calibration', 'gains', 'distribution']);
    expect(texts(only[0]!.svg).join()).not.toContain('champion');
  });

  it('can be drawn of the poorest model: one PD for all, no spread', async () => {
    const flat = { name: 'flat', curves: curves([0, 1, 0], [0.3, 0.3, 0.3]) };
    for (const { svg } of await renderPlots({ subject: 'three loans', models: [flat] })) expect(svg).not.toMatch(/NaN|undefined|Infinity/);
  });
});
