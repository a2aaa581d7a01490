import { fitFeatureSchemaFromRaw } from '../features/fit.js';
import type { FeatureSchema } from '../features/schema.js';
import { withNovelty } from '../novelty/novelty.js';
import { compileModel } from '../onnx/compile.js';
import { checkParity, parityFile, type ParitySample } from '../onnx/parity.js';
import { loadScorer } from '../onnx/scorer.js';
import { Random } from '../random.js';
import { searchHyperParameters } from '../search/index.js';
import type { SearchResult } from '../search/types.js';
import { referencePredictions, trainModel } from '../training/index.js';
import type { TrainedModel } from '../training/types.js';
import { assess } from './assess.js';
import { jsonArtefact, stopwatch } from './bundle.js';
import { collectAll, encodeAll, type Collected } from './rows.js';
import { scorecardOf } from './scorecard.js';
import { familyOf, specsFor, trainingDataOf } from './training-data.js';
import type { BuildRequest, VersionBundle } from './types.js';

const PARITY_ROWS = 2_000;
const REFERENCE_ROWS = 64;

async function paritySample(trained: TrainedModel, rows: Float32Array, seed: number): Promise<ParitySample> {
  const { width } = trained;
  const count = rows.length / width;
  const chosen = new Random(seed).shuffle(Uint32Array.from({ length: count }, (_, i) => i)).slice(0, PARITY_ROWS);
  const sample = new Float32Array(chosen.length * width);
  chosen.forEach((row, i) => sample.set(rows.subarray(row * width, (row + 1) * width), i * width));
  return { rows: sample, width, probabilities: await referencePredictions(trained, sample) };
}

/** Searches where that is asked for; the settings to train by. */
async function settingsOf({ search, hyperParameters, seed, onProgress, signal }: BuildRequest, { data, specs }: Prepared): Promise<{ settings: NonNullable<BuildRequest['hyperParameters']>; found?: SearchResult }> {
  if (search === undefined) return { settings: hyperParameters ?? {} };
  const request = { ...search, specs, raw: data.raw, labels: data.labels, seed, ...(hyperParameters && { settings: hyperParameters }) };
  const found = await searchHyperParameters(request, (progress) => onProgress?.({ stage: 'search', ...progress }), signal);
  return { settings: found.best.settings, found };
}

interface Prepared extends Collected {
  readonly specs: BuildRequest['specs'];
}

interface Trained {
  readonly schema: FeatureSchema;
  readonly rows: Float32Array;
  readonly model: TrainedModel;
}

async function trainOn({ data, specs }: Prepared, settings: NonNullable<BuildRequest['hyperParameters']>, { seed, onProgress, signal }: BuildRequest): Promise<Trained> {
  const fitted = fitFeatureSchemaFromRaw(specs, data.raw, { labels: data.labels });
  const rows = encodeAll(fitted, data.raw);
  const schema = withNovelty(fitted, rows);
  const training = { ...trainingDataOf(schema, rows, data.labels, familyOf(settings)), hyperParameters: { ...settings, seed } };
  const model = await trainModel(training, (progress) => onProgress?.({ stage: 'train', ...progress }), signal);
  return { schema, rows, model };
}

/**
 * Builds a model version from gathered records: feature schema, search where asked for, training, compilation, parity,
 * policy, reference set and all that is measured.
 * @throws BAD_INPUT for unsound records or settings, REFUSED for grave findings in the data, UNAVAILABLE when `signal`
 * stops it, INTERNAL when training dies
 */
export async function buildVersion(request: BuildRequest): Promise<VersionBundle> {
  const { seed, champion, policy, onProgress, referenceSize = REFERENCE_ROWS } = request;
  const lap = stopwatch();
  const specs = specsFor(familyOf(request.hyperParameters ?? {}), request.specs);
  const prepared: Prepared = { ...(await collectAll(request, specs)), specs };
  const seconds: Record<string, number> = { prepare: lap() };
  const { settings, found } = await settingsOf(request, prepared);
  if (found) seconds['search'] = lap();
  const { schema, rows, model } = await trainOn(prepared, settings, request);
  seconds['train'] = lap();
  const onnx = compileModel(model);
  const sample = await paritySample(model, rows, seed);
  const parity = await checkParity(onnx, sample);
  seconds['compile'] = lap();
  onProgress?.({ stage: 'assess' });
  const scorer = await loadScorer({ onnx, schema });
  try {
    const { data, held } = prepared;
    const { policy: decisionPolicy, threshold, reference, findings } = await assess({ scorer, schema, data, rows, held, policy, champion, referenceSize, seed });
    const scorecard = scorecardOf(model, schema);
    const report = {
      version: 1 as const,
      family: model.family,
      rows: { training: data.labels.length, holdout: held?.labels.length ?? 0 },
      ...findings,
      history: model.history,
      ...(threshold && { threshold }),
      ...(found && { search: found }),
      ...(scorecard && { scorecard }),
    };
    seconds['assess'] = lap();
    const { backend, tfVersion, hyperParameters, calibration } = model;
    const artefacts = [
      { name: 'onnx', bytes: onnx },
      { name: 'schema', bytes: jsonArtefact(schema) },
      { name: 'reference', bytes: jsonArtefact(reference.json) },
      { name: 'parity', bytes: jsonArtefact(parityFile(parity, sample, model)) },
      { name: 'layersModel', bytes: model.layersModel },
      { name: 'report', bytes: jsonArtefact(report) },
    ] as const;
    return { artefacts, schema, report, parity, hyperParameters, calibration, backend, tfVersion, decisionPolicy, trainingData: prepared.fingerprint, seconds };
  } finally {
    await scorer.dispose();
  }
}
