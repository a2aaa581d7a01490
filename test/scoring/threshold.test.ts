import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { chooseThreshold, decide, parseThresholdRule, policyFor } from '../../src/scoring/index.js';
import { normalBook, twoModels } from './scored-books.js';

const costOf = (labels: ArrayLike<number>, pds: ArrayLike<number>, threshold: number, costRatio: number): number =>
  Array.from(labels).reduce((sum, label, i) => sum + (pds[i]! < threshold ? label * costRatio : 1 - label), 0) / labels.length;

const ratios = fc.double({ min: 0.1, max: 50, noNaN: true });

describe('a threshold by cost', () => {
  it("is Bayes' 1 / (1 + ratio), with what it would have cost", () => {
    fc.assert(fc.property(twoModels, ratios, ({ labels, a }, costRatio) => {
      const { chosen } = chooseThreshold(labels, a, { costRatio });
      expect(chosen).toMatchObject({ threshold: 1 / (1 + costRatio), cost: expect.closeTo(costOf(labels, a, 1 / (1 + costRatio), costRatio), 9) });
    }));
  });

  it('stands beside the cheapest cut of all', () => {
    fc.assert(fc.property(twoModels, ratios, ({ labels, a }, costRatio) => {
      const choice = chooseThreshold(labels, a, { costRatio });
      const cheapest = Math.min(...[...a, 2].map((cut) => costOf(labels, a, cut, costRatio)));
      const { empirical } = choice as Extract<typeof choice, { empirical: unknown }>;
      expect(empirical.threshold === 1 ? Math.min(empirical.cost, cheapest) : empirical.cost).toBeCloseTo(cheapest, 9);
      expect(costOf(labels, a, empirical.threshold, costRatio)).toBeCloseTo(empirical.cost, 9);
    }));
  });

  it('costs next to nothing more than the cheapest cut when the PDs are calibrated', () => {
    const { labels, pds } = normalBook(3, 6000, 2000, 1.2);
    const { chosen, empirical } = chooseThreshold(labels, pds, { costRatio: 5 }) as Extract<ReturnType<typeof chooseThreshold>, { empirical: unknown }>;
    expect(chosen.cost).toBeGreaterThanOrEqual(empirical.cost);
    expect(chosen.cost).toBeLessThan(1.02 * empirical.cost);
  });
});

describe('a threshold by approval rate', () => {
  it('is the cut nearest the target that approves somebody, tied PDs alike', () => {
    fc.assert(fc.property(twoModels, fc.double({ min: 0.01, max: 1, noNaN: true }), ({ labels, a }, approvalRate) => {
      const { chosen } = chooseThreshold(labels, a, { approvalRate });
      const share = (cut: number): number => a.filter((pd) => pd < cut).length / a.length;
      expect(chosen.approvalRate).toBeCloseTo(share(chosen.threshold), 12);
      const possible = [...a, 1.1].map(share).filter((rate) => rate > 0);
      const nearest = Math.min(...possible.map((rate) => Math.abs(rate - approvalRate)));
      const certain = a.filter((pd) => pd === 1).length / a.length;
      expect(Math.abs(chosen.approvalRate - approvalRate)).toBeLessThanOrEqual(nearest + certain + 1e-12);
    }));
  });

  it('tells the default rate of the approved', () => {
    const { chosen } = chooseThreshold([0, 1, 0, 1], [0.1, 0.2, 0.3, 0.4], { approvalRate: 0.5 });
    expect(chosen).toEqual({ threshold: 0.25, approvalRate: 0.5, approvedDefaultRate: 0.5 });
  });
});

describe('a threshold rule', () => {
  it.each([
    [{ costRatio: 0 }, 'at costRatio'],
    [{ approvalRate: 1.5 }, 'at approvalRate'],
    [{ approvalRate: 0 }, 'at approvalRate'],
    [{}, 'give either costRatio (0.01 to 10,000) or approvalRate (above 0, up to 1)'],
    [{ costRatio: 5, approvalRate: 0.5 }, 'give either costRatio'],
  ])('%j is refused with a sentence', (rule, sentence) => {
    expect(() => parseThresholdRule(rule)).toThrow(sentence);
  });
});

describe('a policy by rule', () => {
  const { labels, pds } = normalBook(4, 800, 200, 1.2);

  it('approves below the chosen threshold and declines from a multiple of its odds', () => {
    const policy = policyFor({ costRatio: 4 }, labels, pds, 2);
    expect(policy.approveBelow).toBe(0.2);
    expect(policy.declineFrom).toBeCloseTo(1 / 3, 4);
    expect(policy.grades.map(({ grade, below }) => [grade, below])).toContainEqual(['D', 0.2]);
  });

  it('approves the wanted share', () => {
    const policy = policyFor({ approvalRate: 0.7 }, labels, pds);
    expect(Array.from(pds).filter((pd) => decide(pd, [], policy).decision === 'APPROVE')).toHaveLength(700);
  });

  it('is valid for any rule', () => {
    const rules = fc.oneof(fc.record({ costRatio: fc.double({ min: 0.01, max: 10_000, noNaN: true }) }), fc.record({ approvalRate: fc.double({ min: 0.001, max: 1, noNaN: true }) }));
    fc.assert(fc.property(rules, fc.double({ min: 1, max: 1000, noNaN: true }), (rule, odds) => {
      const policy = policyFor(rule, labels, pds, odds);
      expect(policy.declineFrom).toBeGreaterThanOrEqual(policy.approveBelow);
      expect(policy.grades.length).toBeGreaterThan(1);
    }));
  });

  it('refuses to decline below the approval line', () => {
    expect(() => policyFor({ costRatio: 4 }, labels, pds, 0.5)).toThrow('give a number from 1');
  });
});
