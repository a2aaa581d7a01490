import { decodeExactly, encodeModel, type ExactGraph } from './proto.js';

/** The nodes that the wanted values need, in their order. */
export function neededNodes(nodes: ExactGraph['node'], wanted: readonly string[]): ExactGraph['node'] {
  const reached = new Set(wanted);
  const kept = nodes.toReversed().filter((node) => {
    const used = node.output.some((name) => reached.has(name));
    if (used) for (const name of node.input) reached.add(name);
    return used;
  });
  return kept.reverse();
}

/** The graph with `probability` and `logit` alone. ONNX Runtime computes every node, whatever outputs are asked for. */
export function withoutGradient(bytes: Uint8Array): Uint8Array {
  const model = decodeExactly(bytes);
  const wanted = ['probability', 'logit'];
  const { graph } = model;
  graph.node = neededNodes(graph.node, wanted);
  const read = new Set(graph.node.flatMap(({ input }) => input));
  graph.initializer = graph.initializer.filter(({ name }) => read.has(name));
  Object.assign(graph, { output: graph.output.filter(({ name }) => wanted.includes(name)), value_info: [] });
  return encodeModel(model);
}
