import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { formatKey, monitoringPath, type VerifierKey } from '../audit/index.js';
import { AssayError, messageOf } from '../platform/index.js';
import type { Witness } from './witness.js';

export interface WitnessServer {
  readonly url: string;
  close(): Promise<void>;
}

/** 63 lines of proof and a checkpoint with 64 signatures are less. */
const MOST_BYTES = 64 * 1024;
const TEXT = 'text/plain; charset=utf-8';

/** Serves a witness on the loopback address: submission and monitoring under the same prefix, and its key at /key. */
export async function serveWitness(witness: Witness, key: VerifierKey, port: number): Promise<WitnessServer> {
  const server = createServer((request, response) => {
    void handle(witness, key, request, response).catch((error: unknown) => {
      process.stderr.write(`witness: ${messageOf(error)}\n`);
      send(response, 500, 'The witness could not keep what it saw, and signed nothing.\n');
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(error.code === 'EADDRINUSE' ? new AssayError('UNAVAILABLE', `Port ${port} is in use. Name another one with --port.`) : error));
    server.listen(port, '127.0.0.1', resolve);
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close: () => closed(server) };
}

function closed(server: Server): Promise<void> {
  const done = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  return done;
}

async function handle(witness: Witness, key: VerifierKey, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = (request.url ?? '/').slice(1);
  if (request.method === 'POST' && path === 'add-checkpoint') {
    const body = await bodyOf(request);
    if (body === undefined) return send(response, 400, `A request has at most ${MOST_BYTES} bytes of UTF-8.\n`);
    const { status, body: text, type } = await witness.addCheckpoint(body);
    return send(response, status, text, type);
  }
  if (request.method === 'GET' && path === 'key') return send(response, 200, `${formatKey(key)}\n`);
  const origin = witness.origins.find((name) => path === monitoringPath(name));
  const note = request.method === 'GET' && origin !== undefined ? await witness.latest(origin) : undefined;
  if (note !== undefined) return send(response, 200, note);
  send(response, 404, 'A witness has POST /add-checkpoint, GET /key, and GET /<SHA-256 of the name of a log it knows>/checkpoint once it cosigned one.\n');
}

function send(response: ServerResponse, status: number, body: string, type = TEXT): void {
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body), 'cache-control': 'no-store' });
  response.end(body);
}

/** Undefined for what is too large, or no text. */
async function bodyOf(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= MOST_BYTES) chunks.push(chunk);
  }
  if (size > MOST_BYTES) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.concat(chunks));
  } catch {
    return undefined;
  }
}
