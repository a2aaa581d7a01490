export * from './gathered.js';
export * from './gather.js';
export * from './loan.rows.js';
export * from './loan.refs.js';
export * from './training-loans.js';
export * from './import/index.js';
