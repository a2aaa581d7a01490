export { readBundle, type EventBundle, type PredictionBundle } from './bundle.js';
export { canonical } from './canonical.js';
export { COMPLETION_FILE, type Trusted } from './completion.js';
export { verifyFolder, type FolderCheck } from './folder.js';
export { keysIn } from './keys.js';
export { verifyPrediction, type Check } from './verify.js';
