import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openTestApp, type TestApp } from '../support/app.js';
import { createLoan, scoreLoan } from '../support/builders.js';
import type { TestClient } from '../support/client.js';
import { deploySmallModel } from '../support/small-version.js';

interface Seen {
  readonly decision: string;
  readonly novelty: { readonly distance: number; readonly threshold: number; readonly novel: boolean } | null;
  readonly replay: { readonly reproduced: boolean };
  readonly record: { readonly canonical: string };
}

/** Evenly from 1,000 to 4,980: a fifth of them lie more than 1.39 deviations from the mean of 2,990. */
const rows = Array.from({ length: 200 }, (_, i) => ({ customer: {}, loan: { principal: 1000 + 20 * i }, repayments: [] }));
const deviationsOf = (principal: number): number => Math.abs(principal - 2990) / (20 * Math.sqrt((200 ** 2 - 1) / 12));

describe('an applicant unlike those the version learned from', () => {
  let app: TestApp;
  let portal: TestClient;
  let auditor: TestClient;
  beforeAll(async () => {
    app = await openTestApp();
    [portal, auditor] = await Promise.all([app.as('portal'), app.as('auditor')]);
    await deploySmallModel(app, 'wary', { rows, beyond: 0.2, referWhen: ['NOVEL'] });
    await deploySmallModel(app, 'trusting', { rows, beyond: 0.2 });
  });
  afterAll(() => app.close());

  const scored = async (externalId: string, product: string, principal: string): Promise<Seen> => {
    await createLoan(portal, externalId, { loan: { product, principal } });
    const { id } = await scoreLoan(portal, { externalId });
    return (await auditor.ok<{ prediction: Seen }>('query ($id: ID!) { prediction(id: $id) { decision novelty { distance threshold novel } replay { reproduced } record { canonical } } }', { id })).prediction;
  };

  it('is flagged, and sent to a person where the policy says so', async () => {
    // One column, standardised: the distance is that of the value from the mean, in deviations.
    const usual = await scored('usual', 'wary', '2500');
    expect(usual).toMatchObject({ decision: 'APPROVE', novelty: { distance: expect.closeTo(deviationsOf(2500), 2), threshold: expect.closeTo(1.39, 1), novel: false }, replay: { reproduced: true } });
    const novel = await scored('novel', 'wary', '1000');
    expect(novel).toMatchObject({ decision: 'REFER', novelty: { distance: expect.closeTo(deviationsOf(1000), 2), novel: true }, replay: { reproduced: true } });
    expect(JSON.parse(novel.record.canonical)).toMatchObject({ outputs: { cause: 'INPUT_FLAGGED', novelty: novel.novelty } });
    expect(await scored('trusted', 'trusting', '1000')).toMatchObject({ decision: 'APPROVE', novelty: { novel: true } });
  });

  it('counts in a what-if too', async () => {
    const { simulateLoan } = await portal.ok<{ simulateLoan: { prediction: { simulation: { baseline: { wouldDecide: string }; steps: { wouldDecide: string }[] } } } }>(
      'mutation ($input: SimulateLoanInput!) { simulateLoan(input: $input) { prediction { simulation { baseline { wouldDecide } steps { wouldDecide } } } } }',
      { input: { externalId: 'usual', purpose: 'ORIGINATION', changes: [{ path: 'principal', value: 1000 }] } });
    expect(simulateLoan.prediction.simulation).toEqual({ baseline: { wouldDecide: 'APPROVE' }, steps: [{ wouldDecide: 'REFER' }] });
  });

  it('is not known to a version that learned no such thing', async () => {
    await deploySmallModel(app, 'unknowing');
    expect((await scored('unknown', 'unknowing', '1000')).novelty).toBeNull();
  });
});
