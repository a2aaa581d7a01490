import { unfit } from '../refusal.js';
import type { Rule } from './elementwise.js';
import { factOf, type Operator } from './operator.js';
import { fixed, numberOf, plus, type Size } from './size.js';

/** Classes that a classifier names. */
const classesOf = (op: Operator): number =>
  op.ints('classlabels_int64s')?.length ?? op.ints('classlabels_ints')?.length ?? op.attribute('classlabels_strings')?.strings?.length ?? op.refuse('names no classes');

function columnsOf(op: Operator): number {
  const shape = op.shape(0);
  return numberOf(shape[1]) ?? op.refuse('reads an open number of columns');
}

const broken = (op: Operator, why: string): Error => unfit(`the operator ${op.name} ${why}; export the model again`);

function requireWithin(op: Operator, name: string, end: number): void {
  const odd = (op.ints(name) ?? []).find((i) => !Number.isInteger(i) || i < 0 || i >= end);
  if (odd !== undefined) throw broken(op, `has ${odd} in ${name}, where 0…${end - 1} are possible`);
}

const PER_NODE = ['nodes_treeids', 'nodes_featureids', 'nodes_truenodeids', 'nodes_falsenodeids'];

/** The runtime follows these numbers without looking: a wrong one would read memory that is not the model's. */
function requireSoundTrees(op: Operator, leaf: string, targets: number): void {
  const nodes = op.ints('nodes_nodeids')?.length ?? 0;
  const uneven = PER_NODE.find((name) => op.ints(name)?.length !== nodes) ?? (op.attribute('nodes_modes')?.strings?.length === nodes ? undefined : 'nodes_modes');
  if (nodes === 0 || uneven !== undefined) throw broken(op, `has ${nodes} nodes but not as many ${uneven ?? 'of anything'}`);
  const weights = op.attribute(`${leaf}_weights`)?.floats?.length;
  if (['treeids', 'nodeids', 'ids'].some((name) => op.ints(`${leaf}_${name}`)?.length !== weights)) throw broken(op, `has ${weights ?? 0} leaf weights but not as many places for them`);
  requireWithin(op, 'nodes_featureids', columnsOf(op));
  requireWithin(op, `${leaf}_ids`, targets);
}

const rowsOf = (op: Operator): Size => op.shape(0)[0] ?? op.refuse('reads no rows');

const treeClassifier: Rule = (op) => {
  const classes = classesOf(op);
  requireSoundTrees(op, 'class', classes);
  return [factOf([rowsOf(op)]), factOf([rowsOf(op), fixed(classes)])];
};

const treeRegressor: Rule = (op) => {
  const targets = op.int('n_targets', 1);
  requireSoundTrees(op, 'target', targets);
  return [factOf([rowsOf(op), fixed(targets)])];
};

function requireCoefficients(op: Operator, rows: number): void {
  const count = op.attribute('coefficients')?.floats?.length ?? 0;
  if (count !== rows * columnsOf(op)) throw broken(op, `has ${count} coefficients where ${rows} × ${columnsOf(op)} are needed`);
}

/** The scores of two classes may come from one row of coefficients. */
const linearClassifier: Rule = (op) => {
  const classes = classesOf(op);
  requireCoefficients(op, op.attribute('intercepts')?.floats?.length ?? classes);
  return [factOf([rowsOf(op)]), factOf([rowsOf(op), fixed(classes)])];
};

const linearRegressor: Rule = (op) => {
  const targets = op.int('targets', 1);
  requireCoefficients(op, targets);
  return [factOf([rowsOf(op), fixed(targets)])];
};

const featureVectorizer: Rule = (op) => [factOf([rowsOf(op), op.inputs.map((_, i) => op.shape(i)[1] ?? fixed(1)).reduce(plus)])];

const oneHotEncoder: Rule = (op) => {
  const categories = op.ints('cats_int64s')?.length ?? op.attribute('cats_strings')?.strings?.length ?? op.refuse('names no categories');
  return [factOf([...op.shape(0), fixed(categories)])];
};

const extractor: Rule = (op) => [factOf([...op.shape(0).slice(0, -1), op.input(1).size])];

/** Operators of ai.onnx.ml that hold learned trees, weights and categories. */
export const LEARNED: [string, Rule][] = [
  ['TreeEnsembleClassifier', treeClassifier], ['TreeEnsembleRegressor', treeRegressor], ['LinearClassifier', linearClassifier], ['LinearRegressor', linearRegressor],
  ['FeatureVectorizer', featureVectorizer], ['OneHotEncoder', oneHotEncoder], ['ArrayFeatureExtractor', extractor],
].map(([name, rule]) => [`ai.onnx.ml:${name as string}`, rule as Rule]);
