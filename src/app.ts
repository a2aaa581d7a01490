import { ApolloServer } from '@apollo/server';
import type { GraphQLSchema } from 'graphql';
import { noticesWitnessed, openTransparencyLog, Sequencer, Witnessing, type GovernanceNotice, type TransparencyLog } from './audit/index.js';
import { CustomersReader, CustomersResolver, CustomersService } from './customers/index.js';
import { AuditResolver, EvidenceExporter, EvidenceExportResolver, evidenceNodeLoaders, ExportJobs, LogStateResolver, PredictionProofsResolver } from './evidence/index.js';
import { CustomerLoansResolver, LoanFactResolver, LoanResolver, LoansReader, LoansResolver, LoansService } from './loans/index.js';
import {
  ApprovalResolver, ArtefactStore, CHANGE_POLICY, CHANGE_TIER, ContributorResolver, DeploymentActsResolver, DeploymentResolver, DeploymentService, evidenceResolvers, evidenceTaskSources, Gates, GovernanceResolver,
  LifecycleChangesResolver, LiveModelResolver, LiveVersionResolver, LiveVersions, Measurements, modelNodeLoaders, ModelResolver, ModelService, modelTaskSources, ModelVersionQueries, ModelVersionResolver,
  PolicyResolver, resumeKinds, Routes, StopService, SuspensionResolver, VersionCardResolver, VersionEvaluationResolver, VersionReportResolver, VersionService, VersionTransitionResolver, VoteService, WAIVE_GATE,
} from './models/index.js';
import { NodeResolver } from './node.resolver.js';
import { JobQueue, NoticeHub, refused, type Context, type Logger } from './platform/index.js';
import {
  AdverseActionResolver, adverseActionTasks, ChallengerComparisonResolver, ChallengerPredictionsResolver, CounterofferResolver, CustomerProfileResolver, DecisionOverrideResolver, DecisionReviewResolver,
  DecisionsResolver, DecisionTexts, Evidence, LoanPredictionsResolver, NoticeService, OVERRIDE_DECISION, OverrideService, PredictionDecisionsResolver, predictionNodeLoaders, PredictionResolver,
  PredictionWaiversResolver, ProfileDriversResolver, referralTasks, ReviewService, reviewTasks, ScoreJobs, ScoringResolver, ScoringService, SimulationBaselineResolver, SimulationResolver, VersionOverridesResolver,
  VersionPerformanceResolver,
} from './predictions/index.js';
import { CHANGE_RETENTION, CustomerRetentionResolver, eraseCustomerKind, Erasures, HoldService, PrivacyResolver, RetentionResolver } from './privacy/index.js';
import type { Runtime } from './runtime.js';
import { buildAssaySchema, type Instances } from './schema.js';
import {
  Authenticator, DevelopmentIssuer, GRANT_ROLE, grantNodeLoaders, GrantsResolver, GrantsService, MeResolver, openIdIssuer, proposalNodeLoaders, Proposals, proposalTasks,
  ProposalsResolver, RoleGrantResolver, UserResolver, type Issuer, type KeyRing, type ProposalKind,
} from './security/index.js';
import { formatErrors, limits, listen } from './server/index.js';
import { TasksResolver } from './tasks.resolver.js';

/** A serving Assay. */
export interface App {
  readonly url: string;
  /** How many subscriptions are open here. */
  subscribers(): number;
  close(): Promise<void>;
}

export interface AppOptions {
  readonly host: string;
  readonly port: number;
  /** More issuers than the configured ones; the demonstration's. */
  readonly issuers?: readonly Issuer[];
}

/** The composition root: the only place where services are constructed. What cannot be opened whole is closed again. */
export async function openApp(runtime: Runtime, options: AppOptions): Promise<App> {
  const undo: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    for (const step of undo.splice(0).reverse()) await step();
  };
  try {
    return { ...(await serve(runtime, options, undo)), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function serve(runtime: Runtime, { host, port, issuers = [] }: AppOptions, undo: (() => Promise<void>)[]): Promise<Omit<App, 'close'>> {
  const { db, log, config } = runtime;
  const authenticator = new Authenticator(db, [...(await configuredIssuers(runtime)), ...issuers]);
  const artefacts = new ArtefactStore();
  const versions = new LiveVersions(artefacts, runtime.config.scoringRuntime);
  undo.push(() => versions.close());
  await versions.warm(db, log);
  const queue = await JobQueue.open(runtime.urls.app, log);
  undo.push(() => queue.close());
  const notices = noticesOf(runtime);
  undo.push(() => notices.close());
  await notices.start();
  const auditLog = await openTransparencyLog(config);
  const witnessing = new Witnessing(db, auditLog, log);
  const { instances, services: { jobs, exports, erasures } } = construct(runtime, { artefacts, versions, queue, notices, auditLog, witnessing });
  const schema = await buildAssaySchema(instances);
  const apollo = await startApollo(schema, log);
  undo.push(() => apollo.stop());
  const http = await listen({ apollo, schema, authenticator, artefacts, auditLog, exports, db, log, artefactMaxBytes: config.artefactMaxBytes }, host, port);
  undo.push(() => http.close());
  witnessing.start();
  undo.push(() => witnessing.stop());
  const sequencer = new Sequencer(db, log, () => auditLog.mayGrow);
  sequencer.start();
  undo.push(() => sequencer.stop());
  erasures.start();
  undo.push(() => erasures.stop());
  await Promise.all([jobs.work(), exports.work()]);
  undo.push(async () => void (jobs.stop(), exports.stop()));
  return { url: http.url, subscribers: () => notices.subscribers };
}

const noticesOf = ({ urls, db, log }: Runtime): NoticeHub<GovernanceNotice> => new NoticeHub(urls.app, log, (heard) => noticesWitnessed(db, heard));

/** The API without a server, for a command that acts in this process. */
export interface LocalApp {
  readonly schema: GraphQLSchema;
  readonly artefacts: ArtefactStore;
  readonly exporter: EvidenceExporter;
  close(): Promise<void>;
}

export async function openLocalApp(runtime: Runtime): Promise<LocalApp> {
  const artefacts = new ArtefactStore();
  const versions = new LiveVersions(artefacts, runtime.config.scoringRuntime);
  const queue = await JobQueue.open(runtime.urls.app, runtime.log);
  const { instances, services: { exporter } } = construct(runtime, { artefacts, versions, queue, notices: noticesOf(runtime), auditLog: await openTransparencyLog(runtime.config), witnessing: undefined });
  const close = async (): Promise<void> => {
    await queue.close();
    await versions.close();
  };
  return { schema: await buildAssaySchema(instances), artefacts, exporter, close };
}

async function startApollo(schema: GraphQLSchema, log: Logger): Promise<ApolloServer<Context>> {
  const apollo = new ApolloServer<Context>({
    schema,
    formatError: formatErrors(log),
    ...limits,
    introspection: true,
    includeStacktraceInErrorResponses: false,
    stopOnTerminationSignals: false,
  });
  await apollo.start();
  return apollo;
}

interface Opened {
  readonly artefacts: ArtefactStore;
  readonly versions: LiveVersions;
  readonly queue: JobQueue;
  /** Not started where nobody can subscribe. */
  readonly notices: NoticeHub<GovernanceNotice>;
  readonly auditLog: TransparencyLog;
  /** Undefined where no witnesses are asked. */
  readonly witnessing: Witnessing | undefined;
}

/** What more than one room stands on, each made once. */
interface Services extends Opened {
  readonly keys: KeyRing;
  readonly routes: Routes;
  readonly customers: CustomersReader;
  readonly loans: LoansReader;
  readonly evidence: Evidence;
  readonly scoring: ScoringService;
  readonly jobs: ScoreJobs;
  readonly exporter: EvidenceExporter;
  readonly exports: ExportJobs;
  readonly erasures: Erasures;
  readonly proposals: Proposals;
  readonly gates: Gates;
}

function construct(runtime: Runtime, opened: Opened): { instances: Instances; services: Services } {
  const services = servicesOf(runtime, opened);
  const resolvers = [...crossing(services), ...ofSecurity(services), ...ofTheBook(services), ...ofModels(services), ...ofPredictions(services), ...ofDecisions(services), ...ofPrivacy(services), ...ofEvidence(services)];
  return { instances: new Map(resolvers.map((resolver) => [resolver.constructor, resolver])), services };
}

function servicesOf({ db, keys, log, config }: Runtime, opened: Opened): Services {
  const { artefacts, versions, queue } = opened;
  const routes = new Routes();
  const customers = new CustomersReader(keys);
  const erasures = new Erasures(db, keys, log);
  const scoring = new ScoringService(db, { keys, routes, versions });
  const evidence = new Evidence(keys, versions);
  const exporter = new EvidenceExporter({ db, log: opened.auditLog, evidence });
  return {
    ...opened, keys, routes, customers, erasures, scoring,
    loans: new LoansReader(customers),
    evidence,
    exporter,
    exports: new ExportJobs({ db, queue, log }, exporter, config.exportFolder),
    jobs: new ScoreJobs({ db, queue, log }, scoring),
    proposals: new Proposals([GRANT_ROLE, CHANGE_POLICY, WAIVE_GATE, CHANGE_TIER, ...resumeKinds({ routes, versions }), OVERRIDE_DECISION, eraseCustomerKind(erasures), CHANGE_RETENTION] as readonly ProposalKind[]),
    gates: new Gates(new Measurements(artefacts, config.scoringRuntime)),
  };
}

/** What every room has a part in. */
const crossing = ({ customers, loans, jobs, proposals, notices }: Services): object[] => [
  new NodeResolver({ ...grantNodeLoaders, ...proposalNodeLoaders(proposals), ...customers.nodeLoaders, ...loans.nodeLoaders, ...modelNodeLoaders, ...predictionNodeLoaders(jobs), ...evidenceNodeLoaders }),
  new TasksResolver(notices, [proposalTasks(proposals), ...modelTaskSources, ...evidenceTaskSources, reviewTasks, adverseActionTasks, referralTasks]),
];

const ofSecurity = ({ proposals }: Services): object[] => [
  new GrantsResolver(new GrantsService(proposals), proposals),
  new ProposalsResolver(proposals),
  new MeResolver(),
  new UserResolver(),
  new RoleGrantResolver(),
];

/** Customers and loans. */
const ofTheBook = ({ keys, customers, loans }: Services): object[] => [
  new CustomersResolver(customers, new CustomersService(keys, customers)),
  new LoansResolver(loans, new LoansService(keys, loans)),
  new LoanResolver(loans, customers),
  new LoanFactResolver(loans),
  new CustomerLoansResolver(loans),
];

function ofModels({ artefacts, routes, versions, gates, proposals, notices }: Services): object[] {
  const deployments = new DeploymentService(routes, versions);
  return [
    new GovernanceResolver(new ModelService(), new VersionService(artefacts, gates), new VoteService(gates), deployments),
    ...evidenceResolvers(gates, proposals),
    new DeploymentActsResolver(deployments, new StopService({ routes, versions }), proposals),
    new LiveModelResolver(),
    new LiveVersionResolver(),
    new SuspensionResolver(proposals),
    new PolicyResolver(proposals),
    new ModelResolver(),
    new ModelVersionQueries(),
    new ModelVersionResolver(),
    new VersionReportResolver(),
    new VersionCardResolver(),
    new VersionEvaluationResolver(),
    new DeploymentResolver(),
    new ApprovalResolver(),
    new ContributorResolver(),
    new VersionTransitionResolver(),
    new LifecycleChangesResolver(notices),
  ];
}

const ofPredictions = ({ customers, loans, versions, evidence, scoring, jobs }: Services): object[] => [
  new ScoringResolver(scoring, jobs),
  new SimulationResolver(scoring, evidence),
  new SimulationBaselineResolver(),
  new PredictionResolver(evidence, customers, loans),
  new PredictionWaiversResolver(),
  new LoanPredictionsResolver(),
  new CustomerProfileResolver(),
  new ProfileDriversResolver(evidence),
  new VersionPerformanceResolver(versions),
  new ChallengerPredictionsResolver(),
  new ChallengerComparisonResolver(),
];

/** Retention, legal holds and erasure. */
function ofPrivacy({ keys, customers, proposals }: Services): object[] {
  const holds = new HoldService(keys);
  return [new CustomerRetentionResolver(), new RetentionResolver(holds), new PrivacyResolver(customers, holds, proposals)];
}

/** The transparency log as it is read. */
const ofEvidence = ({ auditLog, witnessing, evidence, exports }: Services): object[] => [
  new AuditResolver(auditLog), new LogStateResolver(auditLog, witnessing), new PredictionProofsResolver(auditLog, evidence), new EvidenceExportResolver(exports),
];

/** What people decide beside the model, a part of predictions. */
function ofDecisions({ keys, proposals, evidence }: Services): object[] {
  const overrides = new OverrideService(keys, proposals);
  const texts = new DecisionTexts(keys);
  return [
    new DecisionsResolver(overrides, new ReviewService(keys, overrides), new NoticeService(keys), proposals),
    new PredictionDecisionsResolver(),
    new AdverseActionResolver(evidence),
    new CounterofferResolver(texts),
    new DecisionOverrideResolver(texts),
    new DecisionReviewResolver(texts),
    new VersionOverridesResolver(),
  ];
}

async function configuredIssuers({ config }: Runtime): Promise<Issuer[]> {
  const issuers = config.oidc ? [await openIdIssuer(config.oidc)] : [];
  return config.devIssuer ? [...issuers, (await DevelopmentIssuer.open(config)).issuer] : issuers;
}

/** @throws REFUSED when nobody could ever call the API */
export function requireIssuer({ oidc, devIssuer }: Runtime['config']): void {
  if (!oidc && !devIssuer) throw refused('No token would be accepted: set OIDC_ISSUER to your identity provider, or DEV_ISSUER=1 to try Assay.');
}
