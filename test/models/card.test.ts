import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { parseDossier, plotsOf, renderCard, type CardSource, type GovernanceFacts } from '../../src/models/index.js';
import { cardContent } from '../../src/models/card/card.js';
import type { Block, CardContent, Cell } from '../../src/models/card/content.js';
import { renderHtml } from '../../src/models/card/html.js';
import { inline, renderMarkdown } from '../../src/models/card/markdown.js';
import { bandsOf } from '../../src/models/card/sections/policy.js';
import { storedInChinese } from '../../src/models/card/texts/stored.zh.js';
import { judgeGates } from '../../src/models/gates/gates.js';
import { GATE_NAMES, type GateEvidence } from '../../src/models/gates/types.js';
import { randomSplit, timeSplit } from '../../src/models/training/splits.js';
import { groupsOf } from '../../src/models/training/groups.js';
import { adoptOnnx, parseVersionReport } from '../../src/scoring/index.js';
import { CHECK_NAMES } from '../../src/scoring/quality/types.js';
import { REPORT } from './full-report.js';
import { CHAMPION, evidence, reported, slice, sound, THRESHOLDS } from './gate-evidence.js';
import { dossierJson, MEASURED } from './support.js';

const at = new Date('2026-03-31T09:05:00Z');

const GOVERNANCE: GovernanceFacts = {
  model: { name: 'PD cards', purpose: 'Default within a year', decisionPurpose: 'ORIGINATION', products: ['credit-card'], horizonMonths: 12, tier: 'HIGH', owner: 'Mona', permittedUse: 'Retail cards only.', limits: null, nextReviewAt: at, reviewOverdue: true },
  globalId: 'TW9kZWw', version: 3, state: 'VALIDATED', registeredAt: at,
  makers: [{ name: 'Mona', part: 'TRAINED', at }],
  votes: [{ by: 'Viktor', role: 'VALIDATOR', verdict: 'FOR', at, dossierDigest: 'x', comment: 'Sound.', expired: false }],
  missingVotes: [{ role: 'ADMIN', count: 2 }],
  steps: [{ act: 'REGISTER', at, by: 'Mona', reason: null }, { act: 'VALIDATE', at, by: 'Viktor', reason: 'Sound.' }],
  deployments: [{ role: 'CANARY', share: 0.1, from: at, to: null, by: 'Ada', reason: 'Trial.' }],
  gates: [{ gate: 'PARITY', verdict: 'PASS', measured: 1e-7, threshold: 1e-5, unit: 'PD', source: 'dossier.parity', text: 'It agrees.' }],
  findings: [{ severity: 'HIGH', title: 'Thin file', owner: 'Mona', dueAt: at, overdue: true, resolution: undefined }],
  waivers: [{ gate: 'STABILITY', reason: 'Known break.', by: 'Viktor', secondBy: 'Ada', expiresAt: at, inForce: false }],
  reviews: [{ outcome: 'FIT', by: 'Viktor', at, comment: 'No drift.', nextReviewAt: at }, { outcome: 'UNFIT', by: 'Vera', at, comment: 'Defaults doubled.', nextReviewAt: at }],
  suspensions: [{ ofModel: true, since: at, by: 'Ada', reason: 'Outcomes went wrong.' }],
};

const fairness = { leastRatio: 0.8, attributes: [{ attribute: 'sex', groups: ['female', 'male'], skipped: ['other'], lowestRatio: 0.7 }] };

function source(changes: Partial<CardSource> = {}, more: object = {}): CardSource {
  const { dossier, digest } = parseDossier(JSON.stringify({ ...dossierJson, ...more }));
  return { language: 'en', title: 'A book', dossier, digest, report: parseVersionReport(REPORT), specs: [], governance: GOVERNANCE, showsGroups: true, ...changes };
}

const cellText = (cell: Cell): string[] => (typeof cell === 'string' ? [cell] : typeof cell === 'object' && cell !== null && 'mark' in cell ? [cell.mark] : []);

/** All that a card says: headings, labels, heads, sentences and cells; not identifiers, which are code. */
function* words({ subtitle, badge, tiles, sections }: CardContent): Generator<string> {
  yield subtitle;
  if (badge) yield badge.text;
  for (const { label, value, note } of tiles) yield* [label, value, note];
  for (const { title, blocks } of sections) {
    yield title;
    for (const block of blocks) yield* wordsOf(block);
  }
}

function* wordsOf(block: Block): Generator<string> {
  if (block.kind === 'heading' || block.kind === 'text' || block.kind === 'notice' || block.kind === 'quote') yield block.text;
  if (block.kind === 'list') yield* block.items;
  if (block.kind === 'facts') for (const [label, value] of block.rows) yield* [label, ...cellText(value)];
  if (block.kind === 'table') yield* [...block.head, ...block.rows.flat().flatMap(cellText)];
  if (block.kind === 'plot') yield* [block.caption, block.plot.description];
  if (block.kind === 'steps') for (const { what, who, why } of block.steps) yield* [what, who, ...(why === undefined ? [] : [why])];
}

/** Every text in a thing, however deep, but the names of enums. */
const textsIn = (thing: unknown): string[] =>
  typeof thing === 'string' ? (/^[A-Z_]+$/.test(thing) ? [] : [thing]) : typeof thing === 'object' && thing !== null ? Object.values(thing).flatMap(textsIn) : [];

/** What is neither Chinese nor a number, a time or a name that is the same in Chinese; and English prose within Chinese. */
const isForeign = (text: string): boolean => {
  const told = text.replace(/（原文）：“[^”]*”/g, '').replace(/\b(AUC|KS|PSI|ECE|F1|UTC|ONNX|Q\d)\b|e[+-]\d+/g, '');
  return (/[a-z]/i.test(told) && !/[\u4e00-\u9fff]/.test(told)) || /[a-z]+ [a-z]+ [a-z]+/i.test(told);
};

const sizes = ({ head, rows }: Extract<Block, { kind: 'table' }>): number[] => [head, ...rows].map(({ length }) => length);

const shapes = ({ sections }: CardContent): unknown[] =>
  sections.map(({ id, blocks }) => ({ id, blocks: blocks.map((block) => (block.kind === 'facts' ? block.rows.length : block.kind === 'table' ? sizes(block) : block.kind)) }));

const noCard = { intendedUse: 'Tests.', limitations: 'Everything else.' };
const failed = { failed: 'The ONNX model cannot be used.' };
const comparison = { champion: `version 1 (${CHAMPION.versionId})`, rows: 400, auc: 0.7, championAuc: 0.8, standardError: 0.01, z: -1, p: 0.32 };

const GRAVE = { check: 'leaking-values', feature: 'score', severity: 'HIGH', message: 'Leaks.' };
const group = (ratio: number | null) => ({ groups: [slice('f', 1), slice('m', ratio)], skipped: [] });
const alone = { groups: [slice('all', 1)], skipped: [] };

/** Versions on which the gates find all that they can find. */
const VERSIONS: readonly Partial<GateEvidence>[] = [
  {},
  { champion: CHAMPION, report: reported({ comparison: { champion: comparison.champion, rows: 400, test: { aucA: 0.7, aucB: 0.8, standardError: 0.01, z: -1, p: 0.32 } } }) },
  {
    dossier: sound({ modelCard: noCard }),
    report: reported({
      evaluation: { measuredOn: 'holdout', metrics: { ...MEASURED, ece: 0.9 }, groups: { sex: group(0.5), age: alone } },
      stability: { psi: 0.9 },
      importance: { method: 'linear', rows: 500, residual95: 9, features: [] },
      quality: { findings: [GRAVE, { ...GRAVE, check: 'drift', feature: 'age' }], overrides: [{ check: 'drift', feature: 'age', reason: 'Known.' }] },
    }),
    parity: { rows: 41, maxAbsDifference: 0.1, bar: 1e-5, passed: false }, latency: { milliseconds: 999, predictions: 9, runtime: 'onnxruntime-node', method: 'linear' }, bytes: 1e9, openHighFindings: ['Thin file'],
  },
  { report: undefined, champion: CHAMPION, parity: failed, scan: failed, latency: failed, explanation: undefined },
  { report: reported({ evaluation: { measuredOn: 'training', metrics: MEASURED, groups: {} }, stability: null }) },
  { explanation: { features: 3, withoutReasonCode: ['age'], referenceRows: 8 }, report: reported({ evaluation: { measuredOn: 'holdout', metrics: MEASURED, groups: { age: alone } } }) },
];

const waivers = GATE_NAMES.map((gate) => ({ id: gate, gate }));
const GATES = VERSIONS.flatMap((changes) => [judgeGates(evidence(changes), THRESHOLDS), judgeGates(evidence(changes), THRESHOLDS, waivers)]).flat();

const MODELS = new URL('../../../test/fixtures/models/', import.meta.url);
const notesOf = (name: string, more: object = {}): readonly string[] => {
  const { width } = JSON.parse(readFileSync(new URL(`${name}.features.json`, MODELS), 'utf8')) as { width: number };
  return adoptOnnx(new Uint8Array(readFileSync(new URL(`${name}.onnx`, MODELS))), { width, ...more }).notes;
};
const calibrate = { kind: 'platt', slope: 1, intercept: 0 } as const;
const NOTES = [...new Set(['pytorch-logit', 'pytorch-sigmoid', 'pytorch-softmax', 'xgboost-classifier', 'sklearn-forest', 'sklearn-logistic'].flatMap((name) => [notesOf(name), notesOf(name, { calibrate })].flat()))];

describe('a model card', () => {
  it('has the sections of the field, the same in each language', async () => {
    const [en, zh] = [cardContent(source(), []), cardContent(source({ language: 'zh' }), [])];
    const ids = ['details', 'use', 'factors', 'metrics', 'evaluation-data', 'training-data', 'training', 'analyses', 'groups', 'explanation', 'policy', 'scorecard', 'ethics', 'caveats', 'governance', 'features', 'verify', 'readers'];
    expect(en.sections.map(({ id }) => id)).toEqual(ids);
    expect(zh.sections.map(({ id }) => id)).toEqual(ids);
    expect(shapes(zh)).toEqual(shapes(en));
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

  it('in Chinese is Chinese in every word of ours, cells, plots and captions included, and has the columns of the English one', async () => {
    const quality = { findings: CHECK_NAMES.map((check) => ({ check, severity: 'HIGH', feature: 'principal', message: 'Something is wrong here.', value: 0.5, threshold: 0.1 })), overrides: REPORT.quality.overrides };
    const groups = { age: { groups: [{ ...REPORT.evaluation.groups.sex.groups[0]!, name: 'below 30' }], skipped: [{ name: '60 and above', rows: 2 }] }, ...REPORT.evaluation.groups };
    const report = parseVersionReport({ ...REPORT, quality, evaluation: { ...REPORT.evaluation, groups } });
    const more = {
      fairness: { ...fairness, attributes: [...fairness.attributes, { attribute: 'age', groups: ['below 30', '30 to below 60'], skipped: ['60 and above'], lowestRatio: 0.9 }] }, comparison, hyperParameters: { loss: 'cross-entropy', layers: [8] },
      source: { library: 'PyTorch', sha256: 'ab'.repeat(32), notes: [...NOTES, 'Compiled from a TensorFlow.js LayersModel.'] }, trials: { trials: 2, failed: 1, folds: 3, criterion: 'log-loss', best: 0.3, seconds: 1 },
      split: { ...dossierJson.split, extra: { description: randomSplit().description } }, quality: { high: 1, medium: 0, low: 0, overrides: [] }, family: 'cnn',
    };
    const governance = { ...GOVERNANCE, gates: GATES };
    const [en, zh] = (['en', 'zh'] as const).map((language) => source({ language, governance, report }, more)) as [CardSource, CardSource];
    const plots = await plotsOf(zh);
    const content = cardContent(zh, plots);
    expect(shapes(content)).toEqual(shapes(cardContent(en, await plotsOf(en))));
    // What persons wrote, and what the book calls its attributes and groups.
    const theirs = new Set(textsIn([GOVERNANCE, dossierJson.modelCard, dossierJson.trainingData.source, dossierJson.training.backend, quality.overrides, REPORT.importance, fairness, 'age', 'PyTorch']));
    const said = [...words(content)];
    expect(said.filter((text) => !theirs.has(text) && isForeign(text.replace(/female|male|other/g, '')))).toEqual([]);
    expect(said.filter((text) => text.includes('（原文）：')).length).toBe(6);
    const drawn = plots.flatMap(({ svg }) => [...svg!.matchAll(/<text[^>]*>([^<]*[a-z]{3}[^<]*)<\/text>/gi)].map(([, text]) => text!)).filter((text) => !/[\u4e00-\u9fff]|AUC|PSI|^(Amount|principal)$/.test(text));
    expect(drawn).toEqual([]);
  });

  it('in Chinese tells what a gate found and what would satisfy it', () => {
    const cells = (gate: string): string[] => cardContent(source({ language: 'zh', governance: { ...GOVERNANCE, gates: GATES } }), []).sections.flatMap(({ blocks }) => blocks)
      .flatMap((block) => (block.kind === 'table' ? block.rows.filter(([first]) => first === gate).map((row) => String(row.at(-1))) : []));
    expect(cells('公平性')).toContain('各群体批准率之比最低为 0.5，不得低于 0.8（五分之四规则）；各属性的比值见“按人群的定量分析”。请找出造成差异的特征并逐一判断是否必要；去掉不必要的特征重新训练，或在豁免中说明差异的正当理由。');
    expect(cells('校准')).toContain('在留出样本上，预期校准误差为 0.02，上限为 0.05。');
    expect(cells('文件安全扫描')).toContain('文件缺失、损坏、互不匹配，或无法安全载入。检查信息（原文）：“The ONNX model cannot be used. Register the version again from sound artefacts.”请用完好的文件重新登记版本。');
    const hidden = cardContent(source({ language: 'zh', showsGroups: false, governance: { ...GOVERNANCE, gates: [{ ...GATES.find(({ gate }) => gate === 'FAIRNESS')!, measured: null, text: 'Hidden.' }] } }), []);
    expect([...words(hidden)]).toContain('其依据仅向持有 model:fairness 权限者披露。');
  });

  it('in Chinese knows every word that Assay keeps in dossiers and reports, and leaves others as they are', () => {
    const ages = Array.from({ length: 40 }, (_, age) => age);
    const bands = [...new Set(groupsOf({ age: ages }, { age: ages })['age'])] as string[];
    const kept = [...NOTES, randomSplit().description, timeSplit().description, ...bands, 'missing', 'any value', 'version 3 (018f)', 'recorded loans of card', 'book.csv: 40 rows'];
    expect(kept.map(storedInChinese).filter((text) => !/[\u4e00-\u9fff]/.test(text))).toEqual([]);
    expect(storedInChinese('The input "$& {}" is now "features".')).toBe('输入“$& {}”改名为“features”。');
    for (const text of ['Defaults doubled.', 'married', '']) expect(storedInChinese(text)).toBe(text);
  });

  it('tells the periodic reviews of the model, and warns where the last one found it unfit', () => {
    const unfit = renderMarkdown(cardContent(source(), []));
    for (const said of ['**Model card** · **Validated, unfit at its last review, nothing is decided with it**', '> **The last periodic review found this model unfit: it should not decide any more. By Vera on 2026-03-31 09:05 UTC.**', '> Defaults doubled.', '| fit | Viktor | 2026-03-31 09:05 UTC | No drift. | 2026-03-31 |', '| unfit: it should not decide any more | Vera |']) expect(unfit).toContain(said);
    expect(cardContent(source(), []).badge?.tone).toBe('bad');
    expect(cardContent(source({ language: 'zh' }), []).badge).toEqual({ text: '已通过验证、最近一次复审认定不适用、目前不作任何决策', tone: 'bad' });
    const fit = cardContent(source({ governance: { ...GOVERNANCE, reviews: GOVERNANCE.reviews.slice(0, 1), suspensions: [] } }), []);
    expect(fit.badge).toEqual({ text: 'Validated', tone: 'good' });
    expect(renderMarkdown(fit)).not.toMatch(/unfit/i);
    expect(renderMarkdown(cardContent(source({ governance: { ...GOVERNANCE, reviews: [] } }), []))).toContain('Nobody has reviewed it yet.');
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
