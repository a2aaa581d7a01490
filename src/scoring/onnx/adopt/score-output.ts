import { requireKnown, type Fact } from '../bounds/operator.js';
import type { GraphMessage, NodeMessage } from '../proto.js';
import { unfit } from '../refusal.js';

/** What the numbers of an output are. */
export type Scale = 'probability' | 'logit';

/** Where the score stands in a foreign graph: the name of a value, one number per row or one per class. */
export interface Score {
  readonly value: string;
  readonly scale: Scale;
  readonly classes: 1 | 2;
  /** The log-odds that a probability was made from, where the graph has them: [N, 1] or [N]; of two classes [N, 2]. */
  readonly logits?: string;
}

const REARRANGING = new Set(['Identity', 'Reshape', 'Squeeze', 'Unsqueeze', 'Flatten', 'Cast']);
const CLASSIFIERS = new Set(['TreeEnsembleClassifier', 'LinearClassifier', 'Normalizer']);

type Producers = ReadonlyMap<string, NodeMessage>;

export const producersOf = ({ node = [] }: GraphMessage): Producers => new Map(node.flatMap((n) => (n.output ?? []).map((name) => [name, n] as const)));

/** The operator that computed the numbers, before any that only rearranges them. */
function originOf(value: string, producers: Producers): NodeMessage | undefined {
  let node = producers.get(value);
  while (node !== undefined && REARRANGING.has(node.op_type)) node = producers.get(node.input[0]!);
  return node;
}

const isLogistic = (node: NodeMessage): boolean =>
  node.attribute?.some(({ name, s }) => name === 'post_transform' && s !== undefined && Buffer.from(s).toString() === 'LOGISTIC') === true;

function columnsOf(output: string, facts: ReadonlyMap<string, Fact>): number | undefined {
  const { size } = requireKnown(facts, output);
  return size.degree === 1 && !size.loose ? size.factor : undefined;
}

const undecided = (output: string, last: string): Error =>
  unfit(`it cannot be seen whether its output "${output}" (made by ${last}) is a probability or log-odds; say which with outputIs`);

function oneNumber(output: string, origin: NodeMessage | undefined, stated: Scale | undefined): Score {
  const value = { value: output, classes: 1 } as const;
  const sigmoid = origin?.op_type === 'Sigmoid';
  const scale = stated ?? (sigmoid || (origin && isLogistic(origin)) ? 'probability' : undefined);
  if (scale === undefined) throw undecided(output, origin?.op_type ?? 'nothing');
  if (scale === 'logit' && sigmoid) throw unfit(`its output "${output}" is said to be log-odds, but a Sigmoid makes it; say outputIs probability`);
  return { ...value, scale, ...(scale === 'probability' && sigmoid && { logits: origin.input[0]! }) };
}

function twoClasses(output: string, origin: NodeMessage | undefined, stated: Scale | undefined): Score {
  const value = { value: output, classes: 2 } as const;
  if (origin?.op_type === 'LogSoftmax') return { ...value, scale: 'logit' };
  const softmax = origin?.op_type === 'Softmax';
  const scale = stated ?? (softmax || CLASSIFIERS.has(origin?.op_type ?? '') ? 'probability' : undefined);
  if (scale === undefined) throw undecided(output, origin?.op_type ?? 'nothing');
  return { ...value, scale, ...(scale === 'probability' && softmax && { logits: origin.input[0]! }) };
}

/** Decides what an output holds, from its shape and from the operator that makes it. @throws BAD_INPUT that says what to state */
export function readScore(output: string, graph: GraphMessage, facts: ReadonlyMap<string, Fact>, stated: Scale | undefined): Score {
  const columns = columnsOf(output, facts);
  const origin = originOf(output, producersOf(graph));
  if (columns === 1) return oneNumber(output, origin, stated);
  if (columns === 2) return twoClasses(output, origin, stated);
  throw unfit(`its output "${output}" has ${columns ?? 'an open number of'} numbers for each row; a model of default gives one, or one for each of the two classes`);
}
