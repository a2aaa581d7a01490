import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openTestApp, type TestApp } from '../support/app.js';
import { createLoan } from '../support/builders.js';
import { RunningCommand } from '../support/cli.js';
import type { TestClient } from '../support/client.js';
import { approveSmallVersion, deploy, registerSmallModel } from '../support/small-version.js';
import { envOf } from './support.js';

const LOANS = ['a', 'b', 'c', 'd', 'e', 'f'];
const IN_FLIGHT = 6;
const rowId = (globalId: string): string => Buffer.from(globalId, 'base64url').toString().split(':').at(-1)!;
const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

interface Seen {
  readonly server: number;
  /** Before it was sent, by this process. */
  readonly asked: number;
  readonly status: string;
  readonly decision: string | null;
  readonly problem: string | null;
}

const SCORE = 'mutation ($input: ScoreLoanInput!) { scoreLoan(input: $input) { prediction { status decision problem { code } } } }';
const SUSPEND_MODEL = 'mutation ($input: SuspendModelInput!) { suspendModel(input: $input) { model { suspension { validFrom reason by { name } } liveVersion { id } } } }';
const SUSPEND_VERSION = 'mutation ($input: SuspendVersionInput!) { suspendVersion(input: $input) { modelVersion { state } deployment { id version { id } } } }';
const RESUME_MODEL = 'mutation ($input: ResumeModelInput!) { resumeModel(input: $input) { proposal { id } } }';
const RESUME_VERSION = 'mutation ($input: ResumeVersionInput!) { resumeVersion(input: $input) { proposal { id } } }';
const CONFIRM = 'mutation ($input: ConfirmProposalInput!) { confirmProposal(input: $input) { proposal { state } } }';

/** Unique requests to all servers at once, from here until it is ended. */
class Load {
  readonly seen: Seen[] = [];
  private count = 0;
  private over = false;
  private readonly loops: Promise<void>[];

  constructor(portal: TestClient, servers: readonly string[], private readonly name: string) {
    this.loops = servers.flatMap((url, server) => Array.from({ length: IN_FLIGHT }, () => this.ask(portal.at(url), server)));
  }

  private async ask(client: TestClient, server: number): Promise<void> {
    while (!this.over) {
      this.count += 1;
      const asked = performance.now();
      const input = { externalId: LOANS[this.count % LOANS.length], purpose: 'ORIGINATION', requestId: `${this.name} ${this.count}` };
      const { scoreLoan } = await client.ok<{ scoreLoan: { prediction: { status: string; decision: string | null; problem: { code: string } | null } } }>(SCORE, { input });
      const { status, decision, problem } = scoreLoan.prediction;
      this.seen.push({ server, asked, status, decision, problem: problem?.code ?? null });
    }
  }

  /** Until so many more were answered. */
  async goesOn(answers: number): Promise<void> {
    for (const enough = this.seen.length + answers; this.seen.length < enough; ) await pause(5);
  }

  async end(): Promise<void> {
    this.over = true;
    await Promise.all(this.loops);
  }
}

describe('the stop switch, with two servers on one database, under load:', () => {
  let app: TestApp;
  let servers: RunningCommand[];
  let urls: string[];
  let portal: TestClient;
  let ada: TestClient;
  let amir: TestClient;
  let modelId: string;
  let [first, second] = ['', ''];
  beforeAll(async () => {
    app = await openTestApp();
    servers = [0, 1].map(() => RunningCommand.start(['serve'], { env: { ...envOf(app), DEV_ISSUER: '1', PORT: '0' } }));
    [portal, ada, amir] = await Promise.all([app.as('portal'), app.as('admin'), app.as('secondAdmin')]);
    const model = await registerSmallModel(app, 'stopped');
    ({ modelId } = model);
    [first, second] = (await Promise.all([1, 2].map((weight) => approveSmallVersion(app, model, { weight })))).map(({ versionId }) => versionId) as [string, string];
    for (const externalId of LOANS) await createLoan(portal, externalId, { loan: { product: 'stopped' } });
    for (const versionId of [first, second]) await deploy(ada, versionId);
    urls = await Promise.all(servers.map(async (server) => (await server.says('stderr', /serves (\S+)\/graphql/))[1]!));
  });
  afterAll(async () => {
    for (const server of servers) server.signal('SIGTERM');
    await Promise.all(servers.map(({ ended }) => ended));
    await app.close();
  });

  /** Rows of the model by whether they were recorded before or after a moment of the database's clock, and by what they are. */
  const rows = (since: string, at: string) =>
    app.sql<{ after: boolean; status: string; decision: string; version: string | null; live: boolean; count: number }>(
      `SELECT p.recorded_at >= $2 AS after, p.status, p.decision, p.version_id AS version, count(*)::int AS count,
         bool_and(p.deployment_id IS NULL OR p.recorded_at >= d.valid_from AND (d.valid_to IS NULL OR p.recorded_at < d.valid_to)) AS live
       FROM predictions p LEFT JOIN deployments d ON d.id = p.deployment_id
       WHERE p.model_id = $1 AND p.request_id LIKE $3 GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4`,
      [rowId(modelId), at, `${since} %`],
    );
  const stoppedAt = async (versionId: string | null): Promise<string> =>
    (await app.sql<{ at: string }>('SELECT valid_from::text AS at FROM suspensions WHERE model_id = $1 AND version_id IS NOT DISTINCT FROM $2 AND valid_to IS NULL', [rowId(modelId), versionId && rowId(versionId)]))[0]!.at;

  it('a suspended version decides nothing from its stamp on; the champion before it does, on both', async () => {
    const load = new Load(portal, urls, 'version');
    await load.goesOn(60);
    const { suspendVersion } = await ada.at(urls[0]!).ok<{ suspendVersion: { modelVersion: { state: string }; deployment: { version: { id: string } } } }>(SUSPEND_VERSION, { input: { versionId: second, reason: 'It drifts.' } });
    await load.goesOn(60);
    await load.end();
    expect(suspendVersion).toMatchObject({ modelVersion: { state: 'SUSPENDED' }, deployment: { version: { id: first } } });
    const found = await rows('version', await stoppedAt(second));
    process.stdout.write(`suspendVersion: ${found.map(({ after, version, count }) => `${count} ${after ? 'after' : 'before'} the stamp by version ${version === rowId(first) ? 1 : 2}`).join(', ')}\n`);
    expect(found).toEqual([
      { after: false, status: 'SCORED', decision: expect.any(String), version: rowId(second), live: true, count: expect.any(Number) },
      { after: true, status: 'SCORED', decision: expect.any(String), version: rowId(first), live: true, count: expect.any(Number) },
    ]);
    expect(new Set(load.seen.map(({ status }) => status))).toEqual(new Set(['SCORED']));
  });

  it('a suspended model decides nothing from its stamp on: zero decisions, a person gets every request, on both', async () => {
    const load = new Load(portal, urls, 'model');
    await load.goesOn(60);
    const { suspendModel } = await ada.at(urls[1]!).ok<{ suspendModel: { model: object } }>(SUSPEND_MODEL, { input: { modelId, reason: 'It is wrong.' } });
    const returned = performance.now();
    await load.goesOn(80);
    await load.end();
    expect(suspendModel.model).toMatchObject({ suspension: { reason: 'It is wrong.', by: { name: 'Ada Admin' } }, liveVersion: null });
    const found = await rows('model', await stoppedAt(null));
    process.stdout.write(`suspendModel: ${found.map(({ after, status, count }) => `${count} ${status} ${after ? 'after' : 'before'} the stamp`).join(', ')}\n`);
    expect(found).toEqual([
      { after: false, status: 'SCORED', decision: expect.any(String), version: rowId(first), live: true, count: expect.any(Number) },
      { after: true, status: 'REFUSED', decision: 'REFER', version: null, live: true, count: expect.any(Number) },
    ]);
    const later = load.seen.filter(({ asked }) => asked > returned);
    expect(new Set(later.map(({ server }) => server))).toEqual(new Set([0, 1]));
    expect(later.filter(({ status, decision, problem }) => status !== 'REFUSED' || decision !== 'REFER' || problem !== 'MODEL_SUSPENDED')).toEqual([]);
  });

  it('one person does not resume the model, two do, and both servers follow', async () => {
    const [input, comment] = [{ modelId, reason: 'Mended.' }, 'Seen.'];
    const { resumeModel } = await ada.at(urls[0]!).ok<{ resumeModel: { proposal: { id: string } } }>(RESUME_MODEL, { input });
    const proposalId = resumeModel.proposal.id;
    expect(await ada.at(urls[1]!).refusal(CONFIRM, { input: { proposalId, comment } })).toMatchObject({ extensions: { code: 'REFUSED', rule: 'SECOND_PERSON' } });
    const load = new Load(portal, urls, 'resumed');
    await load.goesOn(20);
    expect(new Set(load.seen.map(({ problem }) => problem))).toEqual(new Set(['MODEL_SUSPENDED']));
    expect(await amir.at(urls[1]!).ok(CONFIRM, { input: { proposalId, comment } })).toMatchObject({ confirmProposal: { proposal: { state: 'CONFIRMED' } } });
    const returned = performance.now();
    await load.goesOn(40);
    await load.end();
    expect(new Set(load.seen.filter(({ asked }) => asked > returned).map(({ server, status }) => `${server} ${status}`))).toEqual(new Set(['0 SCORED', '1 SCORED']));
    const [{ to } = { to: '' }] = await app.sql<{ to: string }>('SELECT valid_to::text AS to FROM suspensions WHERE model_id = $1 AND version_id IS NULL', [rowId(modelId)]);
    const found = await rows('resumed', to);
    process.stdout.write(`resumeModel: ${found.map(({ after, status, count }) => `${count} ${status} ${after ? 'after' : 'before'} the stamp`).join(', ')}\n`);
    expect(found.map(({ after, status, live }) => ({ after, status, live }))).toEqual([{ after: false, status: 'REFUSED', live: true }, { after: true, status: 'SCORED', live: true }]);
  });

  it('one person does not resume the version, two do; it is then approved, and not live by that', async () => {
    const { resumeVersion } = await amir.at(urls[0]!).ok<{ resumeVersion: { proposal: { id: string } } }>(RESUME_VERSION, { input: { versionId: second, reason: 'Mended.' } });
    const input = { proposalId: resumeVersion.proposal.id, comment: 'Seen.' };
    expect(await amir.refusal(CONFIRM, { input })).toMatchObject({ extensions: { rule: 'SECOND_PERSON' } });
    await ada.ok(CONFIRM, { input });
    const { modelVersion, model } = await ada.ok<{ modelVersion: object; model: object }>('query ($v: ID!, $m: ID!) { modelVersion(id: $v) { state suspension { reason } } model(id: $m) { liveVersion { id } suspensions { version { id } validTo lifting { state } } } }', { v: second, m: modelId });
    expect(modelVersion).toEqual({ state: 'APPROVED', suspension: null });
    expect(model).toEqual({ liveVersion: { id: first }, suspensions: [{ version: { id: second }, validTo: expect.any(String), lifting: { state: 'CONFIRMED' } }, { version: null, validTo: expect.any(String), lifting: { state: 'CONFIRMED' } }] });
  });
});
