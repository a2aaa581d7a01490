import { badInput } from '../../platform/index.js';
import { decodeModel, DOUBLE, FLOAT, FLOAT16, isOneModel, type AttributeMessage, type GraphMessage, type ModelMessage, type NodeMessage, type TensorMessage } from './proto.js';

/** Largest artefact that is loaded, in bytes. */
export const MAX_ONNX_BYTES = 64 * 1024 * 1024;

/** Operator domains that are pure arithmetic on tensors; a custom domain could stand for any native code. */
const ALLOWED_DOMAINS = new Set(['', 'ai.onnx', 'ai.onnx.ml']);
const MAX_DEPTH = 8;

const unfit = (why: string): Error => badInput(`The ONNX model cannot be used: ${why}.`);

function decode(bytes: Uint8Array): ModelMessage {
  if (bytes.length > MAX_ONNX_BYTES) throw unfit(`it has ${bytes.length} bytes and at most ${MAX_ONNX_BYTES} are allowed; export a smaller model`);
  const damaged = unfit('the bytes are not one whole ONNX file; upload the exported file unchanged');
  try {
    if (isOneModel(bytes)) return decodeModel(bytes);
  } catch (cause) {
    throw Object.assign(damaged, { cause });
  }
  throw damaged;
}

/** Float16 exponents of all ones are infinities and NaN. */
const halfIsFinite = (bits: number): boolean => (bits & 0x7c00) !== 0x7c00;

function valuesFinite({ data_type: type, raw_data: raw = new Uint8Array(), float_data: floats = [], double_data: doubles = [] }: TensorMessage): boolean {
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  const every = (size: number, test: (at: number) => boolean): boolean => {
    for (let at = 0; at + size <= raw.byteLength; at += size) if (!test(at)) return false;
    return true;
  };
  if (type === FLOAT && !every(4, (at) => Number.isFinite(view.getFloat32(at, true)))) return false;
  if (type === DOUBLE && !every(8, (at) => Number.isFinite(view.getFloat64(at, true)))) return false;
  if (type === FLOAT16 && !every(2, (at) => halfIsFinite(view.getUint16(at, true)))) return false;
  return floats.every(Number.isFinite) && doubles.every(Number.isFinite);
}

function checkTensor(tensor: TensorMessage): void {
  const name = tensor.name === undefined || tensor.name === '' ? 'a constant' : `the weights "${tensor.name}"`;
  if ((tensor.external_data?.length ?? 0) > 0 || (tensor.data_location ?? 0) !== 0) throw unfit(`${name} lie in another file; export with all weights inside`);
  if (!valuesFinite(tensor)) throw unfit(`${name} hold NaN or infinity; train the model again`);
}

function checkDomain(domain: string | undefined): void {
  if (!ALLOWED_DOMAINS.has(domain ?? '')) throw unfit(`it needs the operator domain "${domain}", and only standard ONNX operators are allowed; export without custom operators`);
}

function checkAttribute(attribute: AttributeMessage, depth: number): void {
  for (const tensor of [attribute.t, ...(attribute.tensors ?? [])]) if (tensor) checkTensor(tensor);
  for (const sparse of [attribute.sparse_tensor, ...(attribute.sparse_tensors ?? [])]) if (sparse?.values) checkTensor(sparse.values);
  for (const graph of [attribute.g, ...(attribute.graphs ?? [])]) if (graph) checkGraph(graph, depth + 1);
  if (![attribute.f ?? 0, ...(attribute.floats ?? [])].every(Number.isFinite)) throw unfit(`the attribute "${attribute.name}" holds NaN or infinity; train the model again`);
}

function checkNode(node: NodeMessage, depth: number): void {
  checkDomain(node.domain);
  for (const attribute of node.attribute ?? []) checkAttribute(attribute, depth);
}

function checkGraph(graph: GraphMessage, depth: number): void {
  if (depth > MAX_DEPTH) throw unfit(`its graphs are nested more than ${MAX_DEPTH} deep; simplify the model`);
  for (const tensor of graph.initializer ?? []) checkTensor(tensor);
  for (const { values } of graph.sparse_initializer ?? []) if (values) checkTensor(values);
  for (const node of graph.node ?? []) checkNode(node, depth);
}

function checkWidth(graph: GraphMessage, width: number): void {
  const input = graph.input?.find(({ name }) => name === 'features');
  if (input === undefined) throw unfit('it has no input "features"; name the input so');
  const others = graph.input!.filter(({ name }) => name !== 'features' && graph.initializer?.every((tensor) => tensor.name !== name) !== false);
  if (others.length > 0) throw unfit(`it wants a further input "${others[0]!.name}"; only "features" is supplied`);
  const declared = input.type?.tensor_type?.shape?.dim?.[1]?.dim_value;
  if (declared !== width) throw unfit(`its input has ${declared ?? 'an open number of'} columns but the feature schema has ${width}; use the schema the model was trained with`);
}

export interface OnnxSummary {
  /** Names of the graph outputs. */
  readonly outputs: readonly string[];
  readonly hasGradient: boolean;
}

/**
 * Looks at an ONNX file without running it: whole, small enough, standard operators only, weights inside and finite,
 * one input `features` of the schema's width, outputs `probability` and `logit`.
 * @throws BAD_INPUT with a sentence
 */
export function inspectOnnx(bytes: Uint8Array, width: number): OnnxSummary {
  const model = decode(bytes);
  if (model.graph === undefined || (model.graph.node?.length ?? 0) === 0) throw unfit('it holds no graph; upload an exported ONNX model');
  for (const { domain } of model.opset_import ?? []) checkDomain(domain);
  for (const { domain, node } of model.functions ?? []) {
    checkDomain(domain);
    for (const inner of node ?? []) checkNode(inner, 1);
  }
  checkGraph(model.graph, 0);
  checkWidth(model.graph, width);
  const outputs = (model.graph.output ?? []).map(({ name }) => name);
  for (const name of ['probability', 'logit']) {
    if (!outputs.includes(name)) throw unfit(`it has no output "${name}"; export the calibrated probability and its log-odds under these names`);
  }
  return { outputs, hasGradient: outputs.includes('gradient') };
}
