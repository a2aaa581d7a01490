import { badInput } from '../../base/index.js';
import type { FeatureSchema } from '../features/schema.js';
import type { Explanation } from './explanation.js';

/** How much one feature moves log-odds over a sample of explained rows. */
export interface FeatureImportance {
  readonly feature: string;
  readonly label: string;
  /** Mean |attribution|, log-odds. */
  readonly meanAbsolute: number;
  /** Of the sum of all features, 0…1; 0 where nothing moves anything. */
  readonly share: number;
  /** Mean attribution, log-odds; above 0: the sample is pushed toward default against the reference set. */
  readonly meanSigned: number;
}

/**
 * Global importance as the mean |attribution| of each feature, strongest first.
 * @param explanations of a sample of rows; 500 are plenty
 * @throws BAD_INPUT for an empty sample, or explanations of another schema
 */
export function globalImportance(explanations: readonly Pick<Explanation, 'attributions'>[], schema: FeatureSchema): FeatureImportance[] {
  const rows = explanations.length;
  if (rows === 0) throw badInput('Global importance needs at least one explained row; explain a sample of the training rows first.');
  const strange = explanations.findIndex(({ attributions }) => attributions.length !== schema.features.length);
  if (strange >= 0) throw badInput(`Explanation ${strange} has ${explanations[strange]!.attributions.length} attributions but the schema has ${schema.features.length} features; use the schema of the version that was explained.`);
  const mean = (of: (attribution: number) => number, f: number): number => explanations.reduce((sum, { attributions }) => sum + of(attributions[f]!), 0) / rows;
  const absolutes = schema.features.map((_, f) => mean(Math.abs, f));
  const total = absolutes.reduce((sum, x) => sum + x, 0);
  return schema.features
    .map(({ spec: { name, label } }, f) => ({ feature: name, label, meanAbsolute: absolutes[f]!, share: total === 0 ? 0 : absolutes[f]! / total, meanSigned: mean((x) => x, f) }))
    .sort((a, b) => b.meanAbsolute - a.meanAbsolute);
}
