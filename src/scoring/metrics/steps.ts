import { badInput } from '../../base/index.js';

/** Labelled scores counted by distinct score, highest first: all that a metric without regard to single rows needs. */
export interface Steps {
  /** Distinct scores, falling. */
  readonly scores: Float64Array;
  /** Rows per step that defaulted. */
  readonly bads: Uint32Array;
  /** Rows per step that did not. */
  readonly goods: Uint32Array;
  /** Sum of bads. */
  readonly bad: number;
  /** Sum of goods. */
  readonly good: number;
}

function requireLabelledScores(labels: ArrayLike<number>, scores: ArrayLike<number>): void {
  if (labels.length !== scores.length) throw badInput(`There are ${labels.length} labels but ${scores.length} scores; give one score per label.`);
  for (let i = 0; i < scores.length; i++) {
    if (!Number.isFinite(scores[i])) throw badInput(`Score ${i} is not a finite number; metrics need finite scores.`);
    if (labels[i] !== 0 && labels[i] !== 1) throw badInput(`Label ${i} is ${labels[i]}; a label is 1 (default) or 0 (good).`);
  }
}

const sum = (counts: Uint32Array): number => counts.reduce((total, count) => total + count, 0);

/**
 * Groups rows by score and tells the step of every row.
 * @param labels 1 = default, 0 = good
 * @returns the steps, and for each row the index of its step
 * @throws BAD_INPUT on unequal lengths, non-finite scores or labels other than 0 and 1
 */
export function rankRows(labels: ArrayLike<number>, scores: ArrayLike<number>): { steps: Steps; stepOf: Uint32Array } {
  requireLabelledScores(labels, scores);
  const rows = scores.length;
  const order = Uint32Array.from({ length: rows }, (_, i) => i).sort((a, b) => scores[b]! - scores[a]!);
  const stepOf = new Uint32Array(rows);
  const distinct = new Float64Array(rows);
  const bads = new Uint32Array(rows);
  const goods = new Uint32Array(rows);
  let last = -1;
  for (const row of order) {
    if (last < 0 || scores[row] !== distinct[last]) distinct[++last] = scores[row]!;
    stepOf[row] = last;
    if (labels[row] === 1) bads[last]!++;
    else goods[last]!++;
  }
  const kept = last + 1;
  const steps = { scores: distinct.slice(0, kept), bads: bads.slice(0, kept), goods: goods.slice(0, kept), bad: sum(bads), good: sum(goods) };
  return { steps, stepOf };
}

/** The steps alone; see rankRows. */
export const stepsOf = (labels: ArrayLike<number>, scores: ArrayLike<number>): Steps => rankRows(labels, scores).steps;

/**
 * The steps of PDs of both outcomes.
 * @throws BAD_INPUT also when a PD lies outside 0…1 or only one outcome occurs
 */
export function stepsOfPds(labels: ArrayLike<number>, pds: ArrayLike<number>): Steps {
  const steps = stepsOf(labels, pds);
  const { scores, bad, good } = steps;
  if (bad === 0 || good === 0) throw badInput(`Of ${labels.length} loans ${bad} defaulted; metrics need loans of both outcomes.`);
  if (scores[0]! > 1 || scores.at(-1)! < 0) throw badInput('A PD lies outside 0…1; give probabilities, not scores.');
  return steps;
}
