import { measuredOn } from './evidence-of.js';
import { judged, missing, notApplicable, told, unbacked } from './finding.js';
import type { Champion, Gate, GateEvidence, GateFinding } from './types.js';

/** Not worse than the version that decides today, on the very same rows. */
export const discrimination: Gate = ({ report, champion }, { aucMargin }) => {
  const source = 'report.comparison';
  if (!champion) return notApplicable(source, 'The model has no champion to compare with.', -aucMargin);
  const { comparison } = report ?? {};
  const test = comparison?.test;
  if (!comparison || !test) return uncompared(champion, source, -aucMargin, `No report backs a comparison with the present champion, version ${champion.version}.`);
  if (!comparison.champion.includes(champion.versionId)) {
    return uncompared(champion, source, -aucMargin, `The report compares with ${comparison.champion}, but the champion is version ${champion.version} now.`);
  }
  const difference = exact(test.aucA - test.aucB);
  const chance = test.p === null ? '' : ` (DeLong p ${told(test.p)})`;
  return judged(difference >= -aucMargin, {
    measured: difference,
    threshold: -aucMargin,
    source,
    says: `AUC ${told(test.aucA)} against ${told(test.aucB)} of the champion, version ${champion.version}, on the same ${told(comparison.rows)} rows${chance}; it may lie ${told(aucMargin)} below.`,
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
  const source = 'report.evaluation.metrics.ece';
  const { metrics } = evidence.report?.evaluation ?? {};
  if (!metrics) return unbacked(evidence, 'a calibration error', { source, threshold });
  if (measuredOn(evidence) !== 'holdout') return unheld(evidence, source, threshold);
  const { ece, rows } = metrics;
  return judged(ece <= threshold, {
    measured: ece,
    threshold,
    source,
    says: `The expected calibration error is ${told(ece)} on ${told(rows)} held-out loans; at most ${told(threshold)} passes.${chanceOf(evidence.dossier.metrics.calibration)}`,
    remedy: 'Calibrate the version (Platt or isotonic), or hold more loans out where too few make the figure noisy.',
  });
};

/** The PDs of the hold-out are spread as those of the training loans are. */
export const stability: Gate = (evidence, { mostPsi: threshold }) => {
  const source = 'report.stability.psi';
  const psi = evidence.report?.stability?.psi;
  if (evidence.report?.evaluation && measuredOn(evidence) !== 'holdout') return unheld(evidence, source, threshold);
  if (psi === undefined) return unbacked(evidence, 'the stability of the PD', { source, threshold });
  return judged(psi <= threshold, {
    measured: psi,
    threshold,
    source,
    says: `The PSI of the PD, training against hold-out, is ${told(psi)}; at most ${told(threshold)} passes.`,
    remedy: 'Look for what changed between the two, and train on loans like those that will be scored.',
  });
};

const unheld = (evidence: GateEvidence, source: string, threshold: number): GateFinding =>
  missing({ source, threshold, says: measuredOn(evidence) === 'training' ? 'It was measured on the loans it was trained on, which flatters.' : 'The report does not tell on which loans it was measured.', remedy: 'Hold loans out of training (assay train --split), and register the version that is measured on them.' });

/**
 * No grave finding in the training data. That its makers went on in spite of one is their word: it is shown, and others
 * than they waive the gate.
 */
export const dataQuality: Gate = (evidence) => {
  const { dossier: { quality }, report } = evidence;
  const source = 'report.quality';
  const grave = report?.quality?.findings.filter(({ severity }) => severity === 'HIGH');
  if (!grave) return unbacked(evidence, 'the quality of the training data', { source, threshold: 0 });
  const reasons = (report?.quality?.overrides ?? quality?.overrides ?? []).map((override) => `${nameOf(override)}: ${isAboutGroups(override) ? 'see dataQuality' : override.reason.replace(/\.$/, '')}`);
  const why = reasons.length === 0 ? '' : ` Its makers went on in spite of ${reasons.join('; ')}.`;
  return judged(grave.length === 0, {
    measured: grave.length,
    threshold: 0,
    source,
    says: `Grave findings in the training data: ${grave.length === 0 ? 'none' : grave.map(nameOf).join(', ')}.${why}`,
    remedy: 'Mend the data and register the version again, or have two people who did not make it look at the reasons and waive the gate.',
  });
};

interface Check {
  readonly check: string;
  readonly feature?: string | undefined;
}

/** Gates are read by people who may not see how groups fare. */
const isAboutGroups = ({ check }: Check): boolean => check.startsWith('group');

const nameOf = (found: Check): string => (isAboutGroups(found) ? 'something about groups of people' : found.feature === undefined ? found.check : `${found.check} of ${found.feature}`);
