import type { GraphBuilder } from './graph.js';

export interface Activated {
  /** Name of the result y = f(x), element by element. */
  readonly output: string;
  /** Writes dy/dx and gives its name. At a kink it is one of the two one-sided derivatives. */
  readonly slope: () => string;
}

/** An element-wise function together with its derivative. */
export type Activation = (graph: GraphBuilder, x: string) => Activated;

/** 1 where x > 0, else 0. */
const step = (graph: GraphBuilder, positivePart: string): string => graph.apply('Sign', [positivePart]);

const oneMinus = (graph: GraphBuilder, x: string): string => graph.apply('Sub', [graph.scalar(1), x]);

export const relu: Activation = (graph, x) => {
  const output = graph.apply('Relu', [x]);
  return { output, slope: () => step(graph, output) };
};

/** min(max(x, 0), most) */
export const clippedRelu = (most: number): Activation => (graph, x) => {
  const limit = graph.scalar(most);
  const output = graph.apply('Min', [graph.apply('Relu', [x]), limit]);
  return { output, slope: () => graph.apply('Mul', [step(graph, output), step(graph, graph.apply('Sub', [limit, output]))]) };
};

/** x where positive, else alpha · x */
export const leakyRelu = (alpha: number): Activation => (graph, x) => ({
  output: graph.apply('PRelu', [x, graph.scalar(alpha)]),
  slope: () => graph.apply('Add', [graph.apply('Mul', [step(graph, graph.apply('Relu', [x])), graph.scalar(1 - alpha)]), graph.scalar(alpha)]),
});

/** scale · (x where positive, else alpha · (eˣ − 1)) */
const exponentialLinear = (alpha: number, scale: number): Activation => (graph, x) => {
  const positive = graph.apply('Relu', [x]);
  const power = graph.apply('Exp', [graph.apply('Min', [x, graph.scalar(0)])]);
  const negative = graph.apply('Mul', [graph.apply('Sub', [power, graph.scalar(1)]), graph.scalar(alpha * scale)]);
  const slope = (): string => {
    const above = step(graph, positive);
    const below = graph.apply('Mul', [graph.apply('Mul', [power, oneMinus(graph, above)]), graph.scalar(alpha * scale)]);
    return graph.apply('Add', [graph.apply('Mul', [above, graph.scalar(scale)]), below]);
  };
  return { output: graph.apply('Add', [graph.apply('Mul', [positive, graph.scalar(scale)]), negative]), slope };
};

export const elu = (alpha: number): Activation => exponentialLinear(alpha, 1);

/** Klambauer et al. 2017, Self-Normalizing Neural Networks. */
export const selu: Activation = exponentialLinear(1.6732632423543772, 1.0507009873554805);

export const sigmoid: Activation = (graph, x) => {
  const output = graph.apply('Sigmoid', [x]);
  return { output, slope: () => graph.apply('Mul', [output, oneMinus(graph, output)]) };
};

export const tanh: Activation = (graph, x) => {
  const output = graph.apply('Tanh', [x]);
  return { output, slope: () => oneMinus(graph, graph.apply('Mul', [output, output])) };
};

/** ln(1 + eˣ), without overflow. */
export const softplus: Activation = (graph, x) => {
  const power = graph.apply('Exp', [graph.apply('Neg', [graph.apply('Abs', [x])])]);
  const rest = graph.apply('Log', [graph.apply('Add', [power, graph.scalar(1)])]);
  return { output: graph.apply('Add', [graph.apply('Relu', [x]), rest]), slope: () => graph.apply('Sigmoid', [x]) };
};

/** x / (1 + |x|) */
export const softsign: Activation = (graph, x) => {
  const below = graph.apply('Add', [graph.apply('Abs', [x]), graph.scalar(1)]);
  return { output: graph.apply('Div', [x, below]), slope: () => graph.apply('Div', [graph.scalar(1), graph.apply('Mul', [below, below])]) };
};
