import type { Calibration } from '../calibration/types.js';
import type { FeatureSchema } from '../features/schema.js';
import type { ParityReport } from '../onnx/parity.js';
import { loadScorer } from '../onnx/scorer.js';
import type { SearchResult, TrialReport } from '../search/types.js';
import type { EpochRecord } from '../training/types.js';
import { assess } from './assess.js';
import { jsonArtefact, type Stopwatch } from './bundle.js';
import type { CrossValidation } from './cross-validate.js';
import { insightOf } from './insight.js';
import type { TimelessTrial, VersionReport } from './report.js';
import type { Prepared } from './prepare.js';
import type { Scorecard } from './scorecard.js';
import type { VersionBundle, VersionRequest } from './types.js';

/** A model that can score, wherever it was made. */
export interface MadeModel extends Pick<VersionBundle, 'backend' | 'tfVersion' | 'hyperParameters' | 'parity'> {
  readonly family: string;
  readonly onnx: Uint8Array;
  readonly schema: FeatureSchema;
  /** Row-major model inputs of the training rows. */
  readonly rows: Float32Array;
  readonly parity: ParityReport;
  /** The sample that parity was checked on, as it is stored. */
  readonly parityFile: unknown;
  readonly layersModel?: Uint8Array | undefined;
  readonly calibration?: Calibration;
  readonly history: readonly EpochRecord[];
  readonly search?: SearchResult | undefined;
  readonly scorecard?: Scorecard | undefined;
  readonly crossValidation?: CrossValidation | undefined;
}

const REFERENCE_ROWS = 64;

function artefactsOf({ onnx, schema, parityFile, layersModel }: MadeModel, reference: unknown, report: VersionReport): VersionBundle['artefacts'] {
  return [
    { name: 'onnx', bytes: onnx },
    { name: 'schema', bytes: jsonArtefact(schema) },
    { name: 'reference', bytes: jsonArtefact(reference) },
    { name: 'parity', bytes: jsonArtefact(parityFile) },
    ...(layersModel ? [{ name: 'layersModel', bytes: layersModel } as const] : []),
    { name: 'report', bytes: jsonArtefact(report) },
  ];
}

/** From a model that scores to a version: policy, reference set, everything that is measured and explained, artefacts. */
export async function finishVersion(request: VersionRequest, prepared: Prepared, model: MadeModel, { seconds, lap }: Stopwatch): Promise<VersionBundle> {
  const { seed, policy, champion, referenceSize = REFERENCE_ROWS } = request;
  const { data, held, quality, fingerprint } = prepared;
  const { onnx, schema, rows } = model;
  request.onProgress?.({ stage: 'assess' });
  const scorer = await loadScorer({ onnx, schema });
  try {
    const assessed = await assess({ scorer, schema, data, rows, held, policy, champion, referenceSize, seed });
    const { reference, threshold, measured } = assessed;
    const report: VersionReport = {
      version: 1,
      family: model.family,
      rows: { training: data.labels.length, holdout: held?.labels.length ?? 0 },
      ...assessed.findings,
      ...(await insightOf(scorer, schema, reference, measured.raw, measured.rows, seed)),
      quality,
      history: model.history,
      ...(threshold && { threshold }),
      ...(model.search && { search: withoutTimes(model.search) }),
      ...(model.scorecard && { scorecard: model.scorecard }),
      ...(model.crossValidation && { crossValidation: model.crossValidation }),
    };
    lap('assess');
    const { parity, hyperParameters, backend, tfVersion, calibration, search } = model;
    return {
      artefacts: artefactsOf(model, reference.json, report),
      schema, report, parity, hyperParameters, backend, tfVersion, seconds,
      decisionPolicy: assessed.policy,
      trainingData: fingerprint,
      ...(calibration && { calibration }),
      ...(search && { search }),
    };
  } finally {
    await scorer.dispose();
  }
}

/** A report has the same digest when the same search is run again; how long it took is told beside it. */
function withoutTimes({ digest, seed, criterion, folds, rungs, trials, best, backends }: SearchResult): NonNullable<VersionReport['search']> {
  const { seconds: _seconds, ...result } = best.result;
  return { digest, seed, criterion, folds, rungs, trials: trials.map(timelessTrial), best: { ...best, result }, backends };
}

const timelessTrial = (trial: TrialReport): TimelessTrial => ({ ...trial, rungs: trial.rungs.map(({ seconds: _seconds, ...result }) => result) });
