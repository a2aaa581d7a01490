import { measuredOn, psiOf } from './evidence-of.js';
import { judged, missing, notApplicable, told } from './finding.js';
import type { Champion, Gate, GateFinding } from './types.js';

/** Not worse than the version that decides today, on the very same rows. */
export const discrimination: Gate = ({ dossier: { comparison }, champion }, { aucMargin }) => {
  const source = 'dossier.comparison';
  if (!champion) return notApplicable(source, 'The model has no champion to compare with.', -aucMargin);
  if (!comparison) return uncompared(champion, source, -aucMargin, `The dossier has no comparison with the present champion, version ${champion.version}.`);
  if (!comparison.champion.includes(champion.versionId)) {
    return uncompared(champion, source, -aucMargin, `The dossier compares with ${comparison.champion}, but the champion is version ${champion.version} now.`);
  }
  const difference = exact(comparison.auc - comparison.championAuc);
  const test = comparison.p === null ? '' : ` (DeLong p ${told(comparison.p)})`;
  return judged(difference >= -aucMargin, {
    measured: difference,
    threshold: -aucMargin,
    source,
    says: `AUC ${told(comparison.auc)} against ${told(comparison.championAuc)} of the champion, version ${champion.version}, on the same ${told(comparison.rows)} rows${test}; it may lie ${told(aucMargin)} below.`,
    remedy: 'Train a version that tells good from bad loans as well as the champion does.',
  });
};

/** 0.79 − 0.8 is −0.01, not a little less. */
const exact = (difference: number): number => Math.round(difference * 1e12) / 1e12;

const uncompared = ({ version }: Champion, source: string, threshold: number, says: string): GateFinding =>
  missing({ says, source, threshold, remedy: `Build the version again compared with version ${version} on the same hold-out (assay train --against), and register that.` });

/** The error that a perfectly calibrated version would show by chance, on bins of these sizes: a mean of half-normal deviations. */
function chanceOf(bins: readonly { readonly count: number; readonly meanPd: number }[] = []): string {
  const rows = bins.reduce((sum, { count }) => sum + count, 0);
  if (rows === 0) return '';
  const chance = bins.reduce((sum, { count, meanPd }) => sum + Math.sqrt((2 * count * meanPd * (1 - meanPd)) / Math.PI), 0) / rows;
  return ` On so many, chance alone gives about ${told(chance)}.`;
}

/** PDs come true on loans that training never saw. */
export const calibration: Gate = (evidence, { mostCalibrationError: threshold }) => {
  const { ece, rows, calibration: bins } = evidence.dossier.metrics;
  const source = 'dossier.metrics.ece';
  if (measuredOn(evidence) === 'training') return unheld(source, threshold);
  if (ece === undefined) return missing({ source, threshold, says: 'The dossier has no calibration error.', remedy: 'Measure metrics.ece on the hold-out, and register the version again with it.' });
  return judged(ece <= threshold, {
    measured: ece,
    threshold,
    source,
    says: `The expected calibration error is ${told(ece)} on ${told(rows)} held-out loans; at most ${told(threshold)} passes.${chanceOf(bins)}`,
    remedy: 'Calibrate the version (Platt or isotonic), or hold more loans out where too few make the figure noisy.',
  });
};

/** The PDs of the hold-out are spread as those of the training loans are. */
export const stability: Gate = (evidence, { mostPsi: threshold }) => {
  const source = 'dossier.metrics.extra.psi';
  const psi = psiOf(evidence);
  if (measuredOn(evidence) === 'training') return unheld(source, threshold);
  if (psi === undefined) return missing({ source, threshold, says: 'Neither dossier nor report has the stability of the PD.', remedy: 'Measure the PSI of the PD, training against hold-out, and register the version again with it.' });
  return judged(psi <= threshold, {
    measured: psi,
    threshold,
    source,
    says: `The PSI of the PD, training against hold-out, is ${told(psi)}; at most ${told(threshold)} passes.`,
    remedy: 'Look for what changed between the two, and train on loans like those that will be scored.',
  });
};

const unheld = (source: string, threshold: number): GateFinding =>
  missing({ source, threshold, says: 'It was measured on the loans it was trained on, which flatters.', remedy: 'Hold loans out of training (assay train --split), and register the version that is measured on them.' });

/** No grave finding in the training data that nobody answered for. */
export const dataQuality: Gate = ({ dossier: { quality }, report }) => {
  const source = 'dossier.quality';
  if (!quality) return missing({ source, threshold: 0, says: 'The dossier has no data-quality report.', remedy: 'Build the version with one (assay train, assay adopt), and register that.' });
  const { high, overrides } = quality;
  const isOverridden = ({ check, feature }: { readonly check: string; readonly feature?: string | undefined }): boolean => overrides.some((override) => override.check === check && override.feature === feature);
  const grave = report?.quality?.findings.filter(({ severity }) => severity === 'HIGH');
  const left = grave ? grave.filter((finding) => !isOverridden(finding)).length : Math.max(0, high - overrides.length);
  const reasons = overrides.map(({ check, feature, reason }) => `${check}${feature === undefined ? '' : ` of ${feature}`}: ${reason}`);
  const overridden = reasons.length === 0 ? '' : ` Overridden: ${reasons.join('; ')}.`;
  return judged(left === 0, {
    measured: left,
    threshold: 0,
    source,
    says: `Grave findings in the training data: ${grave?.length ?? high}, of which ${left} not overridden.${overridden}`,
    remedy: 'Mend the data, or override each finding with a reason (assay train --override), and register the version again.',
  });
};
