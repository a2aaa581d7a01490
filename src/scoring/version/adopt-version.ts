import { badInput } from '../../base/index.js';
import { fitFeatureSchemaFromRaw } from '../features/fit.js';
import type { FeatureSchema } from '../features/schema.js';
import type { FeatureSpec } from '../features/spec.js';
import { withNovelty } from '../novelty/novelty.js';
import { checkParity, parityFile } from '../onnx/parity.js';
import { encodeSourceSample } from '../onnx/source-parity.js';
import { stopwatch } from './bundle.js';
import { finishVersion } from './finish.js';
import { prepare, type Prepared } from './prepare.js';
import { encodeAll } from './rows.js';
import type { AdoptRequest, VersionBundle } from './types.js';

const isSchema = (features: AdoptRequest['features']): features is FeatureSchema => 'features' in features;

/** The schema that was given, or one whose ranges are learned here; with the distance to the training rows either way. */
function schemaOf(features: AdoptRequest['features'], { data }: Prepared): { schema: FeatureSchema; rows: Float32Array } {
  const fitted = isSchema(features) ? features : fitFeatureSchemaFromRaw(features, data.raw, { labels: data.labels });
  const rows = encodeAll(fitted, data.raw);
  return { schema: withNovelty(fitted, rows), rows };
}

/**
 * Makes a version of a model that was trained elsewhere: the recorded book gives its reference set and measures it, the
 * sample of its own library proves that nothing was changed on the way.
 * @throws BAD_INPUT when model, features and sample do not fit each other or the scores differ; REFUSED for grave
 * findings in the data
 */
export async function adoptVersion(request: AdoptRequest): Promise<VersionBundle> {
  const { onnx, layersModel, features, sample } = request;
  const watch = stopwatch();
  const specs: readonly FeatureSpec[] = isSchema(features) ? features.features.map(({ spec }) => spec) : features;
  const prepared = await prepare(request, specs);
  watch.lap('prepare');
  const { schema, rows } = schemaOf(features, prepared);
  const encoded = encodeSourceSample(schema, sample);
  const parity = await checkParity(onnx, encoded);
  if (!parity.passed) throw badInput(`On ${parity.rows} rows the scores differ from those of ${sample.source} by up to ${parity.maxAbsDifference}, more than ${parity.bar}. Compare the order and the constants of the features with those the model was trained with.`);
  watch.lap('compile');
  const by = { backend: sample.source, tfVersion: 'none' };
  return finishVersion(request, prepared, { ...by, family: 'foreign', onnx, schema, rows, parity, parityFile: parityFile(parity, encoded, by), layersModel, hyperParameters: {}, history: [] }, watch);
}
