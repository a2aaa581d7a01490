export * from './protocol.js';
export * from './policy.js';
export { WitnessClient, type WitnessAnswer } from './client.js';
