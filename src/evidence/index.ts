export { adoptKeptCheckpoint } from './adopt-checkpoint.js';
export { AuditResolver, evidenceNodeLoaders } from './audit.resolver.js';
export { LogStateResolver } from './log-state.resolver.js';
export { openNewEpoch } from './new-epoch.js';
export { PredictionProofsResolver } from './prediction-proofs.resolver.js';
export { replayRange, type ReplayOptions, type ReplayRange, type ReplayReport } from './replay-range.js';
export { verifyLog, type LogVerification } from './verify-log.js';
export { WITNESSED_TABLES } from './verify-rows.js';
export * from './export/index.js';
