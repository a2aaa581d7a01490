import type { DecisionPolicy } from '../decision/policy.js';
import type { GatheredRecord } from '../features/gathered.js';
import type { FeatureSchema } from '../features/schema.js';
import type { FeatureSpec } from '../features/spec.js';
import type { Fingerprint } from '../fingerprint.js';
import type { Metrics } from '../metrics/evaluate.js';
import type { ParityReport } from '../onnx/parity.js';
import type { HyperParameters, HyperParametersInput } from '../training/hyper-parameters.js';
import type { Backend, EpochRecord, TrainingProgress } from '../training/types.js';

/** Records with their known outcomes, in the same order; 1 = default. */
export interface LabelledRecords {
  readonly records: Iterable<GatheredRecord> | AsyncIterable<GatheredRecord>;
  readonly labels: ArrayLike<number>;
  /** When each loan was decided: for vintages, time balance and drift. */
  readonly times?: readonly Date[];
  /** Protected attributes by name, a value or null per record: to measure groups by, never a model input. */
  readonly groups?: Readonly<Record<string, readonly (string | null)[]>>;
}

export interface BuildRequest extends LabelledRecords {
  readonly specs: readonly FeatureSpec[];
  /** Rows that training never sees; the metrics of the version are measured on them. */
  readonly holdout?: LabelledRecords;
  readonly hyperParameters?: Omit<HyperParametersInput, 'seed'>;
  /** Without one: a policy around the default rate of the training rows. */
  readonly policy?: DecisionPolicy;
  readonly seed: number;
  /** Applicants in the reference set, 64…256. Default 64. */
  readonly referenceSize?: number;
  readonly onProgress?: (progress: TrainingProgress) => void;
  readonly signal?: AbortSignal;
}

export type ArtefactName = 'onnx' | 'schema' | 'reference' | 'parity' | 'layersModel';

export interface VersionBundle extends Backend {
  /** Bytes to be stored by digest; JSON is canonical (RFC 8785). */
  readonly artefacts: readonly { readonly name: ArtefactName; readonly bytes: Uint8Array }[];
  readonly schema: FeatureSchema;
  readonly metrics: {
    readonly training: Metrics;
    readonly holdout: Metrics | null;
    /** Stability of the PD between training and hold-out rows; null without a hold-out. */
    readonly psi: number | null;
    /** Edges of the ten PD bins of the training rows, for every later PSI. */
    readonly psiEdges: readonly number[];
  };
  readonly parity: ParityReport;
  readonly hyperParameters: HyperParameters;
  readonly decisionPolicy: DecisionPolicy;
  readonly trainingData: Fingerprint;
  readonly history: readonly EpochRecord[];
  /** Seconds per stage. */
  readonly seconds: Readonly<Record<'prepare' | 'train' | 'compile' | 'evaluate', number>>;
}
