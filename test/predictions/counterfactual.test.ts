import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openTestApp, type TestApp } from '../support/app.js';
import { createLoan, scoreLoan } from '../support/builders.js';
import type { TestClient } from '../support/client.js';
import { deploySmallModel } from '../support/small-version.js';

const AMOUNT = {
  name: 'principal', label: 'Amount', labels: { zh: '申请金额' }, source: { path: 'loan.principal' }, type: 'numeric', missing: { rule: 'median' }, transform: 'standardise', reasonCode: 'AMOUNT',
} as const;

interface Told {
  readonly found: boolean;
  readonly reason: string | null;
  readonly changes: readonly { readonly feature: string; readonly label: string; readonly from: number; readonly to: number | null; readonly direction: string }[];
  readonly pd: number;
  readonly text: string | null;
}

const ASK = 'query ($id: ID!, $language: Language) { prediction(id: $id) { counterfactual(language: $language) { found reason changes { feature label from to direction } pd text } } }';

describe('what would have to be otherwise', () => {
  let app: TestApp;
  let portal: TestClient;
  let auditor: TestClient;
  beforeAll(async () => {
    app = await openTestApp();
    [portal, auditor] = await Promise.all([app.as('portal'), app.as('auditor')]);
    await deploySmallModel(app, 'changeable', { spec: { ...AMOUNT, mutable: true } });
    await deploySmallModel(app, 'fixed', { spec: AMOUNT });
    for (const [product, principal] of [['changeable', '4900'], ['changeable', '1000'], ['fixed', '4900']] as const) await createLoan(portal, `${product} ${principal}`, { loan: { product, principal } });
  });
  afterAll(() => app.close());

  const told = async (client: TestClient, externalId: string, language = 'EN'): Promise<Told> => {
    const { id } = await scoreLoan(portal, { externalId });
    return (await client.ok<{ prediction: { counterfactual: Told } }>(ASK, { id, language })).prediction.counterfactual;
  };

  it('is the smallest change that is approved when it is tried', async () => {
    const { found, reason, changes, pd, text } = await told(auditor, 'changeable 4900');
    expect([found, reason, changes]).toEqual([true, null, [{ feature: 'principal', label: 'Amount', from: 4900, to: expect.any(Number), direction: 'LOWER' }]]);
    expect(pd < 0.4 && pd > 0.38).toBe(true);
    expect(text).toMatch(/Amount/);
    const { simulateLoan } = await portal.ok<{ simulateLoan: { prediction: { simulation: { steps: { wouldDecide: string }[] } } } }>(
      'mutation ($input: SimulateLoanInput!) { simulateLoan(input: $input) { prediction { simulation { steps { wouldDecide } } } } }',
      { input: { externalId: 'changeable 4900', purpose: 'ORIGINATION', changes: [{ path: 'principal', value: changes[0]!.to }] } });
    expect(simulateLoan.prediction.simulation.steps).toEqual([{ wouldDecide: 'APPROVE' }]);
  });

  it('is told in Chinese', async () => {
    const { changes, text } = await told(auditor, 'changeable 4900', 'ZH');
    expect([changes[0]!.label, text]).toEqual(['申请金额', expect.stringContaining('申请金额')]);
  });

  it('keeps the point where the decision turns from who may not see predictions in full', async () => {
    const { found, changes, pd, text } = await told(portal, 'changeable 4900');
    expect([found, changes, text]).toEqual([true, [{ feature: 'principal', label: 'Amount', from: 4900, to: null, direction: 'LOWER' }], null]);
    expect(pd).toBe(Number(pd.toPrecision(2)));
  });

  it('is nothing for who is approved already, and where nothing can be changed, with the reason', async () => {
    expect(await told(auditor, 'changeable 1000')).toMatchObject({ found: false, reason: 'already below the line', changes: [] });
    expect(await told(auditor, 'fixed 4900')).toMatchObject({ found: false, reason: 'no mutable feature', changes: [] });
  });

  it('is null where there is no score', async () => {
    await createLoan(portal, 'unserved', { loan: { product: 'unserved' } });
    expect(await told(auditor, 'unserved')).toBeNull();
  });
});
