// The models room: registry and governance. Versions, dossiers, votes, deployments, and which version is live.
export { APPROVAL_POLICY, missingVotes, type MissingVotes, type Tier, type Verdict, type Vote, type VoterRole, type VotingAct } from './approval-policy.js';
export { ArtefactStore, type StoredArtefact } from './artefact-store.js';
export type { DeploymentRole } from './deployment.entity.js';
export { DeploymentService, type NewDeployment } from './deployment.service.js';
export { parseDossier, readDossier, type Dossier, type ParsedDossier } from './dossier.js';
export { modelEntities } from './entities.js';
export { checkLifecycle, STATES, TRANSITIONS, transitionOf, type Act, type VersionState } from './lifecycle.js';
export { LiveVersions, type LoadedVersion } from './live-versions.js';
export { currentEpoch, lockShared } from './model-lock.js';
export { deploymentsById, modelsById, versionsById } from './model.queries.js';
export { ModelService, type NewModel } from './model.service.js';
export { Routes, type Route, type RouteRequest } from './routes.js';
export type { DeploymentRow, ModelRow, VersionRow } from './rows.js';
export { VersionService, type NewVersion } from './version.service.js';
export { VoteService, type Ballot } from './vote.service.js';
