export * from './note.js';
export * from './keys.js';
export * from './sign.js';
export * from './checkpoint.js';
export * from './tlog-proof.js';
export * from './receipt.js';
