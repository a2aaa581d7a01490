import type { LoadedVersion } from '../../models/index.js';
import { labelOf, type Language } from '../../scoring/index.js';
import type { RecordedExplanation } from '../record/body.js';
import type { PredictionExplanation } from './prediction.types.js';

/** A recorded explanation with the names of the features, in a language. */
export function explained(version: LoadedVersion, recorded: RecordedExplanation, language: Language): PredictionExplanation {
  const { method, baselineLogit, logit, residual, attributions, standardErrors } = recorded;
  return {
    method,
    baselineLogit,
    logit,
    residual,
    referenceSet: version.referenceDigest,
    attributions: attributions.map((contribution, index) => {
      const { spec } = version.schema.features[index]!;
      return { feature: spec.name, label: labelOf(spec, language), contribution, standardError: standardErrors?.[index] ?? null };
    }),
  };
}
