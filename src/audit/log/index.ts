export { LogKey, openLogKey, originOf } from './key.js';
export { Sequencer } from './sequencer.js';
export { TransparencyLog, type EntryProof, type GrownLog } from './log.js';
export { verifyTree, type Entry, type TreeCounts } from './verify.js';
export type { SignedHead } from './signer.js';
