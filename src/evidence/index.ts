export { AuditResolver } from './audit.resolver.js';
export { PredictionProofsResolver } from './prediction-proofs.resolver.js';
