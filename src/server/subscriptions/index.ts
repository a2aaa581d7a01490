export { openSockets, SOCKET_LIMITS, type Sockets } from './sockets.js';
export { MOST_SUBSCRIPTIONS } from './protocol.js';
