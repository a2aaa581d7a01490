export * from './hashing.js';
export * from './verify.js';
export type { Node } from './ranges.js';
export * from './tiles.js';
export * from './edge.js';
export * from './proofs.js';
