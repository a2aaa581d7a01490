import { z } from 'zod';
import { badInput, type AssayError } from '../../base/index.js';
import { floatsFromBase64 } from '../base64.js';
import { firstNotFinite } from '../numbers.js';
import { MAX_ONNX_BYTES } from '../onnx/inspect.js';
import { parseWith } from '../validation.js';

const MAX_DEPTH = 32;
const FLOAT_BYTES = 4;

export const unfit = (why: string): AssayError => badInput(`The LayersModel cannot be used: ${why}.`);

/** A name from the file as it may stand in a sentence. */
export const quoted = (name: string): string => JSON.stringify(name.slice(0, 80));

export const weightSpecShape = z.object({
  name: z.string().min(1),
  shape: z.array(z.int().min(0)).max(8),
  dtype: z.string(),
  quantization: z.unknown().optional(),
});

/** Declared name, shape and type of one weight tensor; its numbers follow those of the one before. */
export type WeightSpec = z.infer<typeof weightSpecShape>;

const documentShape = z.object({
  format: z.literal('layers-model').optional(),
  modelTopology: z.record(z.string(), z.unknown()),
  weightSpecs: z.array(weightSpecShape).max(10_000),
  /** The numbers of all weights, float32 in base64. */
  weightData: z.string(),
});

export interface WeightTensor {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

export interface LayersModelDocument {
  readonly topology: Record<string, unknown>;
  /** By name, "layer/kernel". */
  readonly weights: ReadonlyMap<string, WeightTensor>;
}

/** Counts how deep arrays and objects lie in each other, without recursion. */
function tooDeep(json: unknown): boolean {
  let level: unknown[] = [json];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > MAX_DEPTH) return true;
    level = level.flatMap((value) => (typeof value === 'object' && value !== null ? Object.values(value) : []));
  }
  return false;
}

/** @throws BAD_INPUT when the bytes are not JSON or are nested absurdly */
export function parseJson(bytes: Uint8Array, what: string): unknown {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw unfit(`${what} is not JSON; save the model again with model.save`);
  }
  if (tooDeep(json)) throw unfit(`${what} is nested more than ${MAX_DEPTH} deep; save the model again with model.save`);
  return json;
}

/** Bytes that a weight takes by its declaration. @throws BAD_INPUT when it is not plain float32 or too large */
export function declaredBytes({ name, shape, dtype, quantization }: WeightSpec): number {
  if (quantization != null) throw unfit(`the weights ${quoted(name)} are quantised; convert the model without quantisation`);
  if (dtype !== 'float32') throw unfit(`the weights ${quoted(name)} have the type ${quoted(dtype)}; only float32 is allowed`);
  const bytes = shape.reduce((product, size) => product * size, FLOAT_BYTES);
  if (bytes > MAX_ONNX_BYTES) throw unfit(`the weights ${quoted(name)} declare ${bytes} bytes and at most ${MAX_ONNX_BYTES} are allowed; make the model smaller`);
  return bytes;
}

function weightsOf(specs: readonly WeightSpec[], data: string): Map<string, WeightTensor> {
  const total = specs.reduce((sum, spec) => sum + declaredBytes(spec), 0);
  const present = Buffer.byteLength(data, 'base64');
  const values = total === present ? floatsFromBase64(data) : new Float32Array();
  if (values.length * FLOAT_BYTES !== total) throw unfit(`its weights declare ${total} bytes but ${present} are there; save the model again`);
  const weights = new Map<string, WeightTensor>();
  let from = 0;
  for (const { name, shape } of specs) {
    if (weights.has(name)) throw unfit(`the weights ${quoted(name)} occur twice; save the model again`);
    const length = shape.reduce((product, size) => product * size, 1);
    const part = values.subarray(from, (from += length));
    if (firstNotFinite(part) >= 0) throw unfit(`the weights ${quoted(name)} hold NaN or infinity; train the model again`);
    weights.set(name, { shape, values: part });
  }
  return weights;
}

/**
 * Reads the single JSON document of a LayersModel (`format`, `modelTopology`, `weightSpecs`, `weightData` in base64).
 * @throws BAD_INPUT with a sentence when it is damaged, too large, quantised or not finite
 */
export function parseDocument(bytes: Uint8Array): LayersModelDocument {
  if (bytes.length > MAX_ONNX_BYTES) throw unfit(`it has ${bytes.length} bytes and at most ${MAX_ONNX_BYTES} are allowed; make the model smaller`);
  const { modelTopology, weightSpecs, weightData } = parseWith(documentShape, parseJson(bytes, 'the document'), 'LayersModel');
  return { topology: modelTopology, weights: weightsOf(weightSpecs, weightData) };
}
