import type { IncomingMessage, Server as HttpServer } from 'node:http';
import type { Duplex } from 'node:stream';
import { GRAPHQL_TRANSPORT_WS_PROTOCOL } from 'graphql-ws';
import { WebSocket, WebSocketServer } from 'ws';
import { AssayError, forbidden, notFound, type Logger } from '../../platform/index.js';
import { refuseUpgrade } from '../reply.js';
import { GOING_AWAY, reasonOf, WENT_WRONG } from './close.js';
import { openProtocol, type Connection, type ProtocolParts } from './protocol.js';

/** What one server keeps open, and what one socket may hold of its memory. */
export const SOCKET_LIMITS = {
  sockets: 500,
  /** 64 bytes for each of the 2,000 tokens that a document may have; what is larger is no subscription of ours. */
  messageBytes: 128 * 1024,
  /** Answers that were sent but not taken. */
  unreadBytes: 16 * 1024 * 1024,
  /** Milliseconds between two pings; who has not answered the last one is gone. */
  ping: 15_000,
  /** Milliseconds that a client has to end in peace when the server stops. */
  grace: 2_000,
} as const;

export interface Sockets {
  /** Tells every client that the server goes away, and waits until they are gone. */
  close(): Promise<void>;
}

/** Answers GraphQL subscriptions over WebSockets at /graphql of an HTTP server. */
export function openSockets(http: HttpServer, parts: ProtocolParts): Sockets {
  const server = new WebSocketServer({
    noServer: true,
    maxPayload: SOCKET_LIMITS.messageBytes,
    perMessageDeflate: false,
    handleProtocols: (offered) => (offered.has(GRAPHQL_TRANSPORT_WS_PROTOCOL) ? GRAPHQL_TRANSPORT_WS_PROTOCOL : false),
  });
  const protocol = openProtocol(parts);
  let closing = false;
  http.on('upgrade', (request, socket, head) => {
    if (!isWebSocket(request)) return asIfNotAsked(http, request, socket, head);
    const refusal = closing ? goingAway() : whyNot(request, server.clients.size);
    if (refusal) return refuseUpgrade(socket, refusal);
    server.handleUpgrade(request, socket, head, (opened) => serve(opened, protocol, parts.log));
  });
  const heart = setInterval(() => server.clients.forEach(beat), SOCKET_LIMITS.ping).unref();
  return {
    close: async () => {
      closing = true;
      clearInterval(heart);
      await closeAll(server);
    },
  };
}

const goingAway = (): AssayError => new AssayError('UNAVAILABLE', 'The server is going away. Connect again.');

/** A browser says which page asks: only this server's own may. Whoever asks without a browser needs the token alone. */
function whyNot({ url = '/', headers: { origin, host } }: IncomingMessage, open: number): AssayError | undefined {
  if (url.split('?')[0] !== '/graphql') return notFound('There is no WebSocket here. GraphQL subscriptions are at /graphql.');
  if (origin !== undefined && !(URL.canParse(origin) && new URL(origin).host === host)) {
    return forbidden(`Pages of ${origin.slice(0, 200)} may not open a WebSocket here; only pages of this server may.`);
  }
  return open < SOCKET_LIMITS.sockets ? undefined : new AssayError('UNAVAILABLE', `${SOCKET_LIMITS.sockets} sockets are open, the most that this server keeps. Try again later, or another replica.`);
}

const isWebSocket = ({ headers }: IncomingMessage): boolean => headers.upgrade?.toLowerCase() === 'websocket';

/** Some clients offer another protocol with every request (h2c). They get their answer as if they had not: the request is read again without the offer. */
function asIfNotAsked(http: HttpServer, { method, url, httpVersion, rawHeaders }: IncomingMessage, socket: Duplex, head: Buffer): void {
  const lines = rawHeaders.flatMap((name, index) => (index % 2 === 0 && !/^(upgrade|http2-settings|connection)$/i.test(name) ? [`${name}: ${rawHeaders[index + 1]}`] : []));
  socket.unshift(Buffer.concat([Buffer.from(`${[`${method} ${url} HTTP/${httpVersion}`, ...lines].join('\r\n')}\r\n\r\n`, 'latin1'), head]));
  http.emit('connection', socket);
}

const alive = new WeakMap<WebSocket, boolean>();

function beat(socket: WebSocket): void {
  if (alive.get(socket) === false) return socket.terminate();
  alive.set(socket, false);
  socket.ping();
}

function serve(socket: WebSocket, protocol: ReturnType<typeof openProtocol>, log: Logger): void {
  const connection: Connection = { close: (code, reason) => socket.close(code, reasonOf(reason)) };
  const closed = protocol.opened(
    {
      protocol: socket.protocol,
      send: (text) => send(socket, text),
      close: (code, reason) => socket.close(code, reason),
      onMessage: (handle) => socket.on('message', (data: Buffer) => take(socket, log, () => handle(data.toString('utf8')))),
    },
    connection,
  );
  socket.on('pong', () => alive.set(socket, true));
  socket.on('ping', () => dropUnread(socket));
  socket.on('error', (err) => log.debug({ err }, 'a socket failed')); // it closes next, with the code that says why
  socket.once('close', (code, reason) => {
    void closed(code, reason.toString('utf8')).catch((err: unknown) => log.error({ err }, 'what a socket had open was not ended'));
  });
}

/** Done when the system has taken it: who reads slowly is answered slowly. */
const send = (socket: WebSocket, text: string): Promise<void> =>
  new Promise((resolve) => (socket.readyState === WebSocket.OPEN ? socket.send(text, () => resolve()) : resolve()));

function take(socket: WebSocket, log: Logger, handle: () => Promise<void>): void {
  dropUnread(socket);
  handle().catch((err: unknown) => {
    log.error({ err }, 'a message of a socket was not answered');
    socket.close(WENT_WRONG, 'Something went wrong inside Assay. The log tells more.');
  });
}

/** Every message may have an answer: who sends on without reading any would have them pile up here. */
function dropUnread(socket: WebSocket): void {
  if (socket.bufferedAmount > SOCKET_LIMITS.unreadBytes) socket.terminate();
}

async function closeAll(server: WebSocketServer): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  for (const socket of server.clients) socket.close(GOING_AWAY, goingAway().message);
  const patience = setTimeout(() => server.clients.forEach((socket) => socket.terminate()), SOCKET_LIMITS.grace);
  await closed;
  clearTimeout(patience);
}
