import type { Calibration } from '../../calibration/types.js';
import { boundGraph } from '../bounds/bounds.js';
import { decodeSafely, inspectOnnx } from '../inspect.js';
import { decodeExactly, decodeModel, DOUBLE, encodeModel, FLOAT, type ExactGraph, type ExactModel, type GraphMessage, type ModelMessage, type ValueMessage } from '../proto.js';
import { neededNodes } from '../prune.js';
import { unfit } from '../refusal.js';
import { floatTensor } from '../graph.js';
import { readScore, producersOf, type Scale, type Score } from './score-output.js';
import { calibrated, PROBABILITY_FLOOR, Tail } from './tail.js';

export interface AdoptOptions {
  /** Columns of the feature schema. */
  readonly width: number;
  /** Name of the graph's input; needed where it has several. */
  readonly input?: string | undefined;
  /** Name of the output that holds the score; needed where several could. */
  readonly output?: string | undefined;
  /** What that output is; needed where the last operator does not show it. */
  readonly outputIs?: Scale | undefined;
  /** A calibration to put behind the model's own log-odds. */
  readonly calibrate?: Calibration | undefined;
}

export interface Adopted {
  readonly onnx: Uint8Array;
  /** What was done, one sentence each, for the dossier. */
  readonly notes: readonly string[];
}

const OLDEST_OPSET = 9;
/** From this IR version on constants need not be listed as inputs. */
const PLAIN_CONSTANTS_IR = 4;
const OPSET = 17;

const names = (values: readonly { readonly name: string }[]): string => values.map(({ name }) => `"${name}"`).join(', ');

/** Only names are compared: an initializer that is also an input (old IR versions) is a constant. */
function chooseInput({ input = [], initializer = [] }: GraphMessage, wanted: string | undefined): ValueMessage {
  const free = input.filter(({ name }) => initializer.every((tensor) => tensor.name !== name));
  if (wanted !== undefined && !free.some(({ name }) => name === wanted)) throw unfit(`it has no input "${wanted}"; its inputs are ${names(free)}`);
  if (free.length !== 1) throw unfit(`it has ${free.length} inputs (${names(free)}); export it with one input [N, columns] in the order of the feature schema`);
  return free[0]!;
}

function checkInputShape({ name, type }: ValueMessage, width: number): void {
  const element = type?.tensor_type?.elem_type;
  const dims = type?.tensor_type?.shape?.dim;
  if (element !== FLOAT && element !== DOUBLE) throw unfit(`its input "${name}" is neither float32 nor float64; export it as float32`);
  if (dims !== undefined && dims.length !== 2) throw unfit(`its input "${name}" has ${dims.length} axes; export it with rows and columns`);
  const [rows, columns] = dims ?? [];
  if (rows?.dim_value !== undefined && rows.dim_value > 0) throw unfit(`its input "${name}" takes exactly ${rows.dim_value} rows; export with a free number of rows (in PyTorch: dynamic_axes)`);
  if (columns?.dim_value !== undefined && columns.dim_value !== width) throw unfit(`its input "${name}" has ${columns.dim_value} columns but the feature schema has ${width}; use the schema the model was trained with`);
}

const isFloats = ({ type }: ValueMessage): boolean => type?.tensor_type !== undefined && [FLOAT, DOUBLE].includes(type.tensor_type.elem_type ?? 0);

/** The output with the score: floats, or the probabilities in front of a ZipMap. Labels are no candidates. */
function chooseOutput(graph: GraphMessage, wanted: string | undefined): string {
  const outputs = graph.output ?? [];
  const producers = producersOf(graph);
  const candidates = outputs.filter((value) => value.name !== 'gradient' && (isFloats(value) || producers.get(value.name)?.op_type === 'ZipMap'));
  const own = candidates.find(({ name }) => name === 'logit') ?? candidates.find(({ name }) => name === 'probability');
  const chosen = wanted === undefined ? (own ?? (candidates.length === 1 ? candidates[0] : undefined)) : outputs.find(({ name }) => name === wanted);
  if (chosen === undefined && wanted !== undefined) throw unfit(`it has no output "${wanted}"; its outputs are ${names(outputs)}`);
  if (chosen === undefined) throw unfit(`it cannot be seen which of its outputs ${names(outputs)} is the score; name it with output`);
  const node = producers.get(chosen.name);
  return node?.op_type === 'ZipMap' ? node.input[0]! : chosen.name;
}

/** Renames values so that Assay's own names are free, and the input to `features`. */
function renamed(name: string, input: string, taken: ReadonlySet<string>): string {
  if (name === input) return 'features';
  if (!['features', 'probability', 'logit', 'gradient'].includes(name)) return name;
  let free = `source_${name}`;
  while (taken.has(free)) free = `source_${free}`;
  return free;
}

const valuesIn = ({ node, initializer, input }: ExactGraph): Set<string> =>
  new Set([...node.flatMap((n) => [...n.input, ...n.output]), ...initializer.map(({ name }) => name), ...input.map(({ name }) => name)]);

/** A float64 graph gets its input by a Cast; any other reads `features` itself. */
function castInput(graph: ExactGraph, input: ValueMessage, taken: Set<string>): void {
  if (input.type?.tensor_type?.elem_type !== DOUBLE) return;
  const tail = new Tail(taken);
  const wide = tail.toDouble('features');
  for (const node of graph.node) node.input = node.input.map((name) => (name === 'features' ? wide : name));
  graph.node = [...tail.nodes, ...graph.node];
}

function prepareVersions(model: ExactModel, { ir_version: ir, opset_import: versions = [] }: ModelMessage): void {
  if (ir < PLAIN_CONSTANTS_IR) model.ir_version = PLAIN_CONSTANTS_IR;
  const standard = versions.find(({ domain = '' }) => domain === '' || domain === 'ai.onnx');
  if (standard === undefined) model.opset_import = [...model.opset_import, { domain: '', version: OPSET }];
  else if (standard.version < OLDEST_OPSET) throw unfit(`it uses operator set ${standard.version}; export it with opset ${OLDEST_OPSET} or later`);
}

/** Raw log-odds of the score as a float64 column [N, 1]. */
function rawLogit(tail: Tail, { value, scale, classes, logits }: Score): string {
  if (classes === 2) {
    const scores = scale === 'logit' ? value : logits;
    return scores === undefined ? tail.logOdds(tail.pick(value, 1)) : tail.apply('Sub', [tail.pick(scores, 1), tail.pick(scores, 0)]);
  }
  const made = scale === 'logit' ? value : logits;
  return made === undefined ? tail.logOdds(tail.column(value)) : tail.column(made);
}

const ownProbability = (tail: Tail, { value, classes }: Score): string => (classes === 2 ? tail.pick(value, 1) : tail.column(value));

/** Writes the outputs behind the graph and tells what they are made from. */
function appendOutputs(tail: Tail, score: Score, gradient: string | undefined, calibrate: Calibration | undefined): void {
  const raw = rawLogit(tail, score);
  const { logit, slope } = calibrate === undefined ? { logit: raw, slope: undefined } : calibrated(tail, raw, calibrate);
  tail.output(logit, 'logit');
  if (calibrate === undefined && score.scale === 'probability') tail.output(ownProbability(tail, score), 'probability');
  else tail.apply('Sigmoid', ['logit'], {}, 'probability');
  if (gradient === undefined) return;
  const scaled = slope === undefined ? tail.toDouble(gradient) : tail.apply('Mul', [tail.toDouble(gradient), slope]);
  tail.apply('Cast', [scaled], { to: FLOAT }, 'gradient');
}

function notesOf(input: ValueMessage, score: Score, { calibrate }: AdoptOptions): string[] {
  const exact = score.scale === 'logit' || score.logits !== undefined;
  return [
    `The input "${input.name}" is now "features"${input.type?.tensor_type?.elem_type === DOUBLE ? ', cast to float64 for the graph' : ''}.`,
    `The score is ${score.classes === 2 ? 'the second of the two classes' : 'the one number'} of "${score.value}", a ${score.scale === 'logit' ? 'log-odds' : 'probability'}.`,
    exact ? 'The log-odds are the graph\'s own.' : `The log-odds are computed in float64 from the float32 probability kept ${PROBABILITY_FLOOR} away from 0 and 1, so they lie within ±16.64 and are exact to about 6e-8 / (p·(1 − p)).`,
    ...(calibrate === undefined ? [] : [`A calibration (${calibrate.kind === 'platt' ? 'Platt' : 'isotonic'}) was put behind the log-odds.`]),
  ];
}

/**
 * Gives a graph exported elsewhere (PyTorch, scikit-learn, XGBoost, …) Assay's names without changing its arithmetic: input `features`
 * [N, width], outputs `probability` [N] and `logit` [N], and its `gradient` [N, width] where it has one (d raw logit / d features).
 * An output named `probability` or `logit` is taken at its word; labels and ZipMaps are dropped.
 * @throws BAD_INPUT with a sentence that says what to state or how to export
 */
export function adoptOnnx(bytes: Uint8Array, options: AdoptOptions): Adopted {
  const { width, output, outputIs, calibrate } = options;
  const source = decodeSafely(bytes);
  const input = chooseInput(source.graph, options.input);
  checkInputShape(input, width);
  const scoreName = chooseOutput(source.graph, output);

  const model = decodeExactly(bytes);
  prepareVersions(model, source);
  const { graph } = model;
  const taken = valuesIn(graph);
  const rename = (name: string): string => renamed(name, input.name, taken);
  const hasGradient = source.graph.output?.some(({ name }) => name === 'gradient') === true;
  const wanted = [scoreName, ...(hasGradient ? ['gradient'] : [])];
  // Labels and ZipMaps fall away.
  graph.node = neededNodes(graph.node, wanted);
  for (const node of graph.node) Object.assign(node, { input: node.input.map(rename), output: node.output.map(rename) });
  for (const tensor of graph.initializer) tensor.name = rename(tensor.name);
  castInput(graph, input, taken);
  Object.assign(graph, { input: [floatTensor('features', ['N', width])], value_info: [], output: wanted.map((name) => ({ name: rename(name) })) });

  const prepared = decodeModel(encodeModel(model)).graph!;
  const byName = scoreName === 'logit' || scoreName === 'probability' ? scoreName : undefined;
  const score = readScore(rename(scoreName), prepared, boundGraph(prepared, width), outputIs ?? byName);
  const tail = new Tail(taken);
  appendOutputs(tail, score, hasGradient ? rename('gradient') : undefined, calibrate);
  graph.node = [...graph.node, ...tail.nodes];
  graph.output = [floatTensor('probability', ['N']), floatTensor('logit', ['N']), ...(hasGradient ? [floatTensor('gradient', ['N', width])] : [])];
  const onnx = encodeModel(model);
  inspectOnnx(onnx, width);
  return { onnx, notes: notesOf(input, score, options) };
}
