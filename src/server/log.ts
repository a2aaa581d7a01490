import type { ServerResponse } from 'node:http';
import { parseTilePath, type SignedHead, type TransparencyLog } from '../audit/index.js';
import { notFound, type Context, type Queryable } from '../platform/index.js';
import { demand } from '../security/index.js';

/** What is never changed may be kept for ever; the checkpoint is another one in a second. */
const FOR_EVER = 'public, max-age=31536000, immutable';

export interface LogParts {
  readonly log: TransparencyLog;
  readonly db: Queryable;
  /** Who asks, for the entries. */
  readonly contextOf: () => Promise<Context>;
}

/**
 * Answers GET /log/…: the transparency log as C2SP tlog-tiles lays it out. Checkpoint, key and hashes tell nothing of
 * anybody and are open to all; entries are for who may read events.
 * @throws NOT_FOUND
 */
export async function sendLog({ log, db, contextOf }: LogParts, response: ServerResponse, path: string): Promise<void> {
  if (path === 'checkpoint') return sendCheckpoint(await log.published(db), response);
  if (path === 'checkpoint/newest') return sendCheckpoint(await newest(log, db), response);
  // Told also while the log refuses to sign.
  if (path === 'key') return sendText(response, `${log.verifierKey(await log.epoch(db))}\n`);
  const [, level, rest] = /^tile\/(entries|\d|[1-5]\d|6[0-3])\/(.+)$/.exec(path) ?? [];
  const place = rest === undefined ? undefined : parseTilePath(rest);
  if (level === undefined || !place) throw nothing(path);
  if (level === 'entries') demand(await contextOf(), 'audit:read');
  const bytes = level === 'entries' ? await log.bundle(db, place.index, place.width) : await log.tile(db, { level: Number(level), index: place.index }, place.width);
  if (!bytes) throw nothing(path);
  response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': bytes.length, 'cache-control': level === 'entries' ? 'private, no-store' : FOR_EVER });
  response.end(bytes);
}

/** With what witnesses said of it so far. */
async function newest(log: TransparencyLog, db: Queryable): Promise<SignedHead | undefined> {
  const head = await log.checkpoint(db);
  return head && log.withCosignatures(db, head);
}

function sendCheckpoint(head: SignedHead | undefined, response: ServerResponse): void {
  if (!head) throw notFound('The transparency log has no entries yet.');
  sendText(response, head.note);
}

function sendText(response: ServerResponse, text: string): void {
  response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-cache' });
  response.end(text);
}

const nothing = (path: string): Error => notFound(`The transparency log has nothing at /log/${path.slice(0, 80)}. There are /log/checkpoint, /log/checkpoint/newest, /log/key, /log/tile/<L>/<N>[.p/<W>] and /log/tile/entries/<N>[.p/<W>], up to the size of the checkpoint.`);
