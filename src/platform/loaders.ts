import DataLoader from 'dataloader';
import type { Context } from './context.js';

/** How to load many things of a kind at once. One constant per kind, declared where its queries are. */
export interface LoaderDefinition<Key, Value> {
  /** Values in the order of the keys; one call, one statement. */
  load(ctx: Context, keys: readonly Key[]): Promise<readonly Value[]>;
  /** Needed when keys are not plain strings. */
  cacheKey?(key: Key): string;
}

/** One request's loaders, so that a page of rows costs one statement per level and never one per row. */
export class Loaders {
  private readonly made = new Map<LoaderDefinition<never, unknown>, DataLoader<never, unknown, string>>();

  of<Key, Value>(ctx: Context, definition: LoaderDefinition<Key, Value>): DataLoader<Key, Value, string> {
    const known = this.made.get(definition as LoaderDefinition<never, unknown>);
    if (known) return known as unknown as DataLoader<Key, Value, string>;
    const loader = new DataLoader<Key, Value, string>((keys) => definition.load(ctx, keys), {
      cacheKeyFn: (key) => definition.cacheKey?.(key) ?? String(key),
    });
    this.made.set(definition as LoaderDefinition<never, unknown>, loader as unknown as DataLoader<never, unknown, string>);
    return loader;
  }
}

/** Puts found rows into the order of the keys asked for. */
export function inOrder<Row>(keys: readonly string[], rows: readonly Row[], keyOf: (row: Row) => string): (Row | undefined)[] {
  const byKey = new Map(rows.map((row) => [keyOf(row), row]));
  return keys.map((key) => byKey.get(key));
}

/** Groups found rows by key, in the order of the keys asked for. */
export function groupedInOrder<Row>(keys: readonly string[], rows: readonly Row[], keyOf: (row: Row) => string): Row[][] {
  const groups = new Map<string, Row[]>(keys.map((key) => [key, []]));
  for (const row of rows) groups.get(keyOf(row))?.push(row);
  return keys.map((key) => groups.get(key)!);
}
