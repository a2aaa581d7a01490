import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ApolloServer } from '@apollo/server';
import { HeaderMap } from '@apollo/server';
import type { GraphQLSchema } from 'graphql';
import type { TransparencyLog } from '../audit/index.js';
import type { ExportJobs } from '../evidence/index.js';
import type { ArtefactStore } from '../models/index.js';
import { archiveFailure, AssayError, badInput, internal, newContext, notFound, type Context, type Database, type Logger } from '../platform/index.js';
import { recordReads, type Authenticator } from '../security/index.js';
import { sendArtefact, sendCard } from './downloads.js';
import { sendExported } from './exports.js';
import { sendGraphiQL, sendGraphiQLFile } from './graphiql.js';
import { sendLog } from './log.js';
import { readBody, sendError, sendJson } from './reply.js';
import { openSockets, type Sockets } from './subscriptions/index.js';

export interface HttpParts {
  readonly apollo: ApolloServer<Context>;
  /** The same that Apollo answers from, for subscriptions. */
  readonly schema: GraphQLSchema;
  readonly authenticator: Authenticator;
  readonly artefacts: ArtefactStore;
  readonly auditLog: TransparencyLog;
  readonly exports: ExportJobs;
  readonly db: Database;
  readonly log: Logger;
  readonly artefactMaxBytes: number;
}

export interface HttpServer {
  readonly url: string;
  /** Stops accepting, lets running requests finish, ends every socket, then closes. */
  close(): Promise<void>;
}

const MOST_REQUEST_BYTES = 8 * 1024 * 1024;

/** Serves GraphQL, its subscriptions, GraphiQL, artefacts, model cards and health on plain node:http (measured twice as fast as Express). */
export async function listen(parts: HttpParts, host: string, port: number): Promise<HttpServer> {
  const server = createServer((request, response) => {
    void handle(parts, request, response).catch((error: unknown) => answerError(parts.log, request, response, error));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(portError(error, host, port)));
    server.listen(port, host, resolve);
  });
  const sockets = openSockets(server, parts);
  const address = server.address() as AddressInfo;
  return { url: `http://${host === '127.0.0.1' ? 'localhost' : host}:${address.port}`, close: () => closeServer(server, sockets) };
}

function portError(error: NodeJS.ErrnoException, host: string, port: number): Error {
  if (error.code !== 'EADDRINUSE') return error;
  return new AssayError('UNAVAILABLE', `Port ${port} on ${host} is in use. Stop what uses it, or set PORT to another one.`);
}

async function closeServer(server: Server, sockets: Sockets): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  await sockets.close();
  await closed;
}

async function handle(parts: HttpParts, request: IncomingMessage, response: ServerResponse): Promise<void> {
  response.setHeader('x-content-type-options', 'nosniff');
  response.setHeader('referrer-policy', 'no-referrer');
  const { pathname, search } = locationOf(request.url ?? '/');
  if (pathname === '/graphql' && wantsPage(request)) return sendGraphiQL(response);
  if (pathname === '/' && wantsPage(request)) return void response.writeHead(302, { location: '/graphql' }).end();
  if (pathname === '/graphql') return handleGraphql(parts, request, response, search);
  if (pathname === '/healthz') return sendJson(response, 200, { status: 'ok' });
  if (pathname === '/readyz') return handleReady(parts, response);
  const digest = /^\/artifacts\/([0-9a-fA-F]{64})$/.exec(pathname)?.[1];
  if (digest && request.method === 'PUT') return handleArtefact(parts, request, response, digest.toLowerCase());
  if (digest && request.method === 'GET') return sendArtefact(await contextOf(parts, request), parts.artefacts, response, digest.toLowerCase());
  const version = /^\/model-cards\/([\w-]+)$/.exec(pathname)?.[1];
  if (version && request.method === 'GET') return sendCard(await contextOf(parts, request), response, version, search);
  const [, exported, file] = /^\/exports\/([\w-]+)\/([\w./-]+)$/.exec(pathname) ?? [];
  if (exported !== undefined && file !== undefined && request.method === 'GET') return sendExported(await contextOf(parts, request), parts.exports, response, exported, file);
  const entry = /^\/log\/(.*)$/.exec(pathname)?.[1];
  if (entry !== undefined && request.method === 'GET') return sendLog({ log: parts.auditLog, db: parts.db, contextOf: () => contextOf(parts, request) }, response, entry);
  if (request.method === 'GET' && sendGraphiQLFile(pathname, response)) return undefined;
  throw notFound(`There is nothing at ${request.method} ${pathname}. GraphQL is at /graphql; artefacts go to PUT /artifacts/{sha256}, model cards come from GET /model-cards/{id}, the transparency log from GET /log/checkpoint, exported evidence from GET /exports/{job}/{file}.`);
}

/** A request line that is no URL, such as `//`, is a path at which there is nothing. */
function locationOf(url: string): { pathname: string; search: string } {
  return URL.canParse(url, 'http://assay') ? new URL(url, 'http://assay') : { pathname: url, search: '' };
}

const wantsPage = ({ method, headers }: IncomingMessage): boolean => method === 'GET' && (headers.accept ?? '').includes('text/html');

const contextOf = async ({ authenticator, db, log }: HttpParts, { headers }: IncomingMessage): Promise<Context> =>
  newContext({ db, log, actor: await authenticator.actorOf(headers.authorization) });

async function handleGraphql(parts: HttpParts, request: IncomingMessage, response: ServerResponse, search: string): Promise<void> {
  const headers = new HeaderMap();
  for (const [name, value] of Object.entries(request.headers)) {
    if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(', ') : value);
  }
  const ctx = await contextOf(parts, request);
  const body = request.method === 'POST' ? parseJson(await readBody(request, MOST_REQUEST_BYTES)) : undefined;
  const answer = await parts.apollo.executeHTTPGraphQLRequest({
    httpGraphQLRequest: { method: request.method?.toUpperCase() ?? 'GET', headers, search, body },
    context: async () => ctx,
  });
  // Before a byte of the answer: what cannot be recorded is not told.
  await recordReads(ctx);
  for (const [name, value] of answer.headers) response.setHeader(name, value);
  response.statusCode = answer.status ?? 200;
  if (answer.body.kind === 'complete') return void response.end(answer.body.string);
  for await (const chunk of answer.body.asyncIterator) response.write(chunk);
  response.end();
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw badInput('The request body is not JSON. Send {"query": "…", "variables": {…}} with content-type application/json.');
  }
}

async function handleArtefact(parts: HttpParts, request: IncomingMessage, response: ServerResponse, digest: string): Promise<void> {
  const ctx = await contextOf(parts, request);
  const stored = await parts.artefacts.put(ctx, digest, request, parts.artefactMaxBytes);
  sendJson(response, stored.created ? 201 : 200, { sha256: digest, bytes: stored.bytes });
}

/** A log that refuses to sign takes in and keeps what happens: the server stays ready, and says so. */
async function handleReady({ db, log, auditLog }: HttpParts, response: ServerResponse): Promise<void> {
  try {
    const archive = await archiveFailure(db);
    if (archive) log.error({ archive }, 'the write-ahead log is not archived');
    const { refusal } = auditLog;
    sendJson(response, 200, { status: 'ready', ...(refusal && { log: 'refuses to sign', why: refusal.says }), ...(archive && { archive }) });
  } catch (error) {
    log.warn({ err: error }, 'not ready');
    sendJson(response, 503, { status: 'the database does not answer' });
  }
}

function answerError(log: Logger, request: IncomingMessage, response: ServerResponse, error: unknown): void {
  const told = error instanceof AssayError ? error : internal('Something went wrong inside Assay. The log tells more under this id.', error);
  if (told.code === 'INTERNAL') log.error({ err: error, id: told.id }, 'request failed');
  if (response.headersSent) return void response.destroy();
  request.resume(); // what was not read is let go, so that the answer gets through and the connection ends
  sendError(response, told);
}
