import { ApolloServer } from '@apollo/server';
import type { GraphQLSchema } from 'graphql';
import { CustomersReader, CustomersResolver, CustomersService } from './customers/index.js';
import { CustomerLoansResolver, LoanFactResolver, LoanResolver, LoansReader, LoansResolver, LoansService } from './loans/index.js';
import {
  ApprovalResolver, ArtefactStore, CHANGE_POLICY, CHANGE_TIER, ContributorResolver, DeploymentActsResolver, DeploymentResolver, DeploymentService, evidenceResolvers, Gates, GovernanceResolver, LiveModelResolver, LiveVersionResolver, LiveVersions,
  Measurements, modelNodeLoaders,
  ModelResolver, ModelService, ModelVersionQueries, ModelVersionResolver, PolicyResolver, resumeKinds, Routes, StopService, SuspensionResolver, VersionEvaluationResolver, VersionReportResolver, VersionService, VersionTransitionResolver, VoteService, WAIVE_GATE,
} from './models/index.js';
import { NodeResolver } from './node.resolver.js';
import { JobQueue, refused, type Context, type Logger } from './platform/index.js';
import {
  ChallengerComparisonResolver, ChallengerPredictionsResolver, CustomerProfileResolver, Evidence, LoanPredictionsResolver, predictionNodeLoaders, PredictionResolver, PredictionWaiversResolver, ProfileDriversResolver, ScoreJobs,
  ScoringResolver, ScoringService, SimulationBaselineResolver, SimulationResolver, VersionPerformanceResolver,
} from './predictions/index.js';
import type { Runtime } from './runtime.js';
import { buildAssaySchema, type Instances } from './schema.js';
import {
  Authenticator, DevelopmentIssuer, GRANT_ROLE, grantNodeLoaders, GrantsResolver, GrantsService, MeResolver, openIdIssuer, proposalNodeLoaders, Proposals,
  ProposalsResolver, RoleGrantResolver, UserResolver, type Issuer, type ProposalKind,
} from './security/index.js';
import { formatErrors, limits, listen } from './server/index.js';

/** A serving Assay. */
export interface App {
  readonly url: string;
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
    return { url: await serve(runtime, options, undo), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function serve(runtime: Runtime, { host, port, issuers = [] }: AppOptions, undo: (() => Promise<void>)[]): Promise<string> {
  const { db, log, config } = runtime;
  const authenticator = new Authenticator(db, [...(await configuredIssuers(runtime)), ...issuers]);
  const artefacts = new ArtefactStore();
  const versions = new LiveVersions(artefacts, runtime.config.scoringRuntime);
  undo.push(() => versions.close());
  await versions.warm(db, log);
  const queue = await JobQueue.open(runtime.urls.app, log);
  undo.push(() => queue.close());
  const { instances, jobs } = construct(runtime, artefacts, versions, queue);
  const apollo = await startApollo(instances, log);
  undo.push(() => apollo.stop());
  const http = await listen({ apollo, authenticator, artefacts, db, log, artefactMaxBytes: config.artefactMaxBytes }, host, port);
  undo.push(() => http.close());
  await jobs.work();
  undo.push(async () => jobs.stop());
  return http.url;
}

/** The API without a server, for a command that acts in this process. */
export interface LocalApp {
  readonly schema: GraphQLSchema;
  readonly artefacts: ArtefactStore;
  close(): Promise<void>;
}

export async function openLocalApp(runtime: Runtime): Promise<LocalApp> {
  const artefacts = new ArtefactStore();
  const versions = new LiveVersions(artefacts, runtime.config.scoringRuntime);
  const queue = await JobQueue.open(runtime.urls.app, runtime.log);
  const { instances } = construct(runtime, artefacts, versions, queue);
  const close = async (): Promise<void> => {
    await queue.close();
    await versions.close();
  };
  return { schema: await buildAssaySchema(instances), artefacts, close };
}

async function startApollo(instances: Instances, log: Logger): Promise<ApolloServer<Context>> {
  const apollo = new ApolloServer<Context>({
    schema: await buildAssaySchema(instances),
    formatError: formatErrors(log),
    ...limits,
    introspection: true,
    includeStacktraceInErrorResponses: false,
    stopOnTerminationSignals: false,
  });
  await apollo.start();
  return apollo;
}

function construct({ db, keys, log, config }: Runtime, artefacts: ArtefactStore, versions: LiveVersions, queue: JobQueue): { instances: Instances; jobs: ScoreJobs } {
  const routes = new Routes();
  const customers = new CustomersReader(keys);
  const loans = new LoansReader(customers);
  const evidence = new Evidence(keys, versions);
  const scoring = new ScoringService(db, { keys, routes, versions });
  const jobs = new ScoreJobs(db, queue, scoring, log);
  const proposals = new Proposals([GRANT_ROLE, CHANGE_POLICY, WAIVE_GATE, CHANGE_TIER, ...resumeKinds({ routes, versions })] as readonly ProposalKind[]);
  const deployments = new DeploymentService(routes, versions);
  const gates = new Gates(new Measurements(artefacts, config.scoringRuntime));
  const resolvers = [
    new NodeResolver({ ...grantNodeLoaders, ...proposalNodeLoaders(proposals), ...customers.nodeLoaders, ...loans.nodeLoaders, ...modelNodeLoaders, ...predictionNodeLoaders(jobs) }),
    new GrantsResolver(new GrantsService(proposals), proposals),
    new ProposalsResolver(proposals),
    new MeResolver(),
    new UserResolver(),
    new RoleGrantResolver(),
    new CustomersResolver(customers, new CustomersService(keys, customers)),
    new LoansResolver(loans, new LoansService(keys, loans)),
    new LoanResolver(loans, customers),
    new LoanFactResolver(loans),
    new CustomerLoansResolver(loans),
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
    new VersionEvaluationResolver(),
    new DeploymentResolver(),
    new ApprovalResolver(),
    new ContributorResolver(),
    new VersionTransitionResolver(),
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
  return { instances: new Map(resolvers.map((resolver) => [resolver.constructor, resolver])), jobs };
}

async function configuredIssuers({ config }: Runtime): Promise<Issuer[]> {
  const issuers = config.oidc ? [await openIdIssuer(config.oidc)] : [];
  return config.devIssuer ? [...issuers, (await DevelopmentIssuer.open(config)).issuer] : issuers;
}

/** @throws REFUSED when nobody could ever call the API */
export function requireIssuer({ oidc, devIssuer }: Runtime['config']): void {
  if (!oidc && !devIssuer) throw refused('No token would be accepted: set OIDC_ISSUER to your identity provider, or DEV_ISSUER=1 to try Assay.');
}
