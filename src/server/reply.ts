import { STATUS_CODES, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { AssayError, badInput, type ErrorCode } from '../platform/index.js';

const STATUS: Record<ErrorCode, number> = {
  BAD_INPUT: 400,
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  CONFLICT: 409,
  REFUSED: 422,
  NO_MODEL: 422,
  AMBIGUOUS_MODEL: 422,
  UNAVAILABLE: 503,
  INTERNAL: 500,
};

export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' });
  response.end(JSON.stringify(body));
}

/** An error outside a GraphQL answer, in the shape that GraphQL clients know. */
export function sendError(response: ServerResponse, error: AssayError): void {
  if (error.code === 'UNAUTHENTICATED') response.setHeader('www-authenticate', 'Bearer');
  sendJson(response, STATUS[error.code], bodyOf(error));
}

const bodyOf = ({ message, code, id }: AssayError): object => ({ errors: [{ message, extensions: { code, id } }] });

/** The same to who asked for a WebSocket, which has no response object. */
export function refuseUpgrade(socket: Duplex, error: AssayError): void {
  const body = JSON.stringify(bodyOf(error));
  const status = STATUS[error.code];
  const headers = ['content-type: application/json; charset=utf-8', `content-length: ${Buffer.byteLength(body)}`, 'x-content-type-options: nosniff', 'connection: close'];
  socket.on('error', () => undefined); // who asked may be gone already
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${headers.join('\r\n')}\r\n\r\n${body}`);
}

/** Reads a request body of bounded size; beyond it the connection stays, so that the refusal can be answered. @throws BAD_INPUT */
export async function readBody(request: IncomingMessage, mostBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > mostBytes) throw badInput(`The request is larger than ${mostBytes} bytes. Send less at once.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
