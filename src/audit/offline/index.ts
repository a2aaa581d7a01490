export { readBundle, type PredictionBundle } from './bundle.js';
export { canonical } from './canonical.js';
export { verifyPrediction, type Check } from './verify.js';
