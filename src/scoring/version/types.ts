import type { Calibration } from '../calibration/types.js';
import type { DecisionPolicy } from '../decision/policy.js';
import type { GatheredRecord } from '../features/gathered.js';
import type { FeatureSchema } from '../features/schema.js';
import type { FeatureSpec } from '../features/spec.js';
import type { Fingerprint } from '../fingerprint.js';
import type { ParityReport } from '../onnx/parity.js';
import type { SourceSample } from '../onnx/source-parity.js';
import type { Override } from '../quality/types.js';
import type { SearchProgress, SearchRequest, SearchResult } from '../search/types.js';
import type { HyperParameters, HyperParametersInput, ScorecardSettings } from '../training/hyper-parameters.js';
import type { Backend, TrainingProgress } from '../training/types.js';
import type { PolicyRequest } from './policy.js';
import type { VersionReport } from './report.js';

/** Records with their known outcomes, in the same order; 1 = default. */
export interface LabelledRecords {
  readonly records: Iterable<GatheredRecord> | AsyncIterable<GatheredRecord>;
  readonly labels: ArrayLike<number>;
  /** When each loan was decided: for vintages, time balance and drift. */
  readonly times?: readonly Date[];
  /** Whose loan each is: inner divisions keep a customer's loans together. */
  readonly customers?: readonly string[];
  /** When each outcome became known, where that is known. */
  readonly outcomeTimes?: readonly (Date | null)[];
  /** Protected attributes by name, a value or null per record: to measure groups by, never a model input. */
  readonly groups?: Readonly<Record<string, readonly (string | null)[]>>;
}

/** The version that decides today: PDs of the rows that the new version is measured on, in the same order; null where it has none. */
export interface Champion {
  readonly name: string;
  readonly pds: ArrayLike<number | null>;
}

/** How far a build is. */
export type BuildProgress = ({ readonly stage: 'search' } & SearchProgress) | ({ readonly stage: 'train' } & TrainingProgress) | { readonly stage: 'cross-validate'; readonly fold: number; readonly folds: number; readonly auc: number } | { readonly stage: 'assess' };

/** What every making of a version is asked for, trained here or elsewhere. */
export interface VersionRequest extends LabelledRecords {
  /** Rows that training never sees; the metrics of the version are measured on them. */
  readonly holdout?: LabelledRecords;
  /** Without one: a policy around the default rate of the training rows. */
  readonly policy?: PolicyRequest;
  readonly champion?: Champion;
  /** Grave findings of the data-quality report that do not stop this version, and why; the report shows them. */
  readonly overrides?: readonly Override[];
  readonly seed: number;
  /** Applicants in the reference set, 64…256. Default 64. */
  readonly referenceSize?: number;
  readonly onProgress?: (progress: BuildProgress) => void;
  readonly signal?: AbortSignal;
}

/** A search for hyper-parameters before the training; see SearchRequest. */
export type SearchWish = Pick<SearchRequest, 'space' | 'budget' | 'folder' | 'processes'>;

export interface BuildRequest extends VersionRequest {
  readonly specs: readonly FeatureSpec[];
  readonly hyperParameters?: Omit<HyperParametersInput, 'seed'>;
  readonly search?: SearchWish;
  /** Folds of the training rows on which the settings are judged as well; without it none. */
  readonly folds?: number;
}

/** A model that was trained elsewhere. */
export interface AdoptRequest extends VersionRequest {
  /** With the names that Assay gives inputs and outputs; see adoptOnnx. */
  readonly onnx: Uint8Array;
  /** The TensorFlow.js LayersModel it was compiled from, where it was. */
  readonly layersModel?: Uint8Array;
  /** With all constants, or specs whose ranges are learned from the training rows here. */
  readonly features: FeatureSchema | readonly FeatureSpec[];
  /** Raw rows with the probabilities that the source library gives them. */
  readonly sample: SourceSample;
}

export type ArtefactName = 'onnx' | 'schema' | 'reference' | 'parity' | 'layersModel' | 'report';

export interface VersionBundle extends Backend {
  /** Bytes to be stored by digest; JSON is canonical (RFC 8785). */
  readonly artefacts: readonly { readonly name: ArtefactName; readonly bytes: Uint8Array }[];
  readonly schema: FeatureSchema;
  readonly report: VersionReport;
  readonly parity: ParityReport;
  /** Empty for a model that was trained elsewhere. */
  readonly hyperParameters: HyperParameters | ScorecardSettings | Record<string, never>;
  readonly calibration?: Calibration;
  /** With its times; the report has it without them. */
  readonly search?: SearchResult;
  readonly decisionPolicy: DecisionPolicy;
  readonly trainingData: Fingerprint;
  /** Seconds per stage. */
  readonly seconds: Readonly<Record<string, number>>;
}
