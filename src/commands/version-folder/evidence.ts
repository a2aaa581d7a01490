import type { CrossValidation, Evaluation, QualityReport, Scorecard, VersionReport } from '../../scoring/index.js';
import { escaped, sectionOf, tableOf } from './html.js';
import { binRows, introduction, SCORECARD_HEAD } from './scorecard.js';

type Slice = Evaluation['vintages'][number];

const SLICE_HEAD = ['', 'Loans', 'Defaults', 'Default rate', 'Mean PD', 'AUC', 'Approved'];

const sliceRow = ({ name, rows, bads, defaultRate, meanPd, auc, approvalRate }: Slice): unknown[] => [name, rows, bads, defaultRate, meanPd, auc, approvalRate];

export function slicesSection({ groups, vintages }: Evaluation): string {
  const tables = Object.entries(groups).map(([name, report]) => {
    const skipped = report.skipped.map((group) => `${group.name} (${group.rows})`).join(', ');
    const note = `Ratio: approval rate ÷ that of the group approved most often; a ratio below ${report.leastRatio} asks for a reason.${skipped === '' ? '' : ` Too small to judge: ${skipped}.`}`;
    return `<h3>${escaped(name)}</h3>${tableOf([...SLICE_HEAD, 'Ratio'], report.groups.map((group) => [...sliceRow(group), group.approvalRatio]))}<p>${escaped(note)}</p>`;
  });
  return sectionOf('Groups and vintages', ...tables, vintages.length > 0 ? `<h3>Quarter of the decision</h3>${tableOf(SLICE_HEAD, vintages.map(sliceRow))}` : undefined);
}

export function qualitySection({ findings, overrides }: QualityReport): string {
  const reasonOf = (check: string, feature: string | undefined): string | undefined => overrides.find((override) => override.check === check && override.feature === feature)?.reason;
  const rows = findings.map(({ severity, check, feature, message }) => [severity, check, feature, message, reasonOf(check, feature)]);
  return sectionOf(`Data quality: ${findings.length} findings`, findings.length > 0 ? tableOf(['Severity', 'Check', 'Feature', 'Finding', 'Overridden because'], rows) : '<p>Nothing was found.</p>');
}

export const importanceSection = ({ importance: { method, rows, residual95, features } }: VersionReport): string =>
  sectionOf(
    `What it looks at: ${rows} loans explained by ${method}`,
    tableOf(['Feature', 'Mean size of the attribution, log-odds', 'Share', 'Mean attribution'], features.map(({ label, meanAbsolute, share, meanSigned }) => [label, meanAbsolute, share, meanSigned])),
    `<p>95 % of the explanations have a residual below ${residual95.toExponential(1)} log-odds.</p>`,
  );

export function crossValidationSection(found: CrossValidation | undefined): string {
  if (found === undefined) return '';
  const { folds, auc, aucDeviation, ks, brier } = found;
  const rows = folds.map((fold, i): unknown[] => [`fold ${i + 1}`, fold.rows, fold.bads, fold.auc, fold.ks, fold.brier, fold.ece]);
  return sectionOf(
    `Cross-validation: the settings on ${folds.length} folds of the training loans`,
    tableOf(['', 'Loans', 'Defaults', 'AUC', 'KS', 'Brier score', 'ECE'], [...rows, ['mean', '', '', auc, ks, brier, '']]),
    `<p>Standard deviation of the AUC between folds: ${aucDeviation.toFixed(4)}.</p>`,
  );
}

export const scorecardSection = (scorecard: Scorecard | undefined): string =>
  scorecard === undefined ? '' : sectionOf('Scorecard', `<p>${escaped(introduction(scorecard))}</p>`, tableOf(SCORECARD_HEAD, scorecard.features.flatMap(binRows)));
