import type { Proposals } from '../security/index.js';
import { FindingReassignmentResolver, FindingResolutionResolver, FindingResolver, FindingsResolver, ModelFindingsResolver, VersionFindingsResolver } from './findings/findings.resolver.js';
import { FindingsService } from './findings/findings.service.js';
import { GateEvaluationResolver, GateResolver, GatesResolver, GateWaiverResolver, VersionGatesResolver } from './gates/gates.resolver.js';
import type { Gates } from './gates/gates.service.js';
import { InventoryResolver, ModelFactsResolver, ModelInventoryResolver, ModelReviewResolver, TierChangeResolver } from './inventory/inventory.resolver.js';
import { InventoryService } from './inventory/inventory.service.js';

const PLAIN = [
  FindingResolver, FindingReassignmentResolver, FindingResolutionResolver, VersionFindingsResolver, ModelFindingsResolver, VersionGatesResolver, GateEvaluationResolver, GateResolver, GateWaiverResolver,
  ModelInventoryResolver, ModelReviewResolver, ModelFactsResolver, TierChangeResolver,
] as const;

/** The resolvers of gates, findings and inventory. */
export const EVIDENCE_RESOLVERS: readonly Function[] = [FindingsResolver, GatesResolver, InventoryResolver, ...PLAIN];

/** Instances of {@link EVIDENCE_RESOLVERS}. */
export const evidenceResolvers = (gates: Gates, proposals: Proposals): object[] => [
  new FindingsResolver(new FindingsService()),
  new GatesResolver(gates, proposals),
  new InventoryResolver(new InventoryService(), proposals),
  ...PLAIN.map((Plain) => new Plain()),
];
