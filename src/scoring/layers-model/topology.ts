import { z } from 'zod';
import { parseWith } from '../validation.js';
import { quoted, unfit } from './document.js';

const MAX_LAYERS = 1_000;

const reference = z.tuple([z.string(), z.int().min(0), z.int().min(0)]).rest(z.unknown());
const layerShape = z.object({
  class_name: z.string(),
  name: z.string().optional(),
  config: z.record(z.string(), z.unknown()),
  inbound_nodes: z.array(z.array(reference)).optional(),
});
type RawLayer = z.infer<typeof layerShape>;
type Reference = z.infer<typeof reference>;

const layersShape = z.array(layerShape).min(1).max(MAX_LAYERS);
const sequentialShape = z.union([layersShape, z.object({ layers: layersShape }).transform(({ layers }) => layers)]);
const functionalShape = z.object({ layers: layersShape, input_layers: z.array(reference), output_layers: z.array(reference) });
const modelShape = z.object({ class_name: z.string(), config: z.unknown() });
const kerasShape = z.object({ model_config: modelShape });
const nameShape = z.object({ name: z.string() });
const inputShape = z.object({ batch_input_shape: z.tuple([z.null()]).rest(z.int().min(1)), dtype: z.string().default('float32') });

/** A layer as it is described; `config` is read by the layer itself. */
export interface LayerDescription {
  readonly name: string;
  readonly className: string;
  readonly config: Record<string, unknown>;
}

/** One use of a layer on the results of others. */
export interface Application {
  readonly layer: LayerDescription;
  /** Keys of the applications whose results it takes. */
  readonly inputs: readonly string[];
}

export interface Topology {
  /** Key of the model input. */
  readonly input: string;
  /** Shape of the input without the rows. */
  readonly inputShape: readonly number[];
  readonly applications: ReadonlyMap<string, Application>;
  /** Key of the model output. */
  readonly output: string;
}

const keyOf = (name: string, use: number): string => `${name}#${use}`;

const described = ({ class_name: className, name, config }: RawLayer): LayerDescription => ({
  name: name ?? parseWith(nameShape, config, 'LayersModel, a layer of which has no name and').name,
  className,
  config,
});

function inputOf({ name, config }: LayerDescription): readonly number[] {
  const { batch_input_shape: [, ...shape], dtype } = parseWith(inputShape, config, `input layer ${quoted(name)} of the LayersModel`);
  if (dtype !== 'float32') throw unfit(`its input ${quoted(name)} has the type ${quoted(dtype)}; only float32 is allowed`);
  return shape;
}

function sequential(config: unknown): Topology {
  const layers = parseWith(sequentialShape, config, 'Sequential LayersModel').map(described);
  const first = layers[0]!;
  const rest = first.className === 'InputLayer' ? layers.slice(1) : layers;
  const input = 'input';
  const keys = [input, ...rest.map(({ name }) => keyOf(name, 0))];
  const applications = new Map(rest.map((layer, i) => [keys[i + 1]!, { layer, inputs: [keys[i]!] }]));
  if (applications.size !== rest.length) throw unfit('two of its layers have one name; save the model again');
  return { input, inputShape: inputOf(first), applications, output: keys.at(-1)! };
}

function onlyOne(references: readonly Reference[], what: string): string {
  if (references.length !== 1) throw unfit(`it has ${references.length} ${what}s and must have one; join them in the model`);
  return keyOf(references[0]![0], references[0]![1]);
}

function keyOfResult([name, use, result]: Reference): string {
  if (result !== 0) throw unfit(`a layer takes a second result of ${quoted(name)}; only layers with one result are allowed`);
  return keyOf(name, use);
}

function functional(config: unknown): Topology {
  const model = parseWith(functionalShape, config, 'functional LayersModel');
  const input = onlyOne(model.input_layers, 'input');
  const applications = new Map<string, Application>();
  let shape: readonly number[] | undefined;
  for (const raw of model.layers) {
    const layer = described(raw);
    if (keyOf(layer.name, 0) === input && raw.class_name === 'InputLayer') shape = inputOf(layer);
    else (raw.inbound_nodes ?? []).forEach((from, use) => applications.set(keyOf(layer.name, use), { layer, inputs: from.map(keyOfResult) }));
  }
  if (applications.size > MAX_LAYERS) throw unfit(`it uses its layers ${applications.size} times and at most ${MAX_LAYERS} are allowed; make the model smaller`);
  if (shape === undefined) throw unfit('its input is no InputLayer; save the model again with model.save');
  return { input, inputShape: shape, applications, output: onlyOne(model.output_layers, 'output') };
}

/**
 * The layers of a Sequential or functional model, as TensorFlow.js or Keras 2 writes them.
 * @throws BAD_INPUT when it is neither, or has several inputs or outputs
 */
export function readTopology(json: Record<string, unknown>): Topology {
  const keras = kerasShape.safeParse(json);
  const { class_name: kind, config } = keras.success ? keras.data.model_config : parseWith(modelShape, json, 'topology of the LayersModel');
  if (kind === 'Sequential') return sequential(config);
  if (kind === 'Model' || kind === 'Functional') return functional(config);
  throw unfit(`it is a ${quoted(kind)}; only Sequential and functional models are allowed`);
}
