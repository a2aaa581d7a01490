import { buildDeployedVersion, clientsAt, grantRoles, importDemoBook, openBook, PEOPLE, tokensOf, type Book, type Clients, type DeployedVersion } from '../src/demo/index.js';
import { registerVersion, stepsToApproval, takeStep, waiveFailures } from '../src/demo/governance.js';
import { openApp, type App } from '../src/app.js';
import { ArtefactStore, LiveVersions, Routes } from '../src/models/index.js';
import { newContext, readConfig, Stages, type Context } from '../src/platform/index.js';
import { ScoringService } from '../src/predictions/index.js';
import { openRuntime, type Runtime } from '../src/runtime.js';
import { DevelopmentIssuer, ensureUser, permissionsOf } from '../src/security/index.js';
import { setTimeout as sleep } from 'node:timers/promises';
import { figure, type BenchEnv, type BenchGroup, type Figure } from './types.js';

const CUSTOMERS = 3_000;
const SEEDS = [1, 2, 3];
const APPROVALS = 20;
const COLD_APPROVALS = 10;
const SWAPS = 20;
const ROUNDS = 8;
const LOANS_IN_A_ROUND = 2_000;
const IN_FLIGHT = 256;

const FAMILIES = ['mlp', 'scorecard'] as const;
type Family = (typeof FAMILIES)[number];

/** A lender with three networks and three scorecards of one model, trained apart, each with a feature schema of its own. */
interface Lender {
  readonly env: BenchEnv;
  readonly runtime: Runtime;
  readonly app: App;
  readonly clients: Clients;
  /** The same people at another server over the same database. */
  openReplica(): Promise<{ readonly clients: Clients; close(): Promise<void> }>;
  readonly book: Book;
  readonly versions: Readonly<Record<Family, readonly DeployedVersion[]>>;
  readonly modelId: string;
  close(): Promise<void>;
}

async function openLender(env: BenchEnv): Promise<Lender> {
  const home = `${env.work}/home`;
  const runtime = await openRuntime(readConfig({ ASSAY_HOME: home, LOG_LEVEL: 'silent' }));
  const issuer = await DevelopmentIssuer.open(runtime.config);
  const open = (): Promise<App> => openApp(runtime, { host: '127.0.0.1', port: 0, issuers: [issuer.issuer] });
  const app = await open();
  const stages = new Stages({ write: () => undefined });
  const plan = { seed: 1, customers: CUSTOMERS };
  const book = await openBook(plan, home);
  await importDemoBook({ ...plan, runtime, book, issuer: issuer.issuer.issuer, stages });
  const tokens = await tokensOf(issuer, runtime.db);
  const clients = clientsAt(app.url, tokens);
  await grantRoles(runtime, clients, issuer.issuer.issuer);
  const versions: Record<Family, DeployedVersion[]> = { mlp: [], scorecard: [] };
  for (const family of FAMILIES) {
    for (const seed of SEEDS) {
      env.say(`  training ${family} ${seed} of ${SEEDS.length}`);
      versions[family].push(await buildDeployedVersion({ runtime, clients, book, knownBefore: new Date(), seed, stages, hyperParameters: { family } }));
    }
  }
  const { modelVersion } = await clients.auditor.query<{ modelVersion: { model: { id: string } } }>('query ($id: ID!) { modelVersion(id: $id) { model { id } } }', { id: versions.mlp[0]!.id });
  const openReplica = async () => {
    const replica = await open();
    return { clients: clientsAt(replica.url, tokens), close: () => replica.close() };
  };
  const close = async (): Promise<void> => {
    await app.close();
    await runtime.close();
  };
  return { env, runtime, app, clients, openReplica, book, versions, modelId: modelVersion.model.id, close };
}

const round = (value: number, digits = 1): number => Number(value.toFixed(digits));

/** Milliseconds that each of some acts took, sorted. */
async function timed(times: number, act: (index: number) => Promise<unknown>, pause = 0): Promise<number[]> {
  const milliseconds: number[] = [];
  for (let index = 0; index < times; index += 1) {
    const started = performance.now();
    await act(index);
    milliseconds.push(performance.now() - started);
    await sleep(pause);
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

/** Versions of tier HIGH that lack one vote, which approves them. Dossiers that say something else are measured anew. */
async function almostApproved({ runtime, clients, book, versions: { mlp: [version] } }: Lender, count: number, differ: boolean): Promise<DeployedVersion[]> {
  const [file] = await runtime.db.query<{ dossier: string }>(`SELECT dossier FROM model_versions WHERE encode(dossier_digest, 'hex') = $1`, [version!.dossierDigest]);
  const dossier = JSON.parse(file!.dossier) as { modelCard: object };
  const drafts: DeployedVersion[] = [];
  for (let index = 0; index < count; index += 1) {
    drafts.push(await registerVersion(clients, book, [], differ ? { ...dossier, modelCard: { ...dossier.modelCard, contact: `Bench ${index}` } } : dossier));
  }
  for (const draft of drafts) {
    const [submit, ...votes] = stepsToApproval(draft).slice(0, -1);
    await takeStep(clients, draft, submit!);
    await waiveFailures(clients, draft.id, { update: () => undefined, advance: () => undefined });
    for (const vote of votes) await takeStep(clients, draft, vote);
  }
  return drafts;
}

const lastVotes = (clients: Clients, drafts: readonly DeployedVersion[]): Promise<number[]> => timed(drafts.length, (index) => takeStep(clients, drafts[index]!, stepsToApproval(drafts[index]!).at(-1)!));

/** What was measured in the last minute is remembered, so the vote is timed where it was and where it was not: at a server that is new. */
async function approvalFigures(lender: Lender): Promise<Figure[]> {
  const warm = await lastVotes(lender.clients, await almostApproved(lender, APPROVALS, false));
  const drafts = await almostApproved(lender, COLD_APPROVALS, true);
  const replica = await lender.openReplica();
  try {
    const cold = await lastVotes(replica.clients, drafts);
    return [...latency('the vote that approves a version, measured within the minute before', warm), ...latency('the vote that approves a version, measured anew', cold)];
  } finally {
    await replica.close();
  }
}

const act = ({ admin }: Clients, mutation: string, input: object): Promise<unknown> => {
  const type = `${mutation[0]!.toUpperCase()}${mutation.slice(1)}Input`;
  return admin.query(`mutation ($input: ${type}!) { ${mutation}(input: $input) { __typename } }`, { input: { reason: 'Bench.', ...input } });
};

/** @param pause milliseconds between two swaps: who scores meanwhile must get to the end of a batch now and then */
async function swapFigures(lender: Lender, when: string, pause = 0): Promise<Figure[]> {
  const { clients, versions: { mlp }, modelId } = lender;
  const deployed = await timed(SWAPS, (index) => act(clients, 'deployModelVersion', { versionId: mlp[index % 2]!.id }), pause);
  const back = await timed(SWAPS, () => act(clients, 'rollbackModel', { modelId }), pause);
  return [...latency(`deployModelVersion, one champion for another, ${when}`, deployed), ...latency(`rollbackModel, ${when}`, back)];
}

const BETWEEN_SWAPS = 1_500;

const neverEnds = (): Promise<never> => new Promise(() => undefined);

/** The swap waits for the predictions that hold the model's lock, so it is of interest while there are many. */
async function swapsUnderLoad(lender: Lender): Promise<Figure[]> {
  const scorer = await openScorer(lender);
  let stopped = false;
  const load = scorer.load('swaps', () => stopped);
  try {
    return await Promise.race([swapFigures(lender, `while loans are scored, ${IN_FLIGHT} under way`, BETWEEN_SWAPS), load.then(neverEnds)]);
  } finally {
    stopped = true;
    await load;
    await scorer.close();
  }
}

/** The model's challengers become so many. */
async function challengersAre({ clients, runtime }: Lender, challengers: readonly DeployedVersion[]): Promise<void> {
  const open = await runtime.db.query<{ id: string }>(`SELECT id FROM deployments WHERE role = 'CHALLENGER' AND valid_to IS NULL`);
  for (const { id } of open) await act(clients, 'endDeployment', { deploymentId: Buffer.from(`Deployment:${id}`).toString('base64url') });
  for (const { id } of challengers) await act(clients, 'deployModelVersion', { versionId: id, role: 'CHALLENGER' });
}

async function portal({ db, log }: Runtime): Promise<Context> {
  const { id, name } = await ensureUser(db, { issuer: 'bench', subject: 'portal', name: PEOPLE.portal.name });
  return newContext({ db, log, actor: { id, name, roles: ['PORTAL'], permissions: permissionsOf(['PORTAL']), ownCustomerId: undefined } });
}

/** Scores the loans of the book as the portal, each a request of its own, so many under way at a time. */
async function openScorer({ runtime }: Lender) {
  const ctx = await portal(runtime);
  const loans = (await runtime.db.query<{ id: string }>('SELECT external_id AS id FROM loans ORDER BY id LIMIT 2000')).map(({ id }) => id);
  const versions = new LiveVersions(new ArtefactStore());
  /** @returns how many were scored until then */
  const load = async (name: string, isDone: (begun: number) => boolean): Promise<number> => {
    const scoring = new ScoringService(runtime.db, { keys: runtime.keys, routes: new Routes(), versions });
    let next = 0;
    const worker = async (): Promise<void> => {
      while (!isDone(next)) {
        const index = next++;
        await scoring.scoreLoan(ctx, { loan: loans[index % loans.length]!, purpose: 'ORIGINATION', requestId: `${name} ${index}` });
      }
    };
    await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
    return next;
  };
  return { load, close: () => versions.close() };
}

/** Loans in a second. */
async function throughput({ load }: Awaited<ReturnType<typeof openScorer>>, name: string): Promise<number> {
  const started = performance.now();
  const scored = await load(name, (begun) => begun >= LOANS_IN_A_ROUND);
  return scored / ((performance.now() - started) / 1_000);
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;

const COUNTS = [0, 1, 2] as const;

/** Champion only, with one challenger, with two, in turns that begin each with another: what slows the machine down meanwhile slows all of them down. */
async function challengerFigures(lender: Lender, family: Family): Promise<Figure[]> {
  const [first, second, champion] = lender.versions[family] as [DeployedVersion, DeployedVersion, DeployedVersion];
  await challengersAre(lender, []);
  await act(lender.clients, 'deployModelVersion', { versionId: champion.id });
  const scorer = await openScorer(lender);
  const speeds: [number[], number[], number[]] = [[], [], []];
  // The first turn loads and warms.
  for (let turn = -1; turn < ROUNDS; turn += 1) {
    for (const at of COUNTS) {
      const count = COUNTS[(at + turn + COUNTS.length) % COUNTS.length]!;
      await challengersAre(lender, [first, second].slice(0, count));
      const speed = await throughput(scorer, `${family} ${turn} ${count}`);
      if (turn >= 0) speeds[count].push(speed);
    }
  }
  await challengersAre(lender, []);
  await scorer.close();
  return costFigures(speeds, family === 'mlp' ? 'networks' : 'scorecards');
}

function costFigures([alone, one, two]: readonly [number[], number[], number[]], what: string): Figure[] {
  const cost = (slower: readonly number[]): number => median(alone.map((speed, index) => speed / slower[index]!)) - 1;
  const how = `scoreLoan, ${what}, ${IN_FLIGHT} under way, through the service`;
  return [
    figure('governance', `${how}: champion only`, Math.round(median(alone)), 'loans/s', null),
    figure('governance', `${how}: with 1 challenger`, Math.round(median(one)), 'loans/s', null),
    figure('governance', `${how}: with 2 challengers`, Math.round(median(two)), 'loans/s', null),
    figure('governance', `one challenger costs, of the time of a loan without, ${what}`, round(cost(one), 3), 'share', '<= 0.25'),
    figure('governance', `each of two challengers costs, ${what}`, round(cost(two) / 2, 3), 'share', '<= 0.25'),
  ];
}

export const group: BenchGroup = {
  name: 'governance',
  async run(env) {
    const lender = await openLender(env);
    try {
      return [
        ...(await approvalFigures(lender)), ...(await swapFigures(lender, 'nothing else going on')), ...(await swapsUnderLoad(lender)),
        ...(await challengerFigures(lender, 'mlp')), ...(await challengerFigures(lender, 'scorecard')),
      ];
    } finally {
      await lender.close();
    }
  },
};
