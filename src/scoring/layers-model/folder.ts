import { constants } from 'node:fs';
import { open, realpath } from 'node:fs/promises';
import { isAbsolute, join, sep } from 'node:path';
import { z } from 'zod';
import { MAX_ONNX_BYTES } from '../onnx/inspect.js';
import { parseWith } from '../validation.js';
import { declaredBytes, parseJson, quoted, unfit, weightSpecShape } from './document.js';

/** A description of layers is small; what is larger is no such description. */
const MAX_JSON_BYTES = 8 * 1024 * 1024;

const modelShape = z.object({
  format: z.literal('layers-model').optional(),
  modelTopology: z.record(z.string(), z.unknown()),
  weightsManifest: z.array(z.object({ paths: z.array(z.string().min(1)).max(1_000), weights: z.array(weightSpecShape).max(10_000) })).max(1_000),
});

type Manifest = z.infer<typeof modelShape>['weightsManifest'];

/** The real place of a file of the folder. @throws BAD_INPUT when it is none, or lies outside */
async function placeInside(root: string, path: string): Promise<string> {
  const parts = path.split(/[/\\]/u);
  if (isAbsolute(path) || parts.includes('..') || path.includes('\0')) throw unfit(`the file ${quoted(path)} lies outside its folder; keep all weights beside model.json`);
  const place = await realpath(join(root, path)).catch(() => {
    throw unfit(`the file ${quoted(path)} is missing; give the whole folder that model.save wrote`);
  });
  if (!place.startsWith(root.endsWith(sep) ? root : root + sep)) throw unfit(`the file ${quoted(path)} is a link out of its folder; keep all weights beside model.json`);
  return place;
}

/** Reads a file of the folder. Its size is known before a byte of it is read. */
async function readInside(root: string, path: string, most: number): Promise<Buffer> {
  const place = await placeInside(root, path);
  // Not blocking: a pipe in place of a file is refused, not waited for.
  const file = await open(place, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW).catch(() => {
    throw unfit(`the file ${quoted(path)} cannot be read; check its permissions`);
  });
  try {
    const { size } = await file.stat().then((stat) => {
      if (!stat.isFile()) throw unfit(`${quoted(path)} is not a file; give the whole folder that model.save wrote`);
      return stat;
    });
    if (size > most) throw unfit(`the file ${quoted(path)} has ${size} bytes where at most ${most} belong; save the model again`);
    const bytes = Buffer.alloc(size);
    const { bytesRead } = await file.read(bytes, 0, size, 0);
    return bytes.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

/** The shards of a group, one after the other; together they must be exactly as long as its weights declare. */
async function readGroup(root: string, { paths, weights }: Manifest[number]): Promise<Buffer[]> {
  const declared = weights.reduce((sum, spec) => sum + declaredBytes(spec), 0);
  let left = declared;
  const shards: Buffer[] = [];
  for (const path of paths) {
    const shard = await readInside(root, path, left);
    left -= shard.length;
    shards.push(shard);
  }
  if (left > 0) throw unfit(`its weight files hold ${declared - left} bytes where ${declared} are declared; save the model again`);
  return shards;
}

/**
 * Reads a TensorFlow.js LayersModel folder (model.json and its weight files) into one JSON document, the form of
 * `TrainedModel.layersModel`. Never reads outside the folder, and never more than 64 MB.
 * @throws BAD_INPUT with a sentence when the folder is incomplete, damaged, too large or hostile
 */
export async function readLayersModelFolder(folder: string): Promise<Uint8Array> {
  const root = await realpath(folder).catch(() => {
    throw unfit(`there is no folder ${quoted(folder)}; give the folder that holds model.json`);
  });
  const text = await readInside(root, 'model.json', MAX_JSON_BYTES);
  const { modelTopology, weightsManifest } = parseWith(modelShape, parseJson(text, 'model.json'), 'model.json of the LayersModel');
  const weightSpecs = weightsManifest.flatMap(({ weights }) => weights);
  const total = weightSpecs.reduce((sum, spec) => sum + declaredBytes(spec), 0);
  // The document holds the weights in base64, four characters for three bytes.
  if (text.length + (total / 3) * 4 > MAX_ONNX_BYTES) throw unfit(`its weights declare ${total} bytes, too many for an artefact of ${MAX_ONNX_BYTES}; make the model smaller`);
  const shards: Buffer[] = [];
  for (const group of weightsManifest) shards.push(...(await readGroup(root, group)));
  const weightData = Buffer.concat(shards).toString('base64');
  return new TextEncoder().encode(JSON.stringify({ format: 'layers-model', modelTopology, weightSpecs, weightData }));
}
