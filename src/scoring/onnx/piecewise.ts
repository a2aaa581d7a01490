import type { Activation } from './activations.js';
import type { GraphBuilder } from './graph.js';

const INT64 = 7;

/** Through the points (knots[i], values[i]), knots rising; beyond both ends it goes on with slope 1. */
export interface PiecewiseLinear {
  readonly knots: readonly number[];
  readonly values: readonly number[];
}

/** For each piece, from the one below the first knot to the one above the last: y = value + slope · (x − knot). */
function piecesOf({ knots, values }: PiecewiseLinear): { knot: number; value: number; slope: number }[] {
  const inner = knots.map((knot, i) => {
    const last = i + 1 === knots.length;
    return { knot, value: values[i]!, slope: last ? 1 : (values[i + 1]! - values[i]!) / (knots[i + 1]! - knot) };
  });
  return [{ ...inner[0]!, slope: 1 }, ...inner];
}

const table = (graph: GraphBuilder, numbers: readonly number[], piece: string): string =>
  graph.apply('Gather', [graph.floats(Float32Array.from(numbers), [numbers.length]), piece]);

/**
 * The map of one column [N, 1] by looking its piece up: each value is rounded like a single line, however many knots
 * there are, and the derivative at a knot is that of the piece above it.
 */
export const piecewise = (map: PiecewiseLinear): Activation => (graph, x) => {
  const pieces = piecesOf(map);
  const reached = graph.apply('GreaterOrEqual', [x, graph.floats(Float32Array.from(map.knots), [1, map.knots.length])]);
  const piece = graph.apply('ReduceSum', [graph.apply('Cast', [reached], { to: INT64 }), graph.integers([1])], { keepdims: 1 });
  const slope = table(graph, pieces.map((p) => p.slope), piece);
  const beyond = graph.apply('Sub', [x, table(graph, pieces.map((p) => p.knot), piece)]);
  return { output: graph.apply('Add', [graph.apply('Mul', [slope, beyond]), table(graph, pieces.map((p) => p.value), piece)]), slope: () => slope };
};
