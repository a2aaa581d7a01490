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

const MEASURED_TWICE = ['rows', 'auc', 'brier'] as const;

/** Where a dossier and its report do not tell of one measurement. What either is silent about is no contradiction. */
export function* disagreements({ metrics, fairness, explanation }: Pick<Dossier, 'metrics' | 'fairness' | 'explanation'>, { evaluation, importance }: ReadReport): Generator<Disagreement> {
  const measured = evaluation?.metrics;
  if (measured) for (const name of MEASURED_TWICE) yield [`metrics.${name}`, metrics[name], measured[name]];
  if (fairness && evaluation) yield* fairnessDisagreements(fairness, evaluation.groups ?? {});
  if (!explanation || !importance) return;
  for (const name of ['method', 'rows', 'residual95'] as const) if (importance[name] !== undefined) yield [`explanation.${name}`, explanation[name], importance[name]];
}
