import type { ReadReport } from '../../../scoring/index.js';
import { facts, heading, table, text, type Block, type Cell, type Section } from '../content.js';
import { named } from '../texts/names.en.js';
import { plotBlocks, type View } from '../view.js';

export const analysesSection = (view: View): Section => ({
  id: 'analyses',
  title: view.t.analyses.title,
  blocks: [
    ...plotBlocks(view, 'roc', 'calibration', 'gains', 'distribution'),
    ...calibrationBlocks(view), ...vintageBlocks(view), ...championBlocks(view), ...foldBlocks(view),
  ],
});

/** A part with its heading; without content it says that nothing is recorded. */
const part = ({ t }: View, title: string, blocks: readonly Block[] | undefined): Block[] => [heading(title), ...(blocks ?? [text(t.notRecorded)])];

function calibrationBlocks(view: View): Block[] {
  const { t: { analyses: a }, dossier: { metrics: { calibration } } } = view;
  return part(view, a.calibration, calibration && [table(a.calibrationHead, calibration.map(({ count, meanPd, defaultRate }) => [count, { share: meanPd }, { share: defaultRate }]))]);
}

type Slice = NonNullable<NonNullable<ReadReport['evaluation']>['vintages']>[number];

export const sliceCells = ({ name, rows, bads, defaultRate, meanPd, auc, approvalRate }: Slice): Cell[] => [name, rows, bads, { share: defaultRate }, { share: meanPd }, auc, { share: approvalRate }];

function vintageBlocks(view: View): Block[] {
  const vintages = view.report?.evaluation?.vintages ?? [];
  return part(view, view.t.analyses.vintages, vintages.length === 0 ? undefined : [table(view.t.analyses.sliceHead, vintages.map(sliceCells))]);
}

function championBlocks(view: View): Block[] {
  const { t, dossier: { comparison } } = view;
  const { analyses: a } = t;
  if (!comparison) return part(view, a.champion, undefined);
  const { champion, rows, auc, championAuc, standardError, z, p } = comparison;
  return part(view, a.champion, [facts([a.championName, t.stored(champion)], [a.both, rows], [a.thisAuc, auc], [a.championAuc, championAuc], [a.difference, auc - championAuc], [a.error, standardError], [a.z, z], [a.p, p])]);
}

function foldBlocks(view: View): Block[] {
  const { t: { analyses: a }, report } = view;
  const found = report?.crossValidation;
  if (!found) return part(view, a.crossValidation, undefined);
  const rows = found.folds.map((fold, i): Cell[] => [a.fold(i + 1), fold.rows, fold.bads, fold.auc, fold.ks, fold.brier, fold.ece]);
  return part(view, a.crossValidation, [table(a.foldHead, [...rows, [a.mean, null, null, found.auc, found.ks, found.brier, null]]), text(a.deviation(found.aucDeviation.toFixed(4)))]);
}

const MOST_TRIALS = 20;

/** The search for hyper-parameters: in short, its plot, and the best trials. */
export function searchBlocks(view: View): Block[] {
  const { t, dossier: { trials: told }, report } = view;
  const { analyses: a, names } = t;
  const trials = report?.search?.trials ?? [];
  if (!told && trials.length === 0) return part(view, a.search, undefined);
  const best = report?.search?.best?.trial;
  const ranked = trials.toSorted((one, other) => Number(other.trial === best) - Number(one.trial === best) || (other.rungs.at(-1)?.auc ?? 0) - (one.rungs.at(-1)?.auc ?? 0)).slice(0, MOST_TRIALS);
  const rows = ranked.map(({ trial, status, rungs, settings }): Cell[] => [trial, trial === best ? { mark: a.best, tone: 'good' } : names.trials[status], rungs.length, rungs.at(-1)?.logLoss, rungs.at(-1)?.auc, { code: JSON.stringify(settings) }]);
  return part(view, a.search, [
    ...(told ? [text(a.searched(told.trials, told.failed, told.folds, named(names.criteria, told.criterion)))] : []),
    ...plotBlocks(view, 'trials'),
    ...(rows.length > 0 ? [table(a.trialHead, rows)] : []),
    ...(trials.length > MOST_TRIALS ? [text(a.shownTrials(MOST_TRIALS, trials.length))] : []),
  ]);
}
