export { readBundle, type EventBundle, type PredictionBundle } from './bundle.js';
export { canonical } from './canonical.js';
export { verifyFolder, type FolderCheck } from './folder.js';
export { verifyPrediction, type Check } from './verify.js';
