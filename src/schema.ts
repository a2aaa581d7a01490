import 'reflect-metadata';
import { lexicographicSortSchema, printSchema, type GraphQLSchema } from 'graphql';
import { buildSchema, type NonEmptyArray } from 'type-graphql';
import { CustomersResolver } from './customers/index.js';
import { AuditResolver, EvidenceExportResolver, LogStateResolver, PredictionProofsResolver } from './evidence/index.js';
import { CustomerLoansResolver, LoanFactResolver, LoanResolver, LoansResolver } from './loans/index.js';
import {
  ApprovalResolver, ContributorResolver, DeploymentActsResolver, DeploymentResolver, EVIDENCE_RESOLVERS, GovernanceResolver, LifecycleChangesResolver, LiveModelResolver, LiveVersionResolver, ModelResolver,
  ModelVersionQueries, ModelVersionResolver, PolicyResolver, SuspensionResolver, VersionCardResolver, VersionEvaluationResolver, VersionReportResolver, VersionTransitionResolver,
} from './models/index.js';
import { NodeResolver } from './node.resolver.js';
import { DateTime, internal, NO_TOPICS, openStreams } from './platform/index.js';
import {
  AdverseActionResolver, ChallengerComparisonResolver, ChallengerPredictionsResolver, CounterofferResolver, CustomerProfileResolver, DecisionOverrideResolver, DecisionReviewResolver, DecisionsResolver,
  LoanPredictionsResolver, PredictionDecisionsResolver, PredictionResolver, PredictionWaiversResolver, ProfileDriversResolver, ScoringResolver, SimulationBaselineResolver, SimulationResolver,
  VersionOverridesResolver, VersionPerformanceResolver,
} from './predictions/index.js';
import { CustomerRetentionResolver, PrivacyResolver, RetentionResolver } from './privacy/index.js';
import { GrantsResolver, guardSchema, MeResolver, ProposalsResolver, RoleGrantResolver, UserResolver } from './security/index.js';
import { TasksResolver } from './tasks.resolver.js';

const RESOLVERS: NonEmptyArray<Function> = [
  NodeResolver, TasksResolver,
  GrantsResolver, ProposalsResolver, MeResolver, UserResolver, RoleGrantResolver,
  CustomersResolver,
  LoansResolver, LoanResolver, LoanFactResolver, CustomerLoansResolver,
  GovernanceResolver, PolicyResolver, ModelResolver, ModelVersionQueries, ModelVersionResolver, VersionReportResolver, VersionCardResolver, VersionEvaluationResolver,
  DeploymentResolver, ApprovalResolver, ContributorResolver, VersionTransitionResolver, LifecycleChangesResolver,
  ...EVIDENCE_RESOLVERS,
  DeploymentActsResolver, LiveModelResolver, LiveVersionResolver, SuspensionResolver,
  ScoringResolver, SimulationResolver, SimulationBaselineResolver, PredictionResolver, PredictionWaiversResolver, LoanPredictionsResolver, CustomerProfileResolver, ProfileDriversResolver, VersionPerformanceResolver,
  ChallengerPredictionsResolver, ChallengerComparisonResolver,
  DecisionsResolver, PredictionDecisionsResolver, AdverseActionResolver, CounterofferResolver, DecisionOverrideResolver, DecisionReviewResolver, VersionOverridesResolver,
  CustomerRetentionResolver, RetentionResolver, PrivacyResolver,
  AuditResolver, LogStateResolver, PredictionProofsResolver, EvidenceExportResolver,
];

/** The instances that `app.ts` constructed, by their class. */
export type Instances = ReadonlyMap<Function, object>;

/** Builds the executable schema over constructed resolvers, every declared permission enforced. */
export async function buildAssaySchema(instances: Instances): Promise<GraphQLSchema> {
  const get = (resolver: Function): object => {
    const instance = instances.get(resolver);
    if (!instance) throw internal(`${resolver.name} was not constructed.`);
    return instance;
  };
  return guardSchema(openStreams(await build(get), get));
}

/** The schema's text, sorted: what `schema.graphql` holds. */
export const printAssaySchema = async (): Promise<string> => `${printSchema(lexicographicSortSchema(guardSchema(await build(() => ({})))))}\n`;

const build = (get: (resolver: Function) => object): Promise<GraphQLSchema> =>
  buildSchema({ resolvers: RESOLVERS, container: { get }, validate: { forbidUnknownValues: false }, pubSub: NO_TOPICS, scalarsMap: [{ type: Date, scalar: DateTime }] });
