import { factOf, type Fact, type Operator } from './operator.js';
import { broadcast } from './size.js';

/** What an operator gives, from what is known of its inputs: a bound of every output. */
export type Rule = (op: Operator) => readonly Fact[];

const SAME_SHAPE = `Identity Cast CastLike Relu Sigmoid Tanh LeakyRelu Elu Selu Celu ThresholdedRelu HardSigmoid HardSwish Mish Gelu Swish Softplus
  Softsign Softmax LogSoftmax Hardmax Exp Log Sqrt Abs Neg Sign Floor Ceil Round Reciprocal Erf Sin Cos Tan Asin Acos Atan Sinh Cosh Asinh Acosh Atanh
  Not IsNaN IsInf Clip BatchNormalization LayerNormalization InstanceNormalization GroupNormalization RMSNormalization LpNormalization
  MeanVarianceNormalization CumSum Shrink QuantizeLinear DequantizeLinear ScatterElements ScatterND Trilu
  ai.onnx.ml:Normalizer ai.onnx.ml:Scaler ai.onnx.ml:Imputer ai.onnx.ml:Binarizer ai.onnx.ml:LabelEncoder`;

const BROADCASTING = 'Add Sub Mul Div Pow Max Min Sum Mean Mod And Or Xor Equal Less LessOrEqual Greater GreaterOrEqual Where PRelu';

const sameShape: Rule = (op) => Array.from({ length: op.outputs }, () => ({ shape: op.input(0).shape, size: op.input(0).size }));

/** A tensor of open rank keeps its size next to single numbers; next to anything longer it could grow without bound. */
const broadcasting: Rule = (op) => {
  const inputs = op.inputs.map((_, i) => op.input(i));
  const open = inputs.find(({ shape }) => shape === undefined);
  if (open === undefined) return [factOf(inputs.map(({ shape }) => shape!).reduce(broadcast))];
  const single = inputs.every((fact) => fact === open || (fact.size.factor === 1 && fact.size.degree === 0));
  return single ? [{ shape: undefined, size: open.size }] : op.refuse('combines a tensor whose number of axes is open with another');
};

/** Dropout does nothing when scoring; in training mode it would draw random numbers. */
const dropout: Rule = (op) => {
  const mode = op.inputs[2];
  if (mode !== undefined && mode.contents?.[0]?.factor !== 0) op.refuse('may run in training mode and draw random numbers');
  return sameShape(op);
};

const each = (names: string, rule: Rule): [string, Rule][] => names.split(/\s+/u).map((name) => [name, rule]);

/** Operators that work number by number, by name; those of ai.onnx.ml with their domain. */
export const ELEMENTWISE: [string, Rule][] = [...each(SAME_SHAPE, sameShape), ...each(BROADCASTING, broadcasting), ['Dropout', dropout]];
