export * from './events.js';
export * from './leaf.js';
export * from './intake.js';
export * from './text.js';
export * from './told.js';
