import { readdirSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { describeFields, readMapping } from '../../src/loans/import/index.js';
import { labelOf, proposeFeatureSpecs, reasonCodes, reasonText, type FeatureSpec, type Typical } from '../../src/scoring/index.js';
import { numeric, specsOf } from './support.js';

const spec = (parts: Record<string, unknown>): FeatureSpec => specsOf(numeric('x', parts))[0]!;
const range = (p25: number, p75: number): Typical => ({ kind: 'range', p25, median: (p25 + p75) / 2, p75 });

const utilisation = spec({ label: 'Credit utilisation', unit: 'ratio' });
const history = { type: 'sequence', source: { path: 'repayments.daysPastDue', last: 6 } };
const status = spec({ label: 'Repayment status', type: 'sequence', transform: 'one-hot', source: { path: 'repayments.status', last: 6 } });

describe('a reason in Chinese', () => {
  it.each<[string, FeatureSpec, Parameters<typeof reasonText>[1], Typical]>([
    ['信用额度使用率 92%——获批申请人通常为 20%–45%', utilisation, 0.92, range(0.2, 0.45)],
    ['逾期天数近6期平均 30 天——获批申请人通常为 0–5 天', spec({ label: 'Days past due', unit: 'days', ...history }), [60, 60, 30, 30, 0, 0], range(0, 5)],
    ['还款状态（从最近一期起）：逾期×2、全额还清——获批申请人通常为全额还清', status, ['LATE', 'LATE', 'PAID_IN_FULL', null, null, null], { kind: 'category', value: 'PAID_IN_FULL', share: 0.8 }],
    ['贷款期限 48 个月——获批申请人通常为 12–24 个月', spec({ label: 'Term', unit: 'months' }), 48, range(12, 24)],
    ['年龄 21 岁——获批申请人通常为 30–45 岁', spec({ label: 'Age', labels: { zh: '年龄' }, unit: 'years' }), 21, range(30, 45)],
    ['工作年限 1 年——获批申请人通常为 4–9 年', spec({ label: 'Employment', labels: { zh: '工作年限' }, unit: 'years' }), 1, range(4, 9)],
    ['利率 19.5/年——获批申请人通常为 5–9/年', spec({ label: 'Interest rate', unit: 'a year' }), 19.5, range(5, 9)],
    ['月收入缺失——获批申请人通常为 2,000–4,000 欧元', spec({ label: 'Income', labels: { zh: '月收入' }, unit: 'EUR' }), null, range(2_000, 4_000)],
    ['住房：租住——获批申请人通常为自有', spec({ label: 'Housing', labels: { zh: '住房' }, valueLabels: { zh: { rented: '租住', owned: '自有' } }, type: 'categorical', transform: 'one-hot' }), 'rented', { kind: 'category', value: 'owned', share: 0.7 }],
    ['Telephone：否——获批申请人通常为是', spec({ label: 'Telephone', type: 'boolean', transform: 'one-hot' }), false, { kind: 'category', value: 'true', share: 0.7 }],
    ['Own label 3 widgets——获批申请人通常无此项', spec({ label: 'Own label', unit: 'widgets' }), 3, { kind: 'none' }],
  ])('%s', (text, feature, value, typical) => {
    expect(reasonText(feature, value, typical, 'zh')).toBe(text);
  });

  it('says in English what it says in Chinese', () => {
    expect(reasonText(utilisation, 0.92, range(0.2, 0.45), 'en')).toBe('Credit utilisation 92 % — approved applicants typically 20–45 %');
    expect(reasonText(spec({ label: 'Score' }), 3, { kind: 'none' }, 'en')).toBe('Score 3 — approved applicants typically have none');
  });

  it('never writes a negative zero', () => {
    expect(reasonText(spec({ label: 'Trend', unit: 'ratio' }), -0.0001, range(-0.2, 0), 'en')).toBe('Trend 0 % — approved applicants typically -20–0 %');
  });

  it('keeps a label that is not Assay’s own, and translates what the spec translates', () => {
    expect(labelOf({ label: 'Credit utilisation of cards' }, 'zh')).toBe('Credit utilisation of cards');
    expect(labelOf({ label: 'Credit utilisation', labels: { zh: '额度占用' } }, 'zh')).toBe('额度占用');
    expect(labelOf({ label: 'Credit utilisation', labels: { zh: '额度占用' } }, 'en')).toBe('Credit utilisation');
  });
});

describe.each(readdirSync('mappings'))('the features proposed for mappings/%s', (file) => {
  const proposed = readMapping(`mappings/${file}`).then((mapping) => proposeFeatureSpecs(describeFields(mapping)));

  it('all have a Chinese label and a reason code in the catalogue of both languages', async () => {
    const codes = { en: reasonCodes('en'), zh: reasonCodes('zh') };
    for (const feature of await proposed) {
      expect(labelOf(feature, 'zh')).toMatch(/\p{Script=Han}/u);
      expect(codes.en[feature.reasonCode]).toMatch(/^[A-Z]/u);
      expect(codes.zh[feature.reasonCode]).toMatch(/\p{Script=Han}/u);
    }
  });

  it('keep what the customer can change, also in what is derived from it', async () => {
    const mutable = (await proposed).filter((feature) => feature.mutable === true).map(({ source }) => source.path);
    expect(mutable.length).toBeGreaterThan(0);
    for (const { source, mutable: declared } of await proposed) expect(declared ?? false).toBe(mutable.includes(source.path));
  });
});
