import { describe, expect, it } from '@jest/globals';
import { groupsOf } from '../../src/models/index.js';

describe('groups of protected attributes', () => {
  it('are the categories as they are; what is not recorded has no group', () => {
    const columns = { sex: ['female', null, 'male'], disabled: [true, false, null] };
    expect(groupsOf(columns, columns)).toEqual({ sex: ['female', null, 'male'], disabled: ['true', 'false', null] });
  });

  it('cut a number of many values into five bands of about equal size', () => {
    const age = Array.from({ length: 100 }, (_, at) => 20 + (at % 50));
    const { age: bands } = groupsOf({ age }, { age });
    const counts = new Map<string | null, number>();
    for (const band of bands!) counts.set(band, (counts.get(band) ?? 0) + 1);
    expect(Object.fromEntries(counts)).toEqual({ 'below 30': 20, '30 to below 40': 20, '40 to below 50': 20, '50 to below 60': 20, '60 and above': 20 });
  });

  it('leave a number of few values alone', () => {
    expect(groupsOf({ dependants: [0, 1, 2] }, { dependants: [2, null, 0] })).toEqual({ dependants: ['2', null, '0'] });
  });

  it('take the bands from the training loans, for the hold-out too', () => {
    const train = { age: Array.from({ length: 50 }, (_, at) => 20 + at) };
    expect(groupsOf(train, { age: [95, 19, null, 45] })).toEqual({ age: ['60 and above', 'below 30', null, '40 to below 50'] });
  });
});
