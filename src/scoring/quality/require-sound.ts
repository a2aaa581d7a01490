import { badInput, refused } from '../../base/index.js';
import type { Finding, Override, QualityReport } from './types.js';

const matches = (finding: Finding, { check, feature }: Override): boolean => check === finding.check && feature === finding.feature;

const nameOf = ({ check, feature }: Finding | Override): string => (feature === undefined ? check : `${check} of ${feature}`);

function requireMeant({ findings }: QualityReport, overrides: readonly Override[]): void {
  const blank = overrides.find(({ reason }) => reason.trim() === '');
  if (blank) throw badInput(`The override of ${nameOf(blank)} has no reason; say why training may go on, as the dossier will show it.`);
  const idle = overrides.find((override) => !findings.some((finding) => matches(finding, override)));
  if (idle) throw badInput(`There is an override of ${nameOf(idle)}, but the data-quality report has no such finding; leave it out, or correct its check and feature.`);
}

/**
 * Stops training on findings of severity HIGH, except those that a person overrode with a reason.
 * @returns the report with the overrides, for the dossier
 * @throws REFUSED naming every HIGH finding without an override; BAD_INPUT for an override without a reason or a finding
 */
export function requireSound(report: QualityReport, overrides: readonly Override[] = []): QualityReport {
  requireMeant(report, overrides);
  const open = report.findings.filter((finding) => finding.severity === 'HIGH' && !overrides.some((override) => matches(finding, override)));
  if (open.length > 0) {
    const listed = open.map((finding) => `[${nameOf(finding)}] ${finding.message}`).join(' ');
    throw refused(`The data-quality report stops training. ${listed} Correct the data, or override each finding with a reason.`);
  }
  return { ...report, overrides: [...overrides] };
}
