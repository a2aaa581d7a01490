import { sha256, type Queryable } from '../../platform/index.js';
import { adoptOnnx, adoptVersion, compileLayersModel, rehearseInProcess, type AdoptOptions, type FeatureSchema, type SourceSample } from '../../scoring/index.js';
import type { KeyRing } from '../../security/index.js';
import { makeVersion, type BookPlan, type TrainedVersion } from './train-version.js';

/** A model that was trained elsewhere: an ONNX file, or a TensorFlow.js LayersModel as one document. */
export type ForeignModel = { readonly schema: FeatureSchema; readonly sample: SourceSample } & (
  | ({ readonly onnx: Uint8Array } & Pick<AdoptOptions, 'input' | 'output' | 'outputIs'>)
  | { readonly layersModel: Uint8Array; readonly outputIs?: AdoptOptions['outputIs'] }
);

interface Fitted {
  readonly onnx: Uint8Array;
  readonly layersModel?: Uint8Array;
  readonly notes: readonly string[];
  /** What its owner handed in. */
  readonly original: Uint8Array;
}

/** The hold-out of the book is unseen only by what Assay trains on it. */
const MEASURED = 'Measured on held-out loans of the book; whether its maker had trained on some of them is not known here.';

function fitted(model: ForeignModel): Fitted {
  const { width } = model.schema;
  if ('onnx' in model) {
    const { input, output, outputIs } = model;
    return { ...adoptOnnx(model.onnx, { width, input, output, outputIs }), original: model.onnx };
  }
  const { layersModel, outputIs } = model;
  const onnx = compileLayersModel(layersModel, width, outputIs ? { output: outputIs } : {});
  // The runtime TensorFlow needs a PD: a model that ends in log-odds is served as ONNX only.
  return { onnx, ...(outputIs !== 'logit' && { layersModel }), notes: ['Compiled from a TensorFlow.js LayersModel.'], original: layersModel };
}

/**
 * Makes a version of a model from elsewhere. It is first loaded and run in a process of its own. Its metrics and
 * reference set come from the book, by the same split and policy as if it had been trained here.
 */
export async function adoptOnBook(db: Queryable, keys: KeyRing, plan: BookPlan, model: ForeignModel): Promise<TrainedVersion> {
  const { schema, sample } = model;
  const { onnx, layersModel, notes, original } = fitted(model);
  await rehearseInProcess(onnx, schema.width);
  const made = await makeVersion(db, keys, plan, (request) => adoptVersion({ ...request, onnx, ...(layersModel && { layersModel }), features: schema, sample }));
  return { ...made, source: { library: sample.source, sha256: sha256(original).toString('hex'), notes: [...notes, MEASURED] } };
}
