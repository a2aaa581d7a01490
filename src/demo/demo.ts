import { openApp, type App } from '../app.js';
import { generateSyntheticBook } from './synthetic.js';
import { importFile } from '../loans/index.js';
import { divideLoans, draftDossier, trainVersion, uploadsOf, type TrainedVersion } from '../models/index.js';
import { newContext, type Context, type ProgressSink, Stages } from '../platform/index.js';
import { openRuntime, type Runtime } from '../runtime.js';
import { DevelopmentIssuer, ensureUser, permissionsOf } from '../security/index.js';
import type { Config } from '../platform/index.js';
import { openBook, type Book } from './book.js';
import { Client } from './client.js';
import { approveAndDeploy, grantRoles, registerVersion, type Clients, type DeployedVersion } from './governance.js';
import { PEOPLE, type PersonName } from './people.js';
import { recordedMetrics, replaySample, scoreAll, type RecordedMetrics, type ReplayResult, type ScoringRun } from './score.js';
import { showPrediction } from './show.js';
import { readState, writeState, type DemoState } from './state.js';

export interface DemoOptions {
  readonly data?: string | undefined;
  readonly mapping?: string | undefined;
  /** Score the whole hold-out and stop, instead of serving. */
  readonly once: boolean;
  readonly seed: number;
  readonly customers: number;
}

export interface DemoResult {
  readonly counts: DemoState['counts'];
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
  readonly tokens: Readonly<Record<PersonName, string>>;
  close(): Promise<void>;
}

const REPLAYED = 50;
const SERVING_SCORES = 1_000;

/** The main job, end to end: what a lender would do in weeks, on real parts, in a minute. */
export async function runDemo(config: Config, options: DemoOptions, sink: ProgressSink, signal: AbortSignal): Promise<RunningDemo> {
  const stages = new Stages(sink);
  const issuer = await DevelopmentIssuer.open(config);
  const runtime = await stages.run('database', 'Start PostgreSQL and run the migrations', () => openRuntime(config));
  let app: App | undefined;
  const close = async (): Promise<void> => {
    await app?.close();
    await runtime.close();
  };
  try {
    if (runtime.note) stages.say(`  note: ${runtime.note}`);
    const book = await openBook(options, config.home);
    if (book.synthetic) stages.say('  This book is synthetic: no customer, loan or outcome in it is real.');
    const port = options.once ? 0 : config.port;
    app = await stages.run('server', 'Start the API', () => openApp(runtime, { host: config.host, port, issuers: [issuer.issuer] }), ({ url }) => url);
    const demo = new Demo({ runtime, issuer, stages, book, options, url: app.url, signal });
    const result = await demo.run();
    return { result, url: app.url, tokens: await demo.tokens(), close };
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
  readonly options: DemoOptions;
  readonly url: string;
  readonly signal: AbortSignal;
}

class Demo {
  /** Outcomes known by the start of the run may be learned from. */
  private readonly knownBefore = new Date();

  constructor(private readonly parts: DemoParts) {}

  async run(): Promise<DemoResult> {
    const { stages, issuer, book, options, signal } = this.parts;
    const clients = await this.clients();
    const state = (await readState(this.home, book.key)) ?? (await this.importBook());
    signal.throwIfAborted();
    await stages.run('roles', 'Grant roles', () => grantRoles(clients, issuer.issuer.issuer));
    const modelVersion = state.versionId ? await this.reuse(clients, state.versionId) : await this.buildAndDeploy(clients, state);
    signal.throwIfAborted();
    const run = await this.score(clients);
    stages.say(`\n${await showPrediction(clients, run.predictions)}\n`);
    const metrics = await stages.run('metrics', 'Measure the recorded predictions', () => recordedMetrics(clients.auditor, modelVersion.id), describeMetrics);
    const replay = await stages.run('replay', 'Replay a sample from the records', () => replaySample(clients.auditor, run.predictions, REPLAYED), describeReplay);
    this.requireSuccess(run, replay, options);
    return { counts: state.counts, modelVersion, predictions: run.counts, metrics, replay, seconds: stages.seconds };
  }

  async tokens(): Promise<Record<PersonName, string>> {
    const customer = await this.someCustomer();
    const entries = Object.entries(PEOPLE).map(async ([name, person]) => [
      name,
      await this.parts.issuer.tokenFor(person.roles.includes('BORROWER' as never) && customer ? { ...person, customer } : person),
    ]);
    return Object.fromEntries(await Promise.all(entries)) as Record<PersonName, string>;
  }

  private get home(): string {
    return this.parts.runtime.config.home;
  }

  private async clients(): Promise<Clients> {
    const url = this.parts.url.replace('localhost', '127.0.0.1');
    return Object.fromEntries(Object.entries(await this.tokens()).map(([name, token]) => [name, new Client(url, token)])) as unknown as Clients;
  }

  private async importBook(): Promise<DemoState> {
    const { stages, book, options, runtime, signal } = this.parts;
    if (book.synthetic) {
      const { seed, customers } = options;
      await stages.run('generate', 'Invent a synthetic book', (progress) =>
        generateSyntheticBook({ path: book.path, seed, customers, onProgress: ({ done, total }) => progress.advance(done, total, 'customers') }),
      );
    }
    const ctx = await this.operator();
    const imported = await stages.run(
      'import',
      `Import ${book.mapping.title}`,
      (progress) =>
        importFile(ctx, runtime.keys, {
          path: book.path,
          mapping: book.mapping,
          onError: 'skip',
          rejectsPath: `${this.home}/rejected.csv`,
          onProgress: ({ done, total }) => progress.advance(done, total, 'rows'),
          signal,
        }),
      ({ customers, loans, repayments, rejected, rejectsPath }) =>
        `${customers} customers, ${loans} loans, ${repayments} repayments${rejected > 0 ? `, ${rejected} rows rejected: see ${rejectsPath}` : ''}`,
    );
    const { customers, loans, repayments, outcomes, rejected } = imported;
    const state = { book: book.key, counts: { customers, loans, repayments, outcomes, rejected } };
    await writeState(this.home, state);
    return state;
  }

  /** The import runs in this process, as the operator. */
  private async operator(): Promise<Context> {
    const { runtime, issuer } = this.parts;
    const { subject, name, roles } = PEOPLE.operator;
    const { id } = await ensureUser(runtime.db, { issuer: issuer.issuer.issuer, subject, name });
    return newContext({ db: runtime.db, log: runtime.log, actor: { id, name, roles, permissions: permissionsOf(roles), ownCustomerId: undefined } });
  }

  private async reuse({ auditor }: Clients, versionId: string): Promise<DeployedVersion> {
    this.parts.stages.say('  Book and model version are those of the last run. Add --reset to start anew.');
    const { modelVersion: v } = await auditor.query<{ modelVersion: { id: string; version: number; state: string; dossier: { digest: string }; model: { name: string } } }>(
      'query Version($id: ID!) { modelVersion(id: $id) { id version state dossier { digest } model { name } } }',
      { id: versionId },
    );
    return { id: v.id, version: v.version, state: v.state, dossierDigest: v.dossier.digest, model: v.model.name };
  }

  private async buildAndDeploy(clients: Clients, state: DemoState): Promise<DeployedVersion> {
    const { stages, book } = this.parts;
    const trained = await this.train();
    const draft = await stages.run('register', 'Register model and version', () => registerVersion(clients, book, uploadsOf(trained.bundle), this.dossierOf(trained)));
    const deployed = await stages.run(
      'govern',
      'Submit, validate, approve and deploy, by different people',
      (progress) => approveAndDeploy(clients, draft, progress),
      ({ version, state: now, dossierDigest }) => `version ${version} ${now}, dossier ${dossierDigest.slice(0, 16)}…`,
    );
    await writeState(this.home, { ...state, versionId: deployed.id });
    return deployed;
  }

  private train(): Promise<TrainedVersion> {
    const { stages, runtime, book, options, signal } = this.parts;
    return stages.run(
      'train',
      `Train on the recorded book (${book.specs.length} features)`,
      (progress) =>
        trainVersion(runtime.db, runtime.keys, {
          products: book.model.products,
          knownBefore: this.knownBefore,
          split: book.split,
          specs: book.specs,
          seed: options.seed,
          signal,
          onProgress: ({ member, members, epoch, validationAuc, secondsLeft }) =>
            progress.update(`network ${member} of ${members}, epoch ${epoch}, validation AUC ${validationAuc.toFixed(4)}, at most ${Math.ceil(secondsLeft)} s left`),
        }),
      ({ bundle: { metrics, backend, trainingData, parity } }) =>
        `${trainingData.rows} loans, TensorFlow.js ${backend}, hold-out AUC ${metrics.holdout?.auc.toFixed(4) ?? 'none'}, parity ${parity.maxAbsDifference.toExponential(1)}`,
    );
  }

  private dossierOf(trained: TrainedVersion): Record<string, unknown> {
    const { book, options } = this.parts;
    const { title, model, synthetic } = { ...book.mapping, model: book.model };
    return draftDossier({
      trained,
      split: book.split,
      source: title,
      knownBefore: this.knownBefore,
      seed: options.seed,
      modelCard: {
        intendedUse: `${model.purpose}: ${model.name}. Trained by the demonstration on: ${title}.`,
        limitations: synthetic
          ? 'Trained on invented data. It must not be used for decisions about people.'
          : 'Trained by a demonstration with default settings. Not reviewed for use in decisions about people.',
      },
    });
  }

  /** With --once the whole hold-out; else as much of it as is soon done. */
  private async score({ portal }: Clients): Promise<ScoringRun> {
    const { stages, runtime, book, options } = this.parts;
    const { holdout, train } = await divideLoans(runtime.db, { products: book.model.products, knownBefore: this.knownBefore, split: book.split });
    const loans = (holdout.length > 0 ? holdout : train).map(({ externalId }) => externalId);
    return stages.run(
      'score',
      'Score the hold-out through the API',
      (progress) => scoreAll(portal, options.once ? loans : loans.slice(0, SERVING_SCORES), progress),
      ({ counts }) => `${counts.scored} scored, ${counts.refused} refused, ${counts.failed} failed`,
    );
  }

  private requireSuccess({ counts }: ScoringRun, { checked, reproduced }: ReplayResult, { once }: DemoOptions): void {
    if (!once) return;
    if (counts.scored === 0 || counts.failed > 0) throw new Error(`Of the hold-out, ${counts.scored} loans were scored and ${counts.failed} failed.`);
    if (checked === 0 || reproduced < checked) throw new Error(`Only ${reproduced} of ${checked} predictions were reproduced by replay.`);
  }

  private async someCustomer(): Promise<string | undefined> {
    const [row] = await this.parts.runtime.db.query<{ external_id: string }>('SELECT external_id FROM customers ORDER BY id LIMIT 1');
    return row?.external_id;
  }
}

const describeMetrics = (metrics: RecordedMetrics | null): string =>
  metrics ? `AUC ${metrics.auc.toFixed(4)}, KS ${metrics.ks.toFixed(4)}, Brier ${metrics.brier.toFixed(4)}` : 'no outcomes known';

const describeReplay = ({ checked, reproduced, maxAbsDifference }: ReplayResult): string => `${reproduced} of ${checked} the same, largest difference ${maxAbsDifference}`;
