import { describe, expect, it } from '@jest/globals';
import { assessQuality, parseFeatureSpecs, type QualityReport } from '../../src/scoring/index.js';
import { hasPublicData, readGerman, readTaiwan, taiwanPredictors } from './public-data.js';
import { numeric } from './support.js';

const CATEGORIES = new Set(['SEX', 'EDUCATION', 'MARRIAGE']);
const spec = (name: string, categorical: boolean): Record<string, unknown> => numeric(name, categorical ? { type: 'categorical', transform: 'one-hot' } : {});
const measured = ({ findings }: QualityReport, check: string): number[] => findings.filter((finding) => finding.check === check).map(({ value }) => value);

(hasPublicData ? describe : describe.skip)('the data-quality report on public data (skipped where ../shared/data is absent)', () => {
  it('finds in the Taiwan set the 35 duplicate rows and the 21 groups that differ in outcome only, and nothing that stops training', () => {
    const rows = readTaiwan();
    const names = taiwanPredictors(rows[0]!);
    const specs = parseFeatureSpecs(names.map((name) => spec(name, CATEGORIES.has(name))));
    const raw = rows.map(({ fields }) => names.map((name) => (CATEGORIES.has(name) ? fields[name]! : Number(fields[name]))));
    const marriage = rows.map(({ fields }) => fields['MARRIAGE']!);
    const report = assessQuality({ specs, rows: raw, labels: rows.map(({ label }) => label), groups: { marriage } });
    expect(report).toMatchObject({ rows: 30_000, bads: 6_636, features: 23 });
    expect(report.findings.map(({ severity, check }) => [severity, check])).toEqual([['LOW', 'duplicate-rows'], ['LOW', 'conflicting-rows'], ['LOW', 'group-size']]);
    expect(report.findings[0]!.message).toMatch(/^35 of 30000 rows repeat/u);
    expect(report.findings[1]!.message).toMatch(/^21 groups/u);
    expect(measured(report, 'group-size')).toEqual([54]);
  });

  it('finds nothing wrong with the German set', () => {
    const rows = readGerman();
    const categorical = rows[0]!.fields.map((cell) => Number.isNaN(Number(cell)));
    const specs = parseFeatureSpecs(categorical.map((is, i) => spec(`a${i + 1}`, is)));
    const raw = rows.map(({ fields }) => fields.map((cell, i) => (categorical[i] === true ? cell : Number(cell))));
    expect(assessQuality({ specs, rows: raw, labels: rows.map(({ label }) => label) })).toMatchObject({ rows: 1_000, bads: 300, findings: [] });
  });
});
