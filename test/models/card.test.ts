import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { parseDossier, plotsOf, renderCard, type CardSource, type GovernanceFacts } from '../../src/models/index.js';
import { cardContent } from '../../src/models/card/card.js';
import type { Block, CardContent, Cell } from '../../src/models/card/content.js';
import { renderHtml } from '../../src/models/card/html.js';
import { inline, renderMarkdown } from '../../src/models/card/markdown.js';
import { bandsOf } from '../../src/models/card/sections/policy.js';
import { parseVersionReport } from '../../src/scoring/index.js';
import { REPORT } from './full-report.js';
import { dossierJson } from './support.js';

const at = new Date('2026-03-31T09:05:00Z');

const GOVERNANCE: GovernanceFacts = {
  model: { name: 'PD cards', purpose: 'PD', decisionPurpose: 'ORIGINATION', products: ['credit-card'], horizonMonths: 12, tier: 'HIGH', owner: 'Mona', permittedUse: 'Retail cards only.', limits: null, nextReviewAt: at, reviewOverdue: true },
  globalId: 'TW9kZWw', version: 3, state: 'VALIDATED', registeredAt: at,
  makers: [{ name: 'Mona', part: 'TRAINED', at }],
  votes: [{ by: 'Viktor', role: 'VALIDATOR', verdict: 'FOR', at, dossierDigest: 'x', comment: 'Sound.', expired: false }],
  missingVotes: [{ role: 'ADMIN', count: 2 }],
  steps: [{ act: 'REGISTER', at, by: 'Mona', reason: null }, { act: 'VALIDATE', at, by: 'Viktor', reason: 'Sound.' }],
  deployments: [{ role: 'CANARY', share: 0.1, from: at, to: null, by: 'Ada', reason: 'Trial.' }],
  gates: [{ gate: 'PARITY', verdict: 'PASS', measured: 1e-7, threshold: 1e-5, unit: 'PD', source: 'dossier.parity', text: 'It agrees.' }],
  findings: [{ severity: 'HIGH', title: 'Thin file', owner: 'Mona', dueAt: at, overdue: true, resolution: undefined }],
  waivers: [{ gate: 'STABILITY', reason: 'Known break.', by: 'Viktor', secondBy: 'Ada', expiresAt: at, inForce: false }],
  suspensions: [{ ofModel: true, since: at, by: 'Ada', reason: 'Outcomes went wrong.' }],
};

const fairness = { leastRatio: 0.8, attributes: [{ attribute: 'sex', groups: ['female', 'male'], skipped: ['other'], lowestRatio: 0.7 }] };

function source(changes: Partial<CardSource> = {}, more: object = {}): CardSource {
  const { dossier, digest } = parseDossier(JSON.stringify({ ...dossierJson, ...more }));
  return { language: 'en', title: 'A book', dossier, digest, report: parseVersionReport(REPORT), specs: [], governance: GOVERNANCE, showsGroups: true, ...changes };
}

const cellText = (cell: Cell): string[] => (typeof cell === 'string' ? [cell] : typeof cell === 'object' && cell !== null && 'mark' in cell ? [cell.mark] : []);

/** What a card says in words of ours: headings, labels, heads and sentences; not what persons wrote. */
function* words({ subtitle, tiles, sections }: CardContent): Generator<string> {
  yield subtitle;
  for (const { label, note } of tiles) yield* [label, note];
  for (const { title, blocks } of sections) {
    yield title;
    for (const block of blocks) yield* wordsOf(block);
  }
}

function* wordsOf(block: Block): Generator<string> {
  if (block.kind === 'heading' || block.kind === 'text' || block.kind === 'notice') yield block.text;
  if (block.kind === 'list') yield* block.items;
  if (block.kind === 'facts') for (const [label] of block.rows) yield label;
  if (block.kind === 'table') yield* block.head;
  if (block.kind === 'plot') yield* [block.caption, block.plot.description];
  if (block.kind === 'steps') for (const { what } of block.steps) yield what;
}

const kinds = ({ sections }: CardContent): string[] => sections.flatMap(({ blocks }) => blocks.map(({ kind }) => kind));

describe('a model card', () => {
  it('has the sections of the field, the same in each language', async () => {
    const [en, zh] = [cardContent(source(), []), cardContent(source({ language: 'zh' }), [])];
    const ids = ['details', 'use', 'factors', 'metrics', 'evaluation-data', 'training-data', 'training', 'analyses', 'groups', 'explanation', 'policy', 'scorecard', 'ethics', 'caveats', 'governance', 'features', 'verify', 'readers'];
    expect(en.sections.map(({ id }) => id)).toEqual(ids);
    expect(zh.sections.map(({ id }) => id)).toEqual(ids);
    expect(kinds(zh)).toEqual(kinds(en));
  });

  it('tells governance: owner, permitted use, votes with their dossier, what is missing, gates, findings, waivers, stops, deployments', () => {
    const markdown = renderMarkdown(cardContent(source({}, { fairness }), []));
    for (const said of ['**Owner**: Mona', '**Permitted use**: Retail cards only.', '**Limits of use**: not recorded', '**Next review**: 2026-03-31, overdue', '| Viktor | validator | for | 2026-03-31 09:05 UTC | Sound. | another dossier: does not count |', 'Still needed: 2 × admin (approver).',
      '| parity with the trained model | pass | 1e-7 | 0.00001 | PD | `dossier.parity` | It agrees. |', '| high | Thin file | Mona | 2026-03-31, overdue | open |', '| stability | Known break. | Viktor | Ada | 2026-03-31, lapsed |',
      'Nothing is decided with any version of this model: stopped by Ada on 2026-03-31 09:05 UTC.', '> Outcomes went wrong.', 'canary: decides for a share (10 %)', 'By sex the lowest approval ratio is 0.70, below the four-fifths convention.']) {
      expect(markdown).toContain(said);
    }
  });

  it('says "not recorded" of what a version lacks, rather than failing', async () => {
    const bare = source({ report: undefined, governance: undefined });
    for (const format of ['MARKDOWN', 'HTML'] as const) {
      const card = await renderCard(bare, format);
      expect(card.match(/not recorded/g)!.length).toBeGreaterThan(8);
      expect(card).toContain('There is no report of its making');
      expect(card).not.toMatch(/undefined|NaN|null|\[object/);
    }
    expect(await plotsOf(bare)).toEqual([]);
    expect((await renderCard({ ...bare, report: parseVersionReport({ version: 1 }) }, 'HTML')).includes('not recorded')).toBe(true);
  });

  it('draws what an early report tells, and works out what it does not', async () => {
    const plots = await plotsOf(source());
    expect(plots.map(({ name }) => name)).toEqual(['roc', 'calibration', 'gains', 'distribution', 'importance', 'dependence', 'trials']);
    for (const { svg, description } of plots) expect(svg + description).not.toMatch(/NaN|undefined/);
    const { curves: _, ...evaluation } = REPORT.evaluation;
    expect((await plotsOf(source({ report: parseVersionReport({ ...REPORT, evaluation }) }))).map(({ name }) => name)).toEqual(['importance', 'dependence', 'trials']);
  });

  it('is Chinese in every word of ours, plots and their captions included', async () => {
    const zh = source({ language: 'zh' }, { fairness, quality: { high: 1, medium: 0, low: 0, overrides: [] } });
    const plots = await plotsOf(zh);
    const said = [...words(cardContent(zh, plots))].filter((text) => /[a-z]/i.test(text) && !/[\u4e00-\u9fff]/.test(text));
    // Names that are the same in Chinese, and what the book calls its attribute.
    expect(said.filter((text) => !['AUC', 'KS', 'ECE', 'F1', 'sex', '0.71 至 0.79'].includes(text))).toEqual([]);
    const drawn = plots.flatMap(({ svg }) => [...svg!.matchAll(/<text[^>]*>([^<]*[a-z]{3}[^<]*)<\/text>/gi)].map(([, text]) => text!)).filter((text) => !/[\u4e00-\u9fff]|AUC|^Amount$/.test(text));
    expect(drawn).toEqual([]);
  });

  it.each(['MARKDOWN', 'HTML'] as const)('as %s says nothing of groups to who may not see them, and says so', async (format) => {
    const hidden = await renderCard(source({ showsGroups: false }, { fairness, quality: { high: 1, medium: 0, low: 0, overrides: [{ check: 'group-size', feature: 'sex', reason: 'Measured apart.' }] } }), format);
    expect(hidden).not.toMatch(/\bsex\b|female|Few of the group|Measured apart|four-fifths convention\.|0\.70/);
    expect(hidden).toMatch(/model:fairness/);
    expect(await renderCard(source({}, { fairness }), format)).toMatch(/female/);
  });

  it('as HTML stands alone: no script, no address, closed to everything', async () => {
    const html = await renderCard(source({ language: 'zh' }, { fairness }), 'HTML');
    expect(html).toContain('<html lang="zh-Hans">');
    expect(html).toContain(`<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'`);
    expect(html).not.toMatch(/<script|<link|<img|@import|url\((?!#)|src=|href="(?!#)/);
    expect([...new Set(html.match(/https?:[^"< ]*/g))].sort()).toEqual(['http://www.w3.org/1999/xlink', 'http://www.w3.org/2000/svg']);
    const targets = [...html.matchAll(/href="#([\w-]+)"/g)].map(([, id]) => id);
    expect(targets.length).toBeGreaterThan(15);
    for (const id of targets) expect(html).toContain(`id="${id}"`);
  });

  const HOSTILE = '<img src=x onerror=alert(1)>"\'| ![a](http://evil.example) `x` **b** <!-- \u202e\n\n# heading\n\n- item\n> quote\n1. one\nwww.evil.example';

  it('never lets a text of somebody become markup or Markdown', async () => {
    const governance: GovernanceFacts = {
      ...GOVERNANCE,
      model: { ...GOVERNANCE.model, name: HOSTILE, purpose: HOSTILE, products: [HOSTILE], owner: HOSTILE },
      votes: [{ ...GOVERNANCE.votes[0]!, by: HOSTILE, comment: HOSTILE }],
      deployments: [{ ...GOVERNANCE.deployments[0]!, reason: HOSTILE }],
    };
    const report = { ...REPORT, importance: { rows: 1, features: [{ feature: HOSTILE, label: HOSTILE, meanAbsolute: 1, share: 1, meanSigned: 0 }] } };
    const hostile = source({ governance, report: parseVersionReport(report) }, { modelCard: { intendedUse: HOSTILE, limitations: HOSTILE, ethics: HOSTILE }, decisionPolicy: { ...dossierJson.decisionPolicy, grades: [{ grade: '<b>A</b>', below: 1 }] } });
    const html = await renderCard(hostile, 'HTML');
    expect(/<img|<!--|<b>A|\u202e/.exec(html)).toBeNull();
    const markdown = await renderCard(hostile, 'MARKDOWN');
    expect(/(^|[^\\])<|(^|[^\\])\]\(|http:\/\/|(^|[^\\])!\[|\u202e|www\.evil/m.exec(markdown)).toBeNull();
    expect(markdown.split('\n').filter((line) => /^#+ heading|^- item|^1\. one/.test(line))).toEqual([]);
    const columns = markdown.split('\n').filter((line) => line.startsWith('| ') && line.includes('img')).map((line) => line.replaceAll('\\|', '').split('|').length);
    expect(new Set(columns)).toEqual(new Set([6, 7, 8]));
  });

  const SIGNS = [...'\\`*_{}[]<>#|~&$!^()+-.=:/"\'@ \t\n\r\u2028a1\u4e2d\u202e'];

  it('keeps any text on its line, every sign of Markdown escaped', () => {
    fc.assert(fc.property(fc.string({ unit: fc.constantFrom(...SIGNS), maxLength: 60 }), (text) => {
      const line = inline(text);
      return !/[\r\n]/.test(line) && !/[`*_{}[\]<>#|~&$!^]/.test(line.replace(/\\[\\`*_{}[\]<>#|~&$!^]/g, ''));
    }));
  });

  it('gives Markdown and HTML the same content', () => {
    const content = cardContent(source({}, { fairness }), []);
    const html = renderHtml(content).replace(/<[^>]*>/g, '').replace(/&#(\d+);/g, (_, code) => String.fromCharCode(Number(code)));
    const markdown = renderMarkdown(content).replace(/\\([^\w\s])/g, '$1');
    for (const text of words(content)) expect([text, html.includes(text), markdown.includes(text)]).toEqual([text, true, true]);
    for (const { blocks } of content.sections) for (const block of blocks) if (block.kind === 'table') for (const said of block.rows.flat().flatMap(cellText)) expect([said, html.includes(said), markdown.includes(said)]).toEqual([said, true, true]);
  });
});

describe('the bands of a decision policy', () => {
  it('are cut wherever the grade or the decision changes', () => {
    expect(bandsOf({ version: 1, approveBelow: 0.1, declineFrom: 0.3, grades: [{ grade: 'A', below: 0.1 }, { grade: 'B', below: 0.2 }, { grade: 'C', below: 1 }] })).toEqual([
      { from: 0, below: 0.1, grade: 'A', decision: 'APPROVE' },
      { from: 0.1, below: 0.2, grade: 'B', decision: 'REFER' },
      { from: 0.2, below: 0.3, grade: 'C', decision: 'REFER' },
      { from: 0.3, below: 1, grade: 'C', decision: 'DECLINE' },
    ]);
  });
});
