export { Witness, type WitnessReply } from './witness.js';
export { openState, type WitnessStore } from './state.js';
export { openWitnessKey } from './key.js';
export { serveWitness, type WitnessServer } from './server.js';
