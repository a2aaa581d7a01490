import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { areaUnderCurve, assessQuality, requireSound, type CheckName, type Finding, type InputValue, type QualityInput } from '../../src/scoring/index.js';
import { aucOf } from '../../src/scoring/quality/discrimination.js';
import { Random } from '../../src/scoring/random.js';
import { numeric, specsOf } from './support.js';

const N = 1_000;
const random = new Random(8);
/** One default in five, in no order. */
const labels = Array.from({ length: N }, (_, i) => (i % 5 === 0 ? 1 : 0));
const noise = Array.from({ length: N }, () => random.normal());
const category = { type: 'categorical', transform: 'one-hot' };

interface Given extends Partial<Omit<QualityInput, 'rows'>> {
  /** Values by feature; `noise` keeps rows apart. */
  readonly values?: Readonly<Record<string, readonly InputValue[]>>;
  readonly parts?: Readonly<Record<string, Record<string, unknown>>>;
}

function assess({ values = {}, parts = {}, ...rest }: Given = {}): ReturnType<typeof assessQuality> {
  const all: Record<string, readonly InputValue[]> = { noise, ...values };
  const specs = specsOf(...Object.keys(all).map((name) => numeric(name, parts[name])));
  const rows = all['noise']!.map((_, i) => Object.values(all).map((column) => column[i]!));
  return assessQuality({ specs, rows, labels, ...rest });
}

const found = (check: CheckName, given: Given): Finding[] => assess(given).findings.filter((finding) => finding.check === check);
const x = (of: (i: number) => InputValue): Readonly<Record<string, readonly InputValue[]>> => ({ x: Array.from({ length: N }, (_, i) => of(i)) });

/** What a check says when `bads` of the 1,000 rows default. */
const some = (bads: number, check: CheckName): Finding[] => found(check, { labels: labels.map((_, i) => ((i * 7) % N < bads ? 1 : 0)) });
/** A decision time for each row, in the middle of the year and month that `of` gives. */
const at = (of: (i: number) => [number, number]): Date[] => labels.map((_, i) => new Date(Date.UTC(...of(i), 15)));

describe('sound rows', () => {
  it('give no finding', () => {
    expect(assess()).toMatchObject({ rows: N, bads: 200, labelRate: 0.2, features: 1, findings: [], groups: [], quarters: [], overrides: [] });
  });
});

describe('a feature', () => {
  it.each([
    [600, [{ severity: 'LOW', feature: 'x', value: 0.6, threshold: 0.5 }]],
    [960, [{ severity: 'MEDIUM', value: 0.96, threshold: 0.95 }]],
    [400, []],
  ])('that is missing or a sentinel in %p of 1,000 rows', (missing, expected) => {
    const given = { values: x((i) => ((i * 7) % N < missing ? (i % 2 === 0 ? null : -9) : i)), parts: { x: { missing: { rule: 'median', sentinels: [-9] } } } };
    expect(found('missing-values', given)).toEqual(expected.map((part) => expect.objectContaining(part)));
  });

  it('with one value everywhere is constant; one that is sometimes missing is not', () => {
    expect(found('constant', { values: x(() => 7) })).toMatchObject([{ severity: 'MEDIUM', feature: 'x', message: 'Feature x has the same value in every row and tells no loan from another; leave it out.' }]);
    expect(found('constant', { values: x((i) => (i % 2 === 0 ? 7 : null)) })).toEqual([]);
  });

  it('with very many categories is named with their number', () => {
    expect(found('high-cardinality', { values: x((i) => `c${i % 60}`), parts: { x: category } })).toMatchObject([{ severity: 'MEDIUM', value: 60, threshold: 50 }]);
    expect(found('high-cardinality', { values: x((i) => `c${i % 49}`), parts: { x: category } })).toEqual([]);
  });

  it('that copies another one is named with it, period by period', () => {
    const values = { pair: Array.from({ length: N }, (_, i) => [i % 9, noise[i]!]), ...x((i) => i % 9) };
    const parts = { pair: { type: 'sequence', source: { path: 'repayments.pair', last: 2 } } };
    expect(found('duplicate-column', { values, parts }).map(({ feature, message }) => [feature, message.split(' in every row')[0]])).toEqual([
      ['pair', 'pair[1] has the same value as noise'],
      ['x', 'x has the same value as pair[0]'],
    ]);
  });

  it('that copies another one in all rows but one is none', () => {
    expect(found('duplicate-column', { values: x((i) => (i === 999 ? 5 : noise[i]!)) })).toEqual([]);
  });
});

describe('a leak', () => {
  it('is a column whose own AUC is implausibly high, whichever way it points', () => {
    for (const sign of [1, -1]) {
      expect(found('leaking-values', { values: x((i) => sign * (labels[i]! + i / 10_000)) })).toMatchObject([{ severity: 'HIGH', feature: 'x', value: 1, threshold: 0.95 }]);
    }
  });

  it('is of medium severity from 0.85: here 0.9 by hand', () => {
    // All bads have 1, and a fifth of the goods: AUC = 0.8 + 0.2 / 2.
    expect(found('leaking-values', { values: x((i) => (labels[i] === 1 || i % 25 < 5 ? 1 : 0)) })).toMatchObject([{ severity: 'MEDIUM', value: 0.9 }]);
  });

  it('need not be monotone', () => {
    expect(found('leaking-values', { values: x((i) => (labels[i] === 1 ? noise[i]! / 10 : noise[i]! + 3 * Math.sign(noise[i]!))) })).toMatchObject([{ severity: 'HIGH' }]);
  });

  it('is found in categories', () => {
    expect(found('leaking-values', { values: x((i) => (labels[i] === 1 ? 'WRITTEN_OFF' : `OK${i % 3}`)), parts: { x: category } })).toMatchObject([{ severity: 'HIGH', feature: 'x' }]);
  });

  it('is not faked by an identifier, whose categories are as many as the rows', () => {
    const { findings } = assess({ values: x((i) => `id${i}`), parts: { x: category } });
    expect(findings.map(({ check }) => check)).toEqual(['high-cardinality']);
  });

  it('is found in whether a value is there at all, period by period', () => {
    const values = { history: Array.from({ length: N }, (_, i) => [noise[i]! + 1, labels[i] === 1 ? noise[i]! : null]) };
    const parts = { history: { type: 'sequence', source: { path: 'repayments.history', last: 2 } } };
    const leaks = found('leaking-presence', { values, parts });
    expect(leaks).toMatchObject([{ severity: 'HIGH', feature: 'history', value: 1 }]);
    expect(leaks[0]!.message).toContain('Whether history[1] is missing');
  });

  it('is measured by the same AUC as a model', () => {
    const scored = fc.array(fc.record({ score: fc.integer({ min: 0, max: 9 }), label: fc.constantFrom(0, 1) }), { minLength: 2, maxLength: 60 });
    fc.assert(fc.property(scored, (rows) => {
      const outcomes = Uint8Array.from(rows, ({ label }) => label);
      fc.pre(outcomes.includes(0) && outcomes.includes(1));
      const values = Float64Array.from(rows, ({ score }) => score);
      expect(aucOf({ values, labels: outcomes })).toBeCloseTo(areaUnderCurve(outcomes, values), 12);
    }));
  });
});

describe('a value from after the decision', () => {
  const decisionTimes = Array.from({ length: N }, (_, i) => new Date(Date.UTC(2023, 0, 1 + (i % 365))));

  it('is found by the time at which it was known', () => {
    const knownAt = decisionTimes.map((time, i) => [time, i < 3 ? new Date(time.getTime() + 1) : i < 6 ? null : time]);
    expect(found('known-after-decision', { values: x((i) => i % 13), decisionTimes, knownAt })).toMatchObject([{ severity: 'HIGH', feature: 'x', value: 0.003, message: expect.stringContaining('in 3 of 1000 rows') }]);
  });

  it('is found where the value itself is a later date', () => {
    const parts = { x: category };
    expect(found('known-after-decision', { values: x((i) => `2024-0${1 + (i % 9)}-05`), parts, decisionTimes })).toMatchObject([{ severity: 'HIGH', value: 1 }]);
    expect(found('known-after-decision', { values: x((i) => `2022-0${1 + (i % 9)}-05`), parts, decisionTimes })).toEqual([]);
  });

  it('makes an outcome known before the decision impossible', () => {
    const outcomeTimes = decisionTimes.map((time, i) => (i === 5 ? new Date(time.getTime() - 1) : i === 6 ? null : new Date(time.getTime() + 86_400_000)));
    expect(found('outcome-before-decision', { decisionTimes, outcomeTimes })).toMatchObject([{ severity: 'HIGH', value: 0.001 }]);
  });
});

describe('rows', () => {
  it('that repeat an earlier one, or contradict it, are counted', () => {
    // Rows 1 to 4 copy row 0, a default: none of them defaults, so three repeat row 1.
    const twins = noise.map((value, i) => (i < 5 ? 0 : value));
    const { findings } = assess({ values: { noise: twins } });
    expect(findings).toMatchObject([
      { check: 'duplicate-rows', severity: 'LOW', value: 0.003, message: expect.stringContaining('3 of 1000 rows repeat') },
      { check: 'conflicting-rows', severity: 'LOW', value: 0.005, message: expect.stringContaining('1 groups, 5 rows in all') },
    ]);
  });
});

describe('outcomes', () => {
  it('that are too few of a kind stop training', () => {
    expect(some(19, 'few-outcomes')).toMatchObject([{ severity: 'HIGH', value: 19, threshold: 20 }]);
    expect(some(981, 'few-outcomes')).toMatchObject([{ severity: 'HIGH', value: 19 }]);
    expect(some(199, 'few-outcomes')).toMatchObject([{ severity: 'MEDIUM', value: 199, threshold: 200 }]);
    expect(some(200, 'few-outcomes')).toEqual([]);
  });

  it('at an unlikely rate are pointed out', () => {
    expect(some(5, 'label-rate')).toMatchObject([{ severity: 'MEDIUM', value: 0.005, threshold: 0.005 }]);
    expect(some(20, 'label-rate')).toMatchObject([{ severity: 'LOW', value: 0.02, threshold: 0.02 }]);
    expect(some(600, 'label-rate')).toMatchObject([{ severity: 'MEDIUM', value: 0.6, threshold: 0.6 }]);
    expect(some(200, 'label-rate')).toEqual([]);
  });
});

describe('groups', () => {
  // 980 rows of A and B with rates 30 % and 10 %, 20 of C.
  const sex = labels.map((_, i) => (i < 20 ? 'C' : i % 2 === 0 ? 'A' : 'B'));
  const outcomes = sex.map((group, i) => (i % 20 < (group === 'A' ? 6 : 2) ? 1 : 0));
  const report = assess({ labels: outcomes, groups: { sex } });

  it('are listed with their sizes and default rates', () => {
    expect(report.groups).toMatchObject([{ attribute: 'sex', group: 'A', rows: 490, bads: 147, labelRate: 0.3 }, { group: 'B', rows: 490, bads: 49 }, { group: 'C', rows: 20 }]);
  });

  it('that are small, or differ much in their rates, are pointed out', () => {
    expect(report.findings.filter(({ check }) => check === 'group-size')).toMatchObject([{ severity: 'MEDIUM', feature: 'sex', value: 20 }]);
    expect(report.findings.filter(({ check }) => check === 'group-label-rate')).toMatchObject([{ severity: 'MEDIUM', feature: 'sex', message: expect.stringContaining('30 % for') }]);
  });
});

describe('time', () => {
  it('is reported by quarter, with the quarters that have no loan', () => {
    const report = assess({ decisionTimes: at((i) => [2023, i % 2 === 0 ? 1 : 8]) });
    expect(report.quarters).toMatchObject([{ quarter: '2023-Q1', rows: 500 }, { quarter: '2023-Q2', rows: 0, labelRate: 0 }, { quarter: '2023-Q3', rows: 500 }]);
    expect(report.findings).toMatchObject([{ check: 'time-gap', severity: 'MEDIUM', value: 1, message: 'No loan was decided in 2023-Q2; find out whether the import is complete.' }]);
  });

  it('with default rates far apart is pointed out', () => {
    const outcomes = labels.map((_, i) => (i < 500 ? (i % 10 < 3 ? 1 : 0) : i % 10 < 1 ? 1 : 0));
    expect(found('time-label-rate', { labels: outcomes, decisionTimes: at((i) => [2023, i < 500 ? 1 : 4]) })).toMatchObject([{ severity: 'MEDIUM', message: expect.stringContaining('10 % in 2023-Q2 and 30 % in 2023-Q1') }]);
  });

  it('shows drift of values by PSI, bin for bin as in the published example: 0.109861', () => {
    // Ten deciles of 500 early rows; later 25, 25, 50 × 6, 75, 75 of them.
    const later = [25, 25, 50, 50, 50, 50, 50, 50, 75, 75].flatMap((count, decile) => Array.from({ length: count }, (_, k) => decile * 50 + (k % 50)));
    const values = x((i) => (i < 500 ? i : later[i - 500]!));
    const given = { values, decisionTimes: at((i) => [2023, i < 500 ? 1 : 4]) };
    expect(found('drift', given)).toMatchObject([{ severity: 'LOW', feature: 'x', value: expect.closeTo(0.109861, 6), threshold: 0.1 }]);
  });

  it('shows drift of categories and of missing values', () => {
    const decisionTimes = at((i) => [2023, i < 500 ? 1 : 4]);
    expect(found('drift', { values: x((i) => (i < 500 || i % 2 === 0 ? 'OLD' : 'NEW')), parts: { x: category }, decisionTimes })).toMatchObject([{ severity: 'MEDIUM', threshold: 0.25 }]);
    expect(found('missing-drift', { values: x((i) => (i >= 500 && i % 2 === 0 ? null : noise[i]! + 1)), decisionTimes })).toMatchObject([{ severity: 'MEDIUM', feature: 'x' }]);
  });

  it('takes the chance of small samples for none', () => {
    const few = { values: { noise: noise.slice(0, 60) }, labels: labels.slice(0, 60), decisionTimes: at((i) => [2023, i % 2]).slice(0, 60) };
    expect(found('drift', few)).toEqual([]);
  });

  it('of one moment has no halves to compare', () => {
    expect(found('drift', { decisionTimes: at(() => [2023, 1]) })).toEqual([]);
  });
});

describe('a report', () => {
  const given: Given = { values: x((i) => labels[i]!), groups: { sex: labels.map(() => 'F') }, decisionTimes: labels.map((_, i) => new Date(Date.UTC(2023, 0, 1 + i))) };

  it('puts the severe findings first and is plain JSON', () => {
    const report = assess({ ...given, values: { ...given.values, flat: noise.map(() => 1) } });
    expect(report.findings.map(({ severity }) => severity)).toEqual(['HIGH', 'MEDIUM']);
    expect(JSON.parse(JSON.stringify(report))).toEqual(report);
  });

  it('takes limits other than the defaults', () => {
    const input = { specs: specsOf(numeric('x')), rows: noise.map((value) => [value]), labels };
    expect(assessQuality(input).findings).toEqual([]);
    expect(assessQuality(input, { leakAuc: { high: 0.5, medium: null, low: null } }).findings).toMatchObject([{ check: 'leaking-values', severity: 'HIGH', threshold: 0.5 }]);
  });

  it.each([
    [{ labels: [1] }, '1000 rows but 1 labels'],
    [{ labels: labels.map(() => 2) }, 'The label of row 0 is 2'],
    [{ decisionTimes: [] }, '0 decision times'],
    [{ decisionTimes: labels.map(() => new Date('soon')) }, 'decision time of row 0 is not a date'],
    [{ groups: { sex: ['F'] } }, '1 values of sex'],
    [{ specs: specsOf(numeric('a'), numeric('b')) }, 'Row 0 has 1 values but there are 2 features'],
  ])('of parts that do not fit (%#) is refused', (parts, sentence) => {
    expect(() => assess(parts)).toThrow(sentence);
  });

  const report = assess(given);
  const override = { check: 'leaking-values' as const, feature: 'x', reason: 'x is the declared income, checked on 14 May' };

  it('with a HIGH finding stops training', () => {
    expect(() => requireSound(report)).toThrow(expect.objectContaining({ code: 'REFUSED' }));
    expect(() => requireSound(report)).toThrow(/^The data-quality report stops training\. \[leaking-values of x\] x alone tells defaults .* override each finding with a reason\.$/u);
  });

  it('lets it go on with a reason, and keeps the reason', () => {
    expect(requireSound(report, [override])).toEqual({ ...report, overrides: [override] });
    expect(requireSound(assess())).toMatchObject({ overrides: [] });
  });

  it.each([
    [{ ...override, reason: ' ' }, 'has no reason'],
    [{ ...override, feature: 'y' }, 'override of leaking-values of y, but'],
    [{ check: 'few-outcomes' as const, reason: 'pilot' }, 'override of few-outcomes, but'],
  ])('refuses an override without a reason or a finding (%#)', (wrong, sentence) => {
    expect(() => requireSound(report, [wrong])).toThrow(sentence);
  });
});
