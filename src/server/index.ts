export * from './http.js';
export * from './errors.js';
export { limits } from './limits.js';
