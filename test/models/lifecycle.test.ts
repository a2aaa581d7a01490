import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { checkLifecycle, STATES, TRANSITIONS, transitionOf, type Act } from '../../src/models/index.js';
import { ACTS, awaitsVotes } from '../../src/models/lifecycle.js';

const acts = Object.keys(ACTS) as Act[];
const step = (act: string, from: string | null, to: string) => ({ act, from, to });

describe('the lifecycle of a model version', () => {
  it('leads from draft to approval and retirement', () => {
    expect(transitionOf('REGISTER', null).to).toBe('DRAFT');
    expect(transitionOf('SUBMIT', 'DRAFT').to).toBe('SUBMITTED');
    expect(transitionOf('VALIDATE', 'SUBMITTED').to).toBe('VALIDATED');
    expect(transitionOf('APPROVE', 'VALIDATED').to).toBe('APPROVED');
    expect(transitionOf('RETIRE', 'APPROVED').to).toBe('RETIRED');
  });

  it('has three ends from which nothing leads', () => {
    const ends = STATES.filter((state) => TRANSITIONS.every(({ from }) => from !== state));
    expect(ends).toEqual(['REJECTED', 'WITHDRAWN', 'RETIRED']);
  });

  it('awaits votes until it is approved, and not after', () => {
    expect(STATES.filter(awaitsVotes)).toEqual(['DRAFT', 'SUBMITTED', 'VALIDATED']);
  });

  it('deploys what is approved and nothing else', () => {
    for (const state of STATES.filter((one) => one !== 'APPROVED')) {
      expect(() => transitionOf('DEPLOY', state)).toThrow(`A version can be deployed only while it is APPROVED; this one is ${state}.`);
    }
  });

  it('names every state in which a refused act would be possible', () => {
    expect(() => transitionOf('REJECT', 'DRAFT')).toThrow('A version can be rejected only while it is SUBMITTED or VALIDATED; this one is DRAFT.');
  });

  it('stays within the table, whatever is tried in whatever order', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...acts), { maxLength: 30 }), (tried) => {
        let state: (typeof STATES)[number] | null = null;
        let votedFor = false;
        for (const act of tried) {
          const found = TRANSITIONS.find((transition) => transition.act === act && transition.from === state);
          if (!found) expect(() => transitionOf(act, state)).toThrow('A version can be');
          else state = transitionOf(act, state).to;
          votedFor ||= act === 'APPROVE' && found !== undefined;
          if (state === 'APPROVED' || state === 'SUSPENDED' || state === 'RETIRED') expect(votedFor).toBe(true);
        }
      }),
    );
  });
});

describe('the check of a lifecycle table', () => {
  it.each([
    ['an unknown act', [step('FLY', null, 'A')], 'unknown act (FLY'],
    ['an unknown state', [step('GO', null, 'C')], 'unknown state C'],
    ['one act to two states', [step('GO', null, 'A'), step('GO', null, 'B')], 'two states by one act'],
    ['an unreachable state', [step('GO', null, 'A')], 'never reaches the state B'],
    ['states that only reach each other', [step('GO', null, 'A'), step('GO', 'B', 'B')], 'never reaches the state B'],
  ])('finds %s', (_, transitions, sentence) => {
    expect(() => checkLifecycle(['A', 'B'], ['GO'], transitions)).toThrow(sentence);
  });

  it('finds an act that is never done', () => {
    expect(() => checkLifecycle(['A'], ['GO', 'REST'], [step('GO', null, 'A')])).toThrow('never does REST');
  });

  it('finds any state that is taken out of the real table', () => {
    for (const state of STATES) {
      const without = TRANSITIONS.filter(({ to }) => to !== state);
      expect(() => checkLifecycle(STATES, acts, without)).toThrow(/never (reaches the state|does)/);
    }
  });
});
