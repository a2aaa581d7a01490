import { describeFields, type Mapping } from '../../loans/index.js';
import { AssayError, badInput } from '../../platform/index.js';
import { parseFeatureSpecs, proposeFeatureSpecs, type FeatureSpec } from '../../scoring/index.js';

/** How far back the proposed features look, where the book goes as far. */
const MOST_PERIODS = 6;

/**
 * The features of a mapping: those it lists, or a proposal from the fields it makes.
 * @throws BAD_INPUT naming the file for features that are unsound
 */
export function specsOfMapping(mapping: Mapping, path: string): FeatureSpec[] {
  if (mapping.features) return specsFrom(mapping.features, `${path}: features`);
  return proposeFeatureSpecs(describeFields(mapping), { periods: Math.max(2, Math.min(mapping.repayments.length || MOST_PERIODS, MOST_PERIODS)) });
}

/** Feature specs from a file's JSON. @throws BAD_INPUT naming the place */
export function specsFrom(json: unknown, where: string): FeatureSpec[] {
  try {
    return parseFeatureSpecs(json);
  } catch (error) {
    throw error instanceof AssayError ? badInput(`${where}: ${error.message}`) : error;
  }
}
