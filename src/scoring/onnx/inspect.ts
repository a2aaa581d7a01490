import { boundGraph, requirePerRow } from './bounds/bounds.js';
import { decodeModel, FLOAT, isOneModel, type AttributeMessage, type GraphMessage, type ModelMessage, type NodeMessage } from './proto.js';
import { unfit } from './refusal.js';
import { checkTensor } from './tensors.js';

/** Largest artefact that is loaded, in bytes. */
export const MAX_ONNX_BYTES = 64 * 1024 * 1024;

/** Operator domains that are pure arithmetic on tensors; a custom domain could stand for any native code. */
const ALLOWED_DOMAINS = new Set(['', 'ai.onnx', 'ai.onnx.ml']);
const MAX_DEPTH = 8;
const MAX_NODES = 20_000;

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

function checkDomain(domain: string | undefined): void {
  if (!ALLOWED_DOMAINS.has(domain ?? '')) throw unfit(`it needs the operator domain "${domain}", and only standard ONNX operators are allowed; export without custom operators`);
}

const sparse = (): Error => unfit('it keeps weights as sparse tensors; export them dense');

function checkAttribute(attribute: AttributeMessage, depth: number): void {
  for (const tensor of [attribute.t, ...(attribute.tensors ?? [])]) if (tensor) checkTensor(tensor);
  if (attribute.sparse_tensor !== undefined || (attribute.sparse_tensors?.length ?? 0) > 0) throw sparse();
  for (const graph of [attribute.g, ...(attribute.graphs ?? [])]) if (graph) checkGraph(graph, depth + 1);
  if (![attribute.f ?? 0, ...(attribute.floats ?? [])].every(Number.isFinite)) throw unfit(`the attribute "${attribute.name}" holds NaN or infinity; train the model again`);
}

function checkNode(node: NodeMessage, depth: number): void {
  checkDomain(node.domain);
  for (const attribute of node.attribute ?? []) checkAttribute(attribute, depth);
}

function checkGraph(graph: GraphMessage, depth: number): void {
  if (depth > MAX_DEPTH) throw unfit(`its graphs are nested more than ${MAX_DEPTH} deep; simplify the model`);
  const nodes = graph.node ?? [];
  if (nodes.length > MAX_NODES) throw unfit(`it has ${nodes.length} operators and at most ${MAX_NODES} are allowed; export a smaller model`);
  for (const tensor of graph.initializer ?? []) checkTensor(tensor);
  if ((graph.sparse_initializer?.length ?? 0) > 0) throw sparse();
  for (const node of nodes) checkNode(node, depth);
}

/** The parts of a graph that Assay reads or writes as ONNX alone; whatever its inputs and outputs are called. */
export function decodeSafely(bytes: Uint8Array): ModelMessage & { graph: GraphMessage } {
  const model = decode(bytes);
  const { graph } = model;
  if (graph === undefined || (graph.node?.length ?? 0) === 0) throw unfit('it holds no graph; upload an exported ONNX model');
  for (const { domain } of model.opset_import ?? []) checkDomain(domain);
  if ((model.functions?.length ?? 0) > 0) throw unfit('it defines functions of its own; export with all functions inlined');
  if ((model.training_info?.length ?? 0) > 0) throw unfit('it holds a training graph; export it for inference');
  checkGraph(graph, 0);
  return { ...model, graph };
}

function checkInput(graph: GraphMessage, width: number): void {
  const input = graph.input?.find(({ name }) => name === 'features');
  if (input === undefined) throw unfit('it has no input "features"; name the input so');
  const others = graph.input!.filter(({ name }) => name !== 'features' && graph.initializer?.every((tensor) => tensor.name !== name) !== false);
  if (others.length > 0) throw unfit(`it wants a further input "${others[0]!.name}"; only "features" is supplied`);
  const [rows, columns, ...more] = input.type?.tensor_type?.shape?.dim ?? [];
  const declared = columns?.dim_value;
  if (declared !== width || more.length > 0) throw unfit(`its input has ${declared ?? 'an open number of'} columns but the feature schema has ${width}; use the schema the model was trained with`);
  if (rows?.dim_value !== undefined) throw unfit(`its input takes exactly ${rows.dim_value} rows; export with a free number of rows (in PyTorch: dynamic_axes)`);
  if (input.type?.tensor_type?.elem_type !== FLOAT) throw unfit('its input is not float32; export it as float32');
}

export interface OnnxSummary {
  /** Names of the graph outputs. */
  readonly outputs: readonly string[];
  readonly hasGradient: boolean;
  /** A lone row could differ in its last bits from the same row in a batch. */
  readonly loneRowDiffers: boolean;
  /** How many there are. */
  readonly operators: number;
}

/** ONNX Runtime multiplies a single row by another routine in these operators (seen in 1.30); from two rows on a row always has the same bits. */
const LONE_ROW_DIFFERS = new Set(['LinearClassifier', 'LinearRegressor']);

/**
 * Looks at an ONNX file without running it: whole, small enough, standard operators only, weights inside, of the size they
 * declare and finite, memory of a row bounded, one input `features` of the schema's width, outputs `probability` and `logit`.
 * @throws BAD_INPUT with a sentence
 */
export function inspectOnnx(bytes: Uint8Array, width: number): OnnxSummary {
  const { graph } = decodeSafely(bytes);
  checkInput(graph, width);
  const outputs = graph.output ?? [];
  const names = outputs.map(({ name }) => name);
  for (const name of ['probability', 'logit']) {
    if (!names.includes(name)) throw unfit(`it has no output "${name}"; export the calibrated probability and its log-odds under these names`);
  }
  const facts = boundGraph(graph, width);
  for (const output of outputs) {
    if (output.name === 'probability' || output.name === 'logit') requirePerRow(facts, output, 1);
    if (output.name === 'gradient') requirePerRow(facts, output, width);
  }
  const nodes = graph.node!;
  return { outputs: names, hasGradient: names.includes('gradient'), loneRowDiffers: nodes.some(({ op_type: name }) => LONE_ROW_DIFFERS.has(name)), operators: nodes.length };
}
