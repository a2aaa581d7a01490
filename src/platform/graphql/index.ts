export * from './scalars.js';
export * from './connection.js';
export * from './node.js';
export * from './list.inputs.js';
