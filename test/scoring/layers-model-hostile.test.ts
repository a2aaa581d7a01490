import { execFileSync } from 'node:child_process';
import { rmSync, symlinkSync, truncateSync, unlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { compileLayersModel, MAX_ONNX_BYTES, readLayersModelFolder } from '../../src/scoring/index.js';
import type { Tf } from '../../src/scoring/training/backend.js';
import { folderOf, saved, seeded, type SavedModel } from './layers-model-support.js';
import { sentenceOf } from './support.js';

const WIDTH = 4;
const SHARD = 'group1-shard2of2.bin';
const tf = createRequire(import.meta.url)('@tensorflow/tfjs') as Tf;

interface LayerJson {
  class_name: string;
  config: Record<string, unknown>;
  inbound_nodes: unknown[][];
}
interface TopologyJson {
  class_name: string;
  config: { layers: LayerJson[]; input_layers: unknown[]; output_layers: unknown[] };
}

let sound: SavedModel;
const folders: string[] = [];

beforeAll(async () => {
  tf.env().set('PROD', true);
  await tf.setBackend('cpu');
  const input = tf.input({ shape: [WIDTH] });
  const hidden = tf.layers.dense({ units: 3, activation: 'relu', name: 'hidden' }).apply(input) as typeof input;
  const output = tf.layers.dense({ units: 1, activation: 'sigmoid', name: 'score' }).apply(hidden) as typeof input;
  sound = await saved(seeded(tf, tf.model({ inputs: input, outputs: output }), 1));
});

afterEach(() => folders.splice(0).forEach((path) => rmSync(dirname(path), { recursive: true })));

/** A folder of the sound model after a change of its model.json or its weights. */
function folder(change: (json: SavedModel['json'], weights: Buffer) => Buffer | void = () => {}): string {
  const json = structuredClone(sound.json);
  const weights = Buffer.from(sound.weights);
  const changed = change(json, weights);
  folders.push(folderOf({ json, weights: changed ?? weights }));
  return folders.at(-1)!;
}

const topology = (json: SavedModel['json']): TopologyJson => json.modelTopology as unknown as TopologyJson;
const layer = (json: SavedModel['json'], name: string): LayerJson => topology(json).config.layers.find(({ config }) => config['name'] === name)!;
const weight = (json: SavedModel['json'], i: number): Record<string, unknown> & { shape: number[] } => json.weightsManifest[0]!.weights[i]! as never;
const refusal = (path: string): Promise<string> => sentenceOf(async () => compileLayersModel(await readLayersModelFolder(path), WIDTH));

/** Forty layers, each of which joins the one before it to itself. */
function doubling(json: SavedModel['json']): void {
  const names = Array.from({ length: 40 }, (_, i) => `double${i}`);
  const layers = names.map((name, i) => ({ class_name: 'Concatenate', name, config: { name }, inbound_nodes: [[0, 1].map(() => [i === 0 ? 'hidden' : names[i - 1]!, 0, 0, {}])] }));
  topology(json).config.layers.push(...layers);
  layer(json, 'score').inbound_nodes = [[[names.at(-1), 0, 0, {}]]];
}

it('a sound folder is accepted', async () => {
  expect(compileLayersModel(await readLayersModelFolder(folder()), WIDTH).length).toBeGreaterThan(0);
});

describe('a LayersModel folder whose files are', () => {
  it.each<[string, string, string]>([
    ['above the folder', '../../secret.bin', 'lies outside its folder'],
    ['hidden behind a sub-folder', 'a/../../secret.bin', 'lies outside its folder'],
    ['behind backslashes', '..\\secret.bin', 'lies outside its folder'],
    ['at an absolute path', '/etc/passwd', 'lies outside its folder'],
    ['at a path with a zero byte', 'a\0b', 'lies outside its folder'],
    ['missing', 'nowhere.bin', 'is missing'],
    ['the folder itself', '.', 'is a link out of its folder'],
  ])('%s is refused', async (_, path, sentence) => {
    expect(await refusal(folder((json) => void (json.weightsManifest[0]!.paths[1] = path)))).toContain(sentence);
  });

  it('behind a symbolic link out of the folder is refused', async () => {
    const path = folder();
    unlinkSync(join(path, SHARD));
    symlinkSync('/etc/hostname', join(path, SHARD));
    expect(await refusal(path)).toContain('is a link out of its folder');
  });

  it('a pipe is refused, not waited for', async () => {
    const path = folder();
    unlinkSync(join(path, SHARD));
    execFileSync('mkfifo', [join(path, SHARD)]);
    expect(await refusal(path)).toContain('is not a file');
  });

  it('cut short is refused', async () => {
    const path = folder();
    truncateSync(join(path, SHARD), 5);
    expect(await refusal(path)).toMatch(/weight files hold \d+ bytes where 76 are declared/u);
  });

  it('longer than declared is refused before it is read', async () => {
    const path = folder();
    // A sparse file of 8 GB: reading it would be noticed.
    truncateSync(join(path, SHARD), 8 * 1024 ** 3);
    expect(await refusal(path)).toContain('has 8589934592 bytes where at most 38 belong');
  });

  it('followed by trailing bytes are refused', async () => {
    expect(await refusal(folder((_, weights) => Buffer.concat([weights, Buffer.alloc(2)])))).toMatch(/has 39 bytes where at most \d+ belong/u);
  });

  it('not there at all is refused', async () => {
    expect(await refusal('/nowhere/at/all')).toContain('there is no folder');
  });

  it.each<[string, (path: string) => void, string]>([
    ['missing', (file) => unlinkSync(file), 'the file "model.json" is missing'],
    ['not JSON', (file) => writeFileSync(file, 'PK\x03\x04'), 'model.json is not JSON'],
    ['not UTF-8', (file) => writeFileSync(file, Buffer.of(0x7b, 0xff, 0x7d)), 'model.json is not JSON'],
    ['nested absurdly', (file) => writeFileSync(file, `${'['.repeat(100_000)}${']'.repeat(100_000)}`), 'nested more than 32 deep'],
    ['larger than any description of layers', (file) => truncateSync(file, MAX_ONNX_BYTES), 'at most 8388608 belong'],
    ['of another kind', (file) => writeFileSync(file, JSON.stringify({ format: 'graph-model', modelTopology: {}, weightsManifest: [] })), 'not valid at format'],
  ])('described by a model.json that is %s is refused', async (_, damage, sentence) => {
    const path = folder();
    damage(join(path, 'model.json'));
    expect(await refusal(path)).toContain(sentence);
  });
});

describe('a LayersModel whose weights', () => {
  it.each<[string, Parameters<typeof folder>[0], string]>([
    ['hold NaN', (_, weights) => void weights.writeFloatLE(Number.NaN, 8), '"hidden/kernel" hold NaN or infinity'],
    ['hold infinity', (_, weights) => void weights.writeFloatLE(Number.NEGATIVE_INFINITY, 72), '"score/bias" hold NaN or infinity'],
    ['declare 8 GB', (json) => void (weight(json, 0).shape = [2 ** 31, 1]), 'declare 8589934592 bytes and at most 67108864'],
    ['declare 48 MB and more together', (json) => json.weightsManifest[0]!.weights.forEach((spec) => (spec.shape = [4_000_000])), 'too many for an artefact'],
    ['declare more than there is', (json) => void (weight(json, 0).shape = [4, 4]), 'hold 76 bytes where 92 are declared'],
    ['declare a shape that does not fit their layer', (json) => void (weight(json, 0).shape = [3, 4]), '"hidden/kernel" in the shape [4, 3], but they are [3, 4]'],
    ['declare a negative size', (json) => void (weight(json, 0).shape = [-4, -3]), 'not valid at weightsManifest[0].weights[0].shape'],
    ['are of an unknown type', (json) => void (weight(json, 1)['dtype'] = 'float8'), 'have the type "float8"'],
    ['are text', (json) => void (weight(json, 1)['dtype'] = 'string'), 'have the type "string"'],
    ['are quantised', (json) => void (weight(json, 1)['quantization'] = { dtype: 'uint8', scale: 1, min: 0 }), '"hidden/bias" are quantised'],
    ['occur twice', (json) => void (weight(json, 1)['name'] = 'score/bias'), 'occur twice'],
    ['are not those of its layers', (json) => void (weight(json, 1)['name'] = 'hidden/other'), 'has no weights "hidden/bias"'],
    ['belong to no layer', (json) => void (layer(json, 'hidden').config['use_bias'] = false), '"hidden/bias" belong to no layer'],
  ])('%s is refused', async (_, change, sentence) => {
    expect(await refusal(folder(change))).toContain(sentence);
  });
});

describe('a LayersModel whose layers', () => {
  it.each<[string, Parameters<typeof folder>[0], string]>([
    ['hold a Lambda', (json) => void (layer(json, 'hidden').class_name = 'Lambda'), 'its layer "hidden" (Lambda) is of a kind that is not supported'],
    ['are of a custom class', (json) => void (layer(json, 'score').class_name = 'Evil'), 'its layer "score" (Evil)'],
    ['are named like a property of every object', (json) => void (layer(json, 'score').class_name = 'constructor'), '(constructor) is of a kind'],
    ['hold a model', (json) => void (layer(json, 'hidden').class_name = 'Sequential'), 'its layer "hidden" (Sequential)'],
    ['have an unknown activation', (json) => void (layer(json, 'hidden').config['activation'] = 'eval'), 'the activation "eval"'],
    ['take a wide softmax', (json) => void (layer(json, 'hidden').config['activation'] = 'softmax'), 'softmax over something else than two classes'],
    ['have impossible settings', (json) => void (layer(json, 'hidden').config['units'] = -1), 'layer "hidden" of the LayersModel is not valid at units'],
    ['depend on themselves', (json) => void (layer(json, 'hidden').inbound_nodes = [[['score', 0, 0, {}]]]), 'depends on itself'],
    ['take a result that does not exist', (json) => void (layer(json, 'score').inbound_nodes = [[['nobody', 0, 0, {}]]]), 'does not exist'],
    ['take a second result', (json) => void (layer(json, 'score').inbound_nodes = [[['hidden', 0, 1, {}]]]), 'a second result'],
    ['take two inputs where one belongs', (json) => void layer(json, 'score').inbound_nodes[0]!.push(['hidden', 0, 0, {}]), 'takes one input but has 2'],
    ['have two outputs', (json) => void topology(json).config.output_layers.push(['hidden', 0, 0]), 'it has 2 outputs and must have one'],
    ['end in the middle', (json) => void (topology(json).config.output_layers = [['hidden', 0, 0]]), 'not one sigmoid unit'],
    ['are a kind of their own', (json) => void (topology(json).class_name = 'Subclassed'), 'it is a "Subclassed"'],
    ['are too many', (json) => void (topology(json).config.layers = Array.from({ length: 1_001 }, () => layer(json, 'hidden'))), 'not valid at layers'],
    ['are used too often', (json) => void (layer(json, 'hidden').inbound_nodes = Array.from({ length: 1_001 }, (_, i) => [['hidden', i + 1, 0, {}]])), 'uses its layers 1002 times'],
    ['take whole numbers', (json) => void (topology(json).config.layers[0]!.config['dtype'] = 'int32'), 'has the type "int32"'],
  ])('%s is refused', async (_, change, sentence) => {
    expect(await refusal(folder(change))).toContain(sentence);
  });

  it('double the columns until memory ends are refused', async () => {
    expect(await refusal(folder(doubling))).toContain('numbers a row and at most 65536 are allowed');
  });

  it('want another width than the schema are refused', async () => {
    const document = await readLayersModelFolder(folder());
    expect(await sentenceOf(() => compileLayersModel(document, WIDTH + 1))).toContain('its input has 4 columns but the feature schema has 5');
  });
});

describe('a LayersModel document', () => {
  it.each<[string, () => Uint8Array, string]>([
    ['too large', () => new Uint8Array(MAX_ONNX_BYTES + 1), 'make the model smaller'],
    ['empty', () => new Uint8Array(), 'is not JSON'],
    ['without weights', () => new TextEncoder().encode(JSON.stringify({ modelTopology: sound.json.modelTopology, weightSpecs: sound.json.weightsManifest[0]!.weights, weightData: '' })), 'declare 76 bytes but 0 are there'],
    ['with weights that are no base64', () => new TextEncoder().encode(JSON.stringify({ modelTopology: sound.json.modelTopology, weightSpecs: sound.json.weightsManifest[0]!.weights, weightData: '!'.repeat(102) })), 'bytes but'],
  ])('that is %s is refused', async (_, document, sentence) => {
    expect(await sentenceOf(() => compileLayersModel(document(), WIDTH))).toContain(sentence);
  });
});
