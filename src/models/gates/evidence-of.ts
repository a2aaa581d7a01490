import { fairnessOf as summaryOf, type Fairness } from '../evidence-summary.js';
import type { Measured } from './types.js';

type Documents = Pick<Measured, 'dossier' | 'report'>;

/** On which loans the figures of a report were measured; undefined where it does not say. */
export const measuredOn = ({ dossier: { split }, report }: Documents): 'holdout' | 'training' | undefined =>
  split.holdoutRows === 0 ? 'training' : report?.evaluation?.measuredOn;

export interface AttributeRatio {
  readonly attribute: string;
  /** Null where fewer than two groups are large enough to be compared, or nobody is approved. */
  readonly lowestRatio: number | null;
}

/** The four-fifths ratios of a version; undefined where its report does not tell of groups. */
export function fairnessOf({ report }: Documents): readonly AttributeRatio[] | undefined {
  const groups = report?.evaluation?.groups;
  return groups && summaryOf(groups).attributes.map(compared);
}

/** A group by itself has the ratio 1 to itself, which tells nothing. */
const compared = ({ attribute, groups, lowestRatio }: Fairness['attributes'][number]): AttributeRatio => ({ attribute, lowestRatio: groups.length < 2 ? null : lowestRatio });

/** What the sampled explanations of a version left over; undefined where its report does not say. */
export function residualOf({ report }: Documents): { readonly rows: number; readonly residual95: number } | undefined {
  const { rows, residual95 } = report?.importance ?? {};
  return rows === undefined || residual95 === undefined ? undefined : { rows, residual95 };
}
