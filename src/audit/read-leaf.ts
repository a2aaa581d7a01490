/** What a leaf says; undefined where it is no JSON any more, which verifying the tree has told by then. */
export function readLeaf<Leaf>(leaf: Buffer): Leaf | undefined {
  try {
    return JSON.parse(leaf.toString('utf8')) as Leaf;
  } catch {
    return undefined;
  }
}
