import { FLOAT, type GraphMessage, type NodeMessage, type ValueMessage } from '../proto.js';
import { unfit } from '../refusal.js';
import { integersOfTensor, MAX_ELEMENTS } from '../tensors.js';
import { ELEMENTWISE, type Rule } from './elementwise.js';
import { GROWING } from './growing.js';
import { contentsOf } from './integers.js';
import { LEARNED } from './learned.js';
import { factOf, Operator, requireKnown, type Fact } from './operator.js';
import { RESHAPING } from './reshaping.js';
import { fixed, ROWS, type Size } from './size.js';

/** Numbers that one row may need on its way through the graph: half a megabyte of float32, 2 GB for a batch of 4,096. */
export const MAX_NUMBERS_PER_ROW = 131_072;

const RULES: ReadonlyMap<string, Rule> = new Map([...ELEMENTWISE, ...RESHAPING, ...GROWING, ...LEARNED]);

const CONTROL_FLOW = new Set(['If', 'Loop', 'Scan', 'SequenceMap']);
const RANDOM = new Set(['RandomNormal', 'RandomUniform', 'RandomNormalLike', 'RandomUniformLike', 'Bernoulli', 'Multinomial']);

function ruleOf({ op_type: name, domain = '' }: NodeMessage): Rule {
  const rule = RULES.get(domain === 'ai.onnx.ml' ? `${domain}:${name}` : name);
  if (rule !== undefined) return rule;
  if (CONTROL_FLOW.has(name)) throw unfit(`it branches or loops (${name}), so that its time and memory cannot be bounded; export the graph without control flow`);
  if (RANDOM.has(name)) throw unfit(`it draws random numbers (${name}), so that no score could be repeated; export it for inference`);
  throw unfit(`the operator "${name}" is not among those whose memory can be bounded; export the model with usual operators`);
}

/** Adds up what a batch needs, in numbers per row and in numbers whatever the batch. */
class Budget {
  private perRow = 0;
  private always = 0;

  charge({ factor, degree }: Size, node: NodeMessage): void {
    const what = `the operator ${node.op_type} "${node.output[0] ?? ''}"`;
    if (degree > 1) throw unfit(`${what} grows with the square of the number of rows; export a model that scores each row for itself`);
    if (degree === 1) this.perRow += factor;
    else this.always += factor;
    if (!(this.perRow <= MAX_NUMBERS_PER_ROW)) throw unfit(`${what} takes it beyond ${MAX_NUMBERS_PER_ROW} numbers for one row; export a smaller model`);
    if (!(this.always <= MAX_ELEMENTS)) throw unfit(`${what} takes it beyond ${MAX_ELEMENTS} numbers of constants; export a smaller model`);
  }
}

/** What is known before the first node: the input of the given width, and the constants. */
function startingFacts(graph: GraphMessage, width: number): Map<string, Fact> {
  const facts = new Map<string, Fact>([['features', factOf([ROWS, fixed(width)])]]);
  for (const tensor of graph.initializer ?? []) facts.set(tensor.name ?? '', factOf((tensor.dims ?? []).map(fixed), integersOfTensor(tensor)?.map(fixed)));
  return facts;
}

function perform(node: NodeMessage, facts: ReadonlyMap<string, Fact>): Fact[] {
  const inputs = (node.input ?? []).map((name) => {
    if (name !== '' && !facts.has(name)) throw unfit(`the operator ${node.op_type} reads "${name}", which nothing before it gives; export the graph in order`);
    return facts.get(name);
  });
  const op = new Operator(node, inputs);
  return ruleOf(node)(op).map((fact): Fact => ({ shape: fact.shape, size: fact.size, contents: contentsOf(op, fact) }));
}

/** Bounds of every value of a graph whose only input is `features` [N, width]. @throws BAD_INPUT where there is no bound or it is too high */
export function boundGraph(graph: GraphMessage, width: number): ReadonlyMap<string, Fact> {
  const facts = startingFacts(graph, width);
  const budget = new Budget();
  for (const node of graph.node ?? []) {
    const results = perform(node, facts);
    (node.output ?? []).forEach((name, i) => {
      const fact = results[i];
      if (fact === undefined || name === '') return;
      budget.charge(fact.size, node);
      facts.set(name, fact);
    });
  }
  return facts;
}

const describe = ({ shape }: Fact): string =>
  shape === undefined ? 'an open shape' : `[${shape.map(({ factor, degree }) => (degree === 0 ? factor : factor === 1 ? 'N' : `${factor}·N`)).join(', ')}]`;

/** A graph output must have one number (or `perRow`) for each row. */
export function requirePerRow(facts: ReadonlyMap<string, Fact>, output: ValueMessage, perRow: number): void {
  const fact = requireKnown(facts, output.name);
  const { factor, degree, loose } = fact.size;
  const right = degree === 1 && (loose ? factor >= perRow : factor === perRow);
  if (!right) throw unfit(`its output "${output.name}" has the shape ${describe(fact)}, but ${perRow === 1 ? 'one number' : `${perRow} numbers`} for each row are needed; export it in this shape`);
  const type = output.type?.tensor_type?.elem_type;
  if (type !== undefined && type !== FLOAT) throw unfit(`its output "${output.name}" is not float32; export it as float32`);
}
