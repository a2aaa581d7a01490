import type { ServerResponse } from 'node:http';
import { parseTilePath, type TransparencyLog } from '../audit/index.js';
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
  if (path === 'checkpoint') return sendCheckpoint(log, db, response);
  if (path === 'key') return sendText(response, `${log.verifierKey((await log.checkpoint(db))?.epoch)}\n`);
  const [, level, rest] = /^tile\/(entries|\d|[1-5]\d|6[0-3])\/(.+)$/.exec(path) ?? [];
  const place = rest === undefined ? undefined : parseTilePath(rest);
  if (level === undefined || !place) throw nothing(path);
  if (level === 'entries') demand(await contextOf(), 'audit:read');
  const bytes = level === 'entries' ? await log.bundle(db, place.index, place.width) : await log.tile(db, { level: Number(level), index: place.index }, place.width);
  if (!bytes) throw nothing(path);
  response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': bytes.length, 'cache-control': level === 'entries' ? 'private, no-store' : FOR_EVER });
  response.end(bytes);
}

async function sendCheckpoint(log: TransparencyLog, db: Queryable, response: ServerResponse): Promise<void> {
  const head = await log.checkpoint(db);
  if (!head) throw notFound('The transparency log has no entries yet.');
  sendText(response, head.note);
}

function sendText(response: ServerResponse, text: string): void {
  response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-cache' });
  response.end(text);
}

const nothing = (path: string): Error => notFound(`The transparency log has nothing at /log/${path.slice(0, 80)}. There are /log/checkpoint, /log/key, /log/tile/<L>/<N>[.p/<W>] and /log/tile/entries/<N>[.p/<W>], up to the size of the checkpoint.`);
