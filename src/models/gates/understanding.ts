import { fairnessOf, residualOf } from './evidence-of.js';
import { judged, missing, notApplicable, told, unbacked } from './finding.js';
import type { Gate } from './types.js';

/** Every decision can be explained in full: a reference set, a reason for each feature, little left over. */
export const explanation: Gate = (evidence, { mostResidual: threshold }) => {
  const { explanation: parts } = evidence;
  const residual = residualOf(evidence);
  const source = 'report.importance.residual95';
  if (!parts) return missing({ source, threshold, says: 'The artefacts cannot be loaded, so nothing can be explained.', remedy: 'Register the version again from sound artefacts.' });
  const { features, withoutReasonCode, referenceRows } = parts;
  if (withoutReasonCode.length > 0) return missing({ source: 'the feature schema', threshold, says: `Features without a reason code: ${withoutReasonCode.join(', ')}.`, remedy: 'Give each feature a reason code, and build the version again.' });
  if (!residual) return unbacked(evidence, 'what its explanations leave over', { source, threshold });
  const { rows, residual95 } = residual;
  return judged(residual95 <= threshold, {
    measured: residual95,
    threshold,
    source,
    says: `Of ${told(rows)} explanations 95 % leave less than ${told(residual95)} log-odds over; at most ${told(threshold)} passes. All ${features} features have reason codes, and ${referenceRows} approved applicants to compare with.`,
    remedy: 'Train a smoother model, or one whose log-odds are linear, which is explained exactly.',
  });
};

/** The report on groups is there, and no group is approved much less often than another. */
export const fairness: Gate = (evidence, { leastFairnessRatio: threshold }) => {
  const source = 'report.evaluation.groups';
  const attributes = fairnessOf(evidence);
  if (!attributes) return unbacked(evidence, 'what it does to groups of people', { source, threshold });
  if (attributes.length === 0) return notApplicable(source, 'No protected attribute is known of the loans it was measured on, so nothing can be compared.', threshold);
  const unjudged = attributes.filter(({ lowestRatio }) => lowestRatio === null).map(({ attribute }) => attribute);
  const besides = unjudged.length === 0 ? '' : ` Without two groups large enough to compare: ${unjudged.join(', ')}.`;
  const ratios = attributes.filter((one): one is typeof one & { lowestRatio: number } => one.lowestRatio !== null).sort((a, b) => a.lowestRatio - b.lowestRatio);
  const [worst] = ratios;
  if (!worst) return notApplicable(source, `Protected attributes are known, but no ratio can be told.${besides}`, threshold);
  return judged(worst.lowestRatio >= threshold, {
    measured: worst.lowestRatio,
    threshold,
    source,
    says: `The lowest ratio of approval rates is ${told(worst.lowestRatio)}, by ${worst.attribute}; at least ${told(threshold)} passes (four-fifths rule). By attribute: ${ratios.map(({ attribute, lowestRatio }) => `${attribute} ${told(lowestRatio)}`).join(', ')}.${besides}`,
    remedy: 'Look for the features behind the difference and whether each is needed; train without what is not, or have the difference justified in a waiver.',
  });
};

const SECTIONS = { intendedUse: 'intended use', limitations: 'limitations', ethics: 'ethics', contact: 'contact' } as const;

/** The model card answers what an examiner asks first. */
export const modelCard: Gate = ({ dossier: { modelCard: card } }) => {
  const empty = (Object.keys(SECTIONS) as (keyof typeof SECTIONS)[]).filter((section) => (card[section] ?? '').trim() === '').map((section) => SECTIONS[section]);
  return judged(empty.length === 0, {
    measured: empty.length,
    threshold: 0,
    source: 'dossier.modelCard',
    says: empty.length === 0 ? 'The model card tells intended use, limitations, ethics and contact.' : `The model card says nothing of ${empty.join(' and ')}.`,
    remedy: 'Write it, and register the version again with it.',
  });
};

/** No grave weakness that a validator raised is still open. */
export const findings: Gate = ({ openHighFindings }) =>
  judged(openHighFindings.length === 0, {
    measured: openHighFindings.length,
    threshold: 0,
    source: 'the findings recorded',
    says: openHighFindings.length === 0 ? 'No HIGH finding is open on the version or its model.' : `HIGH findings still open: ${openHighFindings.map((title) => `“${title}”`).join(', ')}.`,
    remedy: 'Their owners resolve them (resolveFinding), and a validator accepts the resolutions.',
  });
