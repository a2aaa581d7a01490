import type { LoadedVersion } from '../../models/index.js';
import { reasonsOf, reasonText, type InputFlag, type Language } from '../../scoring/index.js';
import type { PredictionBody, RecordedExplanation, RecordedReason } from '../record/body.js';
import type { PredictionReason } from './prediction.types.js';

/** The language in which reasons are recorded, and told unless asked otherwise. */
export const RECORDED_LANGUAGE: Language = 'en';

/** Reasons in a language. */
export type ToldReasons = (language: Language) => readonly PredictionReason[];

/**
 * Recorded reasons in another language: the same ones in the same order, worded anew from the recorded values and the
 * version's reference set.
 */
export function reasonsIn({ schema, reference }: LoadedVersion, reasons: readonly RecordedReason[], inputs: PredictionBody['inputs'], language: Language): PredictionReason[] {
  const indexes = new Map(schema.features.map(({ spec }, index) => [spec.name, index]));
  return reasons.map(({ code, feature, text }) => {
    const index = indexes.get(feature);
    if (index === undefined) return { code, feature, text };
    return { code, feature, text: reasonText(schema.features[index]!.spec, inputs[index]![0], reference.json.typical[index]!, language) };
  });
}

/** What the explanation of a record says against approval, one reason for each code, strongest first. */
export function rankedReasons({ schema, reference }: LoadedVersion, explanation: RecordedExplanation, recorded: PredictionBody['inputs'], language: Language): PredictionReason[] {
  const inputs = recorded.map(([value, flags], index) => ({ name: schema.features[index]!.spec.name, value, flags: (flags ?? []) as readonly InputFlag[] }));
  return reasonsOf(explanation, schema, reference, inputs, { language, max: schema.features.length });
}
