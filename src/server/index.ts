export * from './http.js';
export * from './errors.js';
