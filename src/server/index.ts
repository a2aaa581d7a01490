export * from './http.js';
export * from './errors.js';
export { MOST_SUBSCRIPTIONS, SOCKET_LIMITS } from './subscriptions/index.js';
export { limits } from './limits.js';
