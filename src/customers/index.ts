export * from './sections.js';
export * from './customer.rows.js';
