export { AuditResolver } from './audit.resolver.js';
export { PredictionProofsResolver } from './prediction-proofs.resolver.js';
export { replayRange, type ReplayOptions, type ReplayRange, type ReplayReport } from './replay-range.js';
export { verifyLog, type LogVerification } from './verify-log.js';
