import type { LoadedVersion } from '../../models/index.js';
import type { RecordedExplanation } from '../record/body.js';
import type { PredictionExplanation } from './prediction.types.js';

/** A recorded explanation with the names of the features. */
export function explained(version: LoadedVersion, { method, baselineLogit, logit, residual, attributions, standardErrors }: RecordedExplanation): PredictionExplanation {
  return {
    method,
    baselineLogit,
    logit,
    residual,
    referenceSet: version.referenceDigest,
    attributions: attributions.map((contribution, index) => {
      const { name, label } = version.schema.features[index]!.spec;
      return { feature: name, label, contribution, standardError: standardErrors?.[index] ?? null };
    }),
  };
}
