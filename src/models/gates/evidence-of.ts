import { fairnessOf as summaryOf } from '../evidence-summary.js';
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
  /** Null where no group is large enough, or nobody is approved. */
  readonly lowestRatio: number | null;
}

export interface Sourced<Value> {
  readonly value: Value;
  readonly source: string;
}

/** The four-fifths ratios of a version: what its voters sign, else what its report says. Undefined where neither says anything. */
export function fairnessOf({ dossier, report }: Documents): Sourced<readonly AttributeRatio[]> | undefined {
  if (dossier.fairness) return { value: dossier.fairness.attributes, source: 'dossier.fairness' };
  const groups = report?.evaluation?.groups;
  return groups && { value: summaryOf(groups).attributes, source: 'report.evaluation.groups' };
}

/** What the sampled explanations of a version left over. */
export function residualOf({ dossier, report }: Documents): Sourced<{ readonly rows: number; readonly residual95: number }> | undefined {
  if (dossier.explanation) return { value: dossier.explanation, source: 'dossier.explanation' };
  const { rows, residual95 } = report?.importance ?? {};
  return rows === undefined || residual95 === undefined ? undefined : { value: { rows, residual95 }, source: 'report.importance' };
}
