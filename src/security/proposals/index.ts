export { PROPOSAL_KINDS, type Proposal, type ProposalKind, type ProposalKindName } from './kinds.js';
export { Proposals, type ProposalRequest } from './proposals.service.js';
export { proposalsById, type ProposalRow } from './proposals.queries.js';
export { ProposalType } from './proposals.types.js';
export { proposalAfter, proposalNodeLoaders, ProposalsResolver, toldProposal } from './proposals.resolver.js';
export { proposalTasks } from './tasks.js';
