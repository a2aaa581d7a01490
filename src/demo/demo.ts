import { openApp, type App } from '../app.js';
import { divideLoans } from '../models/index.js';
import { refused, Stages, type Config, type ProgressSink } from '../platform/index.js';
import { openRuntime, type Runtime } from '../runtime.js';
import { DevelopmentIssuer } from '../security/index.js';
import { openBook, type Book } from './book.js';
import { buildDeployedVersion } from './build-version.js';
import { clientsAt, tokensOf, type Clients, type Tokens } from './clients.js';
import { grantRoles, readVersion, type DeployedVersion } from './governance.js';
import { importDemoBook, importedCounts } from './import.js';
import { recordedMetrics, replaySample, scoreAll, type RecordedMetrics, type ReplayResult, type ScoringRun } from './score.js';
import { showPrediction } from './show.js';
import { readState, writeState, type BookCounts, type DemoState } from './state.js';

export interface DemoOptions {
  readonly data?: string | undefined;
  readonly mapping?: string | undefined;
  /** Score the whole hold-out and stop, instead of serving. */
  readonly once: boolean;
  readonly seed: number;
  readonly customers: number;
}

export interface DemoResult {
  readonly counts: BookCounts;
  readonly modelVersion: DeployedVersion;
  readonly predictions: ScoringRun['counts'];
  readonly metrics: RecordedMetrics | null;
  readonly replay: ReplayResult;
  readonly seconds: Readonly<Record<string, number>>;
}

/** A finished demonstration that can go on serving. */
export interface RunningDemo {
  readonly result: DemoResult;
  readonly url: string;
  readonly tokens: Tokens;
  close(): Promise<void>;
}

const REPLAYED = 50;
const SERVING_SCORES = 1_000;

/** The main job, end to end: what a lender would do in weeks, on real parts, in a minute. */
export async function runDemo(config: Config, options: DemoOptions, sink: ProgressSink, signal: AbortSignal): Promise<RunningDemo> {
  const stages = new Stages(sink);
  const book = await openBook(options, config.home);
  const state = await readState(config.home, book.key);
  const issuer = await DevelopmentIssuer.open(config);
  const runtime = await stages.run('database', 'Start PostgreSQL and run the migrations', () => openRuntime(config));
  let app: App | undefined;
  const close = async (): Promise<void> => {
    await app?.close();
    await runtime.close();
  };
  try {
    if (runtime.note) stages.say(`  note: ${runtime.note}`);
    if (book.synthetic) stages.say('  This book is synthetic: no customer, loan or outcome in it is real.');
    const port = options.once ? 0 : config.port;
    app = await stages.run('server', 'Start the API', () => openApp(runtime, { host: config.host, port, issuers: [issuer.issuer] }), ({ url }) => url);
    const result = await new Demo({ runtime, issuer, stages, book, state, options, url: app.url, signal }).run();
    return { result, url: app.url, tokens: await tokensOf(issuer, runtime.db), close };
  } catch (error) {
    await close();
    throw error;
  }
}

interface DemoParts {
  readonly runtime: Runtime;
  readonly issuer: DevelopmentIssuer;
  readonly stages: Stages;
  readonly book: Book;
  /** How far an earlier run came. */
  readonly state: DemoState | undefined;
  readonly options: DemoOptions;
  readonly url: string;
  readonly signal: AbortSignal;
}

class Demo {
  /** Outcomes known by the start of the run may be learned from. */
  private readonly knownBefore = new Date();

  constructor(private readonly parts: DemoParts) {}

  async run(): Promise<DemoResult> {
    const { stages, issuer, options, runtime, url, signal } = this.parts;
    const clients = clientsAt(url.replace('localhost', '127.0.0.1'), await tokensOf(issuer, runtime.db));
    const { state } = this.parts;
    const counts = state?.counts ?? (await this.importBook());
    signal.throwIfAborted();
    await stages.run('roles', 'Grant roles', () => grantRoles(runtime, clients, issuer.issuer.issuer));
    const modelVersion = state?.versionId ? await this.reuse(clients, state.versionId) : await this.buildAndDeploy(clients, counts);
    signal.throwIfAborted();
    const run = await this.score(clients);
    stages.say(`\n${await showPrediction(clients, run.predictions)}\n`);
    const metrics = await stages.run('metrics', 'Measure the recorded predictions', () => recordedMetrics(clients.auditor, modelVersion.id), describeMetrics);
    const replay = await stages.run('replay', 'Replay a sample from the records', () => replaySample(clients.auditor, run.predictions, REPLAYED), describeReplay);
    this.requireSuccess(run, replay, options);
    return { counts, modelVersion, predictions: run.counts, metrics, replay, seconds: stages.seconds };
  }

  /** Imports the book, unless an earlier run was killed between committing it and writing that down. */
  private async importBook(): Promise<BookCounts> {
    const { book, runtime, issuer, options, stages, state, signal } = this.parts;
    const { home } = runtime.config;
    const { seed, customers: size } = options;
    if (!state) await writeState(home, { book: book.key });
    const counts =
      (state && (await importedCounts(runtime.db))) ?? (await importDemoBook({ runtime, book, issuer: issuer.issuer.issuer, seed, customers: size, stages, signal }));
    await writeState(home, { book: book.key, counts });
    return counts;
  }

  private async reuse({ auditor }: Clients, versionId: string): Promise<DeployedVersion> {
    this.parts.stages.say('  Book and model version are those of the last run. Add --reset to start anew.');
    return readVersion(auditor, versionId);
  }

  private async buildAndDeploy(clients: Clients, counts: BookCounts): Promise<DeployedVersion> {
    const { runtime, book, options, stages, signal } = this.parts;
    const deployed = await buildDeployedVersion({ runtime, clients, book, knownBefore: this.knownBefore, seed: options.seed, stages, signal });
    await writeState(runtime.config.home, { book: book.key, counts, versionId: deployed.id });
    return deployed;
  }

  /** With --once the whole hold-out; else as much of it as is soon done. */
  private async score({ portal }: Clients): Promise<ScoringRun> {
    const { stages, runtime, book, options, signal } = this.parts;
    const { holdout, train } = await divideLoans(runtime.db, { products: book.model.products, knownBefore: this.knownBefore, split: book.split });
    if (options.once && holdout.length === 0) throw refused(`The split (${book.split.description}) holds no known loan out, so nothing can be measured. Mark some rows as holdout.`);
    const loans = (holdout.length > 0 ? holdout : train).map(({ externalId }) => externalId);
    return stages.run(
      'score',
      'Score the hold-out through the API',
      (progress) => scoreAll(portal, options.once ? loans : loans.slice(0, SERVING_SCORES), progress, signal),
      ({ counts }) => `${counts.scored} scored, ${counts.refused} refused, ${counts.failed} failed`,
    );
  }

  private requireSuccess({ counts }: ScoringRun, { checked, reproduced }: ReplayResult, { once }: DemoOptions): void {
    if (!once) return;
    if (counts.scored === 0 || counts.failed > 0) throw refused(`Of the hold-out, ${counts.scored} loans were scored and ${counts.failed} failed.`);
    if (checked === 0 || reproduced < checked) throw refused(`Only ${reproduced} of ${checked} predictions were reproduced by replay.`);
  }
}

const describeMetrics = (metrics: RecordedMetrics | null): string =>
  metrics ? `AUC ${metrics.auc.toFixed(4)}, KS ${metrics.ks.toFixed(4)}, Brier ${metrics.brier.toFixed(4)}` : 'no outcomes known';

const describeReplay = ({ checked, reproduced, maxAbsDifference }: ReplayResult): string => `${reproduced} of ${checked} the same, largest difference ${maxAbsDifference}`;
