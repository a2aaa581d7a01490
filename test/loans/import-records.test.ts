import { describe, expect, it } from '@jest/globals';
import { array, assert, asyncProperty, constantFrom, string } from 'fast-check';
import { readRecords, type SourceRecord } from '../../src/loans/import/records.js';
import { withFile } from './import-support.js';

const source = { delimiter: ',', quote: '"', encoding: 'utf8' } as const;

function records(content: string): Promise<SourceRecord[]> {
  return withFile(content, async (path) => {
    const all: SourceRecord[] = [];
    for await (const record of readRecords(path, source)) all.push(record);
    return all;
  });
}

const brief = ({ line, cells, problem }: SourceRecord): unknown => [line, cells ?? /quote|long/.exec(problem!)?.[0]];

describe('records of a CSV file', () => {
  it('may hold line breaks, delimiters and quotes in quoted cells', async () => {
    const all = await records('a,b\n"x\ny","1,""2"""\nz,3\n');
    expect(all.map(brief)).toEqual([[1, ['a', 'b']], [2, ['x\ny', '1,"2"']], [4, ['z', '3']]]);
  });

  it('with a stray quote cost only their own line', async () => {
    const all = await records('a,b\n1,5"6\n2,2\n3,"x"y\n4,4\n');
    expect(all.map(brief)).toEqual([[1, ['a', 'b']], [2, 'quote'], [3, ['2', '2']], [4, 'quote'], [5, ['4', '4']]]);
  });

  it('with a quote that is never closed cost only their own line', async () => {
    const all = await records(`a,b\n1,"open\n${'2,2\n'.repeat(3)}`);
    expect(all.map(brief)).toEqual([[1, ['a', 'b']], [2, 'quote'], [3, ['2', '2']], [4, ['2', '2']], [5, ['2', '2']]]);
  });

  it('with an open quote give up within 64 KB, so that memory stays flat', async () => {
    const all = await records(`1,"open\n${'2,2\n'.repeat(40_000)}`);
    expect(all[0]).toMatchObject({ line: 1, problem: expect.stringContaining('not closed within 65535 characters') });
    expect(all).toHaveLength(40_001);
  });

  it('on a line of more than a million characters are rejected and the rest is dropped unread', async () => {
    const all = await records(`a,b\n1,${'x'.repeat(3_000_000)}\n2,2\n`);
    expect(all.map(brief)).toEqual([[1, ['a', 'b']], [2, 'long'], [3, ['2', '2']]]);
    expect(all[1]!.text.length).toBeLessThanOrEqual(1 << 20);
  });

  it('come back as they were written, whatever the cells hold', async () => {
    const cell = string({ unit: constantFrom('a', '"', ',', '\n', ' ', 'é', '1'), maxLength: 8 });
    const table = array(array(cell, { minLength: 2, maxLength: 2 }), { minLength: 1, maxLength: 20 });
    await assert(
      asyncProperty(table, async (rows) => {
        const text = rows.map((cells) => cells.map((value) => `"${value.replaceAll('"', '""')}"`).join(',')).join('\n');
        expect((await records(text)).map(({ cells }) => cells)).toEqual(rows);
      }),
      { numRuns: 60 },
    );
  });

  it('are all accounted for: every line of any text belongs to exactly one record', async () => {
    const text = string({ unit: constantFrom('a', '"', ',', '\n'), maxLength: 60 });
    await assert(
      asyncProperty(text, async (content) => {
        const kept = (await records(content)).flatMap((record) => record.text.split('\n'));
        expect(kept.filter((line) => line.trim() !== '')).toEqual(content.split('\n').filter((line) => line.trim() !== ''));
      }),
      { numRuns: 150 },
    );
  });
});
