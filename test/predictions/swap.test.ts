import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ArtefactStore, LiveVersions, Routes, type Route, type RouteRequest } from '../../src/models/index.js';
import { newContext, type Queryable } from '../../src/platform/index.js';
import { ScoringService } from '../../src/predictions/index.js';
import { permissionsOf } from '../../src/security/index.js';
import { openTestApp, type TestApp } from '../support/app.js';
import { createLoan, scoreLoan } from '../support/builders.js';
import { approveSmallVersion, deploy, registerSmallModel } from '../support/small-version.js';

const SWAPS = 8;

/** Whatever is live, it is another when the prediction is to be recorded. */
class Overtaken extends Routes {
  override async routeFor(db: Queryable, request: RouteRequest): Promise<Route> {
    return { ...(await super.routeFor(db, request)), epoch: 'an earlier one' };
  }
}

describe('a champion that is swapped while loans are scored', () => {
  let app: TestApp;
  let versions: string[];
  beforeAll(async () => {
    app = await openTestApp();
    const model = await registerSmallModel(app, 'swapped');
    versions = await Promise.all([1, 2].map(async (weight) => (await approveSmallVersion(app, model, { weight })).versionId));
    const portal = await app.as('portal');
    for (const name of ['a', 'b', 'c', 'd']) await createLoan(portal, name, { loan: { product: 'swapped' } });
    await deploy(await app.as('admin'), versions[0]!);
  });
  afterAll(() => app.close());

  it('is never stamped on a prediction that was recorded while another was live', async () => {
    const [portal, admin, replica] = await Promise.all([app.as('portal'), app.as('admin'), app.openReplica()]);
    const swapping = new AbortController();
    const statuses = new Set<string>();
    const score = async (name: string, url: string): Promise<void> => {
      while (!swapping.signal.aborted) statuses.add((await scoreLoan(portal.at(url), { externalId: name })).status);
    };
    const load = ['a', 'b', 'c', 'd'].map((name, index) => score(name, index % 2 ? app.url : replica.url));
    try {
      for (let swap = 1; swap <= SWAPS; swap += 1) {
        await deploy(admin.at(swap % 2 ? replica.url : app.url), versions[swap % 2]!);
        await Promise.all(['a', 'c'].map((name, index) => scoreLoan(portal.at(index ? app.url : replica.url), { externalId: name })));
      }
    } finally {
      swapping.abort();
      await Promise.all(load);
      await replica.close();
    }
    expect([...statuses]).toEqual(['SCORED']);
    const [found] = await app.sql<{ stamped: string; wrong: string; deployments: string }>(`
      SELECT count(*) AS stamped, count(DISTINCT d.id) AS deployments,
        count(*) FILTER (WHERE p.created_at < d.valid_from OR p.created_at >= d.valid_to OR p.version_id <> d.version_id) AS wrong
      FROM predictions p JOIN deployments d ON d.id = p.deployment_id JOIN models m ON m.id = d.model_id WHERE m.name = 'Small model of swapped'`);
    expect(found).toEqual({ stamped: expect.stringMatching(/^\d{2,}$/), wrong: '0', deployments: String(SWAPS + 1) });
  });

  it('drops no request: with sixteen always under way, two deployments later all were answered, each by what was live', async () => {
    const [portal, admin] = await Promise.all([app.as('portal'), app.as('admin')]);
    const swapping = new AbortController();
    const seen: { status: number; errors: number; result: string; version: string }[] = [];
    const ask = async (index: number): Promise<void> => {
      while (!swapping.signal.aborted) {
        const { status, errors, data } = await portal.query<{ scoreLoan: { prediction: { status: string; modelVersion: { id: string } } } }>(
          'mutation ($input: ScoreLoanInput!) { scoreLoan(input: $input) { prediction { status modelVersion { id } } } }', { input: { externalId: ['a', 'b', 'c', 'd'][index % 4], purpose: 'ORIGINATION' } });
        seen.push({ status, errors: errors.length, result: data?.scoreLoan.prediction.status ?? 'nothing', version: data?.scoreLoan.prediction.modelVersion.id ?? 'none' });
      }
    };
    const load = Array.from({ length: 16 }, (_, index) => ask(index));
    const settled = async (): Promise<void> => {
      for (const enough = seen.length + 32; seen.length < enough; ) await new Promise((resolve) => setTimeout(resolve, 5));
    };
    try {
      await settled();
      // The first version is live since the even number of swaps above.
      for (const next of [1, 0]) {
        await deploy(admin, versions[next]!);
        await settled();
      }
    } finally {
      swapping.abort();
      await Promise.all(load);
    }
    expect(seen.filter(({ status, errors, result }) => status !== 200 || errors > 0 || result !== 'SCORED')).toEqual([]);
    expect(new Set(seen.map(({ version }) => version))).toEqual(new Set(versions));
  });

  it('gives each prediction the PD of the version it is stamped with', async () => {
    const rows = await app.sql<{ version_id: string; pds: string }>(`
      SELECT p.version_id, count(DISTINCT p.pd) AS pds FROM predictions p JOIN deployments d ON d.id = p.deployment_id
      WHERE p.loan_id = (SELECT id FROM loans WHERE external_id = 'a') GROUP BY p.version_id`);
    expect(rows.map(({ pds }) => pds)).toEqual(['1', '1']);
  });

  it('again and again is told to the caller, who can repeat it, and nothing was recorded', async () => {
    const { db, keys, log } = app.runtime;
    const versionsLoaded = new LiveVersions(new ArtefactStore());
    const scoring = new ScoringService(db, { keys, routes: new Overtaken(), versions: versionsLoaded });
    const [portal] = (await app.sql<{ id: string; name: string }>(`SELECT id, name FROM users WHERE subject = 'portal'`)) as [{ id: string; name: string }];
    const ctx = newContext({ db, log, actor: { ...portal, roles: ['PORTAL'], permissions: permissionsOf(['PORTAL']), ownCustomerId: undefined } });
    await expect(scoring.scoreLoan(ctx, { loan: 'a', purpose: 'ORIGINATION', requestId: 'overtaken' })).rejects.toMatchObject({
      code: 'UNAVAILABLE', message: 'What is live changed 5 times while this was scored, and nothing of it was recorded. Repeat it with the same requestId in a second.',
    });
    expect(await app.sql(`SELECT id FROM predictions WHERE request_id = 'overtaken'`)).toEqual([]);
    await versionsLoaded.close();
  });
});
