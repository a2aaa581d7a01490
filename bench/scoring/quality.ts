import { buildVersion, crossValidate, givenFolds, type BuildRequest, type CrossValidation, type FeatureSpec, type Metrics, type VersionBundle } from '../../src/scoring/index.js';
import { figure, type Figure } from '../types.js';
import { labelled, rawRows, type BenchBook } from './book.js';

type Settings = NonNullable<BuildRequest['hyperParameters']>;

/** Fixed settings: what a user gets without asking for anything. */
const TAIWAN: Settings = {};

/** A small book: one wide layer, small steps, much noise, and each seventh of the rows kept aside by two members. */
const GERMAN: Settings = { layers: [64], dropout: 0.5, l2: 3e-3, batchSize: 32, epochs: 60, patience: 10, ensemble: 14 };

const SEEDS = [1, 2, 3, 4, 5];

export const round = (value: number, digits: number): number => Number(value.toFixed(digits));
const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;

type Rows = BenchBook['rows'];

/** Trains on one part and measures on the other; the part that is measured on is never looked at before. */
const buildOn = (specs: readonly FeatureSpec[], train: Rows, test: Rows, settings: Settings, seed: number): Promise<VersionBundle> =>
  buildVersion({ specs, ...labelled(train), holdout: labelled(test), hyperParameters: settings, seed });

const metricsOf = ({ report }: VersionBundle): Metrics => report.evaluation.metrics;

/** Cross-validation on the folds that were published with the baselines. */
const crossValidated = ({ specs, rows }: BenchBook, hyperParameters: Settings, say: (text: string) => void): Promise<CrossValidation> =>
  crossValidate({
    specs, hyperParameters, seed: 1,
    raw: rawRows(specs, rows),
    labels: labelled(rows).labels,
    folds: givenFolds(rows.map(({ fold }) => fold)),
    onFold: (fold, folds, { auc, brier }) => say(`    fold ${fold} of ${folds}: AUC ${auc.toFixed(4)}, Brier ${brier.toFixed(4)}`),
  });

/** The given hold-out, for five fixed seeds. */
async function heldOut(book: BenchBook, specs: readonly FeatureSpec[], say: (text: string) => void): Promise<VersionBundle[]> {
  const [train, test] = ['train', 'holdout'].map((part) => book.rows.filter((row) => row.part === part));
  const bundles: VersionBundle[] = [];
  for (const seed of SEEDS) {
    const bundle = await buildOn(specs, train!, test!, TAIWAN, seed);
    const { auc, brier, ece } = metricsOf(bundle);
    say(`    seed ${seed}: AUC ${auc.toFixed(4)}, Brier ${brier.toFixed(4)}, ECE ${ece.toFixed(4)}`);
    bundles.push(bundle);
  }
  return bundles;
}

const digests = ({ artefacts }: VersionBundle): string => artefacts.map(({ bytes }) => Buffer.from(bytes).toString('base64')).join();

export interface Quality {
  readonly figures: readonly Figure[];
  /** The first seed's version on the hold-out: the one whose speed is measured. */
  readonly version: VersionBundle;
}

/** Taiwan, all 23 predictors and the lawful ones. */
export async function taiwanQuality(book: BenchBook, say: (text: string) => void): Promise<Quality> {
  say('  Taiwan, hold-out, all predictors');
  const all = await heldOut(book, book.specs, say);
  say('  Taiwan, hold-out, without protected attributes');
  const lawful = await heldOut(book, book.lawfulSpecs, say);
  say('  Taiwan, 5-fold cross-validation, all predictors');
  const cv = await crossValidated(book, TAIWAN, say);
  const [train, test] = ['train', 'holdout'].map((part) => book.rows.filter((row) => row.part === part));
  const again = await buildOn(book.specs, train!, test!, TAIWAN, SEEDS[0]!);
  const of = (bundles: readonly VersionBundle[], name: 'auc' | 'brier' | 'ece'): number => round(median(bundles.map((bundle) => metricsOf(bundle)[name])), 4);
  return {
    version: all[0]!,
    figures: [
      figure('scoring', 'Taiwan, 23 predictors, 5-fold AUC on the given folds', round(cv.auc, 4), '', '>= 0.783'),
      figure('scoring', 'Taiwan, 23 predictors, 5-fold Brier', round(cv.brier, 4), '', '<= 0.1345'),
      figure('scoring', 'Taiwan hold-out AUC, median of five seeds', of(all, 'auc'), '', '>= 0.775'),
      figure('scoring', 'Taiwan hold-out Brier, median of five seeds', of(all, 'brier'), '', '<= 0.1365'),
      figure('scoring', 'Taiwan hold-out AUC without protected attributes, median of five seeds', of(lawful, 'auc'), '', '>= 0.773'),
      figure('scoring', 'Taiwan hold-out ECE, ten bins of equal mass, median of five seeds', of(all, 'ece'), '', '<= 0.02'),
      figure('scoring', 'largest parity difference of these versions', Math.max(...all.map(({ parity }) => parity.maxAbsDifference)), '', '<= 1e-5'),
      figure('scoring', 'the same seed and data, twice: artefacts the same, byte by byte', digests(again) === digests(all[0]!) ? 1 : 0, '', '>= 1'),
    ],
  };
}

export async function germanQuality(book: BenchBook, say: (text: string) => void): Promise<Figure> {
  say('  German, 5-fold cross-validation');
  const { auc } = await crossValidated(book, GERMAN, say);
  return figure('scoring', 'German, 5-fold AUC on the given folds', round(auc, 4), '', '>= 0.790');
}
