import type { PolicyBody } from './policy.js';

type Leaf = string | number | undefined;

/** More of these is stricter; of every other number, less is. */
const STRICTER_IF_MORE = [/\.votes\./, /^gates\.leastFairnessRatio$/];

function* leavesOf(value: unknown, path = ''): Generator<readonly [path: string, leaf: string | number]> {
  if (typeof value !== 'object' || value === null) return yield [path, value as string | number];
  for (const [key, inner] of Object.entries(value)) yield* leavesOf(inner, path === '' ? key : `${path}.${key}`);
}

function isLooser(path: string, before: Leaf, after: Leaf): boolean {
  if (path === 'overdueReview') return after === 'ALERT';
  // Without a limit of its currency an override always takes two people.
  const [from, to] = [Number(before ?? 0), Number(after ?? 0)];
  return STRICTER_IF_MORE.some((pattern) => pattern.test(path)) ? to < from : to > from;
}

/** What a change of policy does, value by value: who confirms it sees what is loosened. */
export function differences(before: PolicyBody, after: PolicyBody): string[] {
  const [old, next] = [new Map(leavesOf(before)), new Map(leavesOf(after))];
  return [...new Set([...old.keys(), ...next.keys()])].sort().flatMap((path) => {
    const [from, to] = [old.get(path), next.get(path)];
    return from === to ? [] : [`${path} ${from ?? 'none'} → ${to ?? 'none'} (${isLooser(path, from, to) ? 'LOOSER' : 'stricter'})`];
  });
}
