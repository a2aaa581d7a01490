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
export async function sendLog({ log, db, contextOf }: LogParts, response: ServerResponse, whole: string): Promise<void> {
  const [, past, path = whole] = /^epoch-([1-9]\d{0,8})\/(.*)$/.exec(whole) ?? [];
  const epoch = past === undefined ? undefined : Number(past);
  if (path === 'checkpoint') return sendCheckpoint(await published(log, db, epoch), response);
  if (path === 'checkpoint/newest' && epoch === undefined) return sendCheckpoint(await newest(log, db), response);
  if (path === 'keys' && epoch === undefined) return sendText(response, (await log.verifierKeys(db)).map((key) => `${key}\n`).join(''));
  if (path === 'key') return sendKey(log, await log.epoch(db), epoch, response);
  const [, level, rest] = /^tile\/(entries|\d|[1-5]\d|6[0-3])\/(.+)$/.exec(path) ?? [];
  const place = rest === undefined ? undefined : parseTilePath(rest);
  if (level === undefined || !place) throw nothing(whole);
  if (level === 'entries') demand(await contextOf(), 'audit:read');
  const bytes = level === 'entries' ? await log.bundle(db, place.index, place.width, epoch) : await log.tile(db, { level: Number(level), index: place.index }, place.width, epoch);
  if (!bytes) throw nothing(whole);
  response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': bytes.length, 'cache-control': level === 'entries' ? 'private, no-store' : FOR_EVER });
  response.end(bytes);
}

const published = async (log: TransparencyLog, db: Queryable, epoch: number | undefined): Promise<SignedHead | undefined> =>
  epoch === undefined || epoch === (await log.epoch(db)) ? log.published(db) : log.closing(db, epoch);

/** Told also while the log refuses to sign. */
function sendKey(log: TransparencyLog, current: number, epoch: number | undefined, response: ServerResponse): void {
  if ((epoch ?? current) > current) throw nothing(`epoch-${epoch}/key`);
  sendText(response, `${log.verifierKey(epoch ?? current)}\n`);
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

const nothing = (path: string): Error => notFound(`The transparency log has nothing at /log/${path.slice(0, 80)}. There are /log/checkpoint, /log/checkpoint/newest, /log/key, /log/keys, /log/tile/<L>/<N>[.p/<W>] and /log/tile/entries/<N>[.p/<W>], up to the size of the checkpoint; of earlier epochs below /log/epoch-<N>/.`);
