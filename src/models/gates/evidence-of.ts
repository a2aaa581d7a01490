import { fairnessOf as summaryOf, type Fairness } from '../evidence-summary.js';
import type { Measured } from './types.js';

type Documents = Pick<Measured, 'dossier' | 'report'>;

/** On which rows the figures of a dossier were measured. */
export function measuredOn({ dossier: { metrics, split }, report }: Documents): 'holdout' | 'training' {
  const told = metrics.extra?.['measuredOn'] ?? report?.evaluation?.measuredOn;
  return told === 'training' || split.holdoutRows === 0 ? 'training' : 'holdout';
}

/** Stability of the PD as the dossier has it, else as the report does. */
export function psiOf({ dossier, report }: Documents): number | undefined {
  const told = dossier.metrics.extra?.['psi'];
  return typeof told === 'number' ? told : report?.stability?.psi;
}

export interface AttributeRatio {
  readonly attribute: string;
  /** Null where fewer than two groups are large enough to be compared, or nobody is approved. */
  readonly lowestRatio: number | null;
}

export interface Sourced<Value> {
  readonly value: Value;
  readonly source: string;
}

/** The four-fifths ratios of a version: what its voters sign, else what its report says. Undefined where neither says anything. */
export function fairnessOf({ dossier, report }: Documents): Sourced<readonly AttributeRatio[]> | undefined {
  if (dossier.fairness) return { value: dossier.fairness.attributes.map(compared), source: 'dossier.fairness' };
  const groups = report?.evaluation?.groups;
  return groups && { value: summaryOf(groups).attributes.map(compared), source: 'report.evaluation.groups' };
}

/** A group by itself has the ratio 1 to itself, which tells nothing. */
const compared = ({ attribute, groups, lowestRatio }: Fairness['attributes'][number]): AttributeRatio => ({ attribute, lowestRatio: groups.length < 2 ? null : lowestRatio });

/** What the sampled explanations of a version left over. */
export function residualOf({ dossier, report }: Documents): Sourced<{ readonly rows: number; readonly residual95: number }> | undefined {
  if (dossier.explanation) return { value: dossier.explanation, source: 'dossier.explanation' };
  const { rows, residual95 } = report?.importance ?? {};
  return rows === undefined || residual95 === undefined ? undefined : { value: { rows, residual95 }, source: 'report.importance' };
}
