import { badInput } from '../../base/index.js';
import type { EncodedInput } from '../features/encode.js';
import type { FeatureSchema } from '../features/schema.js';
import type { Language } from './catalogue.js';
import type { Explanation } from './explanation.js';
import type { ReferenceSet } from './reference.js';
import { isTypicalCategory } from './typical.js';
import { reasonText } from './wording.js';

export interface Reason {
  readonly code: string;
  /** Name of the feature. */
  readonly feature: string;
  readonly text: string;
  /** Log-odds toward default, above 0. */
  readonly contribution: number;
}

export interface ReasonOptions {
  readonly language?: Language;
  /** Most reasons given; regulators think more than four unlikely to help. */
  readonly max?: number;
}

/** A push this much weaker than the strongest is noise, not a reason. */
const LEAST_SHARE = 0.05;

/** The features that push most toward default against the reference set, one per reason code, strongest first. */
export function reasonsOf(
  explanation: Pick<Explanation, 'attributions'>,
  schema: FeatureSchema,
  reference: ReferenceSet,
  inputs: readonly EncodedInput[],
  { language = 'en', max = 4 }: ReasonOptions = {},
): Reason[] {
  if (inputs.length !== schema.features.length || explanation.attributions.length !== schema.features.length) {
    throw badInput(`Reasons need one input and one attribution for each of the ${schema.features.length} features; use the schema of the version that made the prediction.`);
  }
  const ranked = schema.features
    .map(({ spec }, i) => ({ spec, i, contribution: explanation.attributions[i]! }))
    .filter(({ i, contribution }) => contribution > 0 && !isTypicalCategory(inputs[i]!.value, reference.json.typical[i]!))
    .sort((a, b) => b.contribution - a.contribution || a.i - b.i);
  const least = (ranked[0]?.contribution ?? 0) * LEAST_SHARE;
  const used = new Set<string>();
  const strongest = ranked.filter(({ spec, contribution }) => contribution >= least && !used.has(spec.reasonCode) && used.add(spec.reasonCode));
  return strongest.slice(0, max).map(({ spec, i, contribution }) => ({
    code: spec.reasonCode,
    feature: spec.name,
    text: reasonText(spec, inputs[i]!.value, reference.json.typical[i]!, language),
    contribution,
  }));
}
