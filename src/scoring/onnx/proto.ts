import protobuf from 'protobufjs';

/** The part of onnx.proto (https://github.com/onnx/onnx, IR version 8) that Assay writes and inspects. */
const DEFINITION = `
syntax = "proto3";
message OperatorSetIdProto { string domain = 1; int64 version = 2; }
message StringStringEntryProto { string key = 1; string value = 2; }
message TensorProto {
  repeated int64 dims = 1; int32 data_type = 2; repeated float float_data = 4; repeated int32 int32_data = 5;
  repeated int64 int64_data = 7; string name = 8; bytes raw_data = 9; repeated double double_data = 10;
  repeated StringStringEntryProto external_data = 13; int32 data_location = 14;
}
message SparseTensorProto { TensorProto values = 1; TensorProto indices = 2; repeated int64 dims = 3; }
message TensorShapeProto { message Dimension { int64 dim_value = 1; string dim_param = 2; } repeated Dimension dim = 1; }
message TypeProto { message Tensor { int32 elem_type = 1; TensorShapeProto shape = 2; } Tensor tensor_type = 1; }
message ValueInfoProto { string name = 1; TypeProto type = 2; }
message AttributeProto {
  string name = 1; float f = 2; int64 i = 3; bytes s = 4; TensorProto t = 5; GraphProto g = 6;
  repeated float floats = 7; repeated int64 ints = 8; repeated bytes strings = 9; repeated TensorProto tensors = 10;
  repeated GraphProto graphs = 11; int32 type = 20; SparseTensorProto sparse_tensor = 22; repeated SparseTensorProto sparse_tensors = 23;
}
message NodeProto {
  repeated string input = 1; repeated string output = 2; string name = 3; string op_type = 4;
  repeated AttributeProto attribute = 5; string domain = 7;
}
message GraphProto {
  repeated NodeProto node = 1; string name = 2; repeated TensorProto initializer = 5; repeated ValueInfoProto input = 11;
  repeated ValueInfoProto output = 12; repeated SparseTensorProto sparse_initializer = 15;
}
message FunctionProto { string name = 1; repeated NodeProto node = 7; string domain = 10; }
message ModelProto {
  int64 ir_version = 1; string producer_name = 2; string producer_version = 3; GraphProto graph = 7;
  repeated OperatorSetIdProto opset_import = 8; repeated FunctionProto functions = 25;
}`;

export interface TensorMessage {
  name?: string;
  dims?: number[];
  data_type?: number;
  raw_data?: Uint8Array;
  float_data?: number[];
  double_data?: number[];
  external_data?: unknown[];
  data_location?: number;
}

export interface SparseTensorMessage {
  values?: TensorMessage;
  indices?: TensorMessage;
}

export interface AttributeMessage {
  name: string;
  type: number;
  i?: number;
  f?: number;
  floats?: number[];
  ints?: number[];
  t?: TensorMessage;
  g?: GraphMessage;
  tensors?: TensorMessage[];
  graphs?: GraphMessage[];
  sparse_tensor?: SparseTensorMessage;
  sparse_tensors?: SparseTensorMessage[];
}

export interface NodeMessage {
  input: string[];
  output: string[];
  op_type: string;
  name?: string;
  domain?: string;
  attribute?: AttributeMessage[];
}

export interface ValueMessage {
  name: string;
  type: { tensor_type: { elem_type: number; shape: { dim: { dim_value?: number; dim_param?: string }[] } } };
}

export interface GraphMessage {
  name?: string;
  node?: NodeMessage[];
  initializer?: TensorMessage[];
  input?: ValueMessage[];
  output?: ValueMessage[];
  sparse_initializer?: SparseTensorMessage[];
}

export interface ModelMessage {
  ir_version: number;
  producer_name?: string;
  producer_version?: string;
  graph?: GraphMessage;
  opset_import?: { domain?: string; version: number }[];
  functions?: { name: string; domain?: string; node?: NodeMessage[] }[];
}

/** Element types of onnx.proto. */
export const FLOAT = 1;
export const INT64 = 7;
export const FLOAT16 = 10;
export const DOUBLE = 11;

const model = protobuf.parse(DEFINITION, { keepCase: true }).root.lookupType('ModelProto');

export const encodeModel = (message: ModelMessage): Uint8Array => Uint8Array.from(model.encode(model.create(message)).finish());

/** Field numbers of ModelProto in onnx.proto; 7 is the graph. */
const MODEL_FIELDS = new Set([1, 2, 3, 4, 5, 6, 7, 8, 14, 20, 25, 26]);
const GRAPH_FIELD = 7;

/** True when the bytes are one ModelProto and nothing else: every field known, the graph exactly once. */
export function isOneModel(bytes: Uint8Array): boolean {
  const reader = protobuf.Reader.create(bytes);
  let graphs = 0;
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if (!MODEL_FIELDS.has(tag >>> 3)) return false;
    if (tag >>> 3 === GRAPH_FIELD) graphs++;
    reader.skipType(tag & 7);
  }
  return graphs === 1;
}

/** Decodes a model. @throws Error from protobufjs when the bytes are not one */
export const decodeModel = (bytes: Uint8Array): ModelMessage =>
  model.toObject(model.decode(bytes), { longs: Number, bytes: Buffer }) as ModelMessage;
