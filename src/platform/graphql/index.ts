export * from './scalars.js';
export * from './connection.js';
