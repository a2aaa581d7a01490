import type { Scorer, ScorerOutput } from '../onnx/scorer.js';
import type { ReferenceSet } from './reference.js';
import { remembered } from './remembered.js';

type OfReference = (reference: ReferenceSet) => Promise<ScorerOutput>;

const perScorer = new WeakMap<Scorer, OfReference>();

/** What the model says of its reference rows: the same for every applicant, so asked once. */
export function referenceOutput(scorer: Scorer, reference: ReferenceSet): Promise<ScorerOutput> {
  const ofReference = perScorer.get(scorer) ?? remembered(({ matrix, json }: ReferenceSet) => scorer.run(matrix, json.size));
  perScorer.set(scorer, ofReference);
  return ofReference(reference);
}
