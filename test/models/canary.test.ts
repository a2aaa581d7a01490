import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { isInShare, placeInCanary } from '../../src/models/deployments/canary.js';
import { routeIn, type LiveModel } from '../../src/models/routes.js';
import { newId } from '../../src/platform/index.js';

const CUSTOMERS = 20_000;
/** Standard errors beyond which a share would be no share: once in 10⁹ draws. */
const MOST_SIGMA = 6;

const version = (deploymentId: string) => ({ deploymentId, versionId: deploymentId, version: 1, dossierDigest: '', artefactDigest: '', refer: null });
const model = (share: number, changes: Partial<LiveModel> = {}): LiveModel => ({
  modelId: 'm', modelName: 'Cards', horizonMonths: 12, products: ['credit-card'], decisionPurpose: 'credit', epoch: '1', challengers: [], stopped: null,
  champion: version('champion'), canary: { ...version('canary'), share }, ...changes,
});

describe('a canary', () => {
  it('has a place for each customer in [0, 1), which is SHA-256 of both ids and nothing else', () => {
    // printf 'd c' | sha256sum → first 12 hexadecimal digits ÷ 16¹²
    expect(placeInCanary('d', 'c')).toBe(Number.parseInt('7c25acb97de1', 16) / 2 ** 48);
    fc.assert(fc.property(fc.uuid(), fc.uuid(), (deployment, customer) => {
      const place = placeInCanary(deployment, customer);
      expect(place).toBeGreaterThanOrEqual(0);
      expect(place).toBeLessThan(1);
      expect(placeInCanary(deployment, customer)).toBe(place);
    }));
  });

  it('decides for a share of the customers within binomial bounds, whatever the version', () => {
    const customers = Array.from({ length: CUSTOMERS }, () => newId());
    fc.assert(
      fc.property(fc.uuid(), fc.integer({ min: 1, max: 9_999 }), (deployment, steps) => {
        const share = steps / 10_000;
        const inside = customers.filter((customer) => isInShare(deployment, customer, share)).length;
        expect(Math.abs(inside - share * CUSTOMERS)).toBeLessThanOrEqual(MOST_SIGMA * Math.sqrt(share * (1 - share) * CUSTOMERS));
      }),
      { numRuns: 25 },
    );
  });

  it('keeps its customers while other things change: epoch, champion, challengers, and a larger share only adds', () => {
    fc.assert(fc.property(fc.uuid(), fc.double({ min: 0.01, max: 0.5, noNaN: true }), fc.double({ min: 0, max: 0.49, noNaN: true }), (customer, share, more) => {
      const { deciding } = routeIn(model(share), customer);
      const changed = routeIn(model(share, { epoch: '7', champion: version('another'), challengers: [version('challenger')] }), customer);
      expect(changed.deciding?.deploymentId === 'canary').toBe(deciding?.deploymentId === 'canary');
      if (deciding?.deploymentId === 'canary') expect(routeIn(model(share + more), customer).deciding?.deploymentId).toBe('canary');
    }));
  });

  it('draws customers anew for each version', () => {
    const customers = Array.from({ length: 2_000 }, () => newId());
    const both = customers.filter((customer) => isInShare('one', customer, 0.5) && isInShare('two', customer, 0.5)).length;
    expect(Math.abs(both - 500)).toBeLessThanOrEqual(MOST_SIGMA * Math.sqrt(0.25 * 0.75 * 2_000));
  });
});

describe('a route', () => {
  it('carries why the deciding version must refer, be it the champion or the canary', () => {
    const referring = model(0.5, { champion: { ...version('champion'), refer: 'REVIEW_OVERDUE' }, canary: { ...version('canary'), share: 0.5, refer: 'WAIVER_EXPIRED' } });
    const found = new Set(Array.from({ length: 200 }, () => routeIn(referring, newId())).map(({ deciding, refer }) => `${deciding?.deploymentId} ${refer}`));
    expect(found).toEqual(new Set(['champion REVIEW_OVERDUE', 'canary WAIVER_EXPIRED']));
  });

  it('of a model without a champion leads nowhere, and says why; a canary goes on for its share', () => {
    expect(routeIn(model(0, { champion: null, canary: null, stopped: 'MODEL_SUSPENDED' }), newId())).toMatchObject({ deciding: null, stopped: 'MODEL_SUSPENDED' });
    const found = new Set(Array.from({ length: 200 }, () => routeIn(model(0.5, { champion: null, stopped: 'VERSION_SUSPENDED' }), newId())).map(({ deciding, stopped }) => `${deciding?.deploymentId} ${stopped}`));
    expect(found).toEqual(new Set(['undefined VERSION_SUSPENDED', 'canary null']));
  });
});
