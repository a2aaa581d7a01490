import type { Columns } from '../onnx/columns.js';
import { Tape } from '../onnx/tape.js';
import { parseDocument, quoted, unfit, type LayersModelDocument } from './document.js';
import { Layer, sizeOf, type Signal } from './layer.js';
import { TRANSLATIONS } from './layers.js';
import { readTopology, type Topology } from './topology.js';

export interface LayersModelOptions {
  /** What the model's output is: a probability (default; one sigmoid unit, or a softmax of two) or already the log-odds. */
  readonly output?: 'probability' | 'logit';
}

/** The result of every application that the output needs. */
function signalOf(tape: Tape, { weights }: LayersModelDocument, { input, inputShape, applications, output }: Topology, used: Set<string>): Signal {
  const signals = new Map<string, Signal>([[input, { columns: tape.features, shape: inputShape }]]);
  const begun = new Set<string>();
  const resolve = (key: string): Signal => {
    const known = signals.get(key);
    if (known !== undefined) return known;
    const application = applications.get(key);
    if (application === undefined) throw unfit(`a layer takes the result of ${quoted(key)}, which does not exist; save the model again`);
    if (begun.has(key)) throw unfit(`its layer ${quoted(application.layer.name)} depends on itself; recurrent models are not supported`);
    begun.add(key);
    const layer = new Layer(tape, application.layer, weights, used);
    const translate = TRANSLATIONS.get(application.layer.className);
    if (translate === undefined) throw layer.refused('is of a kind that is not supported; export the model as ONNX instead, or use standard layers');
    const signal = translate(layer, application.inputs.map(resolve));
    layer.requireRoom(signal.columns.size);
    signals.set(key, signal);
    return signal;
  };
  return resolve(output);
}

function logitOf({ columns, logit }: Signal, output: LayersModelOptions['output']): Columns {
  if (output !== 'logit') {
    if (logit === undefined) throw unfit('its output is not one sigmoid unit or a softmax of two; end the model so, or say that its output is a logit');
    return logit;
  }
  if (logit !== undefined) throw unfit('its output is a probability, not a logit as was said; leave that out');
  if (columns.size !== 1) throw unfit(`its output has ${columns.size} numbers a row and a logit is one; end the model with one unit`);
  return columns;
}

/**
 * Compiles a TensorFlow.js LayersModel to ONNX, with the gradient derived from its layers.
 * @param document one JSON document, as `readLayersModelFolder` gives it
 * @param width columns of a row; the shape of the model's input must hold as many numbers
 * @returns ONNX with input `features` [N, width], outputs `probability`, `logit` [N] and `gradient` [N, width]
 * @throws BAD_INPUT with a sentence; an unsupported layer is named
 */
export function compileLayersModel(document: Uint8Array, width: number, { output = 'probability' }: LayersModelOptions = {}): Uint8Array {
  const parsed = parseDocument(document);
  const topology = readTopology(parsed.topology);
  const inputs = sizeOf(topology.inputShape);
  if (inputs !== width) throw unfit(`its input has ${inputs} columns but the feature schema has ${width}; use the schema the model was trained with`);
  const tape = new Tape(width);
  const used = new Set<string>();
  const logit = logitOf(signalOf(tape, parsed, topology, used), output);
  const spare = [...parsed.weights.keys()].find((name) => !used.has(name));
  if (spare !== undefined) throw unfit(`its weights ${quoted(spare)} belong to no layer; save the model again`);
  return tape.model(logit);
}
