import { fitFeatureSchemaFromRaw } from '../features/fit.js';
import { columnsOf } from '../features/schema.js';
import type { FeatureSpec } from '../features/spec.js';
import { withNovelty } from '../novelty/novelty.js';
import { compileModel } from '../onnx/compile.js';
import { checkParity, parityFile } from '../onnx/parity.js';
import { parityRows } from './parity-rows.js';
import { searchHyperParameters } from '../search/index.js';
import type { SearchResult } from '../search/types.js';
import { parseHyperParameters } from '../training/hyper-parameters.js';
import { trainModel } from '../training/index.js';
import { stopwatch, type Stopwatch } from './bundle.js';
import { crossValidate, type CrossValidation } from './cross-validate.js';
import { finishVersion, type MadeModel } from './finish.js';
import { prepare, type Prepared } from './prepare.js';
import { encodeAll } from './rows.js';
import { scorecardOf } from './scorecard.js';
import { familyOf, specsFor, trainingDataOf } from './training-data.js';
import type { BuildRequest, VersionBundle } from './types.js';


type Settings = NonNullable<BuildRequest['hyperParameters']>;

/** Searches where that is asked for. */
async function searched({ search, hyperParameters, seed, onProgress, signal }: BuildRequest, specs: readonly FeatureSpec[], { data }: Prepared): Promise<SearchResult | undefined> {
  if (search === undefined) return undefined;
  const request = { ...search, specs, raw: data.raw, labels: data.labels, units: data.units, seed, ...(hyperParameters && { settings: hyperParameters }) };
  return searchHyperParameters(request, (progress) => onProgress?.({ stage: 'search', ...progress }), signal);
}

/** Judges the settings on folds of the training rows, where that is asked for. */
async function crossValidated({ folds, seed, onProgress, signal }: BuildRequest, specs: readonly FeatureSpec[], { data: { raw, labels, units } }: Prepared, hyperParameters: Settings): Promise<CrossValidation | undefined> {
  if (folds === undefined) return undefined;
  return crossValidate({ specs, raw, labels, units, hyperParameters, folds, seed, ...(signal && { signal }), onFold: (fold, all, { auc }) => onProgress?.({ stage: 'cross-validate', fold, folds: all, auc }) });
}

/** Schema, training, compilation and parity. */
async function makeModel({ seed, onProgress, signal }: BuildRequest, specs: readonly FeatureSpec[], { data }: Prepared, settings: Settings, { lap }: Stopwatch): Promise<MadeModel> {
  const fitted = fitFeatureSchemaFromRaw(specs, data.raw, { labels: data.labels });
  const rows = encodeAll(fitted, data.raw);
  const schema = withNovelty(fitted, rows);
  lap('encode');
  const hyper = parseHyperParameters({ ...settings, seed });
  const training = { ...trainingDataOf({ specs, raw: data.raw, labels: data.labels, units: data.units }, schema, rows, hyper), hyperParameters: hyper, sample: parityRows(rows, schema.width, schema.features.map((feature) => ({ offset: feature.offset, columns: columnsOf(feature) })), seed) };
  const trained = await trainModel(training, (progress) => onProgress?.({ stage: 'train', ...progress }), signal);
  lap('train');
  const onnx = compileModel(trained);
  const sample = { rows: training.sample, width: schema.width, probabilities: trained.sampleProbabilities };
  const parity = await checkParity(onnx, sample);
  lap('compile');
  const { family, backend, tfVersion, hyperParameters, calibration, history, layersModel } = trained;
  return { family, onnx, schema, rows, parity, parityFile: parityFile(parity, sample, trained), layersModel, backend, tfVersion, hyperParameters, calibration, history, scorecard: scorecardOf(trained, schema) };
}

/**
 * Builds a model version from gathered records: data quality, search where asked for, feature schema, training,
 * compilation, parity, policy, reference set, and all that is measured and explained.
 * @throws BAD_INPUT for unsound records or settings, REFUSED for grave findings in the data, UNAVAILABLE when `signal`
 * stops it, INTERNAL when training dies
 */
export async function buildVersion(request: BuildRequest): Promise<VersionBundle> {
  const watch = stopwatch();
  const specs = specsFor(familyOf(request.hyperParameters ?? {}), request.specs);
  const prepared = await prepare(request, specs);
  watch.lap('prepare');
  const search = await searched(request, specs, prepared);
  if (search) watch.lap('search');
  const settings = search?.best.settings ?? request.hyperParameters ?? {};
  const crossValidation = await crossValidated(request, specs, prepared, settings);
  if (crossValidation) watch.lap('cross-validate');
  const model = await makeModel(request, specs, prepared, settings, watch);
  return finishVersion(request, prepared, { ...model, search, crossValidation }, watch);
}
