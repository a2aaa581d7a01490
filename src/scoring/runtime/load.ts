import { badInput } from '../../base/index.js';
import type { FeatureSchema } from '../features/schema.js';
import { loadScorer } from '../onnx/scorer.js';
import type { Scorer } from './contract.js';
import { loadTensorFlowScorer } from './tensorflow.js';

/** `onnx` serves; `tensorflow` is there for parity and as a fallback that someone chooses. */
export type RuntimeName = 'onnx' | 'tensorflow';

export interface RuntimeArtefacts {
  readonly onnx: Uint8Array;
  /** Absent for models that were not trained by TensorFlow. */
  readonly layersModel?: Uint8Array | undefined;
  readonly schema: Pick<FeatureSchema, 'width'>;
}

/** Loads a version on the named runtime; never silently on another. @throws BAD_INPUT with a sentence */
export async function loadRuntime(name: RuntimeName, { onnx, layersModel, schema }: RuntimeArtefacts): Promise<Scorer> {
  if (name === 'onnx') return loadScorer({ onnx, schema });
  if (layersModel === undefined) throw badInput('This version has no LayersModel, so that TensorFlow cannot run it; use the runtime onnx.');
  return loadTensorFlowScorer({ layersModel, schema });
}
