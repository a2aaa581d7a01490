import type { CheckName } from '../../../scoring/index.js';
import type { VoterRole } from '../../policy/tiers.js';
import type { DeploymentRole } from '../../deployment.entity.js';
import type { GateName } from '../../gates/types.js';
import type { ReviewOutcome } from '../../inventory/inventory.queries.js';
import type { Act, VersionState } from '../../lifecycle.js';
import type { ArtefactKind, Part } from '../../version.entity.js';

type Names<Key extends string> = Record<Key, string>;

/** What people call the names of the registry and of reports. */
export interface CardNames {
  readonly states: Names<VersionState>;
  readonly acts: Names<Act>;
  readonly parts: Names<Part>;
  readonly roles: Names<VoterRole>;
  readonly deployments: Names<DeploymentRole>;
  readonly tiers: Names<'HIGH' | 'MEDIUM' | 'LOW'>;
  readonly verdicts: Names<'FOR' | 'AGAINST'>;
  readonly gateVerdicts: Names<'PASS' | 'FAIL' | 'WAIVED' | 'NOT_APPLICABLE'>;
  readonly gates: Names<GateName>;
  /** Where the figure of a gate is from; a place in dossier or report, or a runtime, goes by its own name. */
  readonly gateSources: Readonly<Record<string, string>>;
  readonly reviewOutcomes: Names<ReviewOutcome>;
  readonly criteria: Readonly<Record<string, string>>;
  readonly units: Readonly<Record<string, string>>;
  readonly purposes: Readonly<Record<string, string>>;
  readonly families: Readonly<Record<string, string>>;
  readonly splits: Readonly<Record<string, string>>;
  readonly artefacts: Names<ArtefactKind>;
  readonly decisions: Names<'APPROVE' | 'REFER' | 'DECLINE'>;
  readonly flags: Readonly<Record<string, string>>;
  readonly severities: Names<'HIGH' | 'MEDIUM' | 'LOW'>;
  readonly checks: Names<CheckName>;
  readonly methods: Readonly<Record<string, string>>;
  readonly settings: Readonly<Record<string, string>>;
  readonly types: Readonly<Record<string, string>>;
  readonly transforms: Readonly<Record<string, string>>;
  readonly missing: Readonly<Record<string, string>>;
  readonly trends: Readonly<Record<string, string>>;
  readonly trials: Names<'FINISHED' | 'DROPPED' | 'FAILED'>;
  readonly aggregates: Readonly<Record<string, string>>;
}

/** A name of ours in words, or a name that is somebody else's as it is. */
export const named = (names: Readonly<Record<string, string>>, key: string): string => (Object.hasOwn(names, key) ? names[key]! : key);

export const NAMES_EN: CardNames = {
  states: { DRAFT: 'Draft', SUBMITTED: 'Submitted', VALIDATED: 'Validated', APPROVED: 'Approved', REJECTED: 'Rejected', WITHDRAWN: 'Withdrawn', SUSPENDED: 'Suspended', RETIRED: 'Retired' },
  acts: {
    REGISTER: 'Registered', EDIT: 'Edited', SUBMIT: 'Submitted', WITHDRAW: 'Withdrawn', VALIDATE: 'Validated', INVALIDATE: 'Refused validation', APPROVE: 'Approved', REJECT: 'Rejected',
    DEPLOY: 'Deployed', SUSPEND: 'Suspended', RESUME: 'Resumed', RETIRE: 'Retired',
  },
  parts: { REGISTERED: 'registered it', BUILT: 'uploaded a part of it', TRAINED: 'trained it', EDITED: 'edited it', SUBMITTED: 'submitted it' },
  roles: { VALIDATOR: 'validator', ADMIN: 'admin (approver)' },
  deployments: { CHAMPION: 'champion: decides', CHALLENGER: 'challenger: scores silently', CANARY: 'canary: decides for a share' },
  tiers: { HIGH: 'high', MEDIUM: 'medium', LOW: 'low' },
  verdicts: { FOR: 'for', AGAINST: 'against' },
  gateVerdicts: { PASS: 'pass', FAIL: 'fail', WAIVED: 'waived', NOT_APPLICABLE: 'not applicable' },
  gates: {
    PARITY: 'parity with the trained model', ARTEFACT_SCAN: 'artefact scan', DISCRIMINATION: 'discrimination, against the champion', CALIBRATION: 'calibration', STABILITY: 'stability', DATA_QUALITY: 'data quality',
    EXPLANATION: 'completeness of explanations', FAIRNESS: 'fairness', MODEL_CARD: 'model card', FINDINGS: 'open findings', LATENCY: 'latency', SIZE: 'size',
  },
  gateSources: {
    'the parity sample, scored again here': 'the parity sample, scored again here', 'the artefacts, inspected and loaded here': 'the artefacts, inspected and loaded here', 'measured here, on the runtime that serves': 'measured here, on the runtime that serves',
    'the feature schema': 'the feature schema', 'the findings recorded': 'the findings recorded', 'the stored artefacts': 'the stored artefacts',
  },
  reviewOutcomes: { FIT: 'fit', FIT_WITH_CONDITIONS: 'fit, with conditions', UNFIT: 'unfit: it should not decide any more' },
  criteria: { 'log-loss': 'log loss', brier: 'Brier score', auc: 'AUC' },
  units: { PD: 'PD', AUC: 'AUC', PSI: 'PSI', operators: 'operators', findings: 'findings', 'log-odds': 'log-odds', ratio: 'ratio', sections: 'sections', ms: 'ms', bytes: 'bytes' },
  purposes: { ORIGINATION: 'whether to grant an application', ACCOUNT_REVIEW: 'the review of a loan on the book' },
  families: {
    scorecard: 'scorecard: logistic regression on weights of evidence', mlp: 'multilayer perceptron', cnn: 'one-dimensional convolution over the repayment history',
    foreign: 'trained elsewhere, adopted as ONNX',
  },
  splits: { random: 'by a seeded draw of customers', time: 'by time: the loans decided last are held out', file: 'as a file says', seeded: 'by a seeded draw' },
  artefacts: { ONNX: 'ONNX model', FEATURE_SCHEMA: 'feature schema', REFERENCE_SET: 'reference set', PARITY_SAMPLE: 'parity sample', LAYERS_MODEL: 'LayersModel (TensorFlow)', REPORT: 'report of its making' },
  decisions: { APPROVE: 'approve', REFER: 'refer to a person', DECLINE: 'decline' },
  flags: { MISSING: 'a value is missing', OUT_OF_RANGE: 'a value is out of range', UNKNOWN_CATEGORY: 'a category is unknown', SENTINEL: 'a value stands for “unknown”', NOVEL: 'the applicant as a whole is unlike those it learned from' },
  severities: { HIGH: 'high', MEDIUM: 'medium', LOW: 'low' },
  checks: {
    'missing-values': 'missing values', constant: 'constant column', 'duplicate-column': 'duplicate column', 'high-cardinality': 'too many categories', 'leaking-values': 'values leak the outcome',
    'leaking-presence': 'presence leaks the outcome', 'known-after-decision': 'known only after the decision', 'outcome-before-decision': 'outcome before the decision', 'duplicate-rows': 'duplicate rows',
    'conflicting-rows': 'contradicting rows', 'label-rate': 'default rate', 'few-outcomes': 'few outcomes', 'group-size': 'small group', 'group-label-rate': 'default rates of groups',
    'time-gap': 'gap in time', 'time-label-rate': 'default rate over time', drift: 'drift', 'missing-drift': 'drift of missing values',
  },
  methods: {
    linear: 'weight × difference from the reference mean, exact', 'expected-integrated-gradients': 'expected integrated gradients: a path integral from each reference applicant',
    'permutation-shapley': 'Shapley values, sampled over orders of the features',
  },
  settings: {
    family: 'Family', layers: 'Units of the hidden layers', ensemble: 'Networks in the ensemble', epochs: 'Most epochs', batchSize: 'Rows of a step', calibration: 'Calibration', convolution: 'Convolution', dropout: 'Dropout',
    l2: 'Penalty on squared weights (L2)', learningRate: 'Learning rate', loss: 'Loss', patience: 'Epochs of patience', schedule: 'Schedule of the learning rate', seed: 'Seed', validationFraction: 'Share kept for validation', classWeights: 'Weights of the outcomes',
  },
  types: { numeric: 'number', categorical: 'category', boolean: 'yes or no', sequence: 'history' },
  transforms: { none: 'as it is', standardise: 'standardised', robust: 'robustly scaled', log: 'logarithm', quantile: 'quantiles', 'weight-of-evidence': 'weight of evidence', 'one-hot': 'one column a category' },
  missing: { median: 'usual value', constant: 'constant', indicator: 'a column of its own', required: 'refused' },
  trends: { increasing: 'rises', decreasing: 'falls' },
  trials: { FINISHED: 'finished', DROPPED: 'dropped early', FAILED: 'failed' },
  aggregates: { mean: 'mean', min: 'least', max: 'greatest', last: 'newest', sum: 'sum', trend: 'trend', 'count-positive': 'number above 0' },
};
