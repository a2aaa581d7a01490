import { decide, gradeOf, type DecisionPolicy, type Scorecard } from '../../../scoring/index.js';
import type { Dossier } from '../../dossier.js';
import { facts, table, text, type Band, type Cell, type Section } from '../content.js';
import { named } from '../texts/names.en.js';
import { cardTexts, type View } from '../view.js';

export function policySection({ t, dossier: { decisionPolicy, threshold } }: View): Section {
  const { policy: p, names } = t;
  const { version, approveBelow, declineFrom, referWhen = [] } = decisionPolicy;
  return {
    id: 'policy',
    title: p.title,
    blocks: [
      { kind: 'bands', bands: bandsOf(decisionPolicy) },
      facts(
        [p.approve, { share: approveBelow }], [p.decline, { share: declineFrom }], [p.refer, t.joined(referWhen.map((flag) => named(names.flags, flag))) || t.none],
        [p.rule, threshold ? ruleText(threshold.rule, t) : p.given], [p.version, version],
      ),
      text(t.use.human),
    ],
  };
}

const ruleText = (rule: NonNullable<Dossier['threshold']>['rule'], { policy: p, percent }: View['t']): string => ('costRatio' in rule ? p.cost(rule.costRatio) : p.approval(percent(rule.approvalRate)));

/** The PD from 0 to 1, cut wherever grade or decision changes. */
export function bandsOf(policy: DecisionPolicy): Band[] {
  const cuts = [...new Set([policy.approveBelow, policy.declineFrom, ...policy.grades.map(({ below }) => below)])].filter((cut) => cut < 1).sort((a, b) => a - b);
  return [0, ...cuts].map((from, i) => ({ from, below: cuts[i] ?? 1, grade: gradeOf(from, policy), decision: decide(from, [], policy).decision }));
}

type PrintedScorecard = Pick<Scorecard, 'scale' | 'basePoints'> & { readonly features: readonly (Pick<Scorecard['features'][number], 'feature' | 'label' | 'bins'> & { readonly period?: number | undefined })[] };

/** A scorecard as it is printed: what it says in a sentence, and a line for each bin. */
export interface ScorecardTable {
  readonly introduction: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
}

export function scorecardTable({ scale, basePoints, features }: PrintedScorecard, { scorecard: s, stored }: View['t'] = cardTexts('en'), labelOf: View['featureLabel'] = (_, label) => label ?? '–'): ScorecardTable {
  const rows = features.flatMap(({ feature, label, period, bins }) => {
    const name = period === undefined ? labelOf(feature, label) : s.period(labelOf(feature, label), period);
    return bins.map((bin) => [name, stored(bin.label), bin.rows, bin.bads, Number(bin.woe.toFixed(4)), Number(bin.points.toFixed(1))]);
  });
  return { introduction: s.text(basePoints.toFixed(1), scale.points, Math.round(1 / scale.odds), scale.doubling), head: s.head, rows };
}

/** Undefined for a version that is no scorecard. */
export function scorecardSection(view: View): Section | undefined {
  const scorecard = view.report?.scorecard;
  if (!scorecard) return undefined;
  const { introduction, head, rows } = scorecardTable(scorecard, view.t, view.featureLabel);
  return { id: 'scorecard', title: view.t.scorecard.title, blocks: [text(introduction), table(head, rows as Cell[][])] };
}
