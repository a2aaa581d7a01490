import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { pageOfList } from '../../src/models/page-of-list.js';

const rowsOf = (count: number) => Array.from({ length: count }, (_, i) => ({ id: `row ${i}` }));

describe('a page of a list', () => {
  it('shows twenty by default and says what surrounds it', async () => {
    const page = pageOfList(rowsOf(25), {});
    expect(page.rows.map(({ row }) => row.id)).toEqual(rowsOf(20).map(({ id }) => id));
    expect([page.hasPrevious, page.hasNext, await page.count()]).toEqual([false, true, 25]);
  });

  it.each(['forward', 'backward'])('walks the whole list %s, each row once', (direction) => {
    fc.assert(
      fc.property(fc.nat(40), fc.integer({ min: 1, max: 12 }), (count, size) => {
        const rows = rowsOf(count);
        const seen: string[] = [];
        let cursor: string | undefined;
        let more = true;
        while (more) {
          const page = pageOfList(rows, direction === 'forward' ? { first: size, after: cursor } : { last: size, before: cursor });
          const ids = page.rows.map(({ row }) => row.id);
          if (direction === 'forward') seen.push(...ids);
          else seen.unshift(...ids);
          more = direction === 'forward' ? page.hasNext : page.hasPrevious;
          cursor = direction === 'forward' ? page.rows.at(-1)?.cursor : page.rows[0]?.cursor;
        }
        expect(seen).toEqual(rows.map(({ id }) => id));
      }),
    );
  });

  it('refuses both directions at once and cursors of other lists', () => {
    expect(() => pageOfList(rowsOf(3), { first: 1, last: 1 })).toThrow('Pass first or last, not both.');
    expect(() => pageOfList(rowsOf(3), { after: 'bm9uZQ' })).toThrow('is not a cursor of this list');
  });
});
