import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from '@jest/globals';
import type { io, LayersModel, SymbolicTensor } from '@tensorflow/tfjs';
import type { Tf } from '../../src/scoring/training/backend.js';
import { Random } from '../../src/scoring/random.js';

export interface SavedModel {
  /** model.json, to be changed by a test before it is written. */
  readonly json: { modelTopology: Record<string, unknown>; weightsManifest: { paths: string[]; weights: { name: string; shape: number[]; dtype: string }[] }[] } & Record<string, unknown>;
  readonly weights: Buffer;
}

/** What model.save gives to a browser or to a server, in two shards. */
export async function saved(model: LayersModel): Promise<SavedModel> {
  let result: SavedModel | undefined;
  await model.save({
    save: async ({ modelTopology, weightSpecs, weightData, format, generatedBy, convertedBy }: io.ModelArtifacts) => {
      const manifest = [{ paths: ['group1-shard1of2.bin', 'group1-shard2of2.bin'], weights: weightSpecs! }];
      result = { json: JSON.parse(JSON.stringify({ format, generatedBy, convertedBy, modelTopology, weightsManifest: manifest })) as SavedModel['json'], weights: Buffer.from(weightData as ArrayBuffer) };
      return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' as const } };
    },
  });
  return result!;
}

const parents: string[] = [];
afterAll(() => {
  for (const parent of parents) rmSync(parent, { recursive: true, force: true });
});

/** Writes a saved model to a new folder, which is gone when the suite has ended. */
export function folderOf({ json, weights }: SavedModel): string {
  const parent = mkdtempSync(join(tmpdir(), 'assay-layers-'));
  parents.push(parent);
  const folder = join(parent, 'model');
  mkdirSync(folder);
  const cut = Math.floor(weights.length / 2);
  writeFileSync(join(folder, 'model.json'), JSON.stringify(json));
  writeFileSync(join(folder, 'group1-shard1of2.bin'), weights.subarray(0, cut));
  writeFileSync(join(folder, 'group1-shard2of2.bin'), weights.subarray(cut));
  return folder;
}

/** Seeded weights in place of TensorFlow's random ones; variances positive. */
export function seeded(tf: Tf, model: LayersModel, seed: number): LayersModel {
  const random = new Random(seed);
  model.setWeights(model.weights.map(({ shape, name }) => {
    const sizes = shape as number[];
    const fan = sizes.length > 1 ? sizes.slice(0, -1).reduce((a, b) => a * b, 1) : 4;
    const values = Float32Array.from({ length: sizes.reduce((a, b) => a * b, 1) }, () => random.normal() / Math.sqrt(fan));
    return tf.tensor(name.includes('variance') ? values.map((x) => 0.2 + Math.abs(x)) : values, sizes);
  }));
  return model;
}

type Tensors = SymbolicTensor | SymbolicTensor[];
/** A layer, or several in turn, applied. */
export const applied = (x: Tensors, ...layers: { apply: (x: Tensors) => unknown }[]): SymbolicTensor =>
  layers.reduce<Tensors>((value, layer) => layer.apply(value) as SymbolicTensor, x) as SymbolicTensor;
