import { describe, expect, it } from '@jest/globals';
import { defaultSplit, findSplit, readSplit, splitPathFor } from '../../src/loans/import/index.js';
import { withFile } from './import-support.js';

const readText = (content: string) => withFile(content, readSplit, 'book.split.csv');

describe('a split', () => {
  it('lies beside its data file', () => {
    expect(splitPathFor('/data/x.csv')).toBe('/data/x.split.csv');
    expect(splitPathFor('german.data')).toBe('german.split.csv');
  });

  it('names the part of each row', async () => {
    expect(await readText('row,part,fold\n1,train,0\n2,holdout,3\n')).toEqual(new Map([['1', 'train'], ['2', 'holdout']]));
  });

  it('is found when it is there, and is undefined when it is not', () =>
    withFile('row,part\n1,train\n', async (path) => {
      expect(await findSplit(path.replace('.split.csv', '.csv'))).toEqual(new Map([['1', 'train']]));
      expect(await findSplit('/nowhere/x.csv')).toBeUndefined();
    }, 'book.split.csv'));

  it.each([
    ['row,part\n1,test\n', 'line 2: part is "test"; expected train or holdout'],
    ['row,part\n1,train\n1,holdout\n', 'line 3: row "1" appears twice'],
    ['row,part\n1\n', 'line 2: expected 2 columns'],
    ['row,prt\n1,train\n', 'unknown column "prt". Did you mean "part"?'],
    ['row,fold\n1,2\n', 'a split file has the columns row and part'],
    ['row,part\n', 'the split names no rows'],
  ])('that is wrong is refused: %j', async (content, sentence) => {
    await expect(readText(content)).rejects.toThrow(sentence);
  });

  it('of its own making holds out about one row in five, always the same ones', () => {
    const ids = Array.from({ length: 10_000 }, (_, i) => `c-${i}`);
    const holdout = ids.filter((id) => defaultSplit(id) === 'holdout');
    expect(holdout.length / ids.length).toBeCloseTo(0.2, 1);
    expect(holdout).toEqual(ids.filter((id) => defaultSplit(id) === 'holdout'));
    expect(ids.filter((id) => defaultSplit(id, 1) === 'holdout')).not.toEqual(holdout);
  });
});
