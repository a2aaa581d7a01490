import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { adoptOnBook, progressText, type ForeignModel } from '../../models/index.js';
import { badInput, expectId, messageOf, type Stages } from '../../platform/index.js';
import { parseFeatureSchema, parseSourceSample, readLayersModelFolder, type Scale } from '../../scoring/index.js';
import { readJson } from '../support/json-file.js';
import { bookOf, type BookFlags } from '../train/plan.js';
import { describeTrained } from '../train/describe.js';
import { onTheBook } from '../train/train.js';

export interface AdoptFlags extends BookFlags {
  readonly onnx?: string;
  readonly layersModel?: string;
  readonly features?: string;
  readonly sample?: string;
  readonly input?: string;
  readonly output?: string;
  readonly outputIs?: Scale;
  readonly against?: string;
  readonly out?: string;
}

async function modelOf({ onnx, layersModel, features, sample, input, output, outputIs }: AdoptFlags): Promise<ForeignModel> {
  if (features === undefined || sample === undefined) throw badInput('A model from elsewhere needs --features (its feature schema) and --sample (rows with the probabilities of its library): docs/modelling.md.');
  const common = { schema: parseFeatureSchema(await readJson(features)), sample: parseSourceSample(await readJson(sample)), ...(outputIs && { outputIs }) };
  if (onnx === undefined) return { ...common, layersModel: await readLayersModelFolder(layersModel!) };
  const bytes = await readFile(onnx).catch((error: unknown) => {
    throw badInput(`${onnx}: cannot be read: ${messageOf(error)}`);
  });
  return { ...common, onnx: bytes, input, output };
}

export interface AdoptedFolder {
  readonly folder: string;
  /** Removes the folder, unless it was asked for by --out. */
  remove(): Promise<void>;
}

/** Makes a version folder of a model from elsewhere, measured on the recorded book. */
export async function adoptIntoFolder(flags: AdoptFlags, stages: Stages, signal: AbortSignal): Promise<AdoptedFolder> {
  const model = await modelOf(flags);
  const { out, onnx, layersModel } = flags;
  const book = await bookOf(flags, undefined);
  const source = `recorded loans of ${book.products.join(', ')}`;
  const folder = out ?? (await mkdtemp(join(tmpdir(), 'assay-adopt-')));
  const remove = async (): Promise<void> => void (out === undefined && (await rm(folder, { recursive: true, force: true })));
  const plan = {
    folder, book, source,
    against: flags.against === undefined ? undefined : expectId(flags.against, 'ModelVersion', false).id,
    specs: model.schema.features.map(({ spec }) => spec),
    modelCard: { intendedUse: `Probability of default of loans of ${book.products.join(', ')}. Trained with ${model.sample.source}.`, limitations: 'For loans like those it was trained on. Its limits have not been written down by its owner yet.' },
  };
  try {
    await onTheBook(plan, stages, signal, ({ db, keys }, options) =>
      stages.run('adopt', `Adopt ${onnx ?? layersModel} and measure it on the recorded book`, (progress) => adoptOnBook(db, keys, { ...book, ...options, onProgress: (at) => progress.update(progressText(at)) }, model), describeTrained),
    );
  } catch (error) {
    await remove();
    throw error;
  }
  return { folder, remove };
}
