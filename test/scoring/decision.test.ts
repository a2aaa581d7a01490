import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { decide, defaultDecisionPolicy, gradeOf, parseDecisionPolicy, scorePoints } from '../../src/scoring/index.js';

const policy = parseDecisionPolicy({
  version: 1,
  approveBelow: 0.1,
  declineFrom: 0.3,
  grades: [{ grade: 'A', below: 0.05 }, { grade: 'B', below: 0.3 }, { grade: 'C', below: 1 }],
  referWhen: ['OUT_OF_RANGE'],
});

const broken = (parts: object): unknown => ({ ...policy, ...parts });

describe('score points', () => {
  it('are 600 at a PD of 5 % and 650 at 1/39', () => {
    expect(scorePoints(0.05)).toBeCloseTo(600, 9);
    expect(scorePoints(1 / 39)).toBeCloseTo(650, 9);
  });

  it('follow a − b·ln(odds) with a = 387.6036 and b = 72.1348', () => {
    expect(scorePoints(0.5)).toBeCloseTo(387.6036, 4);
    expect(scorePoints(0.5) - scorePoints(Math.E / (1 + Math.E))).toBeCloseTo(72.1348, 4);
  });

  it('fall as the PD rises', () => {
    const pd = fc.double({ min: 1e-6, max: 1 - 1e-6, noNaN: true });
    fc.assert(fc.property(pd, pd, (a, b) => a === b || scorePoints(a) > scorePoints(b) === a < b || Math.abs(a - b) < 1e-12));
  });

  it.each([0, 1, -0.1, Number.NaN])('do not exist for a PD of %p', (pd) => {
    expect(() => scorePoints(pd)).toThrow('strictly between 0 and 1');
  });
});

describe('a decision', () => {
  it.each([
    [0.0999, [], 'APPROVE', 'PD_BELOW_APPROVAL_LINE'],
    [0.1, [], 'REFER', 'PD_BETWEEN_LINES'],
    [0.2999, [], 'REFER', 'PD_BETWEEN_LINES'],
    [0.3, [], 'DECLINE', 'PD_AT_OR_ABOVE_DECLINE_LINE'],
    [0.01, ['OUT_OF_RANGE'], 'REFER', 'INPUT_FLAGGED'],
    [0.9, ['OUT_OF_RANGE'], 'REFER', 'INPUT_FLAGGED'],
    [0.01, ['MISSING'], 'APPROVE', 'PD_BELOW_APPROVAL_LINE'],
  ] as const)('at PD %p with flags %p is %s', (pd, flags, decision, cause) => {
    expect(decide(pd, flags, policy)).toEqual({ decision, cause });
  });

  it('is refused for a PD that is not a probability', () => {
    expect(() => decide(Number.NaN, [], policy)).toThrow('a probability lies between 0 and 1');
  });
});

describe('a grade', () => {
  it('is the band that holds the PD; the upper end belongs to the next band', () => {
    expect([0, 0.0499, 0.05, 0.3, 1].map((pd) => gradeOf(pd, policy))).toEqual(['A', 'A', 'B', 'C', 'C']);
  });
});

describe('a decision policy', () => {
  it.each([
    [{ approveBelow: 0.5 }, 'approveBelow may not lie above declineFrom'],
    [{ grades: [{ grade: 'A', below: 0.5 }] }, 'the last grade must reach'],
    [{ grades: [{ grade: 'A', below: 0.5 }, { grade: 'B', below: 0.5 }, { grade: 'C', below: 1 }] }, 'ordered by rising'],
    [{ grades: [{ grade: 'A', below: 0.5 }, { grade: 'A', below: 1 }] }, 'used twice'],
    [{ approveBelow: Number.NaN }, 'approveBelow'],
    [{ surprise: 1 }, 'surprise'],
  ])('with %j is refused with a sentence', (parts, sentence) => {
    expect(() => parseDecisionPolicy(broken(parts))).toThrow(sentence);
  });

  it('by default approves below the default rate and declines from three times those odds', () => {
    const made = defaultDecisionPolicy(0.2);
    expect(made.approveBelow).toBeCloseTo(0.2, 4);
    expect(made.declineFrom).toBeCloseTo(0.75 / 1.75, 4);
    expect(made.grades.map(({ grade }) => grade)).toEqual(['A', 'B', 'C', 'D', 'E', 'F', 'G']);
    expect(defaultDecisionPolicy([0.1, 0.3])).toEqual(made);
  });

  it('can be made for a book of any default rate', () => {
    fc.assert(fc.property(fc.double({ min: 0, max: 1, noNaN: true }), (rate) => defaultDecisionPolicy(rate).grades.length === 7));
  });
});
