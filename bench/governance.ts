import { buildDeployedVersion, clientsAt, grantRoles, importDemoBook, openBook, PEOPLE, tokensOf, type Book, type Clients, type DeployedVersion } from '../src/demo/index.js';
import { registerVersion, stepsToApproval, takeStep } from '../src/demo/governance.js';
import { openApp, type App } from '../src/app.js';
import { ArtefactStore, LiveVersions, Routes } from '../src/models/index.js';
import { newContext, readConfig, Stages, type Context } from '../src/platform/index.js';
import { ScoringService } from '../src/predictions/index.js';
import { openRuntime, type Runtime } from '../src/runtime.js';
import { DevelopmentIssuer, ensureUser, permissionsOf } from '../src/security/index.js';
import { figure, type BenchEnv, type BenchGroup, type Figure } from './types.js';

const CUSTOMERS = 3_000;
const SEEDS = [1, 2, 3];
const APPROVALS = 20;
const SWAPS = 20;
const ROUNDS = 8;
const LOANS_IN_A_ROUND = 2_000;
const IN_FLIGHT = 256;

/** A lender with three versions of one model, trained apart, each with a feature schema of its own. The last one decides. */
interface Lender {
  readonly env: BenchEnv;
  readonly runtime: Runtime;
  readonly app: App;
  readonly clients: Clients;
  readonly book: Book;
  readonly versions: readonly DeployedVersion[];
  readonly modelId: string;
  close(): Promise<void>;
}

async function openLender(env: BenchEnv): Promise<Lender> {
  const home = `${env.work}/home`;
  const runtime = await openRuntime(readConfig({ ASSAY_HOME: home, LOG_LEVEL: 'silent' }));
  const issuer = await DevelopmentIssuer.open(runtime.config);
  const app = await openApp(runtime, { host: '127.0.0.1', port: 0, issuers: [issuer.issuer] });
  const stages = new Stages({ write: () => undefined });
  const plan = { seed: 1, customers: CUSTOMERS };
  const book = await openBook(plan, home);
  await importDemoBook({ ...plan, runtime, book, issuer: issuer.issuer.issuer, stages });
  const clients = clientsAt(app.url, await tokensOf(issuer, runtime.db));
  await grantRoles(runtime, clients, issuer.issuer.issuer);
  const versions: DeployedVersion[] = [];
  for (const seed of SEEDS) {
    env.say(`  training version ${versions.length + 1} of ${SEEDS.length}`);
    versions.push(await buildDeployedVersion({ runtime, clients, book, knownBefore: new Date(), seed, stages }));
  }
  const { modelVersion } = await clients.auditor.query<{ modelVersion: { model: { id: string } } }>('query ($id: ID!) { modelVersion(id: $id) { model { id } } }', { id: versions[0]!.id });
  const close = async (): Promise<void> => {
    await app.close();
    await runtime.close();
  };
  return { env, runtime, app, clients, book, versions, modelId: modelVersion.model.id, close };
}

const round = (value: number, digits = 1): number => Number(value.toFixed(digits));

/** Milliseconds that each of some acts took, sorted. */
async function timed(times: number, act: (index: number) => Promise<unknown>): Promise<number[]> {
  const milliseconds: number[] = [];
  for (let index = 0; index < times; index += 1) {
    const started = performance.now();
    await act(index);
    milliseconds.push(performance.now() - started);
  }
  return milliseconds.sort((a, b) => a - b);
}

function latency(name: string, sorted: readonly number[]): Figure[] {
  const at = (share: number): number => round(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!);
  return [
    figure('governance', `${name}, median of ${sorted.length}, over HTTP`, at(0.5), 'ms', null),
    figure('governance', `${name}, 95 %`, at(0.95), 'ms', null),
  ];
}

/** The last vote of a version of tier HIGH: what it needs is there, so the vote approves it. */
async function approvalFigures({ runtime, clients, book, versions: [version] }: Lender): Promise<Figure[]> {
  const [file] = await runtime.db.query<{ dossier: string }>(`SELECT dossier FROM model_versions WHERE encode(dossier_digest, 'hex') = $1`, [version!.dossierDigest]);
  const drafts: DeployedVersion[] = [];
  for (let index = 0; index < APPROVALS; index += 1) drafts.push(await registerVersion(clients, book, [], JSON.parse(file!.dossier)));
  for (const draft of drafts) for (const step of stepsToApproval(draft).slice(0, -1)) await takeStep(clients, draft, step);
  const milliseconds = await timed(APPROVALS, (index) => takeStep(clients, drafts[index]!, stepsToApproval(drafts[index]!).at(-1)!));
  return latency('the vote that approves a version', milliseconds);
}

const act = ({ admin }: Clients, mutation: string, input: object): Promise<unknown> => {
  const type = `${mutation[0]!.toUpperCase()}${mutation.slice(1)}Input`;
  return admin.query(`mutation ($input: ${type}!) { ${mutation}(input: $input) { __typename } }`, { input: { reason: 'Bench.', ...input } });
};

async function swapFigures({ clients, versions, modelId }: Lender): Promise<Figure[]> {
  const deployed = await timed(SWAPS, (index) => act(clients, 'deployModelVersion', { versionId: versions[index % 2]!.id }));
  const back = await timed(SWAPS, () => act(clients, 'rollbackModel', { modelId }));
  return [...latency('deployModelVersion, one champion for another', deployed), ...latency('rollbackModel', back)];
}

/** The model's challengers become so many. */
async function challengersAre({ clients, runtime, versions }: Lender, count: number): Promise<void> {
  const open = await runtime.db.query<{ id: string }>(`SELECT id FROM deployments WHERE role = 'CHALLENGER' AND valid_to IS NULL`);
  for (const { id } of open) await act(clients, 'endDeployment', { deploymentId: Buffer.from(`Deployment:${id}`).toString('base64url') });
  for (const { id } of versions.slice(0, count)) await act(clients, 'deployModelVersion', { versionId: id, role: 'CHALLENGER' });
}

async function portal({ db, log }: Runtime): Promise<Context> {
  const { id, name } = await ensureUser(db, { issuer: 'bench', subject: 'portal', name: PEOPLE.portal.name });
  return newContext({ db, log, actor: { id, name, roles: ['PORTAL'], permissions: permissionsOf(['PORTAL']), ownCustomerId: undefined } });
}

/** Loans in a second, each a request of its own, so many under way at a time. */
async function throughput(ctx: Context, scoring: ScoringService, loans: readonly string[], name: string): Promise<number> {
  const started = performance.now();
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < LOANS_IN_A_ROUND) {
      const index = next++;
      await scoring.scoreLoan(ctx, { loan: loans[index % loans.length]!, purpose: 'ORIGINATION', requestId: `${name} ${index}` });
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
  return LOANS_IN_A_ROUND / ((performance.now() - started) / 1_000);
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;

/** Champion only, with one challenger, with two, in turns: what slows the machine down meanwhile slows all of them down. */
async function challengerFigures(lender: Lender): Promise<Figure[]> {
  const { runtime, versions } = lender;
  await act(lender.clients, 'deployModelVersion', { versionId: versions.at(-1)!.id });
  const ctx = await portal(runtime);
  const loans = (await runtime.db.query<{ id: string }>('SELECT external_id AS id FROM loans ORDER BY id LIMIT 2000')).map(({ id }) => id);
  const live = new LiveVersions(new ArtefactStore());
  const speeds: [number[], number[], number[]] = [[], [], []];
  for (let turn = -1; turn < ROUNDS; turn += 1) {
    for (const count of [0, 1, 2] as const) {
      await challengersAre(lender, count);
      const scoring = new ScoringService(runtime.db, { keys: runtime.keys, routes: new Routes(), versions: live });
      const speed = await throughput(ctx, scoring, loans, `${turn} ${count}`);
      // The first turn loads and warms.
      if (turn >= 0) speeds[count].push(speed);
    }
  }
  await live.close();
  const [alone, one, two] = speeds;
  const cost = (slower: readonly number[]): number => median(alone.map((speed, index) => speed / slower[index]!)) - 1;
  const how = `scoreLoan, ${IN_FLIGHT} under way, through the service`;
  return [
    figure('governance', `${how}: champion only`, Math.round(median(alone)), 'loans/s', null),
    figure('governance', `${how}: with 1 challenger`, Math.round(median(one)), 'loans/s', null),
    figure('governance', `${how}: with 2 challengers`, Math.round(median(two)), 'loans/s', null),
    figure('governance', 'one challenger costs, of the time of a loan without', round(cost(one), 3), 'share', '<= 0.25'),
    figure('governance', 'each of two challengers costs', round(cost(two) / 2, 3), 'share', '<= 0.25'),
  ];
}

export const group: BenchGroup = {
  name: 'governance',
  async run(env) {
    const lender = await openLender(env);
    try {
      return [...(await approvalFigures(lender)), ...(await swapFigures(lender)), ...(await challengerFigures(lender))];
    } finally {
      await lender.close();
    }
  },
};
