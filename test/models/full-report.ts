const slice = { name: 'x', rows: 200, bads: 20, defaultRate: 0.1, meanPd: 0.11, auc: 0.7, approvalRate: 0.8 };

/** A report with every part, small. */
export const REPORT = {
  version: 1,
  evaluation: {
    measuredOn: 'training',
    metrics: {
      rows: 400, bads: 40, threshold: 0.4, auc: 0.75, gini: 0.5, ks: 0.4, brier: 0.08, logLoss: 0.3, accuracy: 0.9, precision: 0.5, recall: 0.4, f1: 0.44, ece: 0.01,
      intervals: { auc: { low: 0.71, high: 0.79 } }, level: 0.95, resamples: 400,
    },
    curves: {
      roc: [{ falsePositiveRate: 0, truePositiveRate: 0, pd: 1 }, { falsePositiveRate: 1, truePositiveRate: 1, pd: 0 }],
      lift: [{ decile: 1, rows: 40, bads: 16, defaultRate: 0.4, meanPd: 0.39, lift: 4, gain: 0.4, cumulativeLift: 4 }],
      calibration: [{ count: 40, meanPd: 0.39, defaultRate: 0.4, low: 0.26, high: 0.55 }],
      distribution: { edges: [500, 550, 600], goods: [10, 20], bads: [3, 1] },
    },
    vintages: [{ ...slice, name: '2024-Q1' }, { ...slice, name: '2024-Q2', auc: null }],
    groups: { sex: { groups: [{ ...slice, name: 'female', approvalRatio: 1, belowLeastRatio: false }, { ...slice, name: 'male', approvalRatio: 0.7, belowLeastRatio: true }], skipped: [{ name: 'other', rows: 3 }] } },
  },
  importance: { rows: 100, features: [{ feature: 'principal', label: 'Amount', meanAbsolute: 0.9, share: 1, meanSigned: -0.1 }] },
  partialDependence: [{ feature: 'principal', label: 'Amount', varies: 'value', points: [{ value: 1000, meanPd: 0.1, meanLogit: -2.2, p10: 0.1, p90: 0.1 }, { value: null, meanPd: 0.2, meanLogit: -1.4, p10: 0.2, p90: 0.2 }] }],
  quality: {
    findings: [
      { check: 'missing-values', severity: 'LOW', feature: 'principal', message: 'Some are missing.', value: 0.02, threshold: 0.01 },
      { check: 'group-size', severity: 'HIGH', message: 'Few of the group other.', value: 3, threshold: 50 },
    ],
    overrides: [{ check: 'missing-values', feature: 'principal', reason: 'Few.' }, { check: 'group-size', reason: 'Measured apart.' }],
  },
  crossValidation: {
    folds: [{ rows: 200, bads: 20, auc: 0.74, ks: 0.38, brier: 0.08, logLoss: 0.3, ece: 0.01 }, { rows: 200, bads: 20, auc: 0.76, ks: 0.42, brier: 0.09, logLoss: 0.31, ece: 0.02 }],
    auc: 0.75, aucDeviation: 0.0141, ks: 0.4, brier: 0.085,
  },
  search: { trials: [
    { trial: 0, status: 'FINISHED', settings: { units: 8 }, rungs: [{ rung: 0, folds: 2, logLoss: 0.4, brier: 0.1, auc: 0.7, deviation: null, seconds: 1 }, { rung: 1, folds: 5, logLoss: 0.3, brier: 0.09, auc: 0.72, deviation: 0.01, seconds: 3 }] },
    { trial: 1, status: 'FAILED', settings: { units: 900 }, rungs: [], message: 'Out of memory.' },
  ] },
  scorecard: { scale: { points: 600, odds: 1 / 19, doubling: 50 }, basePoints: 400, features: [{ feature: 'principal', label: 'Amount', informationValue: 0.3, coefficient: 0.5, bins: [{ label: 'below 2000', rows: 20, bads: 8, woe: 0.5, points: -18 }] }] },
};
