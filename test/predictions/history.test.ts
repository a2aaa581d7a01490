import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openTestApp, type TestApp } from '../support/app.js';
import { createLoan, scoreLoan, someLoans, type BookLoan } from '../support/builders.js';
import { PROJECT, run } from '../support/cli.js';
import type { TestClient } from '../support/client.js';
import { deploySmallModel, type SmallDeployment } from '../support/small-version.js';

interface Listed {
  readonly totalCount: number;
  readonly pageInfo: { readonly hasNextPage: boolean; readonly hasPreviousPage: boolean; readonly startCursor: string | null; readonly endCursor: string | null };
  readonly edges: readonly { readonly cursor: string; readonly node: { readonly id: string; readonly createdAt: string; readonly recordedAt: string; readonly grade: string | null; readonly decision: string | null } }[];
}

const LIST = `query List($filter: PredictionFilterInput, $asOf: DateTime, $direction: OrderDirection, $first: Int, $after: String, $last: Int, $before: String) {
  predictions(filter: $filter, asOf: $asOf, direction: $direction, first: $first, after: $after, last: $last, before: $before) {
    totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor } edges { cursor node { id createdAt recordedAt grade decision } } } }`;

const idsOf = ({ edges }: Listed): string[] => edges.map(({ node }) => node.id);

const GUIDE = await readFile(join(PROJECT, 'docs/history.md'), 'utf8');

describe('the history of predictions', () => {
  let app: TestApp;
  let auditor: TestClient;
  let portal: TestClient;
  let loans: BookLoan[];
  let small: SmallDeployment;
  /** In the order of recording. */
  const made: string[] = [];

  beforeAll(async () => {
    app = await openTestApp();
    [auditor, portal] = await Promise.all([app.as('auditor'), app.as('portal')]);
    loans = await someLoans(app, 4);
    small = await deploySmallModel(app, 'small');
    await createLoan(portal, 'small', { loan: { product: 'small' } });
    await createLoan(portal, 'unserved', { loan: { product: 'unserved' } });
    for (const asked of [{ loanId: loans[0]!.id }, { loanId: loans[1]!.id }, { externalId: 'small' }, { loanId: loans[0]!.id }, { externalId: 'unserved' }, { loanId: loans[2]!.id }]) {
      made.push((await scoreLoan(portal, asked)).id);
      await new Promise((resolve) => setTimeout(resolve, 2)); // no two in one millisecond: times below tell them apart
    }
  });
  afterAll(() => app.close());

  const list = async (variables: object = {}, client = auditor): Promise<Listed> => (await client.ok<{ predictions: Listed }>(LIST, variables)).predictions;
  const newestFirst = (...indexes: number[]): string[] => indexes.sort((a, b) => b - a).map((index) => made[index]!);

  it('is newest first, unless asked otherwise', async () => {
    expect(idsOf(await list())).toEqual(newestFirst(0, 1, 2, 3, 4, 5));
    expect(idsOf(await list({ direction: 'ASC' }))).toEqual(made);
  });

  it.each([
    ['the customer', () => ({ customerId: loans[0]!.customer.id }), [0, 3]],
    ['the loan', () => ({ loanId: loans[1]!.id }), [1]],
    ['the model', () => ({ modelId: small.modelId }), [2]],
    ['the version', () => ({ modelVersionId: small.versionId }), [2]],
    ['the status', () => ({ status: 'REFUSED' }), [4]],
    ['the purpose', () => ({ purpose: 'ACCOUNT_REVIEW' }), []],
    ['several together', () => ({ customerId: loans[0]!.customer.id, status: 'REFUSED' }), []],
  ])('is found by %s', async (_, filter, indexes) => {
    const found = await list({ filter: filter() });
    expect(idsOf(found)).toEqual(newestFirst(...indexes));
    expect(found.totalCount).toBe(indexes.length);
  });

  it('is found by decision and by grade', async () => {
    const { edges } = await list();
    for (const field of ['decision', 'grade'] as const) {
      for (const value of new Set(edges.flatMap(({ node }) => node[field] ?? []))) {
        expect([field, idsOf(await list({ filter: { [field]: value } }))]).toEqual([field, edges.filter(({ node }) => node[field] === value).map(({ node }) => node.id)]);
      }
    }
  });

  it('is found by when it was recorded: from the first moment, before the second', async () => {
    const times = (await list({ direction: 'ASC' })).edges.map(({ node }) => node.createdAt);
    expect(idsOf(await list({ filter: { createdAt: { gte: times[1], lt: times[4] } } }))).toEqual(newestFirst(1, 2, 3));
    expect(idsOf(await list({ filter: { createdAt: { gte: times[5] } } }))).toEqual(newestFirst(5));
    expect(idsOf(await list({ filter: { createdAt: { lt: times[0] } } }))).toEqual([]);
    expect(idsOf(await list({ filter: { createdAt: { gte: '1950-01-01T00:00:00Z', lt: '9999-12-31T00:00:00Z' } } }))).toEqual(newestFirst(0, 1, 2, 3, 4, 5));
  });

  it('is shown as it stood: what was recorded later is not there', async () => {
    const times = (await list({ direction: 'ASC' })).edges.map(({ node }) => node.recordedAt);
    const then = await list({ asOf: times[2] });
    expect([idsOf(then), then.totalCount]).toEqual([newestFirst(0, 1, 2), 3]);
  });

  it('is paged forward and backward without loss or repetition', async () => {
    const forward: string[] = [];
    for (let after: string | null = null, more = true; more; ) {
      const page: Listed = await list({ first: 2, after });
      expect(page.pageInfo.hasPreviousPage).toBe(after !== null);
      forward.push(...idsOf(page));
      ({ endCursor: after, hasNextPage: more } = page.pageInfo);
    }
    expect(forward).toEqual(newestFirst(0, 1, 2, 3, 4, 5));
    const backward: string[] = [];
    for (let before: string | null = null, more = true; more; ) {
      const page: Listed = await list({ last: 4, before });
      backward.unshift(...idsOf(page));
      ({ startCursor: before, hasPreviousPage: more } = page.pageInfo);
    }
    expect(backward).toEqual(forward);
  });

  it('of a loan hangs on the loan, with the newest scored one apart', async () => {
    const { loan } = await auditor.ok<{ loan: { latestPrediction: { id: string }; predictions: Listed } }>(
      'query ($id: ID!) { loan(id: $id) { latestPrediction { id } predictions { totalCount edges { cursor node { id } } } } }', { id: loans[0]!.id });
    expect([loan.latestPrediction.id, idsOf(loan.predictions), loan.predictions.totalCount]).toEqual([made[3], newestFirst(0, 3), 2]);
    const { loan: unserved } = await auditor.ok<{ loan: object }>('{ loan(externalId: "unserved") { latestPrediction { id } riskless: predictions { totalCount } } }');
    expect(unserved).toEqual({ latestPrediction: null, riskless: { totalCount: 1 } });
  });

  it('tells what a version was worth once outcomes are known', async () => {
    const versionOf = 'query ($id: ID!) { prediction(id: $id) { modelVersion { performance { loans defaults auc gini ks brier precision recall f1 } } } }';
    expect((await auditor.ok<{ prediction: { modelVersion: { performance: null } } }>(versionOf, { id: made[2] })).prediction.modelVersion.performance).toBeNull();
    // Its PD is about 0.5, between the lines: it is not approved, so it counts as a predicted default.
    await createLoan(portal, 'small-bad', { loan: { product: 'small', principal: '4100' } });
    await scoreLoan(portal, { externalId: 'small-bad' });
    const operator = await app.as('operator');
    for (const [externalId, defaulted] of [['small', false], ['small-bad', true]]) {
      await operator.ok('mutation ($input: RecordOutcomeInput!) { recordOutcome(input: $input) { loan { id } } }', { input: { externalId, defaulted } });
    }
    // The larger loan was given the higher PD, and did not default: the one pair there is, is the wrong way round.
    expect((await auditor.ok<{ prediction: { modelVersion: { performance: object } } }>(versionOf, { id: made[2] })).prediction.modelVersion.performance).toMatchObject({
      loans: 2, defaults: 1, auc: 0, gini: -1, precision: 0.5, recall: 1, f1: expect.closeTo(2 / 3),
    });
  });

  describe('docs/history.md', () => {
    const documents = [...GUIDE.matchAll(/```graphql\n(.+?)```/gsu)].map(([, text]) => text!);

    it.each(documents.map((text) => [/query (\w+)/.exec(text)![1]!, text]))('%s can be pasted', async (_, text) => {
      const { loan: { externalId, customer }, model: name } = { loan: loans[0]!, model: small.name };
      const [{ at }] = (await app.sql<{ at: Date }>('SELECT clock_timestamp() AS at')) as [{ at: Date }];
      const all: Record<string, string> = {
        customer: text.includes('$customer: ID!') ? customer.id : customer.externalId, loan: externalId, prediction: made[3]!, model: name,
        asOf: at.toISOString(), at: at.toISOString(), effectiveAt: '2026-06-30T00:00:00Z',
      };
      const variables = Object.fromEntries(Object.entries(all).filter(([variable]) => text.includes(`$${variable}:`)));
      expect(Object.values(await auditor.ok<Record<string, unknown>>(text, variables)).every((value) => value !== null)).toBe(true);
    });

    it('names options that there are', async () => {
      const { stdout } = await run(['verify', '--help']);
      const flags = [...GUIDE.matchAll(/^assay verify (--[^#\n]*)/gmu)].flatMap(([, text]) => [...text!.matchAll(/--[a-z]+/g)].map(([flag]) => flag));
      expect(flags.length).toBeGreaterThan(5);
      expect(flags.filter((flag) => !stdout.includes(flag))).toEqual([]);
    });
  });

  describe('makes a risk profile', () => {
    it('of the worst of the newest predictions, with what is owed in each currency and what to know', async () => {
      await portal.ok('mutation ($input: CreateCustomerInput!) { createCustomer(input: $input) { customer { id } } }', { input: { externalId: 'profiled' } });
      const loan = async (externalId: string, terms: object): Promise<void> => void (await portal.ok('mutation ($input: CreateLoanInput!) { createLoan(input: $input) { loan { id } } }', {
        input: { customerExternalId: 'profiled', externalId, product: 'small', kind: 'INSTALMENT', currency: 'EUR', status: 'ON_BOOK', ...terms },
      }));
      await loan('p1', { principal: '1000.10' });
      await loan('p2', { principal: '4500.20' });
      await loan('p3', { principal: '7', currency: 'JPY' });
      await loan('p4', { principal: '9', status: 'APPLICATION', currency: 'CHF' });
      for (const externalId of ['p1', 'p2', 'p3']) await scoreLoan(portal, { externalId });
      await portal.ok('mutation ($input: RecordRepaymentsInput!) { recordRepayments(input: $input) { loan { id } } }', {
        input: { externalId: 'p1', repayments: [{ periodEnd: '2025-01-31T00:00:00Z', balance: '600.05', daysPastDue: 31 }] },
      });
      const { customer } = await auditor.ok<{ customer: { riskProfile: { pd: number } } }>(`{ customer(externalId: "profiled") { riskProfile {
        pd grade exposures { amount currency } expectedLosses { amount } drivers { feature direction strength } warnings } } }`);
      const worst = await auditor.ok<{ loan: { latestPrediction: { pd: number; grade: string } } }>('{ loan(externalId: "p2") { latestPrediction { pd grade } } }');
      expect(customer.riskProfile).toEqual({
        ...worst.loan.latestPrediction,
        exposures: [{ amount: '5100.25', currency: 'EUR' }, { amount: '7', currency: 'JPY' }],
        expectedLosses: null,
        drivers: [{ feature: 'principal', direction: 'INCREASES_RISK', strength: 'STRONG' }],
        warnings: ['1 loan was never scored.', '1 loan was 30 days past due or more.'],
      });
    });

    it('that is empty while nothing is scored', async () => {
      await createLoan(portal, 'unscored');
      const { customer } = await auditor.ok<{ customer: object }>('{ customer(externalId: "unscored") { riskProfile { pd grade scorePoints asOf exposures { amount } drivers { feature } warnings } } }');
      expect(customer).toEqual({ riskProfile: { pd: null, grade: null, scorePoints: null, asOf: null, exposures: [], drivers: [], warnings: ['1 loan was never scored.'] } });
    });
  });
});
