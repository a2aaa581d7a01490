import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openTestApp, type TestApp } from '../support/app.js';
import { createLoan, scoreLoan } from '../support/builders.js';
import type { TestClient } from '../support/client.js';
import { deploySmallModel } from '../support/small-version.js';

interface Told {
  readonly code: string;
  readonly feature: string;
  readonly text: string;
}

const AMOUNT = {
  name: 'principal', label: 'Amount', labels: { zh: '申请金额' }, source: { path: 'loan.principal' }, type: 'numeric', unit: 'EUR', missing: { rule: 'median' }, transform: 'standardise', reasonCode: 'AMOUNT',
} as const;

describe('reasons in two languages', () => {
  let app: TestApp;
  let portal: TestClient;
  let id: string;
  beforeAll(async () => {
    app = await openTestApp();
    portal = await app.as('portal');
    await deploySmallModel(app, 'bilingual', { spec: AMOUNT });
    await createLoan(portal, 'bilingual', { loan: { product: 'bilingual', principal: '4900' } });
    ({ id } = await scoreLoan(portal, { externalId: 'bilingual' }));
  });
  afterAll(() => app.close());

  it('are the same reasons, told in English unless asked otherwise', async () => {
    const { prediction } = await portal.ok<{ prediction: Record<'reasons' | 'en' | 'zh', Told[]> }>(
      'query ($id: ID!) { prediction(id: $id) { reasons { code feature text } en: reasons(language: EN) { code feature text } zh: reasons(language: ZH) { code feature text } } }', { id });
    expect(prediction.reasons).toEqual(prediction.en);
    expect(prediction.en).toEqual([{ code: 'AMOUNT', feature: 'principal', text: expect.stringMatching(/^Amount 4,900 EUR — approved applicants typically [\d,]+–[\d,]+ EUR$/u) }]);
    expect(prediction.zh).toEqual([{ code: 'AMOUNT', feature: 'principal', text: expect.stringMatching(/^申请金额.*4,?900.*获批申请人通常为/u) }]);
    expect(rangeIn(prediction.zh[0]!.text)).toEqual(rangeIn(prediction.en[0]!.text));
  });

  it('are told by a what-if before and after, and by the risk profile', async () => {
    const { simulateLoan } = await portal.ok<{ simulateLoan: { prediction: { reasons: Told[]; simulation: { baseline: { reasons: Told[] } } } } }>(
      'mutation ($input: SimulateLoanInput!) { simulateLoan(input: $input) { prediction { reasons(language: ZH) { text } simulation { baseline { reasons(language: ZH) { text } } } } } }',
      { input: { externalId: 'bilingual', purpose: 'ORIGINATION', changes: [{ path: 'principal', value: 4700 }] } });
    const { reasons, simulation } = simulateLoan.prediction;
    expect([reasons[0]!.text, simulation.baseline.reasons[0]!.text]).toEqual([expect.stringMatching(/^申请金额.*4,?700/u), expect.stringMatching(/^申请金额.*4,?900/u)]);
    const { customer } = await portal.ok<{ customer: { riskProfile: Record<'drivers' | 'zh', { label: string }[]> } }>('{ customer(externalId: "bilingual") { riskProfile { drivers { label } zh: drivers(language: ZH) { label } } } }');
    expect(customer.riskProfile).toEqual({ drivers: [{ label: 'Amount' }], zh: [{ label: '申请金额' }] });
  });
});

/** The numbers after the applicant's own. */
const rangeIn = (text: string): string[] => text.split('4,900')[1]!.match(/[\d,]*\d/gu)!;
