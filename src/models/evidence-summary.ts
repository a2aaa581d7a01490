import { LEAST_RATIO, type ReadReport } from '../scoring/index.js';
import type { Dossier } from './dossier.js';

export type Fairness = NonNullable<Dossier['fairness']>;
export type ExplanationSummary = NonNullable<Dossier['explanation']>;

interface MeasuredGroups {
  readonly groups: readonly { readonly name: string; readonly approvalRatio: number | null }[];
  readonly skipped: readonly { readonly name: string }[];
  readonly leastRatio?: number | undefined;
}

const byName = (a: string, b: string): number => (a < b ? -1 : 1);

/** What the dossier says of groups of people: names and the lowest ratio, no figure of any group. */
export function fairnessOf(measured: Readonly<Record<string, MeasuredGroups>>): Fairness {
  const attributes = Object.entries(measured).sort(([a], [b]) => byName(a, b)).map(([attribute, { groups, skipped }]) => ({
    attribute,
    groups: groups.map(({ name }) => name),
    skipped: skipped.map(({ name }) => name),
    lowestRatio: groups.reduce<number | null>((lowest, { approvalRatio: ratio }) => (ratio === null || (lowest !== null && lowest <= ratio) ? lowest : ratio), null),
  }));
  return { leastRatio: Object.values(measured)[0]?.leastRatio ?? LEAST_RATIO, attributes };
}

/** How completely the explanations of a version add up. */
export const explanationOf = ({ method, rows, residual95 }: ExplanationSummary): ExplanationSummary => ({ method, rows, residual95 });

type Disagreement = readonly [what: string, dossier: unknown, report: unknown];

function* fairnessDisagreements({ leastRatio, attributes }: Fairness, measured: Readonly<Record<string, MeasuredGroups>>): Generator<Disagreement> {
  const found = fairnessOf(measured);
  const attributeNames = (of: Fairness): string => of.attributes.map(({ attribute }) => attribute).sort(byName).join(', ') || 'nothing';
  yield ['the attributes of fairness', attributeNames({ leastRatio, attributes }), attributeNames(found)];
  if (Object.values(measured).some((one) => one.leastRatio !== undefined)) yield ['fairness.leastRatio', leastRatio, found.leastRatio];
  for (const { attribute, lowestRatio, groups, skipped } of found.attributes) {
    const claimed = attributes.find((one) => one.attribute === attribute);
    yield [`fairness of ${attribute}: lowestRatio`, claimed?.lowestRatio, lowestRatio];
    yield [`fairness of ${attribute}: groups`, sortedText(claimed?.groups), sortedText(groups)];
    yield [`fairness of ${attribute}: skipped`, sortedText(claimed?.skipped), sortedText(skipped)];
  }
}

const sortedText = (names: readonly string[] = []): string => JSON.stringify(names.toSorted(byName));

const METRICS = ['rows', 'bads', 'auc', 'gini', 'ks', 'brier', 'logLoss', 'threshold', 'accuracy', 'precision', 'recall', 'f1', 'ece'] as const;

/** The metrics, on which loans they were measured, and how stable the PD is between those and the training loans. */
function* metricsDisagreements({ extra, ...metrics }: Dossier['metrics'], { evaluation, stability }: ReadReport): Generator<Disagreement> {
  const measured = evaluation?.metrics;
  for (const name of METRICS) if (measured) yield [`metrics.${name}`, metrics[name], measured[name]];
  yield ['metrics.extra.measuredOn', extra?.['measuredOn'], evaluation?.measuredOn];
  yield ['metrics.extra.psi', extra?.['psi'], stability === null ? null : stability?.psi];
}

/** The test against the champion. */
function* comparisonDisagreements({ champion, rows, auc, championAuc, standardError, z, p }: NonNullable<Dossier['comparison']>, { comparison: measured }: ReadReport): Generator<Disagreement> {
  yield ['comparison.champion', champion, measured?.champion];
  yield ['comparison.rows', rows, measured?.rows];
  yield ['comparison.auc', auc, measured?.test?.aucA];
  yield ['comparison.championAuc', championAuc, measured?.test?.aucB];
  yield ['comparison.standardError', standardError, measured?.test?.standardError];
  yield ['comparison.z', z, measured?.test?.z];
  yield ['comparison.p', p, measured?.test?.p];
}

const overridesText = (overrides: readonly { readonly check: string; readonly feature?: string | undefined; readonly reason: string }[]): string =>
  sortedText(overrides.map(({ check, feature, reason }) => `${check}${feature === undefined ? '' : ` of ${feature}`}: ${reason}`));

/** How many findings there are of each severity, and which ones training went on in spite of. */
function* qualityDisagreements(quality: NonNullable<Dossier['quality']>, { quality: measured }: ReadReport): Generator<Disagreement> {
  const counted = (severity: string): number | undefined => measured?.findings.filter((finding) => finding.severity === severity).length;
  yield ['quality.high', quality.high, counted('HIGH')];
  yield ['quality.medium', quality.medium, counted('MEDIUM')];
  yield ['quality.low', quality.low, counted('LOW')];
  yield ['quality.overrides', overridesText(quality.overrides), measured?.overrides && overridesText(measured.overrides)];
}

/** What a dossier and its report both tell of one measurement. What either is silent about is no contradiction: the gates ask the report. */
export function* disagreements({ metrics, fairness, explanation, quality, comparison }: Pick<Dossier, 'metrics' | 'fairness' | 'explanation' | 'quality' | 'comparison'>, report: ReadReport): Generator<Disagreement> {
  const { evaluation, importance } = report;
  yield* both(metricsDisagreements(metrics, report));
  if (comparison) yield* both(comparisonDisagreements(comparison, report));
  if (quality) yield* both(qualityDisagreements(quality, report));
  if (fairness && evaluation) yield* fairnessDisagreements(fairness, evaluation.groups ?? {});
  if (explanation && importance) yield* both((['method', 'rows', 'residual95'] as const).map((name) => [`explanation.${name}`, explanation[name], importance[name]] as const));
}

function* both(compared: Iterable<Disagreement>): Generator<Disagreement> {
  for (const one of compared) if (one[1] !== undefined && one[2] !== undefined) yield one;
}
