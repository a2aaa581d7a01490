import protobuf from 'protobufjs';
import { ONNX_DEFINITION } from './definition.js';

export interface TensorMessage {
  name?: string;
  dims?: number[];
  data_type?: number;
  raw_data?: Uint8Array;
  float_data?: number[];
  double_data?: number[];
  int32_data?: number[];
  int64_data?: number[];
  uint64_data?: number[];
  string_data?: Uint8Array[];
  segment?: unknown;
  external_data?: unknown[];
  data_location?: number;
}

export interface AttributeMessage {
  name: string;
  type: number;
  i?: number;
  f?: number;
  s?: Uint8Array;
  floats?: number[];
  ints?: number[];
  strings?: Uint8Array[];
  t?: TensorMessage;
  g?: GraphMessage;
  tensors?: TensorMessage[];
  graphs?: GraphMessage[];
  sparse_tensor?: unknown;
  sparse_tensors?: unknown[];
}

export interface NodeMessage {
  input: string[];
  output: string[];
  op_type: string;
  name?: string;
  domain?: string;
  attribute?: AttributeMessage[];
}

/** A dimension has a size, a name, or (open) neither. */
export interface DimensionMessage {
  dim_value?: number;
  dim_param?: string;
}

export interface ValueMessage {
  name: string;
  type?: {
    tensor_type?: { elem_type?: number; shape?: { dim?: DimensionMessage[] } };
    sequence_type?: unknown;
  };
}

export interface GraphMessage {
  name?: string;
  node?: NodeMessage[];
  initializer?: TensorMessage[];
  input?: ValueMessage[];
  output?: ValueMessage[];
  sparse_initializer?: unknown[];
}

export interface ModelMessage {
  ir_version: number;
  producer_name?: string;
  producer_version?: string;
  graph?: GraphMessage;
  opset_import?: { domain?: string; version: number }[];
  functions?: unknown[];
  training_info?: unknown[];
}

/** Element types of onnx.proto. */
export const FLOAT = 1;
export const INT32 = 6;
export const INT64 = 7;
export const STRING = 8;
export const FLOAT16 = 10;
export const DOUBLE = 11;
export const BFLOAT16 = 16;

/** Attribute types of onnx.proto. */
export const INT_ATTRIBUTE = 2;
export const TENSOR_ATTRIBUTE = 4;

const model = protobuf.parse(ONNX_DEFINITION, { keepCase: true }).root.lookupType('ModelProto');

export const encodeModel = (message: ModelMessage | ExactModel): Uint8Array => Uint8Array.from(model.encode(message).finish());

/** Limits of what is decoded at all: decoded messages and integers take up to a hundred times their bytes. */
const MAX_MESSAGES = 400_000;
const MAX_INTEGERS = 4_000_000;
const MAX_NESTING = 64;

const LENGTH_DELIMITED = 2;

/** Integers in packed bytes: one per byte without a continuation bit. */
function varintsIn(bytes: Uint8Array): number {
  let count = 0;
  for (const byte of bytes) if (byte < 0x80) count++;
  return count;
}

const VARINTS = new Set(['int32', 'int64', 'uint64']);

/** Walks the encoded message without building anything. */
class Census {
  private messages = 0;
  private integers = 0;

  /** True while every field belongs to ONNX and the limits hold. */
  sound(type: protobuf.Type, bytes: Uint8Array, depth = 0): boolean {
    if (depth > MAX_NESTING || ++this.messages > MAX_MESSAGES) return false;
    const reader = protobuf.Reader.create(bytes);
    while (reader.pos < reader.len) {
      const tag = reader.uint32();
      const field = type.fieldsById[tag >>> 3]?.resolve();
      if (field === undefined || !this.fieldSound(field, tag & 7, reader, depth)) return false;
    }
    return this.integers <= MAX_INTEGERS;
  }

  private fieldSound(field: protobuf.Field, wireType: number, reader: protobuf.Reader, depth: number): boolean {
    if (wireType !== LENGTH_DELIMITED) {
      this.integers++;
      reader.skipType(wireType);
      return field.resolvedType === null;
    }
    const part = reader.bytes();
    if (field.resolvedType instanceof protobuf.Type) return this.sound(field.resolvedType, part, depth + 1);
    if (field.repeated && VARINTS.has(field.type)) this.integers += varintsIn(part);
    else if (field.repeated) this.integers++;
    return true;
  }
}

const GRAPH_FIELD = 7;

function graphsIn(bytes: Uint8Array): number {
  const reader = protobuf.Reader.create(bytes);
  let graphs = 0;
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if (tag >>> 3 === GRAPH_FIELD) graphs++;
    reader.skipType(tag & 7);
  }
  return graphs;
}

/**
 * True when the bytes are one ModelProto and nothing else: at every depth only fields that ONNX defines, the graph exactly
 * once, and not so many parts that decoding them would exhaust the memory.
 * @throws Error from protobufjs when the bytes are no protobuf
 */
export const isOneModel = (bytes: Uint8Array): boolean => graphsIn(bytes) === 1 && new Census().sound(model, bytes);

/** Decodes a model. @throws Error from protobufjs when the bytes are not one */
export const decodeModel = (bytes: Uint8Array): ModelMessage =>
  model.toObject(model.decode(bytes), { longs: Number, bytes: Buffer }) as ModelMessage;

/** A node of an exactly decoded graph: its attributes are carried along unread. */
export type ExactNode = Pick<NodeMessage, 'input' | 'output' | 'op_type' | 'domain'>;

/** The parts of an exactly decoded graph that hold names. */
export interface ExactGraph {
  node: ExactNode[];
  initializer: { name: string }[];
  input: ValueMessage[];
  output: ValueMessage[];
  value_info: ValueMessage[];
}

export interface ExactModel {
  ir_version: unknown;
  graph: ExactGraph;
  opset_import: { domain?: string; version?: unknown }[];
}

/**
 * Decodes a model so that encoding it again loses nothing: 64-bit integers keep all their bits (`decodeModel` rounds them
 * to doubles, but Slice to the end is written as 2^63 − 1). Only names can be read from it.
 */
export const decodeExactly = (bytes: Uint8Array): ExactModel => model.decode(bytes) as unknown as ExactModel;
