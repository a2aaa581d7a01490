export * from './events.js';
export * from './leaf.js';
export * from './intake.js';
export * from './told.js';
export * from './merkle/index.js';
export * from './note/index.js';
export * from './log/index.js';
export * from './offline/index.js';
