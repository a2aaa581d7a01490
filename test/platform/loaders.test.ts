import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { groupedInOrder, inOrder, newContext, openLog, type Context, type Database, type LoaderDefinition } from '../../src/platform/index.js';

interface Row {
  readonly id: string;
  readonly owner: string;
}

const context = (): Context =>
  newContext({ actor: { id: 'a', name: 'A', roles: [], permissions: new Set(), ownCustomerId: undefined }, db: {} as Database, log: openLog('silent') });

/** A definition that notes what it was asked for. */
function counted() {
  const asked: string[][] = [];
  const definition: LoaderDefinition<string, string> = { load: async (_ctx, keys) => (asked.push([...keys]), keys.map((key) => `row ${key}`)) };
  return { asked, definition };
}

describe('loaders', () => {
  it('ask once for all that is wanted in a turn, and for nothing twice', async () => {
    const { asked, definition } = counted();
    const ctx = context();
    const loader = ctx.loaders.of(ctx, definition);
    expect(await Promise.all(['a', 'b', 'a'].map((key) => loader.load(key)))).toEqual(['row a', 'row b', 'row a']);
    expect(await ctx.loaders.of(ctx, definition).load('b')).toBe('row b');
    expect(asked).toEqual([['a', 'b']]);
  });

  it('share nothing between requests: what one actor was shown, another is not', async () => {
    const { asked, definition } = counted();
    for (const ctx of [context(), context()]) await ctx.loaders.of(ctx, definition).load('a');
    expect(asked).toEqual([['a'], ['a']]);
  });

  it('keep different kinds apart', async () => {
    const [people, loans] = [counted(), counted()];
    const ctx = context();
    await Promise.all([ctx.loaders.of(ctx, people.definition).load('1'), ctx.loaders.of(ctx, loans.definition).load('1')]);
    expect([people.asked, loans.asked]).toEqual([[['1']], [['1']]]);
  });

  it('know composite keys by the text that the kind gives them', async () => {
    const asked: unknown[] = [];
    const definition: LoaderDefinition<{ customer: string; loan: string }, string> = {
      load: async (_ctx, keys) => (asked.push(keys.length), keys.map(({ loan }) => loan)),
      cacheKey: ({ customer, loan }) => `${customer} ${loan}`,
    };
    const ctx = context();
    const loader = ctx.loaders.of(ctx, definition);
    expect(await Promise.all([{ customer: 'c', loan: '1' }, { customer: 'c', loan: '2' }, { customer: 'c', loan: '1' }].map((key) => loader.load(key)))).toEqual(['1', '2', '1']);
    expect(asked).toEqual([2]);
  });
});

describe('found rows in the order asked for', () => {
  const id = fc.constantFrom('a', 'b', 'c', 'd', 'e', '__proto__', 'constructor');
  const rows = fc.uniqueArray(fc.record({ id, owner: id }), { selector: ({ id: own }) => own });

  it('are one for each key, undefined where there is none', () => {
    fc.assert(fc.property(fc.array(id), rows, (keys, found) => {
      const ordered = inOrder<Row>(keys, found, (row) => row.id);
      expect(ordered).toEqual(keys.map((key) => found.find((row) => row.id === key)));
    }));
  });

  it('are a group for each key, in the order found, empty where there are none', () => {
    fc.assert(fc.property(fc.array(id), rows, (keys, found) => {
      const groups = groupedInOrder<Row>(keys, found, (row) => row.owner);
      expect(groups).toEqual(keys.map((key) => found.filter((row) => row.owner === key)));
    }));
  });
});
