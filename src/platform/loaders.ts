import DataLoader from 'dataloader';
import { Batcher } from './batcher.js';
import type { Context } from './context.js';
import type { Database } from './database.js';

/** How to load many things of a kind at once. One constant per kind, declared where its queries are. */
export interface LoaderDefinition<Key, Value> {
  /** Values in the order of the keys; one call, one statement. */
  load(ctx: Context, keys: readonly Key[]): Promise<readonly Value[]>;
  /** Needed when keys are not plain strings. */
  cacheKey?(key: Key): string;
}

/** As many as a list that is scored at once; nothing that waits for it is let in without bound either. */
const SHARED = { most: 1_000, queue: 100_000, parallel: 2 };

/**
 * Loads what does not depend on who asks. Requests that run at the same time share statements: under load the database is
 * asked as seldom as it can answer, and alone nobody waits.
 * @param load gets keys that are well-formed: one that the database refuses would fail those beside it
 */
export function shared<Key, Value>(load: (db: Database, keys: readonly Key[]) => Promise<readonly Value[]>): (db: Database, keys: readonly Key[]) => Promise<Value[]> {
  const batchers = new WeakMap<Database, Batcher<Key, readonly [Value]>>();
  return (db, keys) => {
    // In brackets: a value may be an Error, which is no failure of its loading.
    const batcher = batchers.get(db) ?? new Batcher<Key, readonly [Value]>(async (batch) => (await load(db, batch)).map((value) => [value]), SHARED);
    batchers.set(db, batcher);
    return Promise.all(keys.map(async (key) => (await batcher.add(key))[0]));
  };
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
