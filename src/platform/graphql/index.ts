export * from './scalars.js';
export * from './connection.js';
export * from './node.js';
export * from './list.inputs.js';
export * from './subscription.js';
export * from './moment.args.js';
