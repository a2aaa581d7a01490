import { categoryLabel, describePlots, plotTexts, renderPlots, type Curves, type PlotReport, type PlottedModel, type ReadReport } from '../../scoring/index.js';
import type { CardPlot } from './content.js';
import { measuredOn } from './sections/data.js';
import type { CardSource } from './source.js';
import { viewOf, type View } from './view.js';

const MOST_FEATURES = 12;

/** The plots of a version: as many as its report has the data for. `words` leaves them undrawn. */
export async function plotsOf(source: CardSource, how: 'drawn' | 'words' = 'drawn'): Promise<CardPlot[]> {
  const report = plotReport(viewOf(source));
  return how === 'drawn' ? renderPlots(report) : describePlots(report);
}

function plotReport(view: View): PlotReport {
  const { report, language } = view;
  return {
    language,
    subject: subjectOf(view),
    models: modelsOf(view),
    importance: strongest(view).map(({ feature, label, meanAbsolute }) => ({ label: view.featureLabel(feature, label), importance: meanAbsolute })),
    ...(report?.example && { prediction: predictionOf(view, report.example) }),
    dependence: dependenceOf(view),
    drift: (report?.quality?.findings ?? []).flatMap(({ check, feature, value }) => (check === 'drift' && typeof value === 'number' ? [{ label: view.featureLabel(feature), psi: value }] : [])),
    history: report?.history ?? [],
    trials: (report?.search?.trials ?? []).flatMap(({ trial, rungs, status }) => {
      const last = rungs.at(-1);
      return last ? [{ number: trial, auc: last.auc, finished: status === 'FINISHED' }] : [];
    }),
  };
}

const strongest = ({ report }: View) => (report?.importance?.features ?? []).slice(0, MOST_FEATURES);

function subjectOf(view: View): string {
  return plotTexts(view.language).subject(measuredOn(view) !== 'training', view.dossier.metrics.rows);
}

function modelsOf({ t, report, dossier, language }: View): PlottedModel[] {
  const { metrics, comparison } = dossier;
  const own = curvesOf(report?.evaluation?.curves, { rows: metrics.rows, bads: metrics.bads ?? report?.evaluation?.metrics?.bads, auc: metrics.auc });
  if (!own) return [];
  const interval = metrics.intervals?.of['auc'];
  const champion = curvesOf(report?.comparison?.curves, { rows: comparison?.rows, bads: undefined, auc: comparison?.championAuc });
  const name = t.stored((report?.comparison?.champion ?? '').replace(/ \(.*\)$/, ''));
  return [{ name: plotTexts(language).thisVersion, curves: own, ...(interval && { aucInterval: interval }) }, ...(champion ? [{ name, curves: champion }] : [])];
}

type ReadCurves = NonNullable<NonNullable<ReadReport['evaluation']>['curves']>;
type Known = { readonly [Name in 'rows' | 'bads' | 'auc']: number | undefined };

/** The curves of a report in full; what an early one does not tell is worked out, or the curves are left out. */
function curvesOf(read: ReadCurves | undefined, known: Known): Curves | undefined {
  const rows = read?.rows ?? known.rows;
  const bads = read?.bads ?? known.bads;
  const auc = read?.auc ?? known.auc;
  if (!read || rows === undefined || bads === undefined || auc === undefined) return undefined;
  const ks = read.ks ?? widest(read.roc);
  const { edges, goods } = read.distribution;
  const distribution = edges.length === goods.length + 1 && edges.length > 1 ? read.distribution : { edges: [], goods: [], bads: [] };
  return { rows, bads, auc, roc: read.roc.length > 1 ? read.roc : [], ks, lift: liftOf(read.lift, rows), calibration: read.calibration, distribution };
}

/** Where bad and good loans are furthest apart. */
function widest(roc: ReadCurves['roc']): Curves['ks'] {
  const gap = ({ truePositiveRate, falsePositiveRate }: ReadCurves['roc'][number]): number => Math.abs(truePositiveRate - falsePositiveRate);
  const point = roc.reduce((best, one) => (gap(one) > gap(best) ? one : best), roc[0] ?? { truePositiveRate: 0, falsePositiveRate: 0, pd: 1 });
  return { ...point, value: gap(point) };
}

function liftOf(lift: ReadCurves['lift'], rows: number): Curves['lift'] {
  let counted = 0;
  return lift.map((row) => ({ ...row, highestPd: row.meanPd, lowestPd: row.meanPd, cumulativeRows: row.cumulativeRows ?? (counted += row.rows) / rows }));
}

const predictionOf = (view: View, { baselineLogit, logit, attributions }: NonNullable<ReadReport['example']>): NonNullable<PlotReport['prediction']> => ({
  baselineLogit,
  logit,
  parts: attributions.map(({ feature, label, contribution }) => ({ label: view.featureLabel(feature, label), attribution: contribution })),
});

/** The strongest features first; a missing value has no place on an axis. */
function dependenceOf(view: View): NonNullable<PlotReport['dependence']> {
  const all = view.report?.partialDependence ?? [];
  const ranked = strongest(view).flatMap(({ feature }) => all.filter((one) => one.feature === feature));
  const plotted = ranked.map(({ feature, label, points }) => {
    const known = points.flatMap(({ value, meanPd }) => (value === null ? [] : [{ value, pd: meanPd }]));
    const numeric = known.every(({ value }) => typeof value === 'number');
    const spec = view.specs.find(({ name }) => name === feature);
    const name = (value: number | string | boolean): string => (spec ? categoryLabel(spec, String(value), view.language) : String(value));
    return { label: view.featureLabel(feature, label), points: known.map(({ value, pd }) => ({ at: numeric ? (value as number) : name(value), pd })) };
  });
  return plotted.filter(({ points }) => points.length > 0);
}
